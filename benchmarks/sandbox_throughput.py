"""Throughput of the sandbox against a bare aiohttp handler that returns a constant.

Both run in processes of their own; a raw socket client keeps 64 requests in flight. Rounds are
interleaved, and the medians compared:

    python benchmarks/sandbox_throughput.py [--requests 20000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from functools import partial
from typing import Any

BARE = """
import asyncio
from aiohttp import web
BODY = b'{"data":{"uuid":"0b1f4f2e-8a40-4c5f-a000-9ad0f4c0ffee"},"meta":[]}'
async def handler(request):
    await request.read()
    return web.Response(body=BODY, content_type="application/json")
async def main():
    KIND
    server = await asyncio.get_running_loop().create_server(web_server, "127.0.0.1", 0)
    print("=http://127.0.0.1:%d" % server.sockets[0].getsockname()[1], "=-", sep="\\n", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
LOW_LEVEL = "web_server = web.Server(handler, access_log=None)"
APPLICATION = """app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    web_server = runner.server"""
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")


class Worker(asyncio.Protocol):
    """One connection: sends the next request as soon as an answer is complete."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[None], bad: list[bytes]) -> None:
        self.requests, self.done, self.bad, self.buffer = requests, done, bad, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.next()

    def next(self) -> None:
        if self.requests:
            self.transport.write(self.requests.pop())
        else:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        found = LENGTH.search(self.buffer, 0, head)
        if found is None or len(self.buffer) < head + 4 + int(found[1]):
            return
        if not self.buffer.startswith(b"HTTP/1.1 200"):
            self.bad.append(self.buffer[:200])
        self.buffer = b""
        self.next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.bad.append(b"connection lost")
            self.done.set_result(None)


async def send_all(port: int, requests: list[bytes], connections: int) -> list[bytes]:
    """Send them over so many connections, until there are none left: the answers that are not 200."""
    loop = asyncio.get_running_loop()
    bad: list[bytes] = []
    ends = [loop.create_future() for _ in range(connections)]
    for end in ends:
        await loop.create_connection(partial(Worker, requests, end, bad), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return bad


class Server:
    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip().partition("=")[2]
        self.token = self.process.stdout.readline().strip().partition("=")[2]
        self.port = int(self.url.rpartition(":")[2])
        self.rates: list[float] = []

    def ask(self, path: str, body: object = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, {"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def memory(self) -> int:
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096


def raw(method: str, path: str, token: str, body: object = None) -> bytes:
    data = json.dumps(body).encode() if body is not None else b""
    length = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n" if data else ""
    head = f"{method} /api/v3/oauth/clients{path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n"
    return f"{head}Authorization: Bearer {token}\r\n{length}\r\n".encode() + data


def mixed(count: int, token: str, contact: dict[str, str], shop: str) -> list[bytes]:
    """Half of them writes; the others reads of one object and of lists."""
    made: list[bytes] = []
    for number in range(count):
        match number % 10:
            case 0 | 2 | 4 | 6 | 8:
                body = {
                    "contact_uuid": contact["uuid"],
                    "shop_uuid": shop,
                    "source": "Website",
                    "external_id": f"{time.time_ns()}-{number}",
                    "starts_at": "2026-05-01T20:00:00+02:00",
                }
                made.append(raw("POST", "/visits", token, body))
            case 1:
                made.append(raw("GET", f"/contacts/find-one-by?email={contact['email']}", token))
            case 3:
                made.append(raw("GET", "/visits?limit=10", token))
            case 5:
                made.append(raw("GET", "/shops", token))
            case 7:
                made.append(raw("GET", f"/contacts/{contact['uuid']}/credit-balance", token))
            case _:
                made.append(raw("GET", "", token))
    return made


async def run(server: Server, requests: list[bytes]) -> list[bytes]:
    started = time.perf_counter()
    count = len(requests)
    bad = await send_all(server.port, requests, 64)
    server.rates.append(count / (time.perf_counter() - started))
    return bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    servers = {
        "bare web.Server": Server("-c", BARE.replace("KIND", LOW_LEVEL)),
        "bare web.Application": Server("-c", BARE.replace("KIND", APPLICATION)),
        "sandbox": Server("-m", "leat_async.sandbox", "--port", "0", "--rate-limit", "1000000000/60"),
    }
    sandbox = servers["sandbox"]
    errors: list[bytes] = []
    memory: list[int] = []
    try:
        contact = sandbox.ask("/_sandbox/contacts", {"email": "bench@example.com"})["data"]
        shop = sandbox.ask("/api/v3/oauth/clients/shops")["data"][0]["uuid"]
        for _ in range(given.rounds):
            for server in servers.values():
                requests = mixed(given.requests // given.rounds, sandbox.token, contact, shop)
                errors += asyncio.run(run(server, requests))
            memory.append(sandbox.memory() // 1024)
    finally:
        for server in servers.values():
            server.process.terminate()
            server.process.wait()
    medians = {name: statistics.median(server.rates) for name, server in servers.items()}
    for name, rate in medians.items():
        print(f"{name:22} {rate:8.0f} requests/s")
    for name in list(medians)[:2]:
        print(f"sandbox / {name}: {medians['sandbox'] / medians[name]:.2f}")
    print(f"errors: {len(errors)} {errors[:2] if errors else ''}; memory after each round, KiB: {memory}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
