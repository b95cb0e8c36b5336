"""The synchronous client against requests and httpx: one thread, sixteen threads, and a walk of pages.

python -m benchmarks.synchronous
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx
import requests

from leat_async.sync import LeatClient

from .measure import Table, prime_allocator, quick, show
from .server import PAGES, ROOT, ROWS, UUID, pin, serving
from .sync_bridge import calls_per_second

OURS, REQUESTS, HTTPX = "leat_async.sync", "requests.Session", "httpx.Client"
HEADERS = {"Authorization": "Bearer benchmark-token"}


def main() -> None:
    rounds, seconds = (5, 0.2) if quick() else (15, 0.4)
    tables: list[Table] = []
    with serving() as (plain, *_), ExitStack() as stack:
        pin()
        prime_allocator()
        url = f"{plain}{ROOT}/visits/{UUID}"
        leat = stack.enter_context(LeatClient("benchmark-token", base_url=plain, rate_limit=None))
        session = stack.enter_context(requests.Session())
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=32))
        session.headers.update(HEADERS)
        client = stack.enter_context(httpx.Client(headers=HEADERS, trust_env=False))
        calls: dict[str, Callable[[], Any]] = {
            REQUESTS: lambda: session.get(url, timeout=30).json(),
            HTTPX: lambda: client.get(url).json(),
            OURS: lambda: leat.visits.get(UUID),
        }
        for threads in (1, 16):
            rates: dict[str, list[float]] = {who: [] for who in calls}
            for call in calls.values():
                calls_per_second(call, threads, seconds / 2)
            for number in range(rounds):
                for who in list(calls)[:: 1 if number % 2 == 0 else -1]:
                    rates[who].append(calls_per_second(calls[who], threads, seconds))
            tables.append(Table(f"Synchronous GET of a visit, threads: {threads}", "calls/s", rates, REQUESTS))

        def dicts() -> int:
            count = 0
            for number in range(1, PAGES + 1):
                answer = session.get(
                    f"{plain}{ROOT}/loyalty-transactions", params={"page": number, "limit": ROWS}, timeout=30
                )
                count += sum(bool(row["uuid"]) for row in answer.json()["data"])
            return count

        walks: dict[str, Callable[[], int]] = {
            REQUESTS: dicts,
            OURS: lambda: sum(bool(row.uuid) for row in leat.loyalty_transactions.list()),
        }
        walked: dict[str, list[float]] = {who: [] for who in walks}
        for _ in range(3 if quick() else 9):
            for who, walk in walks.items():
                began = time.perf_counter()
                count = walk()
                walked[who].append(count / (time.perf_counter() - began))
        tables.append(Table(f"Synchronous walk of {PAGES} pages", "rows/s", walked, REQUESTS))
    show(*tables)


if __name__ == "__main__":
    main()
