"""Who may send, and when.

`Pace` is the rate (GCRA), a slot is one of `concurrency` requests in flight, and the `Gate` grants both in one
step, first come first served. Granting them together is what keeps both promises: nobody holds a slot while
waiting for pace, and the pace is booked at the moment of sending, not when the wait began.
"""

from __future__ import annotations

import asyncio
from collections import deque

from ..config import RateLimit
from ..errors import LifecycleError
from .clock import Clock, Handle

# Sums of floats miss by this much; a timer can't tell the difference.
_ROUNDING = 1e-9
_NEVER = float("-inf")


class Pace:
    """GCRA: `tat` is when the next request would be exactly on pace; a burst lets it run ahead."""

    __slots__ = ("_ahead", "_burst", "_interval", "_tat")

    def __init__(self, limit: RateLimit) -> None:
        burst = limit.burst if limit.burst is not None else max(1, limit.requests // 20)
        # burst at once plus one an interval must stay within `requests` in any stretch of `per` seconds.
        self._interval = limit.per / max(1, limit.requests - burst)
        self._burst = burst
        self._ahead = (burst - 1) * self._interval
        self._tat = _NEVER

    def wait(self, now: float) -> float:
        """Seconds until a request may go; 0 for now."""
        wait = self._tat - self._ahead - now
        return wait if wait > _ROUNDING else 0.0

    def book(self, now: float) -> None:
        """Count one request sent now."""
        self._tat = max(now, self._tat) + self._interval

    def unbook(self) -> None:
        """Take back the last booking, whose request was never sent."""
        self._tat -= self._interval

    def lower(self, now: float, remaining: int) -> None:
        """Let no more than `remaining` go at once from now: the server counts fewer than we do."""
        if remaining >= self._burst:
            return
        spare = max(0, remaining)
        self._tat = max(self._tat, now + self._ahead - (spare - 1) * self._interval)


class Gate:
    """Slots and pace of one token, shared by all views of a client."""

    def __init__(self, concurrency: int, limit: RateLimit | None, clock: Clock) -> None:
        self._free = concurrency
        self._pace = Pace(limit) if limit is not None else None
        self._clock = clock
        self._paused_until = _NEVER
        self._queue: deque[asyncio.Future[None]] = deque()
        self._timer: Handle | None = None
        self._closed = False
        self._blocked_by = "slot"

    @property
    def paced(self) -> bool:
        """Whether there is a pace, which rate-limit headers may lower."""
        return self._pace is not None

    @property
    def waiting(self) -> int:
        """Calls in the queue."""
        return len(self._queue)

    @property
    def paused_until(self) -> float:
        """Clock time until which a 429 holds everybody back."""
        return self._paused_until

    def blocked_by(self) -> str:
        """What the head of the queue waits for, or last waited for: "slot", "pace" or "rate limit"."""
        return self._blocked_by

    def try_enter(self) -> bool:
        """Take a slot and book the pace, if nobody waits and both are free now."""
        if self._queue or self._free <= 0:
            return False
        if self._pace is not None or self._paused_until > _NEVER:
            now = self._clock.now()
            if self._paused_until > now:
                return False
            if self._pace is not None:
                if self._pace.wait(now) > 0:
                    return False
                self._pace.book(now)
        self._free -= 1
        return True

    async def enter(self, *, ahead: bool = False) -> None:
        """Wait for a slot and the pace; `ahead` goes before those who have not been sent yet."""
        waiter = asyncio.get_running_loop().create_future()
        if ahead:
            self._queue.appendleft(waiter)
        else:
            self._queue.append(waiter)
        self._pump()
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # Granted, but the caller was cancelled in the same moment.
                self.leave(unsent=True)
            else:
                waiter.cancel()
                self._pump()
            raise

    def leave(self, *, unsent: bool = False) -> None:
        """Give the slot back; `unsent` gives back the pace as well."""
        self._free += 1
        if unsent and self._pace is not None:
            self._pace.unbook()
        if self._queue:
            self._pump()

    def pause(self, seconds: float) -> None:
        """Hold everybody back: the server said 429."""
        self._paused_until = max(self._paused_until, self._clock.now() + seconds)
        self._pump()

    def learn(self, remaining: int) -> None:
        """Take over a rate-limit header; it can only lower what we would send."""
        if self._pace is not None:
            self._pace.lower(self._clock.now(), remaining)

    def close(self) -> None:
        """Turn everybody away."""
        self._closed = True
        self._pump()

    def _pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        queue = self._queue
        while queue:
            if queue[0].done():
                queue.popleft()
                continue
            if self._closed:
                queue.popleft().set_exception(LifecycleError("the client was closed while this call waited to be sent"))
                continue
            if self._free <= 0:
                self._blocked_by = "slot"
                return
            now = self._clock.now()
            wait = max(0.0, self._paused_until - now)
            if self._pace is not None:
                wait = max(wait, self._pace.wait(now))
            if wait > 0:
                self._blocked_by = "rate limit" if self._paused_until > now else "pace"
                self._timer = self._clock.call_later(wait, self._pump)
                return
            if self._pace is not None:
                self._pace.book(now)
            self._free -= 1
            queue.popleft().set_result(None)
