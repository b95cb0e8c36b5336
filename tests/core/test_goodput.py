"""How much of a server's limit an import uses, on a clock that the test turns."""

from __future__ import annotations

import asyncio
import math

import pytest

from leat_async import RateLimit
from leat_async._core.limiter import Gate
from leat_async._core.pace.gate import SharedGate

from .pace.test_gate import Memory, Turned
from .test_limiter import Chance, FakeClock


class Server:
    """Laravel's throttle: a window begins with its first request; nothing but a 429 tells of it."""

    def __init__(self, clock: FakeClock, requests: int, per: float) -> None:
        self._clock, self._requests, self._per = clock, requests, per
        self._ends, self._used = 0.0, 0
        self.allowed: list[float] = []
        self.refused: list[float] = []

    def take(self) -> int | None:
        """None, or the seconds to wait."""
        now = self._clock.time
        if now >= self._ends:
            self._ends, self._used = now + self._per, 0
        if self._used >= self._requests:
            self.refused.append(now)
            return max(1, math.ceil(self._ends - now))
        self._used += 1
        self.allowed.append(now)
        return None

    def used_of(self, begin: float, end: float) -> float:
        """The share of what it would have allowed."""
        return sum(begin <= moment < end for moment in self.allowed) / (self._requests * (end - begin) / self._per)


async def imported(
    clock: FakeClock, gate: Gate, server: Server, seconds: float, late: float = 0.0, disk: float = 0.01
) -> None:
    """As many calls as the gate lets through, each after its ledger's `disk`; the first ones connect, and are so
    `late`."""
    latency = 0.02

    async def wait(seconds: float) -> None:
        done = asyncio.get_running_loop().create_future()
        clock.call_later(seconds, lambda: done.cancelled() or done.set_result(None))
        await done

    async def worker() -> None:
        connecting = late
        while True:
            if not gate.try_enter():
                await gate.enter(later=True)
            await wait(disk)
            if gate.pause_left():  # as the pipeline does
                gate.leave(unsent=True)
                continue
            sent = clock.now()
            await wait(connecting)
            connecting = 0.0
            await wait(latency / 2)
            asked = server.take()
            await wait(latency / 2)
            if asked is not None:
                gate.reject(asked, sent)
            gate.leave()
            if asked is None and gate.rejections:
                gate.accept(sent)

    workers = [asyncio.create_task(worker()) for _ in range(32)]
    await clock.advance(seconds)
    for each in workers:
        each.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def test_a_limit_that_is_known_is_used_and_never_met() -> None:
    clock = FakeClock()
    server = Server(clock, 600, 10.0)
    await imported(clock, Gate(32, RateLimit(600, per=10.0), clock), server, 25.0, late=0.08)
    assert server.refused == []
    assert server.used_of(1000.1, 1025.0) >= 0.95


@pytest.mark.parametrize("limit", [RateLimit(600, per=10.0), RateLimit(600, per=60.0)])
@pytest.mark.parametrize("late", [0.0, 0.05])
async def test_an_import_whose_pace_is_shared_uses_the_limit_and_never_meets_it(limit: RateLimit, late: float) -> None:
    clock = Turned()
    server = Server(clock, limit.requests, limit.per)
    gate = SharedGate(32, limit, clock, Memory(clock), "key")
    seconds = 2.5 * limit.per
    await imported(clock, gate, server, seconds, late=late)
    assert server.refused == []
    assert server.used_of(1001, 1000 + seconds) >= 0.96
    closing = asyncio.create_task(gate.aclose())
    await clock.advance(1.0)
    await closing


@pytest.mark.parametrize(
    ("assumed", "requests", "shared", "disk"),
    [
        (RateLimit(5000), 600, False, 0.01),
        (RateLimit(5000), 600, True, 0.01),
        # Thirty wait for the disk when another is refused.
        (RateLimit(5000), 600, True, 0.35),
        (RateLimit(130, per=10.0), 100, False, 0.01),
        (RateLimit(130, per=10.0), 100, True, 0.01),
    ],
)
async def test_a_lower_limit_is_learned_from_a_429(
    assumed: RateLimit, requests: int, shared: bool, disk: float
) -> None:
    clock = Turned()
    server = Server(clock, requests, 10.0)
    gate = SharedGate(32, assumed, clock, Memory(clock), "key") if shared else Gate(32, assumed, clock)
    await imported(clock, gate, server, 35.0, disk=disk)
    closing = asyncio.create_task(gate.aclose())
    await clock.advance(1.0)
    await closing
    assert 1 <= len(server.refused) <= 3
    assert server.refused[-1] < 1010
    assert server.used_of(1012, 1035) >= 0.9


def sent(gate: Gate, clock: FakeClock, seconds: float) -> int:
    """How many may go in that time."""
    count = 0
    for _ in range(int(seconds * 200)):
        clock.time += 0.005
        if gate.try_enter():
            gate.leave()
            count += 1
    return count


def test_what_was_learned_is_kept_for_ten_minutes() -> None:
    clock = Chance(0.0)
    gate = Gate(32, RateLimit(900, per=10.0), clock)
    assert sent(gate, clock, 6.0) > 500
    gate.reject(5.0, clock.time)
    assert sent(gate, clock, 4.9) == 0
    assert sent(gate, clock, 10.0) < 600
    clock.time += 600
    sent(gate, clock, 10.0)
    assert sent(gate, clock, 10.0) > 800


def test_one_429_is_a_chance_where_the_limit_had_held() -> None:
    clock = Chance(0.0)
    gate = Gate(32, RateLimit(900, per=10.0), clock)
    assert sent(gate, clock, 30.0) > 2500
    for lower in (False, True):
        gate.reject(5.0, clock.time)
        sent(gate, clock, 6.0)
        assert (sent(gate, clock, 10.0) < 840) == lower
        sent(gate, clock, 10.0)
