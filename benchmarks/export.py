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
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
        items = ",".join(self.made[first : min(first + limit, high)])
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


def measured(work: Callable[[LeatClient], Awaitable[int]], port: int, pipe: Connection) -> None:
    """In a process of its own: seconds and the most memory it ever held."""

    async def run() -> tuple[int, float]:
        async with LeatClient("token", base_url=f"http://127.0.0.1:{port}", rate_limit=None) as leat:
            await leat.loyalty_transactions.list(limit=1)
            begun = time.perf_counter()
            return await work(leat), time.perf_counter() - begun

    rows, seconds = asyncio.run(run())
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    pipe.send((rows, seconds, most))


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


def in_process(target: Callable[..., None], *args: Any) -> Any:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=target, args=(*args, theirs), daemon=True)
    process.start()
    return process, ours


def run(name: str, work: Callable[[LeatClient], Awaitable[int]], port: int) -> tuple[float, float]:
    process, pipe = in_process(measured, work, port)
    rows, seconds, most = pipe.recv()
    process.join()
    print(f"{name:34} {rows:>9,} rows {seconds:7.2f} s {rows / seconds:>9,.0f} rows/s {most:6.0f} MB", flush=True)
    return seconds, most


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", default="parquet")
    options = parser.parse_args()
    server, pipe = in_process(serve, options.rows, 0.0)
    port = pipe.recv()
    thrown, _ = run("fetched and thrown away", discard, port)
    written, most = run(f"exported to {options.format}", Write(options.format), port)
    server.terminate()
    print(f"share of the speed {thrown / written:.2f}, memory {most:.0f} MB")

    server, pipe = in_process(serve, 20_000, 0.03)
    port = pipe.recv()
    single, _ = run("200 pages at 30 ms, one at a time", one_by_one, port)
    ahead, _ = run("200 pages at 30 ms, 8 ahead", discard, port)
    rows, _ = run("200 pages at 30 ms, export.rows", exported_rows, port)
    server.terminate()
    print(f"look-ahead of 8: {single / ahead:.1f} times; export.rows: {single / rows:.1f} times")


if __name__ == "__main__":
    main()
