"""Memory, and what an export costs on top of fetching. LEAT_SOAK=1: at full size, with the clock."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export

from .conftest import Lists

SOAK = os.environ.get("LEAT_SOAK") == "1"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def figures() -> Iterator[Any]:
    """The benchmark, as its own processes can import it too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        patch.delitem(sys.modules, "export", raising=False)
        yield importlib.import_module("export")
        sys.modules.pop("export", None)


@pytest.mark.timeout(1200)
def test_many_transactions_to_parquet(figures: Any) -> None:
    rows = 1_000_000 if SOAK else 40_000
    with figures.server(rows, 0.0) as port:
        thrown = figures.run("fetched and thrown away", figures.discard, port)
        written = figures.run("exported to parquet", figures.Write("parquet"), port)
    assert written.rows == thrown.rows == rows
    assert written.megabytes < 200
    if SOAK:
        assert thrown.seconds / written.seconds >= 0.8
    else:
        # Processor time, which other processes do not stretch; importing pyarrow is a second of it.
        assert written.processor < 2 * thrown.processor + 2


@pytest.mark.timeout(300)
async def test_two_hundred_pages_with_latency(lists: Lists, leat: LeatClient) -> None:
    lists.most = 5
    pages = 200 if SOAK else 40
    lists.latency = 0.03
    lists.fill("loyalty-transactions", 5 * pages)
    until = "2026-01-01T00:00:00+00:00"

    async def read(ahead: int) -> float:
        begun = time.perf_counter()
        listed = leat.loyalty_transactions.list(sort="created_at", created_at={"lt": until}).pages(ahead=ahead)
        assert sum([len(page.items) async for page in listed]) == 5 * pages
        return time.perf_counter() - begun

    single = await read(0)
    lists.busiest = 0
    ahead = await read(8)
    assert lists.busiest == 8
    # How many times faster depends on what else the machine does; that it is faster at all does not.
    assert single / ahead >= (6 if SOAK else 1)


async def test_memory_does_not_grow_with_the_list(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    """Rows wait nowhere: while the writer stands still, so does the reading."""
    lists.most = 10
    lists.fill("loyalty-transactions", 2400)
    held = asyncio.Event()

    class Stream:
        written = 0

        def write(self, data: bytes) -> None:
            self.written += data.count(b"\n")
            if self.written > 100:
                asyncio.run_coroutine_threadsafe(held.wait(), loop).result()

        def flush(self) -> None: ...

    loop = asyncio.get_running_loop()
    task = asyncio.create_task(export.to_file(leat.loyalty_transactions, Stream(), format="jsonl"))  # type: ignore[arg-type]
    for _ in range(30):
        await asyncio.sleep(0.01)
    assert len(lists.requests) <= 2 + 11 + 9
    held.set()
    assert (await task).rows == 2400
