"""Slots and pace, on a clock that the test turns."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leat_async import RateLimit, RetryPolicy, errors
from leat_async._core.clock import Clock
from leat_async._core.limiter import Gate, Pace
from leat_async._core.retry import RetryBudget, backoff


class FakeClock(Clock):
    """Time stands still until `advance`."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.timers: list[tuple[float, int, Callable[[], None], list[bool]]] = []
        self.count = itertools.count()

    def now(self) -> float:
        return self.time

    def call_later(self, seconds: float, callback: Callable[[], None]):  # type: ignore[no-untyped-def]
        cancelled = [False]
        heapq.heappush(self.timers, (self.time + seconds, next(self.count), callback, cancelled))

        class Handle:
            def cancel(self) -> None:
                cancelled[0] = True

        return Handle()

    async def advance(self, seconds: float) -> None:
        until = self.time + seconds
        await settle()
        while self.timers and self.timers[0][0] <= until:
            self.time, _, callback, cancelled = heapq.heappop(self.timers)
            if not cancelled[0]:
                callback()
            await settle()
        self.time = until


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@given(
    requests=st.integers(1, 40),
    per=st.floats(0.1, 100),
    data=st.data(),
    gaps=st.lists(st.floats(0, 20), max_size=120),
)
@settings(max_examples=200)
def test_no_stretch_sees_more_than_the_limit(requests: int, per: float, data: st.DataObject, gaps: list[float]) -> None:
    burst = data.draw(st.one_of(st.none(), st.integers(1, requests)))
    pace = Pace(RateLimit(requests, per=per, burst=burst))
    now, sent = 0.0, []
    for gap in gaps:
        now += gap * per / 20
        now += pace.wait(now)
        assert pace.wait(now) <= 1e-6
        pace.book(now)
        sent.append(now)
    for start in sent:
        assert sum(start <= moment < start + per * 0.999_999 for moment in sent) <= requests


async def test_a_burst_and_then_the_pace() -> None:
    clock = FakeClock()
    gate = Gate(100, RateLimit(60, per=60.0, burst=10), clock)
    times: list[float] = []

    async def one() -> None:
        await gate.enter()
        times.append(clock.time)
        gate.leave()

    tasks = [asyncio.create_task(one()) for _ in range(20)]
    await clock.advance(30)
    await asyncio.gather(*tasks)
    assert times[:10] == [1000.0] * 10
    assert times[10:] == pytest.approx([1000 + 1.2 * i for i in range(1, 11)])


async def test_headers_only_lower() -> None:
    clock = FakeClock()
    gate = Gate(100, RateLimit(6000, per=60.0, burst=50), clock)
    gate.learn(4999)
    assert sum(gate.try_enter() for _ in range(60)) == 50
    await clock.advance(100)
    for _ in range(50):
        gate.leave()
    gate.learn(3)
    gate.learn(40)
    assert sum(gate.try_enter() for _ in range(60)) == 3


async def test_first_come_first_served_and_slots() -> None:
    clock = FakeClock()
    gate = Gate(2, None, clock)
    assert gate.try_enter()
    assert gate.try_enter()
    assert not gate.try_enter()
    assert gate.blocked_by() == "slot"
    order: list[int] = []

    async def one(number: int) -> None:
        await gate.enter()
        order.append(number)

    tasks = [asyncio.create_task(one(number)) for number in range(4)]
    await settle()
    assert gate.waiting == 4
    gate.leave()
    assert not gate.try_enter(), "nobody overtakes the queue"
    await settle()
    assert order == [0]
    for _ in range(3):
        gate.leave()
        await settle()
    assert order == [0, 1, 2, 3]
    await asyncio.gather(*tasks)


async def test_a_pause_holds_everybody_and_retries_go_first() -> None:
    clock = FakeClock()
    gate = Gate(10, None, clock)
    gate.pause(5)
    assert not gate.try_enter()
    order: list[str] = []

    async def one(name: str, ahead: bool) -> None:
        await gate.enter(ahead=ahead)
        order.append(name)

    tasks = [asyncio.create_task(one("new", False)), asyncio.create_task(one("retry", True))]
    await clock.advance(4.9)
    assert gate.blocked_by() == "rate limit"
    gate.pause(1)  # a shorter one that would end later still holds
    await clock.advance(0.5)
    assert order == []
    await clock.advance(1)
    assert order == ["retry", "new"]
    await asyncio.gather(*tasks)


async def test_cancelled_waiters_leave_nothing_behind() -> None:
    clock = FakeClock()
    gate = Gate(1, RateLimit(60, per=60.0, burst=1), clock)
    assert gate.try_enter()
    first, second = asyncio.create_task(gate.enter()), asyncio.create_task(gate.enter())
    await settle()
    first.cancel()
    await settle()
    gate.leave()
    await clock.advance(1.1)
    assert second.done()
    gate.leave()
    # Granted and cancelled in the same moment: slot and pace come back.
    third = asyncio.create_task(gate.enter())
    await clock.advance(1.0)
    fourth = asyncio.create_task(gate.enter())
    await settle()
    gate.leave()
    await clock.advance(1.1)
    del third
    fourth.cancel()
    await settle()
    if not fourth.cancelled():
        gate.leave()
    await clock.advance(2)
    assert gate.try_enter()
    assert gate.waiting == 0


async def test_granted_and_cancelled_at_once_gives_both_back() -> None:
    clock = FakeClock()
    gate = Gate(1, RateLimit(60, per=60.0, burst=1), clock)
    assert gate.try_enter()
    waiting = asyncio.create_task(gate.enter())
    await settle()
    clock.time += 10
    gate.leave()  # grants the slot to `waiting`, which has not run yet
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert gate.try_enter(), "slot and pace were given back"


async def test_calls_that_somebody_waits_for_go_before_bulk_and_export() -> None:
    clock = FakeClock()
    gate = Gate(1, None, clock)
    assert gate.try_enter()
    order: list[str] = []

    async def one(name: str, later: bool, ahead: bool = False) -> None:
        await gate.enter(later=later, ahead=ahead)
        order.append(name)

    asked = (("bulk", True, False), ("again", True, True), ("web", False, False))
    tasks = [asyncio.create_task(one(*call)) for call in asked]
    await settle()
    assert gate.waiting == 3
    for _ in tasks:
        gate.leave()
        await settle()
    assert order == ["web", "again", "bulk"]
    await asyncio.gather(*tasks)


async def test_close_turns_waiters_away() -> None:
    gate = Gate(1, None, FakeClock())
    assert gate.try_enter()
    waiting = asyncio.create_task(gate.enter())
    await settle()
    await gate.aclose()
    with pytest.raises(errors.LifecycleError):
        await waiting


def test_backoff_doubles_is_jittered_and_bounded() -> None:
    class Clocked(FakeClock):
        def random(self) -> float:
            return 0.5

    policy = RetryPolicy(attempts=9, backoff=0.25, max_backoff=2.0)
    assert [backoff(policy, n, Clocked()) for n in range(1, 7)] == [0.125, 0.25, 0.5, 1.0, 1.0, 1.0]
    assert backoff(policy, 10_000, Clocked()) == 1.0


def test_budget() -> None:
    budget = RetryBudget(capacity=2)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()


class Chance(FakeClock):
    """As likely as told."""

    def __init__(self, chance: float) -> None:
        super().__init__()
        self.chance = chance

    def random(self) -> float:
        return self.chance


def test_429s_that_ask_for_no_wait_are_answered_by_longer_and_longer_ones() -> None:
    clock = Chance(0.0)
    gate = Gate(32, None, clock)
    waits: list[float] = []
    for asked in (None, 0.0, 0.001, None, None, None, None, None):
        waits.append(gate.reject(asked, clock.time))
        assert not gate.try_enter()
        clock.time += waits[-1]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    gate.accept(clock.time - 1000)
    assert gate.rejections == 8, "what was sent before the last 429 says nothing"
    gate.accept(clock.time)
    assert gate.reject(None, clock.time) == 0.5


def test_429s_to_what_was_on_its_way_together_count_as_one() -> None:
    clock = Chance(0.0)
    gate = Gate(32, None, clock)
    clock.time += 1
    assert [gate.reject(None, clock.time - n / 100) for n in range(1, 32)] == [0.5] * 31
    assert gate.rejections == 1


def test_a_wait_that_is_asked_for_is_kept_and_nobody_comes_back_in_the_same_moment() -> None:
    waits = [
        Gate(1, None, Chance(chance)).reject(asked, 0.0) for asked in (1.0, 60.0, None) for chance in (0.0, 0.5, 0.99)
    ]
    assert waits == pytest.approx([1, 1.125, 1.2475, 60, 62.5, 64.95, 0.5, 0.625, 0.7475])
    clock = Chance(0.0)
    gate = Gate(32, None, clock)
    gate.reject(1.0, clock.time)
    clock.chance = 0.9
    clock.time += 0.1
    assert gate.reject(1.0, clock.time - 1) == 1.0, "one chance for all that were on their way together"
