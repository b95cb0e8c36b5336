"""Cancel a call at each of its await points, one after the other, and see that nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import types
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from leat_async import ClientCredentials, LeatClient, RateLimit, RetryPolicy, bulk, errors
from leat_async.sandbox import Sandbox

from ..conftest import Recorder, hang
from ..tasks import tasks_of_the_package

Scenario = Callable[[LeatClient, "World"], Awaitable[Any]]
QUICK = RetryPolicy(attempts=3, backoff=0.001, max_backoff=0.002)


class World:
    """What scenarios need to know of the sandbox."""

    def __init__(self, sandbox: Sandbox, path: Path) -> None:
        self.sandbox = sandbox
        self.path = path
        self.shop = sandbox.shops[0]["uuid"]
        self.contact = sandbox.create_contact(email="ada@example.com")["uuid"]
        self.runs = 0


async def until(point: int, awaitable: Awaitable[Any]) -> tuple[bool, Any]:
    """Drive an awaitable, and cancel the current task when it suspends for the `point`th time."""
    return await _drive(point, awaitable)


@types.coroutine
def _drive(point: int, awaitable: Awaitable[Any]) -> Generator[Any, Any, tuple[bool, Any]]:
    steps = awaitable.__await__()
    suspended = 0
    sent: Any = None
    while True:
        try:
            waits_for = steps.send(sent)
        except StopIteration as stop:
            return suspended < point, stop.value
        suspended += 1
        if suspended == point:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        try:
            sent = yield waits_for
        except BaseException as error:
            try:
                waits_for = steps.throw(error)
            except StopIteration as stop:
                return suspended < point, stop.value
            suspended += 1
            sent = yield waits_for


async def get(leat: LeatClient, world: World) -> Any:
    return await leat.shops.list().first()


async def write(leat: LeatClient, world: World) -> Any:
    return await leat.visits.create(contact_uuid=world.contact, shop_uuid=world.shop)


async def retried(leat: LeatClient, world: World) -> Any:
    world.sandbox.faults.add("server_error", operation="shops.list", times=2)
    try:
        return await leat.shops.list().page()
    finally:
        world.sandbox.faults.clear()


async def walk(leat: LeatClient, world: World) -> Any:
    return await leat.loyalty_transactions.list(limit=2).collect()


async def look_ahead(leat: LeatClient, world: World) -> Any:
    pages = leat.loyalty_transactions.list(limit=2).pages(ahead=3)
    try:
        return [page async for page in pages]
    finally:
        await pages.aclose()


async def crowd(leat: LeatClient, world: World) -> Any:
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(leat.shops.list().page())


def rows(world: World, count: int) -> list[dict[str, Any]]:
    world.runs += 1
    return [
        {"contact_uuid": world.contact, "shop_uuid": world.shop, "external_id": f"{world.runs}-{n}"}
        for n in range(count)
    ]


async def import_rows(leat: LeatClient, world: World) -> Any:
    return await bulk.run(leat.visits, rows(world, 6))


async def import_with_ledger(leat: LeatClient, world: World) -> Any:
    return await bulk.run(leat.visits, rows(world, 4), ledger=world.path / f"{world.runs}.ledger")


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (get, write, retried, walk, look_ahead, crowd, import_rows, import_with_ledger)
}


async def check_sane(leat: LeatClient, world: World, tasks_before: set[asyncio.Task[Any]]) -> None:
    gate = leat._pipeline.gate
    for _ in range(200):  # what was cut off may need some turns of the loop to end
        left = tasks_of_the_package() - tasks_before
        if not left and gate._free == leat._pipeline.config.concurrency:
            break
        await asyncio.sleep(0.005)
    assert not left
    assert gate.waiting == 0
    assert gate._free == leat._pipeline.config.concurrency
    assert (await leat.shops.list()).items
    for visit in world.sandbox.rows("visits"):
        assert visit["contact_uuid"] == world.contact


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("credentials", [False, True], ids=["token", "credentials"])
async def test_cancelled_at_each_point(name: str, credentials: bool, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    async with Sandbox(seed=5) as sandbox:
        world = World(sandbox, tmp_path)
        async with LeatClient(sandbox.token, base_url=sandbox.url) as filling:
            for n in range(7):
                await filling.credit_receptions.create(
                    contact_uuid=world.contact, shop_uuid=world.shop, unit_value=n + 1
                )
        token = ClientCredentials("any-client", "any-secret-any") if credentials else sandbox.token
        point = 0
        while True:
            point += 1
            limit = RateLimit(100_000, per=1.0)
            async with LeatClient(token, base_url=sandbox.url, concurrency=3, rate_limit=limit, retry=QUICK) as leat:
                tasks_before = tasks_of_the_package()
                task = asyncio.create_task(until(point, scenario(leat, world)))
                done = False
                try:
                    done, _ = await task
                except (asyncio.CancelledError, errors.LeatError):
                    assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]
                await check_sane(leat, world, tasks_before)
            if done:
                break
            assert point < 2000
        assert point > 1, "there was at least one point to cancel at"
        seen = [row["external_id"] for row in sandbox.rows("visits") if row["external_id"]]
        assert len(seen) == len(set(seen))
    gc.collect()


@pytest.mark.parametrize("name", SCENARIOS)
async def test_cancelled_after_so_many_turns_of_the_loop(name: str, tmp_path: Path) -> None:
    """Much happens in tasks behind a call; this cuts in wherever they are."""
    scenario = SCENARIOS[name]
    async with Sandbox(seed=5) as sandbox:
        world = World(sandbox, tmp_path)
        turns, finished = 0, False
        while not finished:
            turns += 1 + turns // 12
            async with LeatClient(sandbox.token, base_url=sandbox.url, concurrency=3, retry=QUICK) as leat:
                tasks_before = tasks_of_the_package()
                task = asyncio.ensure_future(scenario(leat, world))
                for _ in range(turns):
                    await asyncio.sleep(0)
                finished = task.done()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await check_sane(leat, world, tasks_before)
        assert turns > 3
        seen = [row["external_id"] for row in sandbox.rows("visits") if row["external_id"]]
        assert len(seen) == len(set(seen))


async def test_a_cancelled_waiter_does_not_take_its_turn(recorder: Recorder) -> None:
    released = asyncio.Event()
    recorder.default = hang(released)
    async with LeatClient("t", base_url=recorder.url, concurrency=1) as leat:
        first = asyncio.create_task(leat.visits.get("first"))
        waiting = [asyncio.create_task(leat.visits.get(f"waiter-{number}")) for number in range(5)]
        while leat._pipeline.gate.waiting < 5:
            await asyncio.sleep(0)
        for task in waiting[:4]:
            task.cancel()
        await asyncio.gather(*waiting[:4], return_exceptions=True)
        released.set()
        await first
        await waiting[4]
    assert [asked.path.rpartition("/")[2] for asked in recorder.requests] == ["first", "waiter-4"]
