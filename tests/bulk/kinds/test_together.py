"""Products and categories go many in one call, and each is told what became of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import Status
from leat_async.bulk.kinds import together
from leat_async.bulk.kinds.products import ProductKind
from leat_async.sandbox import Sandbox
from leat_async.sandbox.engine import Call
from leat_async.sandbox.resources import products

from ..helpers import Leap, client_of


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"external_identifier": f"sku-{n}", "name": f"Soup {n}", **more} for n in range(count)]


async def outcomes_of(leat: LeatClient, given: list[dict[str, Any]], **options: Any) -> list[Any]:
    async with bulk.create(leat.products, given, **options) as run:
        return sorted([outcome async for outcome in run], key=lambda outcome: outcome.index)


@pytest.mark.parametrize("concurrency", [1, 32])
async def test_a_hundredth_of_a_call_a_row(tmp_path: Path, concurrency: int) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, concurrency=concurrency) as leat:
        before = len(sandbox.rows("products"))
        outcomes = await outcomes_of(leat, rows(1000), ledger=tmp_path / "ledger")
        assert Counter(outcome.status for outcome in outcomes) == {Status.CREATED: 1000}
        assert all(outcome.result.external_identifier == f"sku-{n}" for n, outcome in enumerate(outcomes))
        assert len(sandbox.rows("products")) == before + 1000
        counts = sandbox.journal.counts()
        assert counts.pop("system.health_check") == 1
        assert sum(counts.values()) <= 10, counts
        again = await outcomes_of(leat, rows(1000), ledger=tmp_path / "ledger")
        assert {outcome.status for outcome in again} == {Status.SKIPPED}
        assert sandbox.journal.counts()["products.create_batch"] == counts["products.create_batch"]


async def test_a_bad_row_ends_up_alone(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        given = rows(200)
        given[77]["categories"] = [{"external_identifier": "no such category"}]
        await leat.products.create(external_identifier="sku-150", name="Soup 150")
        await leat.products.create(external_identifier="sku-151", name="Other")
        outcomes = await outcomes_of(leat, given, ledger=tmp_path / "ledger")
        assert {n: o.status for n, o in enumerate(outcomes) if o.status is not Status.CREATED} == {
            77: Status.REJECTED,
            150: Status.EXISTED,
            151: Status.REJECTED,
        }
        assert outcomes[151].changed == ("name",)
        names = [row["external_identifier"] for row in sandbox.rows("products")]
        assert len(names) == len(set(names))
        assert sandbox.journal.counts()["products.create_batch"] < 40


async def test_a_call_that_was_refused_in_part_is_no_reason_to_send_its_rows_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that makes one row after the other, and keeps those before the one it refuses."""
    insert = products._insert

    def create_batch(call: Call) -> list[dict[str, Any]]:
        made = []
        for item in call.params["products"]:
            if item["name"] == "bad":
                call.store.commit()  # what came before stays
                call.store.begin()
                raise products.Refusal(1003)
            made.append(insert(call, item))
        return [products._brief(row) for row in made]

    monkeypatch.setattr(products, "free", lambda *_, **__: None)
    route = next(route for route in products.ROUTES if route.operation == "products.create_batch")
    object.__setattr__(route, "handler", create_batch)
    try:
        async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
            given = rows(40)
            given[11]["name"] = "bad"
            outcomes = await outcomes_of(leat, given, ledger=tmp_path / "ledger")
            made = Counter(row["external_identifier"] for row in sandbox.rows("products"))
            assert all(made[row["external_identifier"]] == 1 for n, row in enumerate(given) if n != 11), made
            assert {outcome.status for outcome in outcomes} <= {Status.CREATED, Status.EXISTED}
    finally:
        object.__setattr__(route, "handler", products.create_batch)


async def test_no_call_is_larger_than_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    # The journal keeps 4,096 bytes of a body.
    monkeypatch.setattr(together, "MOST_BYTES", 3_000)
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        outcomes = await outcomes_of(leat, rows(60, description="x" * 900), ledger=None)
        assert {outcome.status for outcome in outcomes} == {Status.CREATED}
        lengths = [len(entry.raw_body) for entry in sandbox.journal.entries("products.create_batch")]
        assert 1_900 < max(lengths) <= 3_100


async def test_an_answer_that_leaves_rows_out_is_asked_about(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        empty = {"data": [], "meta": {}}
        sandbox.faults.add("reject", "products.create_batch", first=1, status=200, body=empty)
        outcomes = await outcomes_of(leat, rows(20), ledger=tmp_path / "ledger")
        assert {outcome.status for outcome in outcomes} == {Status.CREATED}
        assert len([row for row in sandbox.rows("products") if row["external_identifier"].startswith("sku-")]) == 20


async def test_leaving_cuts_off_what_is_on_its_way(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        sandbox.faults.add("hang", "products.create_batch")
        before = asyncio.all_tasks()
        async with bulk.create(leat.products, rows(20), ledger=tmp_path / "ledger") as run:
            first = asyncio.ensure_future(anext(run))
            while not sandbox.journal.counts().get("products.create_batch"):
                await asyncio.sleep(0.01)
            first.cancel()
            await asyncio.wait([first])
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - before
        assert [task for task in left if "Together" in repr(task.get_coro())] == []


async def test_a_fault_of_ours_in_a_call_ends_the_run_and_loses_no_row_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(ProductKind, "find", find)
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        sandbox.faults.add("reject", "products.create_batch", status=400, code=1003, message="Invalid input.")
        with pytest.raises(RuntimeError, match="a fault of ours"):
            await asyncio.wait_for(outcomes_of(leat, rows(20), ledger=tmp_path / "ledger"), 20.0)
