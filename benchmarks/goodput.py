"""How much of a server's limit an import uses, where it knows the limit and where only a 429 tells of it.

    python -m benchmarks.goodput [--seconds 60]

The server is that of `benchmarks.pace`, with 600 requests in 10 s and no header that speaks of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from leat_async import LeatClient, RateLimit, bulk

from .pace import REQUESTS, arrived_at, process
from .server import UUID, VISIT

PER = 10.0


async def visits() -> AsyncIterator[dict[str, str]]:
    """No end of them."""
    number = 0
    while True:
        number += 1
        yield {"contact_uuid": VISIT["contact"]["uuid"], "shop_uuid": UUID, "external_id": f"visit-{number}"}


async def imported(url: str, limit: RateLimit, ledger: Path, seconds: float) -> None:
    """Import for so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), LeatClient("token", base_url=url, rate_limit=limit) as leat:
            await bulk.run(leat.visits, visits(), ledger=ledger, account="benchmark")


def used(moments: list[float], begin: float, end: float) -> float:
    """The share of the budget between two moments."""
    return sum(begin <= moment < end for moment in moments) / (REQUESTS * (end - begin) / PER)


def measure(limit: RateLimit, seconds: float) -> str:
    """One import, in words."""
    with process("serve", PER, "silent") as server, tempfile.TemporaryDirectory() as folder:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        os.environ["XDG_STATE_HOME"] = folder
        asyncio.run(imported(url, limit, Path(folder) / "ledger", seconds))
        end = time.monotonic()
        arrived = arrived_at(url)
    allowed = [moment for moment, _, ok in arrived if ok]
    refused = [moment for moment, _, ok in arrived if not ok]
    begin = allowed[0]
    told = f"{used(allowed, begin, end):.3f} of the budget, {len(refused)} answers of 429"
    if refused:
        after = begin + PER * ((refused[-1] - begin) // PER + 1)
        if after < end:
            told += f", {used(allowed, after, end):.3f} after the window that they came in"
    return told


def main() -> None:
    """Measure and show."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=60.0)
    seconds = options.parse_args().seconds
    for name, limit in (
        ("600 in 10 s, as it is", RateLimit(600, per=PER)),
        ("5000 a minute assumed", RateLimit(5000)),
        ("600 in 10 s, as it is, shared on the machine", RateLimit(600, per=PER, shared="machine")),
        ("5000 a minute assumed, shared on the machine", RateLimit(5000, shared="machine")),
    ):
        print(f"{name}: {measure(limit, seconds)}", flush=True)


if __name__ == "__main__":
    main()
