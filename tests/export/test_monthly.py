"""A file for each month: all rows once, each month read but once, and none taken for complete too early."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export
from leat_async.errors import ApiError

from .conftest import BEGIN, UNDATED, Lists
from .files import read

LIST = "loyalty-transactions"
TARGET = "account=a/month={month}/part.parquet"


def at(month: int, day: int = 1, **more: int) -> dt.datetime:
    return dt.datetime(2024, month, day, tzinfo=dt.UTC) + dt.timedelta(**more)


async def run(leat: LeatClient, folder: Path, **more: Any) -> export.Summary:
    options: dict[str, Any] = {"since": "2024-01", "on_warning": lambda text: None, **more}
    return await export.to_months(leat.loyalty_transactions, folder / TARGET, **options)


def months(folder: Path) -> dict[str, list[str]]:
    """The uuids in each month's file."""
    files = sorted(folder.rglob("*.parquet"))
    return {file.parent.name: [row["uuid"] for row in read(file, "parquet")] for file in files}


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def clock(lists: Lists) -> list[dt.datetime]:
    """The server's time, which a test sets."""
    now = [at(4, 10)]
    lists.clock = lambda: now[0]
    return now


async def test_each_row_is_in_the_file_of_its_month_and_months_are_read_once(
    lists: Lists, leat: LeatClient, tmp_path: Path, clock: list[dt.datetime]
) -> None:
    made = lists.fill(LIST, 2400)  # an hour apart: to the 10th of April
    summary = await run(leat, tmp_path)
    found = months(tmp_path)
    assert list(found) == ["month=2024-01", "month=2024-02", "month=2024-03", "month=2024-04"]
    assert [len(rows) for rows in found.values()] == [744, 696, 744, 216]
    assert Counter(uuid for rows in found.values() for uuid in rows) == Counter(made)
    assert (summary.rows, summary.known, summary.warnings) == (2400, 0, ())
    late = [lists.add(LIST, at(4, 10, hours=number))["uuid"] for number in range(3)]
    clock[0] = at(4, 11)
    before = len(lists.requests)
    summary = await run(leat, tmp_path)
    assert (summary.rows, summary.known) == (219, 2184)
    assert set(late) < set(months(tmp_path)["month=2024-04"])
    # Rows of the months before were counted, and not fetched.
    fetched = [query for _, query in lists.requests[before:] if int(query.get("limit", 1)) > 1]
    assert fetched
    assert all(query["created_at[gte]"] >= at(4).isoformat() for query in fetched)


async def test_a_month_is_complete_only_when_it_was_read_some_time_after_its_end(
    lists: Lists, leat: LeatClient, tmp_path: Path, clock: list[dt.datetime]
) -> None:
    lists.add(LIST, at(1, 5))
    lists.add(LIST, at(2, 1, minutes=20))
    # February has begun, but rows of January may still come.
    clock[0] = at(2, 1, minutes=30)
    await run(leat, tmp_path)
    straggler = lists.add(LIST, at(1, 31, hours=23))["uuid"]
    clock[0] = at(2, 1, hours=3)
    lists.add(LIST, at(2, 1, hours=2))
    assert (await run(leat, tmp_path)).warnings == ()
    assert straggler in months(tmp_path)["month=2024-01"]
    assert (await run(leat, tmp_path)).known == 2


async def test_a_server_whose_clock_is_ahead_of_its_rows_completes_no_month(
    lists: Lists, leat: LeatClient, tmp_path: Path, clock: list[dt.datetime]
) -> None:
    lists.add(LIST, at(1, 5))
    clock[0] = at(2, 2)  # though its rows are still of January
    await run(leat, tmp_path)
    more = lists.add(LIST, at(1, 20))["uuid"]
    await run(leat, tmp_path)
    assert more in months(tmp_path)["month=2024-01"]


async def test_rows_that_show_up_late_have_their_month_read_again(
    lists: Lists, leat: LeatClient, tmp_path: Path, clock: list[dt.datetime]
) -> None:
    lists.fill(LIST, 2400)
    await run(leat, tmp_path)
    late = lists.add(LIST, at(2, 3))["uuid"]
    summary = await run(leat, tmp_path)
    [warning] = summary.warnings
    assert "1 rows of 2024-02 showed up late" in warning
    assert late in months(tmp_path)["month=2024-02"]
    assert (await run(leat, tmp_path)).warnings == ()


async def test_rows_without_a_moment_are_in_no_month_and_counted(
    lists: Lists, leat: LeatClient, tmp_path: Path, clock: list[dt.datetime]
) -> None:
    lists.fill(LIST, 2400)
    undated = lists.add(LIST, UNDATED)["uuid"]
    summary = await run(leat, tmp_path)
    assert [text for text in summary.warnings if "1 rows don't tell when they were made" in text]
    assert summary.rows == 2400
    assert undated not in {uuid for rows in months(tmp_path).values() for uuid in rows}


async def test_what_was_broken_off_is_gone_on_with(
    lists: Lists, leat: LeatClient, tmp_path: Path, clock: list[dt.datetime]
) -> None:
    made = lists.fill(LIST, 2400)
    for _ in range(4):
        lists.fail = {len(lists.requests) + 11}
        with pytest.raises(ApiError):
            await run(leat, tmp_path)
    task = asyncio.create_task(run(leat, tmp_path))
    lists.before = lambda number: task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    lists.before = None
    await run(leat, tmp_path)
    assert Counter(uuid for rows in months(tmp_path).values() for uuid in rows) == Counter(made)
    assert names_in(tmp_path) == {"part.parquet"}


@pytest.mark.parametrize("change", [{"columns": ["uuid"]}, {"timezone": "Europe/Amsterdam"}, {"fresh": True}])
async def test_other_columns_or_another_zone_are_other_files(
    lists: Lists, leat: LeatClient, tmp_path: Path, clock: list[dt.datetime], change: dict[str, Any]
) -> None:
    made = lists.fill(LIST, 2400)
    await run(leat, tmp_path)
    summary = await run(leat, tmp_path, **change)
    # The zone's January began an hour before the first row.
    assert (summary.rows, summary.known) == (2400, 0)
    assert Counter(uuid for rows in months(tmp_path).values() for uuid in rows) == Counter(made)


async def test_a_file_of_somebody_else_is_no_complete_month(
    lists: Lists, leat: LeatClient, tmp_path: Path, clock: list[dt.datetime]
) -> None:
    lists.fill(LIST, 2400)
    await run(leat, tmp_path)
    january = tmp_path / TARGET.replace("{month}", "2024-01")
    for content in (b"no Parquet", b""):
        january.write_bytes(content)
        assert (await run(leat, tmp_path)).rows == 744 + 216
    await export.to_file(leat.loyalty_transactions, january, since="2024-01", until="2024-02")
    assert (await run(leat, tmp_path)).rows == 744 + 216


async def test_what_can_not_be_had_by_the_month_is_told(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.rows["visits"] = [(BEGIN, {"uuid": "v"})]
    for resource, target, reason in (
        (leat.visits, TARGET, "visits can't be had by the month"),
        (leat.contacts, TARGET, "contacts can't be had by the month"),
        (leat.loyalty_transactions, "part.parquet", "has {month} in its path"),
        (leat.loyalty_transactions, "{month}.csv", "the file of a month is Parquet"),
    ):
        with pytest.raises(ValueError, match=reason):
            await export.to_months(resource, tmp_path / target, since="2024-01")
    with pytest.raises(ValueError, match="since"):
        await run(leat, tmp_path, since="soon")
    with pytest.raises(ValueError, match="since must say which month is the first"):
        await run(leat, tmp_path, since=None)
    with pytest.raises(ValueError, match="'colour' is none of the columns"):
        await run(leat, tmp_path, columns=["colour"])
    assert lists.requests == []
    assert (await run(leat, tmp_path, since="2999-01")).rows == 0
