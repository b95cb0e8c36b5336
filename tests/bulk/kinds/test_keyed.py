"""Cards, vouchers, orders, products and categories: each is there once and as its row says, whatever goes wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import ChangedError, Status
from leat_async.sandbox import Sandbox
from leat_async.sandbox.resources import orders, product_categories, products

from ...seeds import seeds
from ..helpers import Leap, client_of
from .chaos import Journey, add_faults

Rows = list[dict[str, Any]]


def card(sandbox: Sandbox, n: int, draw: random.Random) -> dict[str, Any]:
    who = draw.choice(sandbox.contacts)
    row = {"contact_identifier_value": f"card-{n}"}
    contact = draw.choice([{}, {"contact_email": who["email"].upper()}, {"contact_uuid": who["uuid"]}])
    return {**row, **contact, **draw.choice([{}, {"contact_identifier_name": f"Card {n}"}])}


def voucher(sandbox: Sandbox, n: int, draw: random.Random) -> dict[str, Any]:
    row = {"code": f"CODE-{n}", "promotion_uuid": sandbox.rows("promotions")[-1]["uuid"]}
    contact = draw.choice([{}, {"contact_email": draw.choice(sandbox.contacts)["email"]}])
    return {**row, **contact, **draw.choice([{}, {"expiration_date": "2090-01-01T00:00:00+02:00"}])}


def order(sandbox: Sandbox, n: int, draw: random.Random) -> dict[str, Any]:
    line = {"external_identifier": f"line-{n}", "name": "Soup", "quantity": 2, "price": 450, "total_amount": 900}
    who = draw.choice(sandbox.contacts)
    return {
        "external_identifier": f"order-{n}",
        "status": "COMPLETED",
        "payment_status": "PAID",
        "total_order_amount": 900,
        "shop_uuid": sandbox.shops[0]["uuid"],
        **draw.choice([{"email": who["email"]}, {"contact_uuid": who["uuid"]}, {"contact": {"uuid": who["uuid"]}}]),
        "line_items": [line],
    }


def product(sandbox: Sandbox, n: int, draw: random.Random) -> dict[str, Any]:
    row = {"external_identifier": f"sku-{n}", "name": f"Soup {n}"}
    return {**row, **draw.choice([{}, {"description": "Hot"}, {"categories": [{"external_identifier": "food"}]}])}


def category(sandbox: Sandbox, n: int, draw: random.Random) -> dict[str, Any]:
    return {"external_identifier": f"category-{n}", "name": f"Soups {n}"}


@attrs.frozen
class Case:
    """A kind; a row of it; the parameter that identifies it, and what the sandbox calls that; and a change."""

    kind: str
    row: Callable[[Sandbox, int, random.Random], dict[str, Any]]
    identifier: str
    kept_as: str
    change: dict[str, Any]
    fixed: dict[str, Any]

    def __str__(self) -> str:
        return self.kind


EXTERNAL = "external_identifier"
CASES = [
    Case(
        *("contact_identifiers", card, "contact_identifier_value", "value"),
        *({"contact_identifier_name": "Other"}, {"contact_email": "chiara@example.com"}),
    ),
    Case(
        *("vouchers", voucher, "code", "code"),
        *({"expiration_date": "2091-01-01T00:00:00+00:00"}, {"contact_email": "chiara@example.com"}),
    ),
    Case("orders", order, EXTERNAL, EXTERNAL, {"status": "CANCELLED"}, {"total_order_amount": 901}),
    Case("products", product, EXTERNAL, EXTERNAL, {"name": "Other"}, {}),
    Case("product_categories", category, EXTERNAL, EXTERNAL, {"name": "Other"}, {}),
]


async def world(sandbox: Sandbox) -> None:
    """What the rows name."""
    async with client_of(sandbox) as leat:
        await leat.promotions.create(name="Welcome", description="Welcome")
        await leat.product_categories.create(external_identifier="food", name="Food")


def made(sandbox: Sandbox, case: Case, rows: Rows) -> Rows:
    """What is at the server of these rows."""
    named = {row[case.identifier] for row in rows}
    return [row for row in sandbox.rows(case.kind) if row[case.kept_as] in named]


@pytest.mark.parametrize("seed", seeds(3, soak=500))
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_each_is_there_once_and_as_its_row_says(
    case: Case, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(f"{case.kind} {seed}")
    if draw.random() < 0.5:  # a server that takes an identifier twice
        for module in (orders, products, product_categories):
            monkeypatch.setattr(module, "free", lambda *_, **__: None)
    async with Sandbox(seed=seed, rate_limit=(10**9, 60.0)) as sandbox:
        await world(sandbox)
        rows = [case.row(sandbox, n, draw) for n in range(draw.randint(5, 40))]
        add_faults(draw, sandbox, [f"{case.kind}.create*", f"{case.kind}.create*", f"{case.kind}.find", "*"])
        journey = Journey(draw, sandbox, case.kind, tmp_path / "ledger")
        await journey.arrive(rows)
        assert {outcome.status for outcome in journey.outcomes} <= {Status.CREATED, Status.SKIPPED}, journey.outcomes
        assert len(made(sandbox, case, rows)) == len(rows) == len({row[case.identifier] for row in rows})
        if case.kind == "contact_identifiers":
            named = sum(
                any(name.startswith("contact_") and name[8:] in ("email", "uuid") for name in row) for row in rows
            )
            assert sum(row["contact_uuid"] is not None for row in sandbox.rows(case.kind)) == named
        if case.kind == "orders":
            assert sum(row["credits"] for row in sandbox.rows("loyalty_transactions")) == 9 * len(rows)


async def outcomes_of(leat: LeatClient, case: Case, rows: Rows, **options: Any) -> list[Any]:
    async with bulk.create(getattr(leat, case.kind), rows, **options) as run:
        return sorted([outcome async for outcome in run], key=lambda outcome: outcome.index)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_changes_are_told_made_or_refused(case: Case, tmp_path: Path) -> None:
    draw = random.Random("changes")
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await world(sandbox)
        row = {**case.row(sandbox, 1, draw), **dict.fromkeys(("contact_email", "contact_uuid", "contact"), None)}
        row = {name: value for name, value in row.items() if value is not None}
        if case.kind != "products" and case.kind != "product_categories":
            row["email"] = sandbox.contacts[0]["email"]
        ledger = tmp_path / "ledger"
        assert [each.status for each in await outcomes_of(leat, case, [row], ledger=ledger)] == [Status.CREATED]
        assert [each.status for each in await outcomes_of(leat, case, [row])] == [Status.EXISTED]
        assert [each.status for each in await outcomes_of(leat, case, [row], ledger=ledger)] == [Status.SKIPPED]
        other = {**row, **case.change}
        for options in ({}, {"ledger": ledger}):
            [refused] = await outcomes_of(leat, case, [other], **options)
            assert isinstance(refused.error, ChangedError)
            assert refused.changed == tuple(case.change)
        [skipped] = await outcomes_of(leat, case, [other], on_change="skip", ledger=ledger)
        assert skipped.status is Status.SKIPPED
        [updated] = await outcomes_of(leat, case, [other], on_change="update", ledger=ledger)
        assert updated.status is Status.UPDATED, updated
        assert [each.status for each in await outcomes_of(leat, case, [other])] == [Status.EXISTED]
        assert [each.status for each in await outcomes_of(leat, case, [other], ledger=ledger)] == [Status.SKIPPED]
        if case.fixed:
            moved = {**{name: value for name, value in other.items() if name != "email"}, **case.fixed}
            moved = {**moved, **({} if "contact_email" in moved else {"email": row["email"]})}
            [fixed] = await outcomes_of(leat, case, [moved], on_change="update", ledger=ledger)
            assert fixed.status is Status.REJECTED
            assert "can't change" in str(fixed.error)
        assert len(made(sandbox, case, [row])) == 1


@pytest.mark.parametrize("kind", ["contact_identifiers", "vouchers", "orders"])
async def test_what_is_somebody_elses_is_not_taken_for_ours_because_an_answer_was_lost(
    kind: str, tmp_path: Path
) -> None:
    [case] = [case for case in CASES if case.kind == kind]
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        await world(sandbox)
        names = ("contact_email", "contact_uuid", "contact", "email", "contact_identifier_name")
        row = {name: value for name, value in case.row(sandbox, 1, random.Random(1)).items() if name not in names}
        theirs, ours = ({**row, "email": sandbox.contacts[n]["email"]} for n in range(2))
        assert (await bulk.run(getattr(leat, kind), [theirs], ledger=tmp_path / "theirs")).created == 1
        sandbox.faults.add("server_error", f"{kind}.create*", first=1, status=500)
        [outcome] = await outcomes_of(leat, case, [ours], ledger=tmp_path / "ours")
        assert outcome.status is Status.REJECTED, outcome
        assert isinstance(outcome.error, ChangedError)
        assert outcome.changed == ("email",)


async def test_a_change_never_undoes_that_a_voucher_was_redeemed(tmp_path: Path) -> None:
    """The API wants a state in every change, and a voucher made active again is a second reward."""
    with Sandbox(seed=5) as sandbox:
        await world(sandbox)
        promotion = sandbox.rows("promotions")[-1]["uuid"]
        rows = [
            {"code": code, "promotion_uuid": promotion, "expiration_date": "2090-01-01T00:00:00+00:00"}
            for code in ("redeemed", "active")
        ]
        async with client_of(sandbox) as leat:
            assert (await bulk.run(leat.vouchers, rows, ledger=tmp_path / "l")).created == 2
            shop, contact = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]
            await leat.vouchers.redeem(code="redeemed", shop_uuid=shop, contact_uuid=contact)
            later = [{**row, "expiration_date": "2091-01-01T00:00:00+00:00"} for row in rows]
            run = bulk.create(leat.vouchers, later, ledger=tmp_path / "l", on_change="update", concurrency=1)
            told = {outcome.row["code"]: outcome async for outcome in run}
        assert (told["redeemed"].status, told["active"].status) == (Status.REJECTED, Status.UPDATED)
        assert "is REDEEMED, and a change could undo that" in str(told["redeemed"].error)
        assert sandbox.journal.counts()["vouchers.update"] == 1


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_rows_that_are_none_are_refused_before_anything_is_sent(case: Case) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await world(sandbox)
        row = case.row(sandbox, 1, random.Random(1))
        rows: list[Any] = [
            {**row, "colour": "red"},
            {name: value for name, value in row.items() if name != case.identifier},
            {**row, case.identifier: 7},
            {**row, case.identifier: "  "},
            "no row",
        ]
        before = len(sandbox.journal.entries())
        outcomes = await outcomes_of(leat, case, rows)
        assert {outcome.status for outcome in outcomes} == {Status.REJECTED}
        assert len(sandbox.journal.entries()) == before
        said = " ".join(str(outcome.error) for outcome in outcomes)
        assert "'colour' is not known" in said
        assert f"{case.identifier} is required" in said
