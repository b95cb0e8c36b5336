"""A server of lists that change while they are read."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from leat_async import LeatClient, RetryPolicy
from leat_async.export import KINDS

Row = dict[str, Any]
UNDATED = dt.datetime.min.replace(tzinfo=dt.UTC)
BEGIN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
PATHS = {
    "loyalty-transactions": True,
    "contacts": True,
    "giftcard-transactions": True,
    "visits": False,
    "prepaid-transactions": False,
    "vouchers": False,
}


UNPAGED = {kind.operation.path.strip("/") for kind in KINDS if not kind.paged}
PATHS |= {kind.operation.path.strip("/"): kind.windowed for kind in KINDS}


class Lists:
    """Each list has rows with a `made` moment (not sent) and its own order: by `made` where the API can sort."""

    def __init__(self) -> None:
        self.url = ""
        self.rows: dict[str, list[tuple[dt.datetime, Row]]] = {path: [] for path in PATHS}
        self.most = 1000  # rows on a page, whatever is asked for
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.busy = self.busiest = 0
        self.latency = 0.0
        self.before: Callable[[int], object] | None = None  # called with the number of each list request
        self.change: Callable[[str, Row], Row] = lambda path, answer: answer
        self.fail: set[int] = set()
        self.clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)  # what `Date` tells
        self.date: Callable[[], str | None] = lambda: format_datetime(self.clock(), usegmt=True)
        self.body: Callable[[int, bytes], bytes] = lambda number, body: body
        self.status: Callable[[int], int | None] = lambda number: None
        self.undated_last = False  # where a sorted list has rows of no moment: databases differ
        self.hold: asyncio.Event | None = None
        self._draw = random.Random(1)

    def add(self, path: str, made: dt.datetime, at: int | None = None, **fields: Any) -> Row:
        """Insert a row: by its moment where the list is sorted, else at a place (the end, if left out)."""
        name = str(uuid.UUID(int=self._draw.getrandbits(128)))
        shown = None if made is UNDATED else made.isoformat(timespec="seconds")
        row: Row = {"uuid": name, "created_at": shown, **fields}
        if path == "contacts":
            del row["created_at"]
        rows = self.rows[path]
        if PATHS[path]:
            at = next((place for place, (other, _) in enumerate(rows) if other > made), len(rows))
        rows.insert(len(rows) if at is None else at, (made, row))
        return row

    def fill(self, path: str, count: int, every: int = 3600) -> list[str]:
        """Many rows, oldest first; returns their uuids."""
        for number in range(count):
            made = BEGIN + dt.timedelta(seconds=number * every)
            fields: Row = {"credits": number, "type": "credit_reception"} if path == "loyalty-transactions" else {}
            name = str(uuid.UUID(int=self._draw.getrandbits(128)))
            row: Row = {"uuid": name, "created_at": made.isoformat(), **fields}
            if path == "contacts":
                row = {"uuid": name, "id": number, "email": f"guest{number}@example.com"}
            self.rows[path].append((made, row))
        return [row["uuid"] for _, row in self.rows[path]]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v3/oauth/clients/")
        if path.strip("/") in ("", "api/v3/oauth/clients"):
            return web.json_response({"data": {"uuid": "account", "company": "Krusty Krab"}})
        if path not in PATHS:
            return web.json_response({"message": "no such thing", "code": 1}, status=404)
        query = dict(request.query)
        self.requests.append((path, query))
        number = len(self.requests)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if self.before is not None:
                found = self.before(number)
                if isinstance(found, Awaitable):
                    await found
            if self.hold is not None:
                await self.hold.wait()
            if self.latency:
                await asyncio.sleep(self.latency)
            if status := self.status(number):
                return web.Response(status=status, text="<html>not the API</html>", content_type="text/html")
            if number in self.fail:
                return web.json_response({"message": "no", "code": 42}, status=400)
            date = self.date()
            body = self.body(number, json.dumps(self.change(path, self.answer(path, query))).encode())
            return web.Response(body=body, content_type="application/json", headers={"Date": date or ""})
        finally:
            self.busy -= 1

    def answer(self, path: str, query: dict[str, str]) -> Row:
        found = self.rows[path]
        if PATHS[path]:
            undated = [pair for pair in found if pair[0] is UNDATED]
            found = [pair for pair in found if pair[0] is not UNDATED]
            low, high = query.get("created_at[gte]"), query.get("created_at[lt]")
            if low is not None:
                found = [pair for pair in found if pair[0] >= dt.datetime.fromisoformat(low)]
            if high is not None:
                found = [pair for pair in found if pair[0] < dt.datetime.fromisoformat(high)]
            if low is None and high is None:
                found = [*found, *undated] if self.undated_last else [*undated, *found]
            if query.get("sort") == "-created_at":
                found = found[::-1]
        if path in UNPAGED:
            assert "page" not in query
            return {"data": [row for _, row in found], "meta": []}
        limit = min(int(query.get("limit") or query.get("perPage") or 10), self.most)
        page = int(query.get("page", 1))
        rows = [row for _, row in found[(page - 1) * limit : page * limit]]
        last = max(1, -(-len(found) // limit))
        return {"data": rows, "meta": {"page": page, "limit": limit, "last_page": last, "total": len(found)}}


@pytest.fixture
async def lists() -> AsyncIterator[Lists]:
    lists = Lists()
    runner = web.ServerRunner(web.Server(lists.handle, access_log=None), shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    lists.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield lists
    await runner.cleanup()


@pytest.fixture
async def leat(lists: Lists) -> AsyncIterator[LeatClient]:
    async with LeatClient("token", base_url=lists.url, rate_limit=None, retry=RetryPolicy(attempts=1)) as leat:
        yield leat
