"""What the synchronous facade costs, against requests.Session (and httpx.Client, if installed).

    python benchmarks/sync_bridge.py [--rounds 9] [--seconds 0.4] [--pin]

The server is a process of its own that answers every request with the same visit. Contenders take turns in one
process; read the ratios, the absolute figures belong to the machine. `--pin` gives client and server a core each.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import anyio.from_thread
import requests
from requests.adapters import HTTPAdapter

from leat_async.sync import LeatClient
from leat_async.sync._bridge import Bridge

BODY = (
    b'{"data":{"uuid":"6f1c3a2e-8f0b-4b43-9a5d-0a8f5c3de111","contact":{"uuid":"c0ffee00-8f0b-4b43-9a5d-0a8f5c3de111",'
    b'"email":"ada@example.com"},"external_id":"e-1","source":"Kiosk","starts_at":"2024-05-01T20:00:00+00:00",'
    b'"ends_at":null,"created_at":"2024-05-01T20:00:01+00:00"},"meta":{}}'
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
TOKEN = "benchmark-token"
PATH = "/api/v3/oauth/clients/visits/6f1c3a2e-8f0b-4b43-9a5d-0a8f5c3de111"


class Server(asyncio.Protocol):
    """Answers requests without a body, as many as arrive."""

    def __init__(self) -> None:
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self.rest = (self.rest + data).split(b"\r\n\r\n")
        self.transport.write(ANSWER * len(heads))


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def calls_per_second(call: Callable[[], Any], threads: int, seconds: float) -> float:
    counts = [0] * threads
    start = threading.Barrier(threads + 1)
    until = float("inf")

    def work(index: int) -> None:
        start.wait()
        while time.perf_counter() < until:
            call()
            counts[index] += 1

    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    until = began + seconds
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - began)


def throughput(url: str, rounds: int, seconds: float) -> None:
    with ExitStack() as stack:
        leat = stack.enter_context(LeatClient(TOKEN, base_url=url, rate_limit=None))
        session = stack.enter_context(requests.Session())
        session.mount("http://", HTTPAdapter(pool_maxsize=32))
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        contenders: dict[str, Callable[[], Any]] = {
            "leat_async.sync": lambda: leat.visits.get("6f1c3a2e-8f0b-4b43-9a5d-0a8f5c3de111"),
            "requests.Session": lambda: session.get(url + PATH, timeout=30).json(),
        }
        if find_spec("httpx"):
            httpx = import_module("httpx")
            client = stack.enter_context(httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}))
            contenders["httpx.Client"] = lambda: client.get(url + PATH).json()
        for threads in (1, 16):
            figures: dict[str, list[float]] = {name: [] for name in contenders}
            for call in contenders.values():
                calls_per_second(call, threads, seconds / 2)
            for _ in range(rounds):
                for name, call in contenders.items():
                    figures[name].append(calls_per_second(call, threads, seconds))
            ours = statistics.median(figures["leat_async.sync"])
            print(f"\n{threads} thread(s): calls/s, median of {rounds} (least–most)")
            for name, values in figures.items():
                median = statistics.median(values)
                ratio = "" if name == "leat_async.sync" else f"   ours ÷ this: {ours / median:.2f}"
                print(f"  {name:18} {median:7.0f} ({min(values):.0f}–{max(values):.0f}){ratio}")


async def noop() -> None:
    pass


def no_ops(url: str, rounds: int) -> None:
    with LeatClient(TOKEN, base_url=url) as leat, anyio.from_thread.start_blocking_portal() as portal:
        bridge: Bridge = leat._bridge  # pyright: ignore[reportPrivateUsage]
        contenders: dict[str, Callable[[], Any]] = {
            "bridge.call": lambda: bridge.call(noop),
            "anyio portal.call": lambda: portal.call(noop),
        }
        figures: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, call in contenders.items():
                began = time.perf_counter()
                for _ in range(2000):
                    call()
                figures[name].append((time.perf_counter() - began) / 2000 * 1e6)
    print(f"\nno-op coroutine, one thread: µs, median of {rounds} (least–most)")
    for name, values in figures.items():
        print(f"  {name:18} {statistics.median(values):7.1f} ({min(values):.1f}–{max(values):.1f})")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--pin", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pin:
        os.sched_setaffinity(0, {1 if options.serve else 0})
    if options.serve:
        asyncio.run(serve())
        return
    command = [sys.executable, __file__, "--serve", *(["--pin"] if options.pin else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            throughput(url, options.rounds, options.seconds)
            no_ops(url, options.rounds)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
