"""Export of many transactions against fetching the same pages and throwing them away; look-ahead at 30 ms.

    python benchmarks/export.py [--rows 1000000] [--format parquet]

Server and client are processes of their own. Each figure is one run.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import multiprocessing
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from benchmarks.measure import most_memory
from leat_async import LeatClient, export

BEGIN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
EVERY = 30  # seconds between two transactions
ROW = (
    '{"uuid":"%08x-b321-4564-9dd3-91c6ccd9d600","credits":%d,"created_at":"%s","type":"credit_reception",'
    '"contact_identifier":null,"contact":{"uuid":"%08x-0000-4000-8000-000000000000","email":"guest%d@example.com",'
    '"credit_balance":{"id":%d,"balance":2929}},"shop":{"id":15,"uuid":"123abc-def789-qwerty-34567","type":"physical",'
    '"name":"Krusty Krab","address":{"id":59,"shop_id":15,"street":"Conch Street","housenumber":12,'
    '"postalcode":"9999YZ","city":"Bikini Bottom","state":"NH","country":"NL","latitude":null,"longitude":null,'
    '"house_number":null,"postal_code":null}},"unit_value":%d.15,"unit":{"id":298,"name":"purchase_amount",'
    '"label":"Purchase amount","prefix":"EUR","is_default":true},"channel":"OAUTH_API"}'
)


class Server(asyncio.Protocol):
    """Just enough of HTTP and of one list: filter, order and pages."""

    rows = 0
    made: tuple[str, ...] = ()  # beforehand, so that the server does not compete for the processor
    latency = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        # A request comes in one piece, and the next one only after the answer.
        body = self.page(data.split(b" ", 2)[1].decode())
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        whole = head.encode() + body
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, whole)
        else:
            self.transport.write(whole)

    def page(self, target: str) -> bytes:
        parts = urlsplit(target)
        if not parts.path.endswith("/loyalty-transactions"):
            return b'{"data":[],"meta":[]}'
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        low, high = self.index(asked.get("created_at[gte]"), 0), self.index(asked.get("created_at[lt]"), self.rows)
        limit, page = int(asked.get("limit", 10)), int(asked.get("page", 1))
        first = low + (page - 1) * limit
        found = self.made[first : min(first + limit, high)]
        if asked.get("sort") == "-created_at":
            found = self.made[max(low, high - page * limit) : high - (page - 1) * limit][::-1]
        items = ",".join(found)
        total = max(0, high - low)
        meta = {"page": page, "limit": limit, "last_page": max(1, -(-total // limit)), "total": total}
        return f'{{"data":[{items}],"meta":{json.dumps(meta)}}}'.encode()

    def index(self, moment: str | None, default: int) -> int:
        if moment is None:
            return default
        seconds = (dt.datetime.fromisoformat(moment) - BEGIN).total_seconds()
        return min(max(0, -int(-seconds // EVERY)), self.rows)

    @staticmethod
    def row(number: int) -> str:
        made = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(BEGIN.timestamp() + number * EVERY))
        contact = number * 7919 % 50_000
        return ROW % (number, number % 90, made, contact, contact, contact, number % 70)


def serve(rows: int, latency: float, pipe: Connection) -> None:
    async def run() -> None:
        Server.rows, Server.latency = rows, latency
        Server.made = tuple(map(Server.row, range(rows)))
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


class Figures(NamedTuple):
    """What one run gave; `megabytes`: the most memory that its process ever held."""

    rows: int
    seconds: float
    processor: float
    megabytes: float


def measured(work: Callable[[LeatClient], Awaitable[int]], port: int, pipe: Connection) -> None:
    """In a process of its own."""

    async def run() -> tuple[int, float, float]:
        async with LeatClient("token", base_url=f"http://127.0.0.1:{port}", rate_limit=None) as leat:
            await leat.loyalty_transactions.list(limit=1)
            begun, used = time.perf_counter(), time.process_time()
            return await work(leat), time.perf_counter() - begun, time.process_time() - used

    found = asyncio.run(run())
    pipe.send(Figures(*found, most_memory()))


async def discard(leat: LeatClient, *, ahead: int = 8) -> int:
    rows = 0
    until = dt.datetime.now(dt.UTC)
    listed = leat.loyalty_transactions.list(sort="created_at", created_at={"lt": until})
    async for page in listed.pages(ahead=ahead):
        rows += len(page.items)
    return rows


async def one_by_one(leat: LeatClient) -> int:
    return await discard(leat, ahead=0)


class Write:
    """Export to a file that is thrown away; a class, since it travels to another process."""

    def __init__(self, format: str) -> None:
        self.format = format

    async def __call__(self, leat: LeatClient) -> int:
        with tempfile.TemporaryDirectory() as scratch:
            target = Path(scratch) / f"transactions.{self.format}"
            return (await export.to_file(leat.loyalty_transactions, target)).rows


async def exported_rows(leat: LeatClient) -> int:
    rows = 0
    async for _ in export.rows(leat.loyalty_transactions):
        rows += 1
    return rows


def in_process(target: Callable[..., None], *args: Any) -> tuple[SpawnProcess, Connection]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=target, args=(*args, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


@contextmanager
def server(rows: int, latency: float) -> Generator[int]:
    """A server in a process of its own; gives its port."""
    process, pipe = in_process(serve, rows, latency)
    try:
        yield pipe.recv()
    finally:
        process.terminate()
        process.join()
        pipe.close()


def run(name: str, work: Callable[[LeatClient], Awaitable[int]], port: int) -> Figures:
    process, pipe = in_process(measured, work, port)
    found: Figures = pipe.recv()
    process.join()
    pipe.close()
    print(
        f"{name:34} {found.rows:>9,} rows {found.seconds:7.2f} s, {found.processor:6.2f} s of processor, "
        f"{found.rows / found.seconds:>8,.0f} rows/s, {found.megabytes:4.0f} MB",
        flush=True,
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", default="parquet")
    options = parser.parse_args()
    with server(options.rows, 0.0) as port:
        thrown = run("fetched and thrown away", discard, port)
        written = run(f"exported to {options.format}", Write(options.format), port)
    print(f"share of the speed {thrown.seconds / written.seconds:.2f}, memory {written.megabytes:.0f} MB\n")
    with server(20_000, 0.03) as port:
        single = run("200 pages at 30 ms, one at a time", one_by_one, port)
        ahead = run("200 pages at 30 ms, 8 ahead", discard, port)
        rows = run("200 pages at 30 ms, export.rows", exported_rows, port)
    print(
        f"look-ahead of 8: {single.seconds / ahead.seconds:.1f} times; export.rows: {single.seconds / rows.seconds:.1f}"
    )


if __name__ == "__main__":
    main()
