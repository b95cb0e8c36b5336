"""Many requests at once, as a bulk import sends them. `LEAT_SOAK=1` sends twenty thousand."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp

from leat_async.sandbox import Sandbox

from .conftest import ROOT

COUNT = 20_000 if os.environ.get("LEAT_SOAK") else 1000


async def test_mixed_requests_with_64_in_flight() -> None:
    async with Sandbox(seed=1, rate_limit=(COUNT, 3600), journal_size=500) as sandbox:
        contact, shop = sandbox.contacts[0], sandbox.shops[0]
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        turns = iter(range(COUNT))
        wrong: list[tuple[int, str]] = []

        async def work(session: aiohttp.ClientSession) -> None:
            for turn in turns:
                body = {"contact_uuid": contact["uuid"], "shop_uuid": shop["uuid"], "external_id": str(turn)}
                asked: list[tuple[str, str, dict[str, Any]]] = [
                    ("POST", "/visits", {"json": body}),
                    ("POST", "/visits", {"data": body}),
                    ("GET", "/contacts/find-one-by", {"params": {"email": contact["email"]}}),
                    ("GET", "/visits", {"params": {"limit": 5}}),
                ]
                method, path, options = asked[turn % 4]
                async with session.request(method, sandbox.url + ROOT + path, **options) as answer:
                    text = await answer.text()
                    if answer.status != 200:
                        wrong.append((answer.status, text))

        connector = aiohttp.TCPConnector(limit=64)
        async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
            await asyncio.gather(*(work(session) for _ in range(64)))
            async with session.get(sandbox.url + ROOT) as last:  # the window is used up exactly
                assert last.status == 429
        assert wrong == []
        assert len({row["external_id"] for row in sandbox.rows("visits")}) == COUNT // 2
        assert len(sandbox.journal) == 500
        assert sandbox.journal.counts()["visits.create"] == COUNT // 2
