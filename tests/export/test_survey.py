"""Whose clock counts, and rows that no stretch of time holds."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from leat_async import LeatClient, export
from leat_async.export.survey import Surveyor

from .conftest import UNDATED, Lists
from .files import read

HOUR = dt.timedelta(hours=1)


async def run(leat: LeatClient, path: str, folder: Path, number: int) -> export.Summary:
    resource = getattr(leat, path.replace("-", "_"))
    return await export.to_file(resource, folder / f"{number}.jsonl", incremental=folder / "state")


def found(folder: Path) -> Counter[str]:
    return Counter(row["uuid"] for file in folder.glob("*.jsonl") for row in read(file, "jsonl"))


@pytest.mark.parametrize("off", [3 * HOUR, -3 * HOUR], ids=["ahead", "behind"])
@pytest.mark.parametrize("path", ["loyalty-transactions", "giftcard-transactions", "contacts"])
async def test_a_machine_whose_clock_is_wrong_skips_nothing(
    lists: Lists, leat: LeatClient, tmp_path: Path, path: str, off: dt.timedelta
) -> None:
    clock = dt.datetime.now(dt.UTC) - off
    lists.clock = lambda: clock
    for number in range(4):
        for _ in range(5):
            clock += dt.timedelta(minutes=1)
            lists.add(path, clock)
        summary = await run(leat, path, tmp_path, number)
        assert summary.warnings == ()
    assert found(tmp_path) == Counter(row["uuid"] for _, row in lists.rows[path])


async def test_a_server_whose_clock_is_ahead_of_its_rows_skips_nothing(
    lists: Lists, leat: LeatClient, tmp_path: Path
) -> None:
    """As with a web server and a database whose clocks differ."""
    clock = dt.datetime.now(dt.UTC)
    lists.clock = lambda: clock + 5 * HOUR
    for number in range(3):
        clock += dt.timedelta(minutes=5)
        lists.add("loyalty-transactions", clock)
        await run(leat, "loyalty-transactions", tmp_path, number)
    assert found(tmp_path) == Counter(row["uuid"] for _, row in lists.rows["loyalty-transactions"])


async def test_durations_reach_back_from_the_servers_now(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.clock = lambda: dt.datetime(2024, 1, 10, 12, tzinfo=dt.UTC)
    for path in ("loyalty-transactions", "visits"):
        lists.fill(path, 24 * 9, every=3600)
        resource = getattr(leat, path.replace("-", "_"))
        summary = await export.to_file(resource, tmp_path / f"{path}.jsonl", since="2d")
        assert summary.since == dt.datetime(2024, 1, 8, 12, tzinfo=dt.UTC)
        assert summary.rows == 36


@pytest.mark.parametrize("date", [None, "yesterday", "Sat, 99 Nov 2026 04:00:00 GMT"])
async def test_a_server_that_tells_no_time_is_told_of(
    lists: Lists, leat: LeatClient, tmp_path: Path, date: str | None
) -> None:
    lists.date = lambda: date
    clock = dt.datetime.now(dt.UTC) - 5 * HOUR
    for number in range(3):
        clock += dt.timedelta(minutes=5)
        lists.add("contacts", clock)
        summary = await run(leat, "contacts", tmp_path, number)
        assert "does not tell its time" in summary.warnings[0]
    assert found(tmp_path) == Counter(row["uuid"] for _, row in lists.rows["contacts"])


@pytest.mark.parametrize("last", [False, True], ids=["sorted first", "sorted last"])
@pytest.mark.parametrize("undated", [1, 7, 25])
async def test_rows_without_a_moment_are_found_at_the_end_where_they_are_sorted(
    lists: Lists, leat: LeatClient, tmp_path: Path, undated: int, last: bool
) -> None:
    lists.most, lists.undated_last = 5, last
    lists.fill("loyalty-transactions", 40)
    for _ in range(undated):
        lists.add("loyalty-transactions", UNDATED, at=0)
    every = Counter(row["uuid"] for _, row in lists.rows["loyalty-transactions"])
    for number in range(2):
        summary = await run(leat, "loyalty-transactions", tmp_path, number)
        assert summary.warnings == ()
    assert found(tmp_path) == every
    bounded = await export.to_file(leat.loyalty_transactions, tmp_path / "x.csv", since="2024-01-02")
    assert bounded.rows == 40 - 24 + undated
    assert Counter([row.uuid async for row in export.rows(leat.loyalty_transactions)]) == every


async def test_rows_whose_moment_is_not_shown_are_counted(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.fill("contacts", 40)
    for _ in range(3):
        lists.add("contacts", UNDATED, at=0)
    summary = await export.to_file(leat.contacts, tmp_path / "x.csv")
    assert summary.rows == 40
    assert "3 rows have no created_at" in summary.warnings[0]


async def test_rows_that_are_not_where_they_should_be_are_counted(
    lists: Lists, leat: LeatClient, tmp_path: Path
) -> None:
    lists.fill("loyalty-transactions", 40)

    def lose(path: str, answer: dict[str, object]) -> dict[str, object]:
        bounded = any(name.startswith("created_at") for name in lists.requests[-1][1])
        return answer if bounded else {**answer, "meta": {**answer["meta"], "total": 42}}  # type: ignore[dict-item]

    lists.change = lose
    summary = await export.to_file(leat.loyalty_transactions, tmp_path / "x.csv")
    assert summary.rows == 40
    assert "2 rows have no created_at" in summary.warnings[0]


async def test_a_row_that_comes_between_two_questions_is_no_row_without_a_moment(
    lists: Lists, leat: LeatClient
) -> None:
    lists.fill("loyalty-transactions", 10)

    def add(number: int) -> None:
        if number == 2:
            lists.add("loyalty-transactions", dt.datetime.now(dt.UTC))

    lists.before = add
    survey = await Surveyor(export.KINDS[1], leat.loyalty_transactions, {}, print).survey()
    assert (survey.surely, survey.total, len(lists.requests)) == (0, 11, 3)


@pytest.mark.parametrize("path", ["loyalty-transactions", "contacts"])
async def test_rows_that_show_up_too_late_are_told_of(
    lists: Lists, leat: LeatClient, tmp_path: Path, path: str
) -> None:
    clock = dt.datetime.now(dt.UTC)
    lists.clock = lambda: clock
    lists.add(path, clock)
    await run(leat, path, tmp_path, 1)
    clock += 3 * HOUR
    for _ in range(2):
        lists.add(path, clock - 5 * HOUR)
    lists.add(path, clock)
    summary = await run(leat, path, tmp_path, 2)
    assert summary.rows == 1
    assert "2 rows showed up late" in summary.warnings[0]
    clock += HOUR
    assert (await run(leat, path, tmp_path, 3)).warnings == (), "once is enough"


async def test_a_state_from_a_clock_that_was_ahead_is_told_of(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    clock = dt.datetime.now(dt.UTC)
    lists.clock = lambda: clock
    lists.add("contacts", clock)
    await run(leat, "contacts", tmp_path, 1)
    clock -= 8 * HOUR
    assert "a clock that was ahead" in (await run(leat, "contacts", tmp_path, 2)).warnings[0]
