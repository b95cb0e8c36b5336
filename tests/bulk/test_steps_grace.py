"""How long a row in doubt is given, and by which clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from leat_async import LeatClient, bulk
from leat_async._core.clock import Clock
from leat_async.bulk import Status

from ..conftest import Recorded, Recorder
from .helpers import Leap, Shop
from .test_outcomes import all_of

ROW = {"contact_uuid": "c-1", "shop_uuid": "s", "external_id": "e-1"}


class Late(Shop):
    """Drops the first write, and takes it in when `due` says so."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: dict[str, Any] | None = None
        self.due: Callable[[], bool] = lambda: False
        # Awaited while the first write is on its way.
        self.under_way: Callable[[], Awaitable[None]] | None = None
        self.posts = 0

    async def __call__(self, recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        if self.pending is not None and self.due():
            self.make(self.pending)
            self.pending = None
        if recorded.method == "POST":
            self.posts += 1
            if self.posts == 1:
                self.pending = recorded.json
                if self.under_way is not None:
                    await self.under_way()
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()
        return self.reply(recorded)


def client(recorder: Recorder, clock: Clock) -> LeatClient:
    leat = LeatClient("token", base_url=recorder.url, rate_limit=None)
    leat._pipeline.clock = clock
    leat._pipeline.gate._clock = clock
    return leat


async def test_it_counts_from_the_end_of_the_attempt(recorder: Recorder) -> None:
    """Thirty seconds until the answer is lost, and three more until the write lands."""
    leap = Leap()
    recorder.default = server = Late()

    async def wait() -> None:
        leap.leap(30.0)
        server.due = lambda: leap.leapt >= 33.0

    server.under_way = wait
    async with client(recorder, leap) as leat:
        [outcome] = await all_of(bulk.create(leat.visits, [ROW], grace=30.0))
    assert (outcome.status, outcome.attempts) == (Status.CREATED, 1)
    assert len(server.made) == 1


async def test_it_counts_to_when_it_was_asked_not_to_when_that_was_answered(recorder: Recorder) -> None:
    """The answer "not there" takes all of the grace period, and the write lands before it comes."""
    leap = Leap()

    class Slow(Late):
        async def __call__(self, recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
            answer = await super().__call__(recorded, request)
            if recorded.path.endswith("/visits") and recorded.method == "GET" and self.pending is not None:
                leap.leap(30.0)
                self.due = lambda: True
            return answer

    recorder.default = server = Slow()
    async with client(recorder, leap) as leat:
        [outcome] = await all_of(bulk.create(leat.visits, [ROW], grace=30.0))
    assert (outcome.status, outcome.attempts) == (Status.CREATED, 1)
    assert len(server.made) == 1


async def killed(recorder: Recorder, leap: Leap, server: Late, ledger: Path) -> None:
    """A run that ends while the first write is on its way."""
    on_its_way = asyncio.Event()

    async def wait() -> None:
        on_its_way.set()
        await asyncio.sleep(0.05)

    server.under_way = wait
    async with client(recorder, leap) as leat, bulk.create(leat.visits, [ROW], ledger=ledger) as run:
        task = asyncio.create_task(anext(run))
        await on_its_way.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.1)


class Shifted(Leap):
    """A clock on the wall that was set meanwhile."""

    shift = 0.0

    def wall(self) -> float:
        return super().wall() + self.shift


@pytest.mark.parametrize("shift", [0.0, 86_400.0, -86_400.0])
async def test_after_a_restart_it_counts_from_the_restart(recorder: Recorder, tmp_path: Path, shift: float) -> None:
    recorder.default = server = Late()
    await killed(recorder, Leap(), server, tmp_path / "l")
    assert server.posts == 1
    leap = Shifted()
    leap.shift = shift
    server.due = lambda: leap.leapt >= 20.0
    async with client(recorder, leap) as leat:
        [outcome] = await all_of(bulk.create(leat.visits, [ROW], ledger=tmp_path / "l", grace=30.0))
    assert (outcome.status, outcome.attempts) == (Status.CREATED, 1)
    assert len(server.made) == 1
    assert leap.leapt < 60.0


async def test_what_is_not_there_after_it_is_sent_again(recorder: Recorder, tmp_path: Path) -> None:
    recorder.default = server = Late()
    await killed(recorder, Leap(), server, tmp_path / "l")
    leap = Leap()
    async with client(recorder, leap) as leat:
        [outcome] = await all_of(bulk.create(leat.visits, [ROW], ledger=tmp_path / "l", grace=30.0))
    assert (outcome.status, outcome.attempts) == (Status.CREATED, 2)
    assert 29.0 < leap.leapt < 60.0, "the whole grace period, give or take what really passed"
