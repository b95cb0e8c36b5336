"""Pagers: awaited, iterated, looked ahead, and never endless."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from leat_async import LeatClient, Page, Pager, errors

from .conftest import Recorder, answer
from .tasks import tasks_of_the_package


def serve(recorder: Recorder, rows: int, *, style: str = "laravel", delay: float = 0.0) -> None:
    async def reply(recorded: Any, request: web.BaseRequest) -> web.StreamResponse:
        query = dict(recorded.query)
        limit, page = int(query.get("limit", 30)), int(query.get("page", 1))
        if delay:
            await asyncio.sleep(delay)
        data = [{"uuid": f"r-{n}"} for n in range((page - 1) * limit, min(rows, page * limit))] if limit else []
        last = max(1, -(-rows // limit)) if limit else 1
        meta: Any = {
            "laravel": {"current_page": page, "last_page": last, "per_page": str(limit), "total": rows},
            "page_limit": {"page": str(page), "limit": limit, "last_page": str(last), "total": str(rows)},
            "none": [],
        }[style]
        return web.json_response({"data": data, "meta": meta})

    recorder.default = reply


@pytest.mark.parametrize("style", ["laravel", "page_limit", "none"])
@pytest.mark.parametrize(("rows", "limit"), [(0, 5), (4, 5), (5, 5), (11, 5), (10, 5)])
async def test_every_row_once(recorder: Recorder, style: str, rows: int, limit: int) -> None:
    serve(recorder, rows, style=style)
    async with LeatClient("t", base_url=recorder.url) as leat:
        expected = [f"r-{n}" for n in range(rows)]
        assert [visit.uuid async for visit in leat.visits.list(limit=limit)] == expected
        assert [v.uuid for v in await leat.visits.list(limit=limit).collect()] == expected
        assert [v.uuid for v in await leat.visits.list(limit=limit).collect(limit=7)] == expected[:7]
        ahead = [v.uuid async for page in leat.visits.list(limit=limit).pages(ahead=3) for v in page.items]
        assert ahead == expected


async def test_first_page_and_page_information(recorder: Recorder) -> None:
    serve(recorder, 11, style="page_limit")
    async with LeatClient("t", base_url=recorder.url) as leat:
        pager = leat.visits.list(limit=5)
        assert isinstance(pager, Pager)
        page = await pager
        assert isinstance(page, Page)
        assert (page.page, page.last_page, page.total, len(page.items)) == (1, 3, 11, 5)
        assert page.meta == {"page": "1", "limit": 5, "last_page": "3", "total": "11"}
        assert (await pager.page()).items == page.items
        with pytest.raises(TypeError, match=r"not iterable: take page\.items"):
            list(page)  # type: ignore[call-overload]
        with pytest.raises(TypeError, match=r"iterate the pager for the rows of every page"):
            [_ async for _ in page]  # type: ignore[attr-defined]
        with pytest.raises(TypeError, match=r"visits\.list is read asynchronously: write 'async for row in …'"):
            list(pager)  # type: ignore[call-overload]
        assert repr(pager) == "<Pager of visits.list: await it for the first page, or iterate it with async for>"
        assert repr(page) == "<Page 1 of 3: 5 Visit in .items, 11 in all>"
        assert "<td>r-0</td>" in page._repr_html_()
        assert "<p>Page 1 of 3: 5 Visit in .items, 11 in all</p>" in page._repr_html_()
        assert repr(leat.visits) == "<Visits: create, create_batch, get, list, update>"
        assert [p.page async for p in leat.visits.list(limit=5, page=2).pages()] == [2, 3]


async def test_first(recorder: Recorder) -> None:
    serve(recorder, 3)
    async with LeatClient("t", base_url=recorder.url) as leat:
        first = await leat.visits.list().first()
        assert first is not None
        assert first.uuid == "r-0"
        assert recorder.last.query == (("limit", "1"),)
        serve(recorder, 0)
        assert await leat.visits.list().first() is None


async def test_limit_zero_counts_but_is_not_iterated(recorder: Recorder) -> None:
    serve(recorder, 3)
    async with LeatClient("t", base_url=recorder.url) as leat:
        assert (await leat.visits.list(limit=0)).total == 3
        for iterate in (
            lambda p: p.__aiter__().__anext__(),
            lambda p: p.pages().__anext__(),
            lambda p: p.collect(),
        ):
            with pytest.raises(ValueError, match="limit=0"):
                await iterate(leat.visits.list(limit=0))
        with pytest.raises(ValueError, match="limit"):
            await leat.visits.list().collect(limit=-1)
        assert await leat.visits.list().collect(limit=0) == []
        with pytest.raises(ValueError, match="ahead"):
            leat.visits.list().pages(ahead=-1)


async def test_a_server_that_ignores_page_is_an_error(recorder: Recorder) -> None:
    recorder.default = answer({"data": [{"uuid": "same"}], "meta": {"current_page": 1, "last_page": 9}})
    async with LeatClient("t", base_url=recorder.url) as leat:
        with pytest.raises(errors.DecodeError, match="asked for page 2, got page 1"):
            await leat.visits.list().collect()
        recorder.default = answer({"data": [{"uuid": "same"}], "meta": []})
        with pytest.raises(errors.DecodeError, match="repeats"):
            await leat.visits.list().collect()
        with pytest.raises(errors.DecodeError, match="repeats"):
            async for _ in leat.visits.list().pages(ahead=2):
                pass


async def test_looking_ahead_keeps_order_stays_bounded_and_stops(recorder: Recorder) -> None:
    serve(recorder, 100, delay=0.02)
    async with LeatClient("t", base_url=recorder.url) as leat:
        pages = leat.visits.list(limit=2).pages(ahead=4)
        seen = []
        async for page in pages:
            seen += [row.uuid for row in page.items]
            if len(seen) >= 10:
                break
        await pages.aclose()
        assert not tasks_of_the_package()
        assert seen == [f"r-{n}" for n in range(10)]
        await asyncio.sleep(0.05)  # what had left before the end may arrive after it
        asked = len(recorder.requests)
        assert asked <= 5 + 4
        await asyncio.sleep(0.05)
        assert len(recorder.requests) == asked


async def test_an_unpaged_list_is_one_page(recorder: Recorder) -> None:
    recorder.default = answer({"data": [{"uuid": "a"}, {"uuid": "b"}], "meta": {}})
    async with LeatClient("t", base_url=recorder.url) as leat:
        assert [shop.uuid async for shop in leat.shops.list()] == ["a", "b"]
        assert len(recorder.requests) == 1
        page = await leat.shops.list()
        assert (page.page, page.last_page, page.total, page.meta) == (None, None, None, {})


async def test_an_error_on_the_way_is_raised(recorder: Recorder) -> None:
    serve(recorder, 11)
    recorder.replies = [recorder.default, answer({"message": "no"}, 403)]
    async with LeatClient("t", base_url=recorder.url) as leat:
        with pytest.raises(errors.PermissionDeniedError):
            await leat.visits.list(limit=5).collect()
