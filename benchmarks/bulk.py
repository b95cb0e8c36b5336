"""A bulk import with and without ledger, against the least that could send the same requests; and its memory.

    python -m benchmarks.bulk [--rows 20000] [--rounds 5] [--memory 200000]

The server is a process of its own with ready-made answers; pace is off, 64 requests in flight. Contenders take turns
in one process; read the ratios, the absolute figures belong to the machine. `--memory` compares the peak memory of
importing so many rows with that of importing ten thousand, each in a fresh process.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from benchmarks.measure import most_memory
from benchmarks.server import ROOT, serving
from leat_async import LeatClient, bulk

IN_FLIGHT = 64
Contender = Callable[[str, int], Awaitable[None]]


def rows(count: int, *, ids: bool = True) -> Iterator[dict[str, Any]]:
    """Visits, each of its own."""
    for number in range(count):
        row = {
            "contact_uuid": "0b1f4f2e-8a40-4c5f-a000-9ad0f4c0ffee",
            "shop_uuid": "6f1c3a2e-8f0b-4b43-9a5d-0a8f5c3de111",
            "source": f"Kiosk {number}",
            "starts_at": "2024-05-01T20:00:00+00:00",
            "ends_at": "2024-05-01T22:00:00+00:00",
        }
        yield {**row, "external_id": f"e-{number}"} if ids else row


async def raw(url: str, count: int) -> None:
    """aiohttp alone: workers that post and read, nothing checked, nothing kept."""
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
    source = rows(count)
    headers = {"Authorization": "Bearer token", "Content-Type": "application/json"}

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def worker() -> None:
            for row in source:
                async with session.post(f"{url}{ROOT}/visits", data=encode(row), headers=headers) as answer:
                    decode(await answer.read())

        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


async def without(url: str, count: int) -> None:
    """`bulk.run`, no ledger."""
    await _run(url, rows(count), count, None)


async def generated(url: str, count: int) -> None:
    """`bulk.run`, no ledger, the identifiers generated."""
    await _run(url, rows(count, ids=False), count, None)


async def with_ledger(url: str, count: int) -> None:
    """`bulk.run` with a ledger."""
    with tempfile.TemporaryDirectory() as directory:
        await _run(url, rows(count), count, str(Path(directory) / "ledger"))


async def _run(url: str, source: Iterator[dict[str, Any]], count: int, ledger: str | None) -> None:
    async with LeatClient("token", base_url=url, rate_limit=None, concurrency=IN_FLIGHT) as leat:
        report = await bulk.run(leat.visits, source, ledger=ledger)
        assert report.created == count, report


def peak(url: str, count: int, ledger: bool) -> float:
    """Peak resident memory of an import, in MB, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (url, count, ledger))


def _peak(url: str, count: int, ledger: bool) -> float:
    asyncio.run((with_ledger if ledger else generated)(url, count))
    return most_memory()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    arguments.add_argument("--rows", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--memory", type=int, default=0)
    asked = arguments.parse_args()
    contenders: list[Contender] = [raw, without, generated, with_ledger]
    rates: dict[str, list[float]] = {contender.__name__: [] for contender in contenders}
    with serving() as (url, *_):
        for number in range(asked.rounds):
            for contender in contenders[number % 4 :] + contenders[: number % 4]:
                started = time.perf_counter()
                asyncio.run(contender(url, asked.rows))
                rates[contender.__name__].append(asked.rows / (time.perf_counter() - started))
        for name, found in rates.items():
            # Ratios within a round: what else the machine does then weighs on both alike.
            of_raw, of_none = (
                statistics.median(a / b for a, b in zip(found, rates[other], strict=True))
                for other in ("raw", "without")
            )
            print(
                f"{name:12} {statistics.median(found):7.0f} rows/s ({min(found):.0f}-{max(found):.0f})"
                f"   {of_raw:.2f} of raw   {of_none:.2f} of no ledger"
            )
        if asked.memory:
            for ledger in (False, True):
                few, many = peak(url, 10_000, ledger), peak(url, asked.memory, ledger)
                print(
                    f"peak memory {'with' if ledger else 'without'} ledger: 10,000 rows {few:.1f} MB, "
                    f"{asked.memory:,} rows {many:.1f} MB"
                )


if __name__ == "__main__":
    main()
