"""Nothing missing, nothing twice, while the list changes."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
from collections import Counter
from typing import Any

import pytest

from leat_async import LeatClient, export
from leat_async.errors import DecodeError
from leat_async.export import walk

from .conftest import BEGIN, Lists

SOAK = os.environ.get("LEAT_SOAK") == "1"
ROWS = 1000 if SOAK else 400


async def uuids(resource: Any, **options: Any) -> list[str]:
    return [row.uuid async for row in export.rows(resource, **options)]


def inserting(lists: Lists, path: str, seed: int) -> None:
    """Rows come in at random places: before, between and behind what was read, and at both ends."""
    draw = random.Random(seed)

    def insert(number: int) -> None:
        rows = lists.rows[path]
        span = (dt.datetime.now(dt.UTC) - BEGIN).total_seconds()
        for _ in range(draw.randrange(4)):
            made = BEGIN + dt.timedelta(seconds=draw.random() * span)
            lists.add(path, made, at=draw.choice((0, len(rows), draw.randrange(len(rows) + 1))))

    lists.before = insert


@pytest.mark.parametrize("seed", range(5 if SOAK else 1))
@pytest.mark.parametrize("path", ["loyalty-transactions", "contacts", "visits", "prepaid-transactions", "vouchers"])
async def test_rows_that_existed_at_the_start_come_exactly_once(
    lists: Lists, leat: LeatClient, path: str, seed: int
) -> None:
    lists.most = 5
    existing = lists.fill(path, ROWS, every=8_000_000 // ROWS)
    inserting(lists, path, seed)
    found = Counter(await uuids(getattr(leat, path.replace("-", "_")), on_warning=print))
    assert len(lists.requests) >= ROWS // lists.most
    assert set(found.values()) == {1}
    assert set(existing) <= set(found)


async def test_look_ahead_alone_would_lose_rows(
    lists: Lists, leat: LeatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: without the second look, rows are missing."""
    monkeypatch.setattr(walk, "_PASSES", 1)
    lists.most = 5
    existing = set(lists.fill("loyalty-transactions", 1000, every=8000))
    draw = random.Random(4)

    async def jumble(number: int) -> None:
        # Later pages are answered before earlier ones, and a row comes in between.
        await asyncio.sleep(draw.random() * 0.01)
        lists.add("loyalty-transactions", BEGIN + dt.timedelta(seconds=number))

    lists.before = jumble
    warned: list[str] = []
    assert existing - set(await uuids(leat.loyalty_transactions, on_warning=warned.append))
    assert "kept changing" in warned[0]
    monkeypatch.setattr(walk, "_PASSES", 4)
    found = Counter(await uuids(leat.loyalty_transactions, on_warning=warned.append))
    assert set(found.values()) == {1}
    assert existing <= set(found)


@pytest.mark.parametrize("path", ["loyalty-transactions", "visits"])
async def test_rows_that_stay_while_others_are_deleted_come_exactly_once(
    lists: Lists, leat: LeatClient, path: str
) -> None:
    lists.most = 10
    lists.fill(path, 300)
    draw = random.Random(5)

    def delete(number: int) -> None:
        if number % 7 == 0 and number < 60:
            rows = lists.rows[path]
            del rows[draw.randrange(len(rows) // 3)]

    lists.before = delete
    warned: list[str] = []
    found = Counter(await uuids(getattr(leat, path.replace("-", "_")), on_warning=warned.append))
    assert set(found.values()) == {1}
    assert {row["uuid"] for _, row in lists.rows[path]} <= set(found)
    assert warned == []


async def test_a_quiet_list_is_read_once(lists: Lists, leat: LeatClient) -> None:
    lists.most = 10
    lists.fill("visits", 95)
    assert len(await uuids(leat.visits)) == 95
    assert [query["page"] for _, query in lists.requests if "page" in query] == [str(page) for page in range(1, 11)]


async def test_new_rows_at_the_front_cost_a_page_not_a_pass(lists: Lists, leat: LeatClient) -> None:
    lists.most = 10
    lists.fill("visits", 100)

    def insert(number: int) -> None:
        if number == 5:
            lists.add("visits", dt.datetime.now(dt.UTC), at=0)

    lists.before = insert
    assert len(await uuids(leat.visits)) == 101
    assert [query["page"] for _, query in lists.requests if "page" in query] == [*map(str, range(1, 12)), "1"]


async def test_a_total_that_is_not_true_is_told(lists: Lists, leat: LeatClient) -> None:
    """As in the documentation's own example: a total of 5, and two rows."""
    lists.fill("visits", 2)
    lists.change = lambda path, answer: {**answer, "meta": {**answer["meta"], "total": 5}}
    with pytest.warns(export.ExportWarning, match="counts 5 rows and gave 2"):
        assert len(await uuids(leat.visits)) == 2
    assert [query["page"] for _, query in lists.requests if "page" in query] == ["1", "1"]


async def test_without_a_total_that_is_told(lists: Lists, leat: LeatClient) -> None:
    lists.fill("visits", 2)
    lists.change = lambda path, answer: {"data": answer["data"] if lists.requests[-1][1].get("page") == "1" else []}
    with pytest.warns(export.ExportWarning, match="gave no total"):
        assert len(await uuids(leat.visits)) == 2


async def test_rows_without_uuid_are_told_apart_by_id_or_content(lists: Lists, leat: LeatClient) -> None:
    for number in (1, 1, 2):
        lists.add("giftcard-transactions", BEGIN).update(uuid=None, id=number, amount_in_cents=100)
    for cents in (5, 5, 6):
        lists.add("giftcard-transactions", BEGIN).update(uuid=None, id=None, amount_in_cents=cents)
    lists.change = lambda path, answer: {**answer, "meta": {**answer["meta"], "total": len(answer["data"]) and 4}}
    rows = [row async for row in export.rows(leat.giftcard_transactions)]
    assert sorted((row.id or 0, row.amount_in_cents) for row in rows) == [(0, 5), (0, 6), (1, 100), (2, 100)]


async def test_windows_are_cut_until_they_are_small_enough(
    lists: Lists, leat: LeatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_MAX_PAGES", 4)
    lists.most = 5
    for path in ("loyalty-transactions", "contacts"):
        existing = lists.fill(path, 400, every=20_000)
        assert await uuids(getattr(leat, path.replace("-", "_"))) == existing
    spans = {(query.get("created_at[gte]"), query.get("created_at[lt]")) for _, query in lists.requests}
    assert len(spans) > 20


async def test_rows_of_one_second_can_be_more_than_a_window_takes(
    lists: Lists, leat: LeatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_MAX_PAGES", 2)
    lists.most = 5
    existing = lists.fill("loyalty-transactions", 50, every=0)
    lists.rows["loyalty-transactions"].sort(key=lambda pair: pair[0])
    assert await uuids(leat.loyalty_transactions) == existing


async def test_rows_made_just_now_are_read_without_look_ahead(lists: Lists, leat: LeatClient) -> None:
    lists.most = 5
    lists.latency = 0.005
    now = dt.datetime.now(dt.UTC)
    for number in range(40):
        lists.add("loyalty-transactions", now - dt.timedelta(seconds=50) + dt.timedelta(milliseconds=number))
    assert len(await uuids(leat.loyalty_transactions)) == 40
    assert lists.busiest == 1


async def test_look_ahead_is_bounded_and_keeps_the_order(lists: Lists, leat: LeatClient) -> None:
    lists.most = 5
    lists.latency = 0.005
    existing = lists.fill("loyalty-transactions", 300)
    assert await uuids(leat.loyalty_transactions, ahead=4) == existing
    assert lists.busiest == 4
    lists.busiest = 0
    lists.fill("visits", 100)
    await uuids(leat.visits, ahead=4)
    assert lists.busiest == 1, "an open list is read page after page"


async def test_look_ahead_stops_when_the_consumer_breaks_off(lists: Lists, leat: LeatClient) -> None:
    lists.most = 5
    lists.fill("loyalty-transactions", 1000)
    rows = export.rows(leat.loyalty_transactions, ahead=4)
    async for _ in rows:
        break
    await rows.aclose()
    asked = len(lists.requests)
    assert asked <= 6
    assert (await leat.loyalty_transactions.list()).total == 1000
    assert len(lists.requests) == asked + 1


async def test_a_server_that_repeats_a_page_is_an_error(lists: Lists, leat: LeatClient) -> None:
    lists.most = 5
    for path in ("visits", "loyalty-transactions"):
        lists.fill(path, 20)
        lists.change = lambda path, answer: {
            "data": [row for _, row in lists.rows[path][:5]],
            "meta": {"last_page": 4, "total": 20},
        }
        with pytest.raises(DecodeError, match="repeats page" if path == "visits" else "did not filter"):
            await uuids(getattr(leat, path.replace("-", "_")))


async def test_a_server_that_ignores_the_filter_is_an_error(lists: Lists, leat: LeatClient) -> None:
    lists.fill("loyalty-transactions", 20)
    rows = [row for _, row in lists.rows["loyalty-transactions"]]
    lists.change = lambda path, answer: {"data": rows, "meta": {"page": 1, "last_page": 1, "total": 20}}
    with pytest.raises(DecodeError, match="did not filter"):
        await uuids(leat.loyalty_transactions, since="2024-06-01")


async def test_bad_input_is_refused_before_anything_is_sent(lists: Lists, leat: LeatClient) -> None:
    resource: Any
    for resource, options, kind, words in (
        (leat.loyalty_transactions, {"sort": "created_at"}, TypeError, "decides sort itself"),
        (leat.loyalty_transactions, {"page": 2}, TypeError, "decides page itself"),
        (leat.loyalty_transactions, {"nonsense": 2}, TypeError, "nonsense"),
        (leat.loyalty_transactions, {"shop_uuid": ""}, ValueError, "shop_uuid"),
        (leat.loyalty_transactions, {"ahead": -1}, ValueError, "ahead"),
        (leat.loyalty_transactions, {"since": "soon"}, ValueError, "since: 'soon' is no moment"),
        (leat.loyalty_transactions, {"since": "2024-02", "until": "2024-01"}, ValueError, "must be before"),
        (leat.loyalty_transactions, {"timezone": "Europe/Nowhere"}, ValueError, "Europe/Nowhere"),
        (leat.vouchers, {"since": "7d"}, ValueError, "don't tell when they were made"),
        (leat.bookings, {}, TypeError, "can export leat.visits"),
    ):
        with pytest.raises(kind, match=words):
            export.rows(resource, **options)
    assert lists.requests == []
