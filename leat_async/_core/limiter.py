"""Who may send, and when.

`Pace` is the rate (GCRA), a slot is one of `concurrency` requests in flight, and the `Gate` grants both in one
step, first come first served; calls that somebody waits for go before those of bulk and export. Granting them together
is what keeps both promises: nobody holds a slot while waiting for pace, and the pace is booked at the moment of
sending, not when the wait began.
"""

from __future__ import annotations

import asyncio
from collections import deque

from ..config import RateLimit
from ..errors import LifecycleError, RateLimitError
from .clock import Clock, Handle

# Sums of floats miss by this much; a timer can't tell the difference.
_ROUNDING = 1e-9
_NEVER, _ALWAYS = float("-inf"), float("inf")
# Seconds without a request that was due, after which the pace stood idle; so many requests tell of a limit; for so many
# seconds that is kept; and no more of it than this if it was refused as well.
_IDLE, _TELLING, _LEARNED, _LESS = 1.0, 50, 600.0, 0.95
# Seconds to hold back after a 429 that asks for no wait worth the name: doubled with each further one.
_LEAST_PAUSE, _MOST_PAUSE = 0.5, 30.0


class Pace:
    """GCRA: `tat` is when the next request would be exactly on pace; a burst lets it run ahead.

    It counts what goes since it last stood idle, so that a 429 tells the limit where that is lower than was `assumed`.
    """

    __slots__ = (
        *("_ahead", "_burst", "_interval", "_tat", "_assumed", "limit"),
        *("_began", "_booked", "_refused", "_window", "_most", "_assume_at"),
    )

    def __init__(self, limit: RateLimit) -> None:
        self._assumed = limit
        self._assume_at = _ALWAYS
        self._tat = _NEVER
        # The stretch in which all that went is counted; `_window` is its length once a 429 has ended it.
        self._began = self._window = self._most = 0.0
        self._booked = self._refused = 0
        self._keep(limit)

    def _keep(self, limit: RateLimit) -> None:
        self.limit: RateLimit = limit
        burst = limit.burst if limit.burst is not None else max(1, limit.requests // 20)
        # burst at once plus one an interval must stay within `requests` in any stretch of `per` seconds.
        self._interval = limit.per / max(1, limit.requests - burst)
        # What was late on its way, such as the first request of a connection, makes a server's window begin late.
        kept = limit.requests // 100 if limit.burst is None else 0
        self._burst = max(1, burst - kept)
        self._ahead = (self._burst - 1) * self._interval

    def wait(self, now: float, before: int = 0) -> float:
        """Seconds until a request may go, after so many others; 0 for now."""
        wait = self._tat + before * self._interval - self._ahead - now
        return wait if wait > _ROUNDING else 0.0

    def book(self, now: float) -> None:
        """Count one request sent now."""
        if self._window or now - self._tat > _IDLE:
            self._began, self._booked, self._refused, self._window = now, 0, 0, 0.0
        if now >= self._assume_at:
            self._assume_at = _ALWAYS
            self._keep(self._assumed)
        self._booked += 1
        self._tat = max(now, self._tat) + self._interval

    def unbook(self) -> None:
        """Take back a booking, whose request was never sent."""
        self._booked -= 1
        self._tat -= self._interval
        if self._window:
            self._learn()

    def refuse(self, now: float, sent_at: float, wait: float, *, first: bool) -> None:
        """Learn from a 429 that asks for a wait, the first or another of those to what was on its way together.

        Servers count in windows, and the wait lasts until the next one begins. So what got through since the count
        began is what a window holds, if that began with it. What was learned so is kept for ten minutes.
        """
        if first and not self._window:
            again = self._assume_at < _ALWAYS
            if not again:
                self._assume_at = now + _LEARNED
            gone = sent_at - self._began
            # Windows have whole seconds, and waits are rounded up; but what was learned and refused was too much.
            self._window = gone + wait if again or wait % 1 else max(1.0, (gone + wait) // 1)
            # Where the limit had held for longer than a window, this may have been a chance.
            rate = self.limit.requests / self.limit.per * (_LESS if again else 1.0)
            self._most = rate * self._window if again or gone <= self.limit.per else 0.0
        elif not self._window:
            return  # it came after others were let go
        self._refused += 1
        self._learn()

    def _learn(self) -> None:
        through = self._booked - self._refused
        if through >= _TELLING and self._most:
            requests = max(1, int(min(through, self._most)))
            burst = self._assumed.burst
            self._keep(RateLimit(requests, per=self._window, burst=burst and min(burst, requests)))

    def lower(self, now: float, remaining: int) -> None:
        """Let no more than `remaining` go at once from now: the server counts fewer than we do."""
        if remaining >= self._burst:
            return
        spare = max(0, remaining)
        self._tat = max(self._tat, now + self._ahead - (spare - 1) * self._interval)


class Gate:
    """Slots and pace of one token, shared by all views of a client."""

    def __init__(self, concurrency: int, limit: RateLimit | None, clock: Clock) -> None:
        self._slots: int = concurrency
        self._free: int = concurrency
        self._pace = Pace(limit) if limit is not None else None
        self._clock = clock
        self._paused_until = _NEVER
        self._rejected_at = _NEVER
        self._chance = 0.0
        # 429s in a row; those to requests that were on their way together count as one.
        self.rejections: int = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        # Bulk's and export's, which go after them.
        self._later: deque[asyncio.Future[None]] = deque()
        # Until when each of them has time.
        self._until: dict[asyncio.Future[None], float] = {}
        self._timer: Handle | None = None
        self._closed = False
        self._blocked_by = "slot"

    @property
    def paced(self) -> bool:
        """Whether there is a pace, which rate-limit headers may lower."""
        return self._pace is not None

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return self._slots - self._free

    def pause_left(self) -> float:
        """Seconds for which a 429 still holds everybody back."""
        return max(0.0, self._paused_until - self._clock.now())

    def pace_delay(self) -> float:
        """Seconds for which the pace holds back whoever comes now."""
        return 0.0 if self._pace is None else self._pace.wait(self._clock.now(), self.waiting)

    @property
    def waiting(self) -> int:
        """Calls that wait."""
        return len(self._queue) + len(self._later)

    @property
    def paused_until(self) -> float:
        """Clock time until which a 429 holds everybody back."""
        return self._paused_until

    def blocked_by(self, error: BaseException | None = None) -> str:
        """What the head of the queue waits for, or last waited for: "slot", "pace" or "rate limit". With the error of a
        call that was not let wait at all: what that was for."""
        if isinstance(error, RateLimitError):
            return "rate limit" if self.pause_left() else "pace"
        return self._blocked_by

    def try_enter(self) -> bool:
        """Take a slot and book the pace, if nobody waits and both are free now."""
        if self._queue or self._later or self._free <= 0:
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

    async def enter(self, left: float = float("inf"), *, ahead: bool = False, later: bool = False) -> None:
        """Wait for a slot and the pace; `ahead` goes before those who have not been sent yet, `later` after those that
        somebody waits for.

        Raises `RateLimitError` as soon as it is known that more than the `left` seconds will have to be waited.
        """
        now = self._clock.now()
        wait = self._paused_until - now
        if self._pace is not None:
            before = 0 if ahead else len(self._queue)
            wait = max(wait, self._pace.wait(now, before + len(self._later) if later else before))
        if wait >= left:
            raise too_long(wait)
        waiter = asyncio.get_running_loop().create_future()
        self._until[waiter] = now + left
        queue = self._later if later else self._queue
        if ahead:
            queue.appendleft(waiter)
        else:
            queue.append(waiter)
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
        finally:
            del self._until[waiter]

    def leave(self, *, unsent: bool = False) -> None:
        """Give the slot back; `unsent` gives back the pace as well."""
        self._free += 1
        if unsent and self._pace is not None:
            self._pace.unbook()
        if self._queue or self._later:
            self._pump()

    def pause(self, seconds: float) -> None:
        """Hold everybody back: the server said 429."""
        now = self._clock.now()
        self._paused_until = max(self._paused_until, now + seconds)
        for waiter in (*self._queue, *self._later):
            if not waiter.done() and self._until[waiter] <= self._paused_until:
                waiter.set_exception(too_long(self._paused_until - now))
        self._pump()

    def reject(self, asked: float | None, sent_at: float) -> float:
        """Hold everybody back after a 429 to what was sent at `sent_at`; returns for how long, in seconds.

        `asked` is the wait that the server asks for. Some more is added by chance, the same for all that were on their
        way together, so that processes that share a token do not come back in the same moment.
        """
        first = sent_at >= self._rejected_at
        if first:
            self.rejections += 1
            self._rejected_at, self._chance = self._clock.now(), self._clock.random()
        wait = asked or 0.0
        if wait < _LEAST_PAUSE:
            wait = min(_MOST_PAUSE, _LEAST_PAUSE * 2.0 ** min(self.rejections - 1, 30))
        if self._pace is not None:
            self._pace.refuse(self._clock.now(), sent_at, wait, first=first)
        wait += self._chance * min(5.0, max(_LEAST_PAUSE / 2, wait / 10))
        self.pause(wait)
        return wait

    def accept(self, sent_at: float) -> None:
        """What was sent at `sent_at` got through."""
        if sent_at >= self._rejected_at:
            self.rejections = 0

    def learn(self, remaining: int) -> None:
        """Take over a rate-limit header; it can only lower what we would send."""
        if self._pace is not None:
            self._pace.lower(self._clock.now(), remaining)

    async def aclose(self) -> None:
        """Turn everybody away."""
        self._closed = True
        self._pump()

    def _head(self) -> deque[asyncio.Future[None]] | None:
        """The queue whose first is next; when the client is closed, everybody is turned away."""
        for queue in (self._queue, self._later):
            while queue:
                if queue[0].done():
                    queue.popleft()
                elif self._closed:
                    queue.popleft().set_exception(
                        LifecycleError("the client was closed while this call waited to be sent")
                    )
                else:
                    return queue
        return None

    def _pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while (queue := self._head()) is not None:
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


def too_long(wait: float) -> RateLimitError:
    """The error of a call whose wait is known to outlast its deadline."""
    return RateLimitError(
        f"the rate limit allows no request for {wait:.3g} s, which is longer than this call may take",
        status=429,
        retry_after=wait,
    )
