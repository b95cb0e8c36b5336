"""Whether to try again: pure functions of what is known about an attempt."""

from __future__ import annotations

import enum
from email.utils import parsedate_to_datetime

from ..config import RetryPolicy
from .clock import Clock
from .operation import Effect


class End(enum.Enum):
    """How an attempt ended, which is what retrying depends on; an HTTP status alone does not tell."""

    ANSWERED = "answered"
    NOT_SENT = "not sent"
    REJECTED = "rejected"
    MAYBE_APPLIED = "maybe applied"


def end_of_status(status: int) -> End:
    """What an answer with this status says about the request behind it."""
    if status == 429:
        return End.REJECTED
    # A gateway's 5xx says nothing about what happened behind the gateway.
    return End.MAYBE_APPLIED if status >= 500 else End.ANSWERED


def may_repeat(end: End, effect: Effect) -> bool:
    """Phase by effect: may the same request be sent again?"""
    if end is End.MAYBE_APPLIED:
        return effect is not Effect.ACTION
    return end is not End.ANSWERED


def backoff(policy: RetryPolicy, failures: int, clock: Clock) -> float:
    """Seconds before the next attempt: exponential, full jitter."""
    return clock.random() * min(policy.max_backoff, policy.backoff * 2.0 ** min(failures - 1, 30))


def asked_wait(retry_after: str | None, reset: str | None, clock: Clock) -> float | None:
    """Seconds that the server asks to wait, from `Retry-After` (seconds or a date) or `X-RateLimit-Reset`."""
    if retry_after is not None:
        try:
            return max(0.0, _seconds(retry_after))
        except ValueError:
            try:
                return max(0.0, parsedate_to_datetime(retry_after).timestamp() - clock.wall())
            except ValueError:
                pass
    if reset is not None:
        try:
            return max(0.0, _seconds(reset) - clock.wall())
        except ValueError:
            pass
    return None


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e11:
        raise ValueError(text)
    return value


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
