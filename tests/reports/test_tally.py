"""Figures equal those of a naive recomputation, on accounts made by chance."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, reports
from leat_async.reports.reading import RowReader

from ..export.conftest import Lists
from . import naive
from .accounts import Account

ACCOUNTS = 200 if os.environ.get("LEAT_SOAK") == "1" else 12


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    units = {name: {**found, "value": round(found["value"], 6)} for name, found in figures["units"].items()}
    return {**figures, "units": units}


def check(account: Account, report: reports.MonthlyReport) -> None:
    found = report.to_dict()
    walls = {}
    for name in ("current", "previous", "year_before"):
        part = found[name]
        walls[name] = (dt.datetime.fromisoformat(part["since"]), dt.datetime.fromisoformat(part["until"]))
        assert rounded(part["figures"]) == naive.figures(account, *walls[name]), name
    for month in found["months"]:
        since, until = dt.datetime.fromisoformat(month["since"]), dt.datetime.fromisoformat(month["until"])
        assert rounded(month["figures"]) == naive.figures(account, since, until), month["since"]
    for shop in found["shops"]:
        for name, wall in walls.items():
            assert rounded(shop[name]) == naive.figures(account, *wall, shop=shop["uuid"]), (shop["uuid"], name)
    hours, days = naive.rhythm(account, *walls["current"])
    assert found["hours"] == hours
    assert {
        day["day"]: [day["transactions"], day["credits_given"]] for day in found["days"] if day["transactions"]
    } == days
    assert [(one["credits"], one["transactions"]) for one in found["best_customers"]] == naive.best(
        account, *walls["current"]
    )


@pytest.mark.timeout(1200)
async def test_figures_equal_a_naive_recomputation(lists: Lists, leat: LeatClient) -> None:
    for seed in range(ACCOUNTS):
        account = Account(seed)
        account.serve(lists)
        check(account, await reports.monthly(leat, account.month, timezone=account.zone, shop_timezones=account.zones))


@pytest.mark.timeout(1200)
async def test_any_stretch_of_time(lists: Lists, leat: LeatClient) -> None:
    for seed in range(ACCOUNTS // 4):
        account = Account(1000 + seed)
        account.serve(lists)
        since, until = (("2026-02-10", "2026-03-17"), ("2025-10", "2026-01"), ("2026-10-20", None))[seed % 3]
        report = await reports.monthly(
            leat, since=since, until=until, timezone=account.zone, shop_timezones=account.zones
        )
        assert report.complete == (until is not None)
        check(account, report)


@pytest.mark.timeout(1200)
async def test_from_parquet_that_grows(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    """Half of the rows are there when the first report is made, and all of them for the second."""
    late = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
    for seed in range(ACCOUNTS // 4):
        account = Account(2000 + seed)
        account.serve(lists)
        for path in ("loyalty-transactions", "giftcard-transactions"):
            lists.rows[path] = [pair for pair in lists.rows[path] if pair[0] < late]
        lists.clock = lambda: late
        keep = tmp_path / str(seed)
        await reports.monthly(leat, "2025-12", timezone=account.zone, keep=keep)
        account.serve(lists)
        lists.requests.clear()
        zones = {"timezone": account.zone, "shop_timezones": account.zones}
        check(account, await reports.monthly(leat, account.month, keep=keep, **zones))  # type: ignore[arg-type]
        # What was kept is not asked for again, but for counts.
        read = [query for path, query in lists.requests if path == "loyalty-transactions" and query["limit"] != "1"]
        newest = max((made for made, _ in lists.rows["loyalty-transactions"] if made < late), default=None)
        if newest is not None:
            edge = newest - dt.timedelta(hours=2)
            assert all(dt.datetime.fromisoformat(query["created_at[gte]"]) > edge for query in read)


def test_a_shop_that_was_renamed_in_between_has_its_last_name() -> None:
    reader = RowReader({})
    names = ["Moe's", "Flaming Moe's", "Uncle Moe's", "Moe's again"]
    assert reader._kept_shops(["u"] * 4, [1] * 4, names) == ["u"] * 4
    assert reader.shops == {"u": "Moe's again"}
