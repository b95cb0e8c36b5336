"""Slots of one client, and the pace that it shares with other processes."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from typing import TYPE_CHECKING

from ...config import RateLimit
from ..clock import Clock
from ..events import log
from ..limiter import Gate, Pace, too_long
from .lease import MEMBER, Ask, Lease, PaceStore, SharedState, StoreError, grant, late_of, plan_of, share_of

if TYPE_CHECKING:
    from collections.abc import Coroutine

# Seconds between two looks at whether a store that failed is there again.
_LOOK = 1.0
# Of the pace, what a process takes that has never reached the store and so can't know how many there are.
_ALONE = 1 / 8
_LEAST_SHARE = 1 / 1024
_ROUNDING = 1e-9


class _Class:
    """The calls of a class: those who wait, the permits they hold, and whether more were asked for.

    `permits` are the clock times from which they may be used.
    """

    __slots__ = ("asking", "later", "permits", "queue")

    def __init__(self, queue: deque[asyncio.Future[None]], *, later: bool) -> None:
        self.queue = queue
        self.later = later
        self.permits: deque[float] = deque()
        self.asking = False


class SharedGate(Gate):
    """As `Gate`, with permits that a store grants.

    A class of calls has one lease at a time, so that no process holds permits that it has no use for. When the store
    fails, the process goes on by itself, at the share of the pace that was its own when it last heard from it
    (`share_of`), and looks every second whether the store is there again.
    """

    def __init__(self, concurrency: int, limit: RateLimit, clock: Clock, store: PaceStore, key: str) -> None:
        super().__init__(concurrency, None, clock)
        # What this process sends, by which it learns of a lower limit while it has the pace to itself.
        self._own_pace = Pace(limit)
        self._limit = limit
        self._plan = plan_of(limit)
        self._late = late_of(limit)
        self._store = store
        self._key = key
        # Two clients of one process are two members.
        self._member = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
        self._later_class = _Class(self._later, later=True)
        self._classes = (_Class(self._queue, later=False), self._later_class)
        self._tasks: set[asyncio.Task[None]] = set()
        # How many shared the pace when the store answered last; 0 before it ever did. Until when this is one with calls
        # that somebody waits for, and until when what was heard of the others holds.
        self._members = 0
        self._share = _ALONE
        self._waited_until = self._heard_until = 0.0
        # What is granted by when the store is out of reach, and when it is asked again.
        self._own: SharedState | None = None
        self._look_at = 0.0
        self._looking = False
        # What is to be told with the next lease.
        self._refused = False
        self._remaining = -1

    @property
    def paced(self) -> bool:
        return True

    def try_enter(self) -> bool:
        return False  # the store has to be asked

    def leave(self, *, unsent: bool = False) -> None:
        if unsent:
            # For whoever comes next; it lapses soon.
            self._later_class.permits.appendleft(self._clock.now())
            self._own_pace.unbook()
            self._adopt()
        super().leave()

    def reject(self, asked: float | None, sent_at: float) -> float:
        before = self.rejections
        wait = super().reject(asked, sent_at)
        if self._members == 1:
            self._own_pace.refuse(self._clock.now(), sent_at, asked or wait, first=self.rejections != before)
            self._adopt()
        if self.rejections != before:
            self._refused = True
            if not self._members:
                self._share = max(_LEAST_SHARE, self._share / 2)
            if not self._closed and self._own is None:
                self._start(self._tell())
        return wait

    def _adopt(self) -> None:
        if self._limit is not self._own_pace.limit:
            self._limit = self._own_pace.limit
            self._plan = plan_of(self._limit)

    def learn(self, remaining: int) -> None:
        if remaining < self._plan.burst and (self._remaining < 0 or remaining < self._remaining):
            self._remaining = remaining

    async def aclose(self) -> None:
        if self._closed:
            return
        await super().aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            if self._members and self._own is None:
                # The others need not wait until this process is no longer counted.
                await self._store.lease(self._key, Ask(member=self._member, plan=self._plan, gone=True))
        except StoreError:
            pass  # then they do
        finally:
            await self._store.aclose()

    def _pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._head() is None:
            return
        now = self._clock.now()
        if self._paused_until > now:
            self._blocked_by = "rate limit"
            self._timer = self._clock.call_later(self._paused_until - now, self._pump)
            return
        moments = [moment for own in self._classes if (moment := self._admit(own, now)) is not None]
        if self._free <= 0:
            self._blocked_by = "slot"
        elif moments:
            self._timer = self._clock.call_later(min(moments) - now, self._pump)

    def _admit(self, own: _Class, now: float) -> float | None:
        """Let those of a class go who may; returns when the next may, if that is known."""
        queue = own.queue
        while queue and self._free > 0:
            if queue[0].done():
                queue.popleft()
                continue
            held = self._next_permit(own, now)
            due = held.permits[0] if held is not None else None
            if held is not None and due is not None and due <= now + _ROUNDING:
                held.permits.popleft()
                self._own_pace.book(now)
                self._adopt()
                self._free -= 1
                queue.popleft().set_result(None)
                continue
            self._blocked_by = "pace"
            if not own.permits and not own.asking:
                own.asking = True
                self._start(self._ask(own))
            return due
        return None

    def _next_permit(self, own: _Class, now: float) -> _Class | None:
        """Who holds the permit that a class may use first; what somebody waits for may use any."""
        found = None
        for held in (own,) if own.later else self._classes:
            while held.permits and held.permits[0] < now - self._late:
                held.permits.popleft()
            if held.permits and (found is None or held.permits[0] < found.permits[0]):
                found = held
        return found

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, own: _Class) -> None:
        """Get a lease for calls that wait."""
        try:
            ask = self._say(min(len(own.queue), self._free), own.later)
            lease = await self._lease(ask) if self._own is None else None
            if lease is None:
                lease = self._grant_alone(ask)
        except Exception as fault:
            # Nobody else would tell those who wait.
            for waiter in own.queue:
                if not waiter.done():
                    waiter.set_exception(fault)
            raise
        finally:
            own.asking = False
        self._use(own, lease)
        self._pump()

    async def _tell(self) -> None:
        """Tell the store of a 429 at once, unless a lease has done so meanwhile."""
        if self._refused and self._own is None:
            await self._lease(self._say(0))

    async def _look(self) -> None:
        """Is the store there again? Nobody waits for it meanwhile."""
        ask = self._say(0)
        # It does not know what went meanwhile, nor what still goes by those who have not seen it yet: as much as may go
        # at once, but for half of what is kept for calls that somebody waits for.
        left = round((self._plan.ahead - self._plan.ahead_later) / 2 / self._plan.interval) + 1
        ask.remaining = left if ask.remaining < 0 else min(left, ask.remaining)
        try:
            await self._lease(ask)
        finally:
            self._looking = False
            self._look_at = self._clock.now() + _LOOK

    def _say(self, count: int, later: bool = False) -> Ask:
        """An ask, with everything that there is to tell."""
        pause = max(0.0, self._paused_until - self._clock.now()) if self._refused else 0.0
        ask = Ask(
            member=self._member,
            plan=self._plan,
            count=count,
            later=later,
            waiting=self.waiting,
            pause=pause,
            refused=self._refused,
            remaining=self._remaining,
        )
        self._refused, self._remaining = False, -1
        return ask

    async def _lease(self, ask: Ask) -> Lease | None:
        """Ask the store; None if it fails, in which case this process goes on alone."""
        try:
            lease = await self._store.lease(self._key, ask)
        except StoreError as error:
            self._refused = self._refused or ask.refused
            if self._own is None:
                now = self._clock.now()
                if self._members and now >= self._heard_until:
                    self._share = 1 / self._members
                # As if all that may go at once had gone, since the others use the same budget; of imports and exports
                # one more just now, by the last lease.
                own = plan_of(self._limit, self._share)
                gone = own.ahead_later + (0.0 if now < self._waited_until else own.interval)
                self._own = SharedState(tat=now + gone, last=now)
                self._look_at = now + _LOOK
                log.warning("leat.pace: %s; going on alone at %.3g of the pace", error, self._share)
            return None
        if self._own is not None:
            self._own = None
            log.warning("leat.pace: the store answers again")
        self._heard_until = self._clock.now() + MEMBER
        if ask.count > 0 and not ask.later:
            self._waited_until = self._heard_until
        waited_for = self._clock.now() < self._waited_until
        self._members, self._share = lease.members, share_of(lease, waited_for=waited_for)
        return lease

    def _grant_alone(self, ask: Ask) -> Lease:
        """What a process that can't reach the store grants itself."""
        assert self._own is not None
        now = self._clock.now()
        if now >= self._look_at and not self._looking:
            self._looking = True
            self._start(self._look())
        self._refused = self._refused or ask.refused
        ask.plan = plan_of(self._limit, self._share)
        return grant(self._own, ask, now)

    def _use(self, own: _Class, lease: Lease) -> None:
        """Take what was granted; those whose turn comes too late for them are told at once."""
        if lease.paused > 0:
            self.pause(lease.paused)
            return
        now = self._clock.now()
        own.permits.extend(now + max(0.0, lease.wait + number * lease.interval) for number in range(lease.count))
        if own.later or lease.wait <= 0:
            return
        moments = list(own.permits)
        for waiter in own.queue:
            if moments and not waiter.done():
                if self._until[waiter] <= moments[0]:
                    waiter.set_exception(too_long(moments[0] - now))
                else:
                    del moments[0]
