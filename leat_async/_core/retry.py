"""Whether to try again: pure functions of what is known about an attempt."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from ..config import RetryPolicy
from .clock import Clock
from .operation import Effect

_LONGEST = 86_400.0
_is_number = re.compile(r"\s*[0-9]{1,15}(?:\.[0-9]*)?\s*", re.ASCII).fullmatch


class End(enum.Enum):
    """How an attempt ended, which is what retrying depends on; an HTTP status alone does not tell."""

    ANSWERED = "answered"
    NOT_SENT = "not sent"
    REJECTED = "rejected"
    MAYBE_APPLIED = "maybe applied"


def may_repeat(end: End, effect: Effect) -> bool:
    """Phase by effect: may the same request be sent again?"""
    if end is End.MAYBE_APPLIED:
        return effect is not Effect.ACTION
    return end is not End.ANSWERED


def backoff(policy: RetryPolicy, failures: int, clock: Clock) -> float:
    """Seconds before the next attempt: exponential, full jitter."""
    return clock.random() * min(policy.max_backoff, policy.backoff * 2.0 ** min(failures - 1, 30))


def asked_wait(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Seconds that the server asks to wait, from `Retry-After` (seconds or a date) or `X-RateLimit-Reset` (a moment).

    What can't be understood, or asks for more than a day, asks for nothing. Moments are taken by the server's own
    clock where it tells the time, since ours may be wrong.
    """
    asked = headers.get("Retry-After")
    if asked is not None:
        seconds = _number(asked)
        if seconds is None and (moment := _moment(asked)) is not None:
            seconds = moment - _present(headers, clock)
        if seconds is not None and seconds <= _LONGEST:
            return max(0.0, seconds)
    reset = _number(headers.get("X-RateLimit-Reset", ""))
    if reset is not None and (left := reset - _present(headers, clock)) <= _LONGEST:
        return max(0.0, left)
    return None


def _present(headers: Mapping[str, str], clock: Clock) -> float:
    told = _moment(headers.get("Date", ""))
    return clock.wall() if told is None else told


def _number(text: str) -> float | None:
    return float(text) if _is_number(text) else None


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except Exception:
        # Whatever stands there: the parser raises what its parts raise, such as TypeError and OverflowError.
        return None


class RetryBudget:
    """A brake for storms: each retry spends one, each success earns back a half."""

    __slots__ = ("_capacity", "_left")

    def __init__(self, capacity: float = 100.0) -> None:
        self._capacity = capacity
        self._left = capacity

    def spend(self) -> bool:
        """Take one retry out, if there is one."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def earn(self) -> None:
        """Count a success."""
        if self._left < self._capacity:
            self._left = min(self._capacity, self._left + 0.5)
