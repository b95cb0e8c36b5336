"""What jobs are planned by: accounts in one process, and a ledger in PostgreSQL against one in a file.

    python -m benchmarks.fleet             # QUICK=1: ten seconds and fewer rows
    python -m benchmarks.fleet accounts    # only that section, or `ledgers`

The server is a process of its own with ready-made answers. Accounts: each has a token, a client with its pace of 5,000
requests a minute, and a ledger; the budget counts from the beginning, with the burst. Ledgers: no pace, 64 in flight.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from leat_async import LeatClient, RateLimit, bulk
from tests.servers import postgres_in

from .bulk import IN_FLIGHT, rows
from .measure import Table, most_memory, quick, show
from .server import pin, serving

ACCOUNTS, REQUESTS = 24, 5000
# Seconds that a message takes through the network in between, one way.
_FAR = 0.001


async def _account(url: str, name: str, ledger: str, until: float) -> int:
    """Import without an end; how many rows were done in time."""
    done = 0
    async with (
        LeatClient(name, base_url=url, rate_limit=RateLimit(REQUESTS)) as leat,
        bulk.create(leat.visits, rows(10**9), ledger=ledger, account=name) as outcomes,
    ):
        async for _ in outcomes:
            if time.monotonic() >= until:
                break
            done += 1
    return done


async def _accounts(url: str, ledgers: list[str], seconds: float) -> dict[str, float]:
    began, busy = time.monotonic(), time.process_time()
    work = (_account(url, f"account-{n}", ledger, began + seconds) for n, ledger in enumerate(ledgers))
    done = await asyncio.gather(*work)
    took = time.monotonic() - began
    budget = REQUESTS * seconds / 60
    return {
        "least of its budget": min(done) / budget,
        "rows a second": sum(done) / seconds,
        "cores": (time.process_time() - busy) / took,
        "peak memory, MB": most_memory(),
    }


@contextmanager
def _far(server: str) -> Iterator[str]:
    """The same database with 2 ms of a network in between."""
    host = f"127.0.0.1:{urlsplit(server).port}"
    command = [sys.executable, "-m", "benchmarks.fleet", "proxy", host]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield server.replace(host, process.stdout.readline().strip(), 1)
        finally:
            process.kill()


async def _proxy(target: str) -> None:
    host, _, port = target.partition(":")
    loop = asyncio.get_running_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            loop.call_later(_FAR, writer.write, data)
        loop.call_later(2 * _FAR, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


async def _import(url: str, ledger: str, count: int) -> float:
    async with LeatClient("token", base_url=url, rate_limit=None, concurrency=IN_FLIGHT) as leat:
        began = time.perf_counter()
        report = await bulk.run(leat.visits, rows(count), ledger=ledger)
        assert report.created == count
        return count / (time.perf_counter() - began)


def _ledgers(url: str, database: str, folder: Path) -> Table:
    count, rounds = (2000, 3) if quick() else (20_000, 5)
    number = itertools.count()
    with _far(database) as far:
        places: dict[str, Callable[[], str]] = {
            "SQLite": lambda: str(folder / f"l{next(number)}"),
            "PostgreSQL": lambda: f"{database}?ledger=l{next(number)}",
            "PostgreSQL, 2 ms away": lambda: f"{far}?ledger=l{next(number)}",
        }
        rates: dict[str, list[float]] = {who: [] for who in places}
        for place in places.values():
            asyncio.run(_import(url, place(), count // 10))
        for turn in range(rounds):
            for who in list(places)[:: 1 if turn % 2 == 0 else -1]:
                rates[who].append(asyncio.run(_import(url, places[who](), count)))
    return Table("An import with a ledger, 64 in flight", "rows a second", rates, "SQLite")


def main() -> None:
    asked = sys.argv[1:]
    seconds = 10.0 if quick() else 60.0
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)  # the server runs for somebody else where the benchmark does for root
    os.environ["LEAT_STATE_DIR"] = str(folder)
    tables: list[Table] = []
    with serving() as (url, *_), postgres_in(folder / "postgres", folder) as postgres:
        pin()
        if not asked or "ledgers" in asked:
            tables.append(_ledgers(url, postgres.url, folder))
        if not asked or "accounts" in asked:
            files = [str(folder / f"a{n}") for n in range(ACCOUNTS)]
            found = asyncio.run(_accounts(url, files, seconds))
            databases = [f"{postgres.url}?ledger=a{n}" for n in range(ACCOUNTS)]
            other = asyncio.run(_accounts(url, databases, seconds))
            note = f"{ACCOUNTS} accounts in one process, {seconds:.0f} s; memory is that of both runs."
            for what, figure in found.items():
                figures = {"SQLite": [figure], "PostgreSQL": [other[what]]}
                better = "less" if what.startswith(("cores", "peak")) else "more"
                tables.append(Table(f"{ACCOUNTS} accounts: {what}", what, figures, "SQLite", better, note))
    show(*tables)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["proxy", target]:
            asyncio.run(_proxy(target))
        case _:
            main()
