"""Exports without `await`."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from leat_async import export as async_export
from leat_async import sync
from leat_async.sandbox import Sandbox
from leat_async.sync import export


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed="demo", rate_limit=(1_000_000, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
def leat(sandbox: Sandbox) -> Iterator[sync.LeatClient]:
    with sync.LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        yield leat


def test_rows_and_files_are_the_same(leat: sync.LeatClient, tmp_path: Path) -> None:
    rows = list(export.rows(leat.loyalty_transactions, since="90d"))
    told: list[export.Seen] = []
    summary = export.to_file(leat.loyalty_transactions, tmp_path / "x.jsonl", since="90d", on_progress=told.append)
    assert summary.rows == len(rows) == len((tmp_path / "x.jsonl").read_text().splitlines()) > 300
    assert told[-1].rows == summary.rows
    assert len({row.uuid for row in rows}) == len(rows)
    table = export.table(leat.loyalty_transactions, since="90d", columns=["uuid"])
    assert table["uuid"].to_pylist() == [row.uuid for row in rows]


def test_breaking_off_ends_the_work_behind(leat: sync.LeatClient, sandbox: Sandbox) -> None:
    rows = export.rows(leat.loyalty_transactions)
    for _ in rows:
        break
    rows.close()
    # Those that were on their way arrive, and no more.
    before = len(sandbox.journal)
    for _ in range(20):
        leat.system.health_check()
    assert len(sandbox.journal) - before <= 20 + 8


def test_bad_input_and_asynchronous_resources_are_refused(leat: sync.LeatClient, sandbox: Sandbox) -> None:
    before = len(sandbox.journal)
    with pytest.raises(ValueError, match="since"):
        export.rows(leat.visits, since="soon")
    with pytest.raises(TypeError, match=r"leat_async\.sync"):
        export.rows(leat._async.visits)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"got Shops of leat_async\.sync, whose own export takes it"):
        asyncio.run(async_export.table(leat.shops))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="can export"):
        export.rows(leat.bookings)  # type: ignore[arg-type]
    assert len(sandbox.journal) == before


def test_what_cant_be_promised_is_a_warning(leat: sync.LeatClient) -> None:
    told: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(export.rows(leat.visits, on_warning=told.append))
    assert told == []


@pytest.mark.parametrize("name", ["rows", "table", "to_file"])
def test_both_sides_take_the_same(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(side, name)).parameters for side in (export, async_export))
    assert {n: (p.kind, p.default) for n, p in ours.items()} == {n: (p.kind, p.default) for n, p in theirs.items()}
