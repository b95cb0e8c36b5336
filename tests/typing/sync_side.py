"""What the type checkers must see on the synchronous side: the other file without `await`; never run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, assert_type

from leat_async.sync import (
    UNSET,
    ClientCredentials,
    LeatClient,
    Page,
    RateLimit,
    RawResponse,
    RetryPolicy,
    SyncPager,
    bulk,
    errors,
    models,
)


def visits(leat: LeatClient, at: dt.datetime) -> None:
    visit = leat.visits.create(contact_uuid="c-1", shop_uuid="s", starts_at=at, ends_at=None, source=UNSET)
    assert_type(visit, models.Visit)
    assert_type(leat.visits.get(visit.uuid), models.Visit)
    assert_type(leat.visits.update(visit.uuid, source="Kiosk"), models.Visit)
    assert_type(visit.starts_at, dt.datetime | None)
    assert_type(visit.extra, Mapping[str, Any])
    leat.visits.create()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    leat.visits.get(visit_uuid=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def bookings(leat: LeatClient) -> None:
    booking = leat.bookings.create(contact_uuid="c-1", number_of_people=2, starts_at="2026-01-05T19:00:00+01:00")
    assert_type(booking, models.Booking)
    assert_type(leat.bookings.update(booking.uuid, status="completed"), models.Booking)


def pagers(leat: LeatClient, since: dt.datetime) -> None:
    pager = leat.loyalty_transactions.list(
        type="credit_receptions", sort="-created_at", created_at={"gte": since, "lt": "2026-01-01T00:00:00Z"}
    )
    assert_type(pager, SyncPager[models.LoyaltyTransaction])
    assert_type(pager.page(), Page[models.LoyaltyTransaction])
    assert_type(pager.page().items, list[models.LoyaltyTransaction])
    assert_type(pager.page().total, int | None)
    assert_type(pager.first(), models.LoyaltyTransaction | None)
    assert_type(pager.collect(limit=10), list[models.LoyaltyTransaction])
    for transaction in pager:
        assert_type(transaction, models.LoyaltyTransaction)
    for page in leat.visits.list(limit=500).pages(ahead=8):
        assert_type(page, Page[models.Visit])


def bulk_imports(leat: LeatClient, rows: list[dict[str, Any]]) -> None:
    outcomes = bulk.create(leat.visits, rows, ledger="visits.ledger")
    assert_type(outcomes, bulk.Run[models.Visit])
    stream: Iterator[bulk.Outcome[models.Visit]] = outcomes
    anything: Iterator[bulk.Outcome] = outcomes
    assert anything is stream
    for outcome in stream:
        assert_type(outcome.status, bulk.Status)
        assert_type(outcome.result, models.Visit | None)
        assert_type(outcome.error, Exception | None)
    assert_type(bulk.run(leat.bookings, rows), bulk.Report)


def clients() -> None:
    with LeatClient(
        ClientCredentials("id", "secret"), rate_limit=RateLimit(100, per=1.0), retry=RetryPolicy(attempts=2), timeout=5
    ) as leat:
        assert_type(leat, LeatClient)
        assert_type(leat.with_options(retry=None), LeatClient)
        assert_type(leat.request("GET", "/shops"), RawResponse)
        try:
            leat.visits.get("v")
        except errors.OutcomeUnknownError as error:
            assert_type(error.attempts, tuple[errors.Attempt, ...])
    assert_type(LeatClient.from_env(timeout=5.0), LeatClient)
