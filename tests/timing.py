"""Promises about real time, tried so that a machine that stops now and then does not break them."""

from __future__ import annotations

from collections.abc import Callable


def within(seconds: float, attempt: Callable[[], float]) -> bool:
    """Whether one attempt in three takes no longer: a machine that has other work delays one, a fault all of them."""
    return any(attempt() <= seconds for _ in range(3))
