"""A deadline for each call, all behind one timer.

What `asyncio.timeout` does, at a tenth of its price: that sets and cancels a timer of the loop for every call, which
was the dearest single thing that a call did here.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from types import TracebackType
from typing import Any, Self

import msgspec

# Lengths of which a client keeps the timer; a deadline of any other has one of its own, as long as it runs.
_KEPT = 8


class Watch:
    """All deadlines of a client and its views."""

    __slots__ = ("_by_length",)

    def __init__(self) -> None:
        self._by_length: dict[float, Deadlines] = {}

    def lasting(self, seconds: float) -> Deadlines:
        """Those of one length."""
        kept = self._by_length.get(seconds)
        if kept is None:
            kept = Deadlines(seconds)
            if len(self._by_length) < _KEPT:
                self._by_length[seconds] = kept
            else:
                # As many as there are lengths, so each must leave nothing behind when it has passed.
                kept.close()
        return kept

    def close(self) -> None:
        """Leave no timer behind; deadlines that still run are kept."""
        for deadlines in self._by_length.values():
            deadlines.close()


class Deadlines:
    """Deadlines of one length. They pass in the order in which they began, so one timer for the first is enough."""

    __slots__ = ("_running", "_timer", "closed", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds: float = seconds
        self._running: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.closed: bool = False

    def begin(self) -> Deadline:
        """A deadline for the present task, from now on; to be used with `with`."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a call needs a task to run in")
        deadline = Deadline(self, self._running, task, task.cancelling(), monotonic() + self.seconds)
        self._running[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(loop.time() + self.seconds, self._ring, loop)
        return deadline

    def close(self) -> None:
        """Take the timer back as soon as nothing is left to watch; until then it stays, for those that follow."""
        self.closed = True
        if self._timer is not None and not self._running:
            self._timer.cancel()
            self._timer = None

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = monotonic()
        for deadline in list(self._running):
            if deadline.when > now:
                self._timer = loop.call_at(loop.time() + deadline.when - now, self._ring, loop)
                return
            deadline.expire()


class Deadline(msgspec.Struct, eq=False):
    """One call's deadline: when it passes, the task is cancelled, and `with` turns that into a `TimeoutError`.

    Cancellation from elsewhere, before or at the same time, goes its own way.
    """

    _deadlines: Deadlines
    _running: dict[Deadline, None]
    _task: asyncio.Task[Any]
    _cancelling: int
    when: float
    expired: bool = False
    _timer: asyncio.TimerHandle | None = None

    def left(self) -> float:
        """Seconds until it passes."""
        return self.when - monotonic()

    def pause(self) -> float:
        """Stop the clock; returns the seconds that were left."""
        left = self.left()
        self._stop()
        self.when = float("inf")
        return left

    def resume(self, left: float) -> None:
        """Let the clock run again, for so many seconds."""
        self.when = monotonic() + left
        self._timer = self._task.get_loop().call_later(left, self.expire)

    def expire(self) -> None:
        """It has passed."""
        self._stop()
        self.expired = True
        self._task.cancel()

    def _stop(self) -> None:
        self._running.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # As `_stop`, without the call, which every request would pay.
        self._running.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
        if self._deadlines.closed:
            self._deadlines.close()
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
