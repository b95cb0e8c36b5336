"""A synchronous call that is awaited is found out before anything is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from leat_async import sync
from leat_async.sandbox import Sandbox


def test_an_awaited_call_sends_nothing() -> None:
    async def mistaken(leat: Any) -> None:
        await leat.visits.create(contact_uuid="c-1", shop_uuid="s")

    with Sandbox() as sandbox, sync.LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        with pytest.raises(TypeError, match=r"nothing has been sent: leave 'await' out, or use leat_async\.LeatClient"):
            asyncio.run(mistaken(leat))
        assert not len(sandbox.journal)


def test_the_same_call_without_await_works_in_a_running_loop() -> None:
    async def notebook(leat: sync.LeatClient) -> int:
        await asyncio.sleep(0)
        found = leat.shops.list().collect()
        await asyncio.sleep(0)
        return len(found)

    with Sandbox(seed="demo") as sandbox, sync.LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        assert asyncio.run(notebook(leat)) == len(sandbox.shops)


async def awaits(what: Any) -> None:
    await what


async def iterates(what: Any) -> None:
    async for _ in what:
        raise AssertionError("it has no rows")


def test_a_pager_that_is_awaited_says_what_to_write() -> None:
    leat = sync.LeatClient("t")
    with pytest.raises(TypeError, match=r"visits\.list is read without await: write visits\.list\(…\)\.page\(\)"):
        asyncio.run(awaits(leat.visits.list()))
    with pytest.raises(TypeError, match=r"visits\.list is read without async: write 'for row in …'"):
        asyncio.run(iterates(leat.visits.list()))
    assert repr(leat.visits.list()).startswith("<SyncPager of visits.list: iterate it")
    assert repr(leat.visits).startswith("<sync Visits: create, create_batch, get, list, update>")


def test_an_import_that_is_awaited_says_what_to_write() -> None:
    with sync.LeatClient("t") as leat, sync.bulk.create(leat.visits, []) as outcomes:
        for mistaken in (awaits, iterates):
            with pytest.raises(TypeError, match=r"without async: write 'for outcome in …', or use leat_async\.bulk"):
                asyncio.run(mistaken(outcomes))
        assert repr(outcomes) == "<sync Run of visits: iterate it with for>"
