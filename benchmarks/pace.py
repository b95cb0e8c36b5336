"""Several imports and a web application on one token: what the server sees, and how long the web's calls take.

    python -m benchmarks.pace            # QUICK=1: a window of 10 s instead of 60
    python -m benchmarks.pace redis      # only those whose name begins so

The server has a fixed window, as Laravel's throttle: it counts from the first request, and refuses the rest with 429.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.servers import Server, postgres_in, valkey_in

from .measure import Table, quick, show
from .server import ANSWERS, ROOT, UUID, VISIT

REQUESTS, IMPORTS, LATENCY = 600, 8, 0.02
_OWN, _OTHER = ANSWERS[f"{ROOT}/visits"].split(b"e-000001")


class Window:
    """The server's budget: `REQUESTS` in a window that begins with the first of them."""

    def __init__(self, per: float) -> None:
        self.per = per
        self.ends = 0.0
        self.used = 0
        self.arrived: list[tuple[float, str, bool]] = []

    def take(self, who: str) -> tuple[bool, int, int]:
        now = time.monotonic()
        if now >= self.ends:
            self.ends, self.used = now + self.per, 0
        allowed = self.used < REQUESTS
        self.used += allowed
        self.arrived.append((now, who, allowed))
        return allowed, REQUESTS - self.used, math.ceil(self.ends - now)


async def _serve(per: float, *, silent: bool = False) -> None:
    """`silent`: nothing but a 429 tells of the limit."""
    from aiohttp import web

    window = Window(per)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if request.path == "/figures":
            return web.json_response(window.arrived)
        await asyncio.sleep(LATENCY)
        allowed, remaining, retry = window.take(request.headers.get("X-Request-Source", "?"))
        headers = {} if silent else {"X-RateLimit-Limit": str(REQUESTS), "X-RateLimit-Remaining": str(remaining)}
        if not allowed:
            return web.Response(status=429, text="Too Many Attempts.", headers=headers | {"Retry-After": str(retry)})
        answer = ANSWERS[f"{ROOT}/visits/{UUID}"]
        if body:
            answer = _OWN + json.loads(body)["external_id"].encode() + _OTHER
        return web.Response(body=answer, content_type="application/json", headers=headers)

    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def _client(url: str, shared: str, per: float, name: str, **options: Any) -> Any:
    from leat_async import LeatClient, RateLimit

    limit = RateLimit(REQUESTS, per=per, shared=shared or None)
    return LeatClient("token", base_url=url, rate_limit=limit, headers={"X-Request-Source": name}, **options)


async def _import(url: str, shared: str, per: float, name: str) -> None:
    from leat_async import bulk

    async def rows() -> AsyncIterator[dict[str, str]]:
        number = 0
        while True:
            number += 1
            yield {"contact_uuid": VISIT["contact"]["uuid"], "shop_uuid": UUID, "external_id": f"{name}-{number}"}

    async with _client(url, shared, per, name) as leat:
        async for _ in bulk.create(leat.visits, rows()):
            pass


async def _web(url: str, shared: str, per: float, seconds: float) -> None:
    from leat_async import errors

    took: list[float] = []
    failed: list[str] = []
    async with _client(url, shared, per, "web", timeout=30.0) as leat:
        await leat.visits.get(UUID)  # connects

        async def visitor() -> None:
            began = time.monotonic()
            try:
                await leat.visits.get(UUID)
            except errors.LeatError as error:
                failed.append(type(error).__name__)
            else:
                took.append(time.monotonic() - began)

        visitors: list[asyncio.Task[None]] = []
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            visitors.append(asyncio.create_task(visitor()))
            await asyncio.sleep(0.5)
        await asyncio.gather(*visitors)
    print(json.dumps({"took": took, "failed": failed}), flush=True)


@contextmanager
def process(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """This module with these arguments, until it is let go of."""
    command = [sys.executable, "-m", "benchmarks.pace", *(str(argument) for argument in arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def measure(shared: str, per: float, seconds: float, during: Callable[[], None] = lambda: None) -> dict[str, float]:
    """One run. `during` runs beside it, and may break the store."""
    with ExitStack() as stack:
        server = stack.enter_context(process("serve", per))
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        for number in range(IMPORTS):
            stack.enter_context(process("import", url, shared, per, f"import-{number}"))
        while len({who for _, who, _ in arrived_at(url)}) < IMPORTS:
            time.sleep(0.1)
        web = stack.enter_context(process("web", url, shared, per, seconds))
        began = time.monotonic()
        during()
        assert web.stdout is not None
        seen = json.loads(web.stdout.readline())
        arrived = arrived_at(url)
    return _figures([one for one in arrived if one[0] >= began], seen, per)


def arrived_at(url: str) -> list[Any]:
    """When each request came, whose it was, and whether it was allowed."""
    with urllib.request.urlopen(f"{url}/figures", timeout=10) as answer:
        found: list[Any] = json.load(answer)
    return found


def _figures(arrived: list[Any], seen: dict[str, Any], per: float) -> dict[str, float]:
    moments = sorted(moment for moment, _, _ in arrived)
    worst = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - per:
            first += 1
        worst = max(worst, last - first + 1)
    each = [sum(who == f"import-{n}" for _, who, _ in arrived) for n in range(IMPORTS)]
    took = sorted(seen["took"])
    asked = len(took) + len(seen["failed"])
    return {
        "budget used": sum(ok for *_, ok in arrived) / (REQUESTS * (moments[-1] - moments[0]) / per),
        "429s": sum(not ok for *_, ok in arrived),
        "most in a window": worst,
        "web calls answered": len(took) / asked,
        "web p99, ms": took[min(len(took) - 1, int(len(took) * 0.99))] * 1000 if took else math.inf,
        "web max, ms": took[-1] * 1000 if took else math.inf,
        "Jain fairness of the imports": sum(each) ** 2 / (IMPORTS * sum(one * one for one in each)),
    }


def _broken(server: Server, how: str, after: float, seconds: float) -> Callable[[], None]:
    def during() -> None:
        time.sleep(after)
        if how == "killed":
            server.crash()
            time.sleep(seconds)
            server.start()
        else:
            with server.frozen():
                time.sleep(seconds)

    return during


def main() -> None:
    asked = [text for text in sys.argv[1:] if not text.startswith("-")]
    per = 10.0 if quick() else 60.0
    seconds = 2 * per - 2
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)  # the servers run for somebody else where the benchmark does for root
    os.environ["XDG_STATE_HOME"] = str(folder)
    found: dict[str, dict[str, float]] = {}
    with valkey_in(folder / "valkey") as valkey, postgres_in(folder / "postgres", folder) as postgres:
        runs: dict[str, tuple[str, Callable[[], None]]] = {
            "machine": ("machine", lambda: None),
            "redis": (valkey.url, lambda: None),
            "postgresql": (postgres.url, lambda: None),
            "redis, killed": (valkey.url, _broken(valkey, "killed", per / 2, per / 2)),
            "redis, frozen 10 s": (valkey.url, _broken(valkey, "frozen", per / 2, min(10.0, per / 2))),
            "each by itself": ("", lambda: None),
        }
        for name, (shared, during) in runs.items():
            if not asked or any(name.startswith(begin) for begin in asked):
                found[name] = measure(shared, per, seconds, during)
                print(name, json.dumps(found[name]), file=sys.stderr, flush=True)
    measures = next(iter(found.values()))
    less = ("429s", "most in a window", "web p99, ms", "web max, ms")
    show(
        *(
            Table(
                f"{IMPORTS} imports and a web application on one token, {per:.0f} s window: {measure}",
                measure,
                {name: [figures[measure]] for name, figures in found.items()},
                next(iter(found)),
                "less" if measure in less else "more",
                note=f"{REQUESTS} requests a window, {LATENCY * 1000:.0f} ms of latency; 2 calls a second for the web.",
            )
            for measure in measures
        )
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", per]:
            asyncio.run(_serve(float(per)))
        case ["serve", per, "silent"]:
            asyncio.run(_serve(float(per), silent=True))
        case ["import", url, shared, per, name]:
            asyncio.run(_import(url, shared, float(per), name))
        case ["web", url, shared, per, seconds]:
            asyncio.run(_web(url, shared, float(per), float(seconds)))
        case _:
            main()
