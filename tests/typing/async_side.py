"""What the type checkers must see on the asynchronous side; never run."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from typing import Any, assert_type

from leat_async import (
    UNSET,
    ClientCredentials,
    LeatClient,
    Page,
    Pager,
    RateLimit,
    RawResponse,
    RetryPolicy,
    bulk,
    errors,
    models,
)


async def visits(leat: LeatClient, at: dt.datetime) -> None:
    visit = await leat.visits.create(contact_uuid="c-1", shop_uuid="s", starts_at=at, ends_at=None, source=UNSET)
    assert_type(visit, models.Visit)
    assert_type(await leat.visits.get(visit.uuid), models.Visit)
    assert_type(await leat.visits.update(visit.uuid, source="Kiosk"), models.Visit)
    assert_type(visit.starts_at, dt.datetime | None)
    assert_type(visit.extra, Mapping[str, Any])
    await leat.visits.create()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await leat.visits.get(visit_uuid=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def bookings(leat: LeatClient) -> None:
    booking = await leat.bookings.create(contact_uuid="c-1", number_of_people=2, starts_at="2026-01-05T19:00:00+01:00")
    assert_type(booking, models.Booking)
    assert_type(await leat.bookings.update(booking.uuid, status="completed"), models.Booking)


async def pagers(leat: LeatClient, since: dt.datetime) -> None:
    pager = leat.loyalty_transactions.list(
        type="credit_receptions", sort="-created_at", created_at={"gte": since, "lt": "2026-01-01T00:00:00Z"}
    )
    assert_type(pager, Pager[models.LoyaltyTransaction])
    assert_type(await pager, Page[models.LoyaltyTransaction])
    assert_type(await pager.page(), Page[models.LoyaltyTransaction])
    assert_type((await pager).items, list[models.LoyaltyTransaction])
    assert_type((await pager).total, int | None)
    assert_type(await pager.first(), models.LoyaltyTransaction | None)
    assert_type(await pager.collect(limit=10), list[models.LoyaltyTransaction])
    async for transaction in pager:
        assert_type(transaction, models.LoyaltyTransaction)
    async for page in leat.visits.list(limit=500).pages(ahead=8):
        assert_type(page, Page[models.Visit])


async def bulk_imports(leat: LeatClient, rows: list[dict[str, Any]]) -> None:
    outcomes = bulk.create(leat.visits, rows, ledger="visits.ledger")
    assert_type(outcomes, bulk.Run[models.Visit])
    stream: AsyncIterator[bulk.Outcome[models.Visit]] = outcomes
    anything: AsyncIterator[bulk.Outcome] = outcomes
    assert anything is stream
    async for outcome in stream:
        assert_type(outcome.status, bulk.Status)
        assert_type(outcome.result, models.Visit | None)
        assert_type(outcome.error, Exception | None)
    assert_type(await bulk.run(leat.bookings, rows), bulk.Report)


async def clients() -> None:
    async with LeatClient(
        ClientCredentials("id", "secret"), rate_limit=RateLimit(100, per=1.0), retry=RetryPolicy(attempts=2), timeout=5
    ) as leat:
        assert_type(leat, LeatClient)
        assert_type(leat.with_options(retry=None), LeatClient)
        assert_type(await leat.request("GET", "/shops"), RawResponse)
        try:
            await leat.visits.get("v")
        except errors.OutcomeUnknownError as error:
            assert_type(error.attempts, tuple[errors.Attempt, ...])
    assert_type(LeatClient.from_env(timeout=5.0), LeatClient)
