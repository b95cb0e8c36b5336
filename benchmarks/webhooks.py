"""Webhooks: reading a delivery, and receiving them.

python -m benchmarks.webhooks

The receivers and what delivers to them are processes of their own, the receiver alone on the last core.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from leat_async import webhooks

from .measure import Table, quick, show, take_turns_timed
from .sandbox_throughput import send_all

SECRET = "whsec_benchmark"
BARE, MEMORY, SQLITE = "bare aiohttp, 200 at once", "receiver, memory", "receiver, SQLite"
OUTBOX = "receiver, outbox in SQLite"
KINDS = {BARE: "bare", MEMORY: "memory", SQLITE: "sqlite", OUTBOX: "outbox"}


def body_of(number: int, size: int) -> bytes:
    """A delivery of about so many bytes, as PHP writes it."""
    voucher = {"uuid": f"62f6dc8c-{number:012d}", "code": "A/B-1", "name": "Café €", "status": "ACTIVE"}
    attributes = [{"name": f"attribute {at}", "value": "Crème brûlée / 12,50"} for at in range(size // 75)]
    text = json.dumps({"type": "voucher_redeemed", "data": {"voucher": {**voucher, "attributes": attributes}}})
    return text.replace("/", "\\/").encode()


def reading() -> Table:
    """`unwrap` beside the least that it can be."""
    body = body_of(1, 10_000)
    headers = {
        "Host": "shop.example", "User-Agent": "GuzzleHttp/7", "Content-Type": "application/json", "Accept": "*/*",
        "Content-Length": str(len(body)), "Signature": webhooks.sign(body, SECRET),
    }  # fmt: skip
    key = SECRET.encode()

    def bare() -> object:
        if not hmac.compare_digest(hmac.new(key, body, hashlib.sha256).hexdigest(), headers["Signature"]):
            raise ValueError
        return json.loads(body)

    works = {"hmac and json.loads": bare, "webhooks.unwrap": lambda: webhooks.unwrap(body, headers, SECRET)}
    figures = take_turns_timed(works, rounds=5 if quick() else 25, repeat=200)
    return Table(f"Reading a delivery of {len(body):,} bytes", "µs", figures, "hmac and json.loads", better="less")


async def serve(kind: str, folder: str) -> None:
    """Receive until killed."""

    async def handler(event: webhooks.Event) -> None:
        return None

    async def bare(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=b'{"status":"handled"}', content_type="application/json")

    async def used(request: web.Request) -> web.Response:
        return web.Response(text=repr(time.process_time()))

    app = web.Application()
    app.router.add_get("/used", used)
    if kind == "bare":
        app.router.add_post("/leat", bare)
    else:
        seen = None if kind == "memory" else Path(folder) / "seen.sqlite"
        mode = "outbox" if kind == "outbox" else "inline"
        # Of an outbox only what happens before the answer: its worker is another process's.
        app.router.add_post(
            "/leat", webhooks.receiver(None if kind == "outbox" else handler, secret=SECRET, seen=seen, mode=mode)
        )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


@contextmanager
def serving(kind: str, folder: str) -> Iterator[int]:
    """A receiver's port; it has the last core for itself where the system lets it choose."""
    command = [sys.executable, "-m", "benchmarks.webhooks", "--serve", kind, folder]
    if hasattr(os, "sched_getaffinity"):
        command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def used_by(port: int) -> float:
    """The seconds that the receiver's process has computed."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/used") as answer:
        return float(answer.read())


async def deliver(port: int, requests: list[bytes]) -> None:
    """All of them, 32 at a time."""
    bad = await send_all(port, requests, 32)
    assert not bad, bad[0]


def receiving() -> list[Table]:
    """Deliveries a second of a receiver in one process, by the clock and by what it computed."""
    figures: dict[str, list[float]] = {who: [] for who in KINDS}
    computed: dict[str, list[float]] = {who: [] for who in KINDS}
    count, number = 1000 if quick() else 4000, 0
    if hasattr(os, "sched_getaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(3 if quick() else 7):
            for who in list(KINDS)[:: 1 if turn % 2 == 0 else -1]:
                requests: list[bytes] = []
                for _ in range(count):
                    number += 1
                    body = body_of(number, 800)
                    head = f"POST /leat HTTP/1.1\r\nHost: x\r\nSignature: {webhooks.sign(body, SECRET)}\r\n"
                    requests.append(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                place = f"{folder}/{turn}-{KINDS[who]}"
                os.mkdir(place)
                with serving(KINDS[who], place) as port:
                    asyncio.run(deliver(port, [requests.pop() for _ in range(50)]))
                    size, used, began = len(requests), used_by(port), time.perf_counter()
                    asyncio.run(deliver(port, requests))
                    figures[who].append(size / (time.perf_counter() - began))
                    computed[who].append(size / (used_by(port) - used))
    name = "Receiving deliveries, 32 in flight, one core"
    return [
        Table(name, "deliveries/s", figures, BARE),
        Table(f"{name}, by time computed", "deliveries/s", computed, BARE),
    ]


def main() -> None:
    if "--serve" in sys.argv:
        kind, folder = sys.argv[sys.argv.index("--serve") + 1 :][:2]
        asyncio.run(serve(kind, folder))
        return
    show(reading(), *receiving())


if __name__ == "__main__":
    main()
