"""Walking pages of 100 loyalty transactions: without latency, with 30 ms of it, and very many.

python -m benchmarks.pages
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from leat_async import LeatClient

from .measure import Table, prime_allocator, quick, show
from .server import PAGES, ROOT, ROWS, pin, serving

RAW = "aiohttp and orjson, dicts, page by page"
OURS = "leat_async, every row"
ONE, AHEAD = "one page at a time", ".pages(ahead=8)"
Walk = Callable[[], Awaitable[int]]


async def _items_per_second(walks: dict[str, Walk], rounds: int) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {who: [] for who in walks}
    for walk in walks.values():
        await walk()
    for number in range(rounds):
        for who in list(walks)[:: 1 if number % 2 == 0 else -1]:
            began = time.perf_counter()
            count = await walks[who]()
            rates[who].append(count / (time.perf_counter() - began))
    return rates


async def no_latency(origin: str, rounds: int) -> Table:
    """Rows of every page, one after the other."""
    import aiohttp
    import orjson

    url = f"{origin}{ROOT}/loyalty-transactions"
    async with aiohttp.ClientSession() as session, LeatClient("t", base_url=origin, rate_limit=None) as leat:

        async def raw() -> int:
            count = 0
            for number in range(1, PAGES + 1):
                async with session.get(url, params={"page": number, "limit": ROWS}) as response:
                    for row in orjson.loads(await response.read())["data"]:
                        count += bool(row["uuid"])
            return count

        async def ours() -> int:
            count = 0
            async for row in leat.loyalty_transactions.list():
                count += bool(row.uuid)
            return count

        async def by_page() -> int:
            count = 0
            async for page in leat.loyalty_transactions.list().pages():
                for row in page.items:
                    count += bool(row.uuid)
            return count

        walks: dict[str, Walk] = {RAW: raw, OURS: ours, "leat_async, .pages()": by_page}
        rates = await _items_per_second(walks, rounds)
    return Table(f"Walking {PAGES} pages, no latency", "rows/s", rates, RAW)


async def with_latency(origin: str, rounds: int, pages: int) -> Table:
    """The first `pages` of the list, with and without looking ahead."""
    async with LeatClient("t", base_url=origin, rate_limit=None) as leat:

        def walk(ahead: int) -> Walk:
            async def walked() -> int:
                count = seen = 0
                async for page in leat.loyalty_transactions.list().pages(ahead=ahead):
                    count, seen = count + len(page.items), seen + 1
                    if seen == pages:
                        break
                return count

            return walked

        rates = await _items_per_second({ONE: walk(0), AHEAD: walk(8)}, rounds)
    return Table(f"Walking {pages} pages at 30 ms latency", "rows/s", rates, ONE)


async def growth(origin: str, rounds: int) -> Table:
    """Time per row of a short walk and of one a hundred times as long."""
    few, many = "20,000 rows", "1,000,000 rows"
    spent: dict[str, list[float]] = {few: [], many: []}
    async with LeatClient("t", base_url=origin, rate_limit=None) as leat:

        async def walk(rows: int) -> float:
            began, count = time.perf_counter(), 0
            while count < rows:
                async for page in leat.loyalty_transactions.list().pages():
                    count += len(page.items)
            return (time.perf_counter() - began) / count * 1e6

        await walk(20_000)
        for _ in range(rounds):
            spent[few].append(await walk(20_000))
            spent[many].append(await walk(1_000_000))
    return Table("Growth of a walk with its length", "µs a row", spent, few, better="less")


def main() -> None:
    with serving() as (plain, slow, _):
        pin()
        prime_allocator()
        tables: list[Any] = [no_latency(plain, 3 if quick() else 11)]
        tables.append(with_latency(slow, 1 if quick() else 3, 80 if quick() else PAGES))
        if not quick():
            tables.append(growth(plain, 3))
        show(*(asyncio.run(table) for table in tables))


if __name__ == "__main__":
    main()
