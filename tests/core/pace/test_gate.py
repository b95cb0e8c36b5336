"""A pace that processes share, on a clock that the test turns: what the server sees, who waits, what failures do."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import msgspec
import pytest

from leat_async import RateLimit, errors
from leat_async._core.pace.gate import SharedGate
from leat_async._core.pace.lease import Ask, Lease, PaceStatus, SharedState, StoreError, grant, plan_of, share_of
from leat_async._core.pace.patience import patience_of

from ..test_limiter import FakeClock

SOAK = os.environ.get("LEAT_SOAK", "0") not in ("", "0")


class Turned(FakeClock):
    """Chance is a half, and everybody gets to do what is due."""

    def random(self) -> float:
        return 0.5

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self.call_later(seconds, lambda: woken.done() or woken.set_result(None))
        await woken

    async def advance(self, seconds: float) -> None:
        until = self.time + seconds
        while True:
            for _ in range(12):
                await asyncio.sleep(0)
            if not self.timers or self.timers[0][0] > until:
                break
            self.time, _, callback, cancelled = self.timers.pop(0)
            self.timers.sort()
            if not cancelled[0]:
                callback()
        self.time = until


class Memory:
    """A store on the same clock. `down`: what it fails with."""

    def __init__(self, clock: Turned) -> None:
        self.clock = clock
        self.state = SharedState()
        self.down: str | None = None
        self.asks: list[Ask] = []
        self.closed = 0

    async def lease(self, key: str, ask: Ask) -> Lease:
        await self.clock.sleep(0.0003)
        if self.down is not None:
            if self.down == "frozen":
                await self.clock.sleep(patience_of(ask))
            raise StoreError(f"it is {self.down}")
        self.asks.append(msgspec.structs.replace(ask))
        lease = grant(self.state, ask, self.clock.time)
        await self.clock.sleep(0.0003)
        return lease

    async def status(self) -> list[PaceStatus]:
        return []

    async def aclose(self) -> None:
        self.closed += 1


class Fleet:
    """Processes on one token, and what arrives at the server."""

    def __init__(self, limit: RateLimit) -> None:
        self.clock = Turned()
        self.store = Memory(self.clock)
        self.limit = limit
        self.arrived: list[tuple[float, str]] = []
        self.waits: list[float] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.gates: list[SharedGate] = []

    def process(self, concurrency: int = 32) -> SharedGate:
        gate = SharedGate(concurrency, self.limit, self.clock, self.store, "key")
        self.gates.append(gate)
        return gate

    async def call(self, gate: SharedGate, name: str, *, later: bool, latency: float = 0.02) -> None:
        began = self.clock.time
        await gate.enter(later=later)
        if not later:
            self.waits.append(self.clock.time - began)
        self.arrived.append((self.clock.time, name))
        try:
            await self.clock.sleep(latency)
        finally:
            gate.leave()

    def bulk(self, name: str, workers: int = 32) -> SharedGate:
        gate = self.process()

        async def work() -> None:
            while True:
                await self.call(gate, name, later=True)

        self.tasks += [asyncio.create_task(work()) for _ in range(workers)]
        return gate

    def web(self, every: float = 0.5) -> SharedGate:
        gate = self.process()

        async def visitors() -> None:
            while True:
                self.tasks.append(asyncio.create_task(self.call(gate, "web", later=False)))
                await self.clock.sleep(every)

        self.tasks.append(asyncio.create_task(visitors()))
        return gate

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for gate in self.gates:
            closing = asyncio.create_task(gate.aclose())
            await self.clock.advance(1.0)
            await closing

    def most(self, per: float) -> int:
        """The most that any stretch of `per` seconds saw."""
        moments = sorted(moment for moment, _ in self.arrived)
        worst = first = 0
        for last, moment in enumerate(moments):
            while moments[first] <= moment - per:
                first += 1
            worst = max(worst, last - first + 1)
        return worst

    def count(self, name: str, since: float = 0.0) -> int:
        return sum(who == name and moment >= since for moment, who in self.arrived)


@pytest.mark.parametrize("limit", [RateLimit(600, per=60.0), RateLimit(600, per=10.0)])
async def test_eight_imports_and_a_web_application_are_within_the_limit_and_nobody_waits(limit: RateLimit) -> None:
    fleet = Fleet(limit)
    names = [f"import {number}" for number in range(8)]
    for name in names:
        fleet.bulk(name)
    await fleet.clock.advance(2)
    fleet.web()
    seconds = 600 if SOAK else max(20.0, 1.25 * limit.per)
    await fleet.clock.advance(seconds)
    await fleet.end()
    assert fleet.most(limit.per) <= limit.requests
    steady = [moment for moment, _ in fleet.arrived if 1002 <= moment < 1002 + seconds]
    assert len(steady) >= 0.96 * limit.requests * seconds / limit.per
    assert max(fleet.waits) < 0.05, "most of the burst is kept for them"
    assert len(fleet.waits) >= 2 * seconds - 1
    each = [fleet.count(name) for name in names]
    assert sum(each) ** 2 / (8 * sum(one * one for one in each)) >= 0.99, "as much for each"
    assert fleet.store.state.members == {}
    assert fleet.store.closed == 9


@pytest.mark.parametrize(
    ("limit", "processes"),
    [
        (RateLimit(50, per=1.0), 2),
        (RateLimit(7, per=9.0), 3),
        (RateLimit(5000, per=60.0, burst=1), 5),
        (RateLimit(100, per=10.0, burst=100), 3),
    ],
)
async def test_no_stretch_sees_more_than_the_limit_whoever_sends(limit: RateLimit, processes: int) -> None:
    fleet = Fleet(limit)
    for number in range(processes):
        fleet.bulk(f"import {number}", workers=5)
    fleet.web(every=limit.per / 20)
    await fleet.clock.advance(limit.per * 3 if limit.requests < 1000 else 4.0)
    await fleet.end()
    assert fleet.most(limit.per) <= limit.requests
    assert fleet.most(1.0) >= 1


async def test_a_lease_is_asked_for_when_the_last_is_used_up() -> None:
    fleet = Fleet(RateLimit(6000, per=60.0))
    fleet.bulk("import")
    await fleet.clock.advance(5)
    asked = len(fleet.store.asks)
    await fleet.end()
    assert len(fleet.arrived) > 450
    assert asked < len(fleet.arrived) / 15, "24 permits in 250 ms"


async def test_a_permit_that_nobody_used_lapses() -> None:
    fleet = Fleet(RateLimit(60, per=60.0, burst=1))
    gate = fleet.process()
    await fleet.clock.advance(1)
    first = asyncio.create_task(gate.enter())
    await fleet.clock.advance(0.1)
    assert first.done()
    second = asyncio.create_task(gate.enter())
    await fleet.clock.advance(0.1)
    second.cancel()
    await fleet.clock.advance(5)
    third = asyncio.create_task(gate.enter())
    await fleet.clock.advance(0.1)
    assert third.done(), "by a permit of its own"
    assert len(fleet.store.asks) == 3
    await fleet.end()


async def test_a_429_holds_back_all_processes() -> None:
    fleet = Fleet(RateLimit(600, per=60.0))
    first = fleet.bulk("first")
    second = fleet.bulk("second")
    fleet.web()
    await fleet.clock.advance(10)
    held = first.reject(5.0, fleet.clock.time)
    began = fleet.clock.time
    await fleet.clock.advance(0.6)
    assert second.paused_until == pytest.approx(began + held, abs=0.01)
    during = len(fleet.arrived)
    await fleet.clock.advance(held - 0.7)
    assert len(fleet.arrived) == during
    await fleet.clock.advance(1)
    assert len(fleet.arrived) > during
    await fleet.end()


async def test_what_an_answer_says_is_left_is_told_with_the_next_lease() -> None:
    fleet = Fleet(RateLimit(6000, per=60.0, burst=50))
    gate, other = fleet.process(), fleet.process()
    gate.learn(4999)
    gate.learn(3)
    gate.learn(40)
    first = asyncio.create_task(gate.enter())
    await fleet.clock.advance(0.005)
    assert fleet.store.asks[0].remaining == 3
    waiting = [asyncio.create_task(other.enter()) for _ in range(10)]
    await fleet.clock.advance(0.001)
    assert sum(task.done() for task in waiting) == 2
    assert first.done()
    await fleet.clock.advance(1)
    await fleet.end()


async def test_a_wait_beyond_the_deadline_fails_at_once() -> None:
    fleet = Fleet(RateLimit(6, per=60.0, burst=1))
    gate = fleet.process()
    first = asyncio.create_task(gate.enter())
    await fleet.clock.advance(0.1)
    assert first.done()
    short, long = asyncio.create_task(gate.enter(5.0)), asyncio.create_task(gate.enter(30.0))
    await fleet.clock.advance(0.1)
    with pytest.raises(errors.RateLimitError) as caught:
        await short
    assert caught.value.retry_after == pytest.approx(11.9, abs=0.2)
    await fleet.clock.advance(12)
    assert long.done(), "with the permit of the one that could not wait"
    await fleet.end()


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_without_its_store_each_goes_on_at_its_last_known_share(how: str) -> None:
    fleet = Fleet(RateLimit(300, per=10.0))
    for number in range(4):
        fleet.bulk(f"import {number}", workers=8)
    fleet.web()
    await fleet.clock.advance(5)
    fleet.store.down = how
    began = fleet.clock.time
    await fleet.clock.advance(10)
    alone = len([moment for moment, _ in fleet.arrived if moment >= began])
    assert 0.7 * 300 <= alone <= 300
    assert fleet.most(10.0) <= 300 + 5 * 2
    assert max(fleet.waits) < 0.15
    fleet.store.down = None
    back = fleet.clock.time
    await fleet.clock.advance(2)
    assert len(fleet.store.state.members) == 5
    await fleet.clock.advance(8)
    assert len([moment for moment, _ in fleet.arrived if moment >= back]) >= 0.9 * 300
    await fleet.end()


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_calls_that_somebody_waits_for_keep_a_quarter_when_the_store_is_gone(how: str) -> None:
    """Two calls a second, where an equal share is one."""
    fleet = Fleet(RateLimit(600, per=60.0))
    for number in range(8):
        fleet.bulk(f"import {number}")
    fleet.web(every=0.5)
    await fleet.clock.advance(30)
    fleet.store.down = how
    began = fleet.clock.time
    await fleet.clock.advance(60)
    alone = [moment for moment, _ in fleet.arrived if moment >= began]
    assert 0.85 * 600 <= len(alone) <= 600
    assert fleet.most(60.0) <= 600
    assert max(fleet.waits) < 0.15
    fleet.store.down = None
    back = fleet.clock.time
    await fleet.clock.advance(2)
    moments = sorted(moment for moment, _ in fleet.arrived if moment >= back)
    assert all(later - first > 0.25 for first, later in zip(moments, moments[9:], strict=False)), "no burst on top"
    await fleet.clock.advance(28)
    assert fleet.most(60.0) <= 600
    assert max(fleet.waits) < 0.15
    await fleet.end()


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_store_that_goes_and_comes_back_adds_a_few_requests_at_most(how: str) -> None:
    """At ten requests a second, where eight processes that begin at once, or end at once, are a second's worth."""
    limit = RateLimit(600, per=60.0)
    fleet = Fleet(limit)
    for number in range(8):
        fleet.bulk(f"import {number}")
        await fleet.clock.advance(0.3)
    fleet.web()
    await fleet.clock.advance(20)
    began = fleet.clock.time
    fleet.store.down = how
    await fleet.clock.advance(10)
    fleet.store.down = None
    await fleet.clock.advance(20)
    through = sum(moment >= began for moment, _ in fleet.arrived)
    assert 27 / plan_of(limit).interval <= through <= 30 / plan_of(limit).interval + 3
    assert max(fleet.waits) < 0.15
    await fleet.end()


@pytest.mark.parametrize(
    ("members", "waited_for", "theirs", "others"),
    [
        (9, 0, None, 1 / 9),
        (9, 9, 1 / 9, None),
        (9, 1, 1 / 4, 3 / 4 / 8),
        (9, 2, 1 / 8, 3 / 4 / 7),
        (9, 8, 1 / 9, 1 / 9),
        (1, 1, 1.0, None),
    ],
)
def test_shares_add_up_to_the_pace(members: int, waited_for: int, theirs: float | None, others: float | None) -> None:
    lease = Lease(0, 0.0, 1.0, 0.0, members, waited_for)
    total = 0.0
    for share, whether, count in ((theirs, True, waited_for), (others, False, members - waited_for)):
        if share is not None:
            assert share_of(lease, waited_for=whether) == pytest.approx(share)
            total += share * count
    assert total == pytest.approx(1.0)


async def test_a_process_that_never_saw_the_store_takes_an_eighth_and_halves_it_at_each_429() -> None:
    fleet = Fleet(RateLimit(6000, per=60.0, burst=1))
    fleet.store.down = "not there"
    gate = fleet.bulk("import")
    await fleet.clock.advance(1)
    for share in (8, 16, 32):
        since = fleet.clock.time
        await fleet.clock.advance(10)
        assert fleet.count("import", since) == pytest.approx(10 * 100 / share, rel=0.2)
        held = gate.reject(1.0, fleet.clock.time)
        gate.reject(1.0, fleet.clock.time - 0.01)
        await fleet.clock.advance(held)
    fleet.store.down = None
    await fleet.clock.advance(1.5)
    since = fleet.clock.time
    await fleet.clock.advance(2)
    assert fleet.count("import", since) == pytest.approx(200, rel=0.1)
    assert fleet.store.asks[0].refused, "the 429 is told as soon as the store is there"
    await fleet.end()


async def test_a_fault_of_the_store_reaches_those_who_wait() -> None:
    fleet = Fleet(RateLimit(60))
    gate = fleet.process()

    async def broken(key: str, ask: Ask) -> Lease:
        raise ZeroDivisionError

    fleet.store.lease = broken  # type: ignore[method-assign]
    waiting = asyncio.create_task(gate.enter())
    caught: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: caught.append(context))
    await fleet.clock.advance(0.1)
    with pytest.raises(ZeroDivisionError):
        await waiting
    await fleet.end()


async def test_closing_turns_waiters_away_and_tells_the_others() -> None:
    fleet = Fleet(RateLimit(60, burst=1))
    gate = fleet.process()
    entered = asyncio.create_task(gate.enter())
    await fleet.clock.advance(0.1)
    await entered
    waiting = asyncio.create_task(gate.enter())
    await fleet.clock.advance(0.1)
    assert gate.waiting == 1
    assert gate.blocked_by() == "pace"
    await fleet.end()
    with pytest.raises(errors.LifecycleError):
        await waiting
    assert fleet.store.asks[-1].gone
    assert fleet.store.closed == 1


async def test_granted_and_cancelled_at_once_gives_slot_and_permit_back() -> None:
    fleet = Fleet(RateLimit(60, per=60.0, burst=1))
    gate = fleet.process(concurrency=1)
    waiting = asyncio.create_task(gate.enter())
    while not _granted(gate):
        await asyncio.sleep(0)
        if fleet.clock.timers:
            fleet.clock.time, _, callback, _ = fleet.clock.timers.pop(0)
            callback()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    again = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert again.done(), "without a lease of its own"
    await fleet.end()


def _granted(gate: SharedGate) -> bool:
    return gate._free == 0


def test_it_never_enters_unasked() -> None:
    gate = Fleet(RateLimit(60)).process()
    assert not gate.try_enter()
    assert gate.paced
