"""A report from end to end: on the demo account, with lists that are refused, and from what was kept."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from leat_async import LeatClient, errors, export, reports, sync
from leat_async.sandbox import Sandbox

from ..export.conftest import BEGIN, UNDATED, Lists

START = dt.datetime(2026, 11, 12, 9, tzinfo=dt.UTC)
NOW = dt.datetime(2024, 3, 5, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with Sandbox(seed="demo", rate_limit=(1_000_000, 60.0), start=START) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def october(account: Sandbox) -> reports.MonthlyReport:
    with sync.LeatClient(account.token, base_url=account.url, rate_limit=None) as leat:
        return reports.monthly(leat, "2026-10")


async def test_the_demo_account(account: Sandbox, october: reports.MonthlyReport) -> None:
    """The synchronous client gives what the asynchronous one does."""
    async with LeatClient(account.token, base_url=account.url, rate_limit=None) as leat:
        report = await reports.monthly(leat, "2026-10")
        rows = [row async for row in export.rows(leat.loyalty_transactions)]
    assert {**report.to_dict(), "made_at": ""} == {**october.to_dict(), "made_at": ""}
    figures = report.current.figures
    assert report.account == "Sandbox Hospitality"
    inside = [row for row in rows if row.created_at and row.created_at.astimezone().strftime("%Y-%m") == "2026-10"]
    assert abs(figures.transactions - len(inside)) <= 3  # the edges of the month, in another zone
    assert figures.active_customers == figures.new_customers + figures.returning_customers > 50
    assert figures.registrations is not None
    assert figures.visits is not None
    assert sum(map(sum, report.hours)) == figures.transactions == sum(day.transactions for day in report.days)
    assert sum(shop.current.credits_outstanding for shop in report.shops) == figures.credits_outstanding
    assert report.months[-1].figures == figures
    assert report.months[-2].figures == report.previous.figures
    assert report.months[0].figures == report.year_before.figures


def test_its_json_follows_its_schema(october: reports.MonthlyReport) -> None:
    found = json.loads(october.to_json())
    jsonschema.validate(found, reports.schema())
    assert found == json.loads(json.dumps(october.to_dict()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**found, "complete": "no"}, reports.schema())


async def test_customers_are_named_only_when_asked(account: Sandbox, october: reports.MonthlyReport) -> None:
    assert b"@" not in october.to_json()
    async with LeatClient(account.token, base_url=account.url, rate_limit=None) as leat:
        named = await reports.monthly(leat, "2026-10", names=True)
    assert [one.customer.endswith("@example.com") for one in named.best_customers] == [True] * 10
    assert [one.credits for one in named.best_customers] == [one.credits for one in october.best_customers]


async def test_what_the_api_refuses_is_left_out_and_named(lists: Lists, leat: LeatClient) -> None:
    lists.clock = lambda: NOW
    lists.fill("loyalty-transactions", 30)
    lists.add("visits", BEGIN)
    for number in range(90):
        lists.add("prepaid-transactions", BEGIN, amount_in_cents=100 + number)

    def refuse(number: int) -> None:
        path, query = lists.requests[-1]
        # Of the prepaid transactions, only the first page comes.
        if path in ("vouchers", "visits", "contacts") or (path == "prepaid-transactions" and query.get("page") == "2"):
            lists.fail.add(number)

    lists.before = refuse
    report = await reports.monthly(leat, "2024-01")
    refused = {gap.about: gap.text for gap in report.left_out if gap.code == "refused"}
    assert set(refused) == {"vouchers", "visits", "registrations", "prepaid money"}
    assert refused["visits"] == "visits: the API refused (400, no)"
    figures = report.current.figures
    assert (figures.visits, figures.vouchers_redeemed, figures.registrations, figures.prepaid) == (None, None, None, {})
    assert figures.transactions == 30


async def test_a_list_that_everything_hangs_on_is_not_left_out(lists: Lists, leat: LeatClient) -> None:
    lists.clock = lambda: NOW
    lists.fill("loyalty-transactions", 3)
    lists.before = lambda number: lists.fail.add(number) if lists.requests[-1][0] == "loyalty-transactions" else None
    with pytest.raises(errors.ApiError):
        await reports.monthly(leat, "2024-01")


async def test_rows_without_a_moment_or_of_an_unknown_type_are_told(lists: Lists, leat: LeatClient) -> None:
    lists.clock = lambda: NOW
    lists.add("loyalty-transactions", BEGIN, type="stamp", credits=5)
    lists.add("loyalty-transactions", UNDATED, type="credit_reception", credits=7)
    report = await reports.monthly(leat, "2024-01", shop_timezones={"nowhere": "Europe/London"})
    codes = {gap.code: gap.text for gap in report.left_out}
    assert codes["undated"] == "1 rows that show no moment: they are in no figure"
    assert "('stamp')" in codes["unknown_types"]
    assert codes["unseen_shops"].endswith(": nowhere")
    assert (report.current.figures.credits_other, report.current.figures.credits_outstanding) == (5, 5)


async def test_an_account_without_anything(lists: Lists, leat: LeatClient) -> None:
    lists.clock = lambda: NOW
    report = await reports.monthly(leat, "2024-01")
    assert report.current.figures == reports.Figures(
        registrations=0, visits=0, vouchers_activated=0, vouchers_redeemed=0
    )
    assert (report.shops, report.best_customers) == ([], [])


async def test_a_list_without_a_total_is_counted_row_by_row(lists: Lists, leat: LeatClient) -> None:
    lists.clock = lambda: NOW
    lists.fill("contacts", 30)

    def untold(path: str, answer: dict[str, Any]) -> dict[str, Any]:
        if path == "contacts":
            del answer["meta"]["total"]
        return answer

    lists.change = untold
    told: list[str] = []
    report = await reports.monthly(leat, "2024-01", timezone="UTC", on_warning=told.append)
    assert report.current.figures.registrations == 30
    assert told


async def test_the_next_report_reads_only_new_rows(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.clock = lambda: NOW
    lists.fill("loyalty-transactions", 60)
    keep = tmp_path / "kept"
    first = await reports.monthly(leat, "2024-01", keep=keep)
    lists.requests.clear()
    second = await reports.monthly(leat, "2024-01", keep=keep)
    assert second.to_dict() == first.to_dict()
    assert (await reports.monthly(leat, "2024-01")).to_dict() == first.to_dict()
    assert sorted(path.name for path in keep.iterdir()) == [
        *("giftcard_transactions.state", "loyalty_transactions.000001.parquet", "loyalty_transactions.state")
    ]
    assert keep.stat().st_mode & 0o077 == 0
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(keep / "loyalty_transactions.000001.parquet")
    assert not [name for name in table.schema.names if "email" in name]


async def test_kept_rows_of_another_account_are_refused(lists: Lists, leat: LeatClient, tmp_path: Path) -> None:
    lists.clock = lambda: NOW
    lists.fill("loyalty-transactions", 3)
    await reports.monthly(leat, "2024-01", keep=tmp_path / "kept")
    with Sandbox(rate_limit=(1_000_000, 60.0), start=START) as other:
        async with LeatClient(other.token, base_url=other.url) as client:
            with pytest.raises(errors.ConfigError, match="another"):
                await reports.monthly(client, keep=tmp_path / "kept")
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.ConfigError, match="no folder"):
        await reports.monthly(leat, "2024-01", keep=tmp_path / "file")


async def _told(_: object) -> None: ...


async def test_bad_input_is_refused_before_anything_is_sent(lists: Lists, leat: LeatClient) -> None:
    for wrong in (
        {"month": "soon"},
        {"month": "2024-01", "since": "2024-01"},
        {"until": "2024-01"},
        {"timezone": "Europe/Nowhere"},
        {"shop_timezones": {"a": "nowhere"}},
        {"since": "never"},
    ):
        with pytest.raises(ValueError, match=r"month|until|timezone|since"):
            reports.monthly(leat, **wrong)  # type: ignore[call-overload]
    # "no" would name the customers.
    for name, values in {"names": ("no", 1), "on_progress": (5, _told), "on_warning": (5, _told)}.items():
        for value in values:
            with pytest.raises((TypeError, ValueError), match=f"{name} must be"):
                reports.monthly(leat, **{name: value})  # type: ignore[call-overload]
    for name in ("keep", "shop_timezones"):
        with pytest.raises(TypeError, match=f"{name} must be"):
            reports.monthly(leat, **{name: 5})  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="must be a LeatClient"):
        reports.monthly(object())  # type: ignore[call-overload]
    assert lists.requests == []


async def test_what_cant_be_promised_is_a_warning(lists: Lists, leat: LeatClient) -> None:
    lists.date = lambda: None
    lists.fill("loyalty-transactions", 3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await reports.monthly(leat, "2024-01")
    assert reports.ReportWarning in {warning.category for warning in caught}
