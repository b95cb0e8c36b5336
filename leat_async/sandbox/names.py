"""Names that have to exist, and the nearest one where they do not."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import cast


def nearest_name(name: str, known: Collection[str]) -> str | None:
    """The known name that was probably meant."""
    found = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.5)
    return found[0] if found else None


def check_name(what: str, name: str, known: Collection[str]) -> str:
    """The name, when it is one of the known ones; else a `ValueError` that tells the nearest."""
    if not isinstance(cast(object, name), str):
        raise TypeError(f"{what} must be a name, got {type(name).__name__}")
    if name in known:
        return name
    text = f"there is no {what} {name[:100]!r}"
    nearest = nearest_name(name, known)
    if nearest:
        raise ValueError(f"{text}; the nearest is {nearest!r}")
    shown = sorted(known)
    raise ValueError(f"{text}; there are: {', '.join(shown[:30])}{', …' if len(shown) > 30 else ''}")


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 fault`, `2 faults`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
