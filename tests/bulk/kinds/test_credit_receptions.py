"""Points exactly once: the sum of credits at the server is the file's, whatever goes wrong on the way."""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import ChangedError, Status
from leat_async.errors import ConfigError
from leat_async.sandbox import Sandbox
from leat_async.sandbox.resources import credit_receptions as sandboxs_receptions

from ...seeds import seeds
from ..helpers import Leap, client_of
from .chaos import GRACE, Journey, add_faults

OPERATIONS = ["credit_receptions.create", "credit_receptions.create", "loyalty_transactions.list", "*"]


def receptions(sandbox: Sandbox) -> list[dict[str, Any]]:
    return sandbox.rows("loyalty_transactions")


def credits_of(row: dict[str, Any]) -> int:
    return row["credits"] if "credits" in row else int(row["unit_value"])


def rows_of(draw: random.Random, sandbox: Sandbox) -> list[dict[str, Any]]:
    """Credits given, taken back and computed from a value; equal ones, and for contacts named either way."""
    shop = sandbox.shops[0]["uuid"]
    own = draw.random() < 0.5
    rows: list[dict[str, Any]] = []
    for n in range(draw.randint(5, 40)):
        who = draw.choice(sandbox.contacts)
        row: dict[str, Any] = {"shop_uuid": shop}
        row |= {"contact_email": who["email"].upper()} if draw.random() < 0.5 else {"contact_uuid": who["uuid"]}
        row |= draw.choice(
            [{"credits": draw.randint(1, 40)}, {"credits": -3}, {"unit_value": draw.randint(1, 30) + 0.5}]
        )
        if own:
            row["identity"] = f" till-3-{n:06} "
        rows.append(row)
        if not own and draw.random() < 0.3:
            rows.append(dict(row))
    return rows


@pytest.mark.parametrize("seed", seeds(8, soak=500))
async def test_the_sum_of_credits_is_that_of_the_file(seed: int, tmp_path: Path) -> None:
    draw = random.Random(f"receptions {seed}")
    async with Sandbox(seed=seed, rate_limit=(10**9, 60.0)) as sandbox:
        rows = rows_of(draw, sandbox)
        add_faults(draw, sandbox, OPERATIONS)
        busy: dict[str, Any] = {"status": 400, "code": 60001, "message": "Credit reception creating in progress."}
        sandbox.faults.add("reject", "credit_receptions.create", probability=0.1, **busy)
        journey = Journey(
            draw, sandbox, "credit_receptions", tmp_path / "ledger", ensure_identity=True, batch="till roll 3"
        )
        await journey.arrive(rows)
        assert {outcome.status for outcome in journey.outcomes} <= {Status.CREATED, Status.SKIPPED}, journey.outcomes
        assert journey.report.notes == ()
        made = receptions(sandbox)
        assert sum(row["credits"] for row in made) == sum(map(credits_of, rows))
        assert sum(row["credits"] for row in sandbox.rows("contacts")) == sum(map(credits_of, rows))
        assert len(made) == len(rows) == len({row["extra"]["external_id"] for row in made})


@pytest.mark.parametrize("seed", seeds(4, soak=500))
async def test_without_the_attribute_credits_are_at_most_once_and_the_report_says_so(seed: int, tmp_path: Path) -> None:
    draw = random.Random(f"unmarked {seed}")
    async with Sandbox(seed=seed, rate_limit=(10**9, 60.0)) as sandbox:
        rows = rows_of(draw, sandbox)
        add_faults(draw, sandbox, OPERATIONS[:3])
        journey = Journey(draw, sandbox, "credit_receptions", tmp_path / "ledger", batch="till roll 3")
        await journey.travel(rows)
        counts, made = journey.count(), receptions(sandbox)
        assert "at most once" in journey.report.notes[0]
        assert all(row["extra"] == {} for row in made)
        assert len(rows) - counts[Status.UNKNOWN] <= len(made) <= len(rows)
        # An attribute that is made afterwards tells nothing of what was sent without it.
        again = Journey(draw, sandbox, "credit_receptions", journey.ledger, batch="till roll 3", ensure_identity=True)
        await again.settle(rows)
        assert again.count()[Status.UNKNOWN] == counts[Status.UNKNOWN]
        assert len(receptions(sandbox)) == len(made)


async def outcomes_of(leat: LeatClient, rows: list[dict[str, Any]], **options: Any) -> list[Any]:
    async with bulk.create(leat.credit_receptions, rows, **options) as run:
        return [outcome async for outcome in run]


def row_of(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    who = {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"]}
    return {**who, "credits": 10, "identity": "till-3-000417", **more}


async def test_a_credit_in_doubt_is_asked_for_since_the_api_began_to_make_this_runs(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox:
        leap = Leap(sandbox)
        async with client_of(sandbox, leap) as leat:
            old = row_of(sandbox, identity="old")
            await bulk.run(leat.credit_receptions, [old], ensure_identity=True, ledger=tmp_path / "ledger")
            leap.leap(7200.0)
            sandbox.faults.add("apply_then_drop", "credit_receptions.create", first=1)
            [outcome] = await outcomes_of(leat, [row_of(sandbox)], ledger=tmp_path / "ledger")
        assert (outcome.status, outcome.attempts) == (Status.CREATED, 1)
        assert outcome.result is not None
        assert outcome.result.extra["external_id"] == "till-3-000417"
        asked = list(sandbox.journal.entries("loyalty_transactions.list"))[-1]
        assert "type=credit_receptions&contact_uuid=" in asked.target
        assert "sort=-created_at&created_at%5Bgte%5D=" in asked.target
        assert len(receptions(sandbox)) == 2


async def test_being_made_is_waited_for_and_asked_about(tmp_path: Path) -> None:
    busy: dict[str, Any] = {"status": 400, "code": 60001, "message": "Credit reception creating in progress."}
    async with Sandbox(seed=1) as sandbox:
        async with client_of(sandbox, Leap(sandbox)) as leat:
            sandbox.faults.add("reject", "credit_receptions.create", first=3, **busy)
            [outcome] = await outcomes_of(leat, [row_of(sandbox)], ensure_identity=True)
            assert (outcome.status, outcome.attempts) == (Status.CREATED, 4)
            assert len(receptions(sandbox)) == 1
            # One that never ends is no refusal: the earlier send may be what is being made.
            sandbox.faults.add("reject", "credit_receptions.create", **busy)
            [open_] = await outcomes_of(leat, [row_of(sandbox, identity="other")], ledger=tmp_path / "ledger")
            assert open_.status is Status.UNKNOWN
            # Nothing was sent before, so nothing of it can be under way: without an identity it is refused in the end.
            [refused] = await outcomes_of(
                leat, [row_of(sandbox)], identity_attribute="none", ledger=tmp_path / "second"
            )
            assert refused.status is Status.REJECTED
            sandbox.faults.clear()
            [settled] = await outcomes_of(leat, [row_of(sandbox, identity="other")], ledger=tmp_path / "ledger")
            assert settled.status is Status.CREATED
        assert len(receptions(sandbox)) == 2


async def test_without_a_ledger_each_is_looked_for_first() -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        rows = [row_of(sandbox), row_of(sandbox, identity="b", credits=-2)]
        assert {outcome.status for outcome in await outcomes_of(leat, rows, ensure_identity=True)} == {Status.CREATED}
        assert {outcome.status for outcome in await outcomes_of(leat, rows)} == {Status.EXISTED}
        [changed] = await outcomes_of(leat, [row_of(sandbox, credits=11)])
        assert isinstance(changed.error, ChangedError)
        assert changed.changed == ("credits",)
        # A reversal repeats the attributes of what it reverses, and is not it.
        await leat.credit_receptions.reverse(receptions(sandbox)[0]["uuid"])
        [again] = await outcomes_of(leat, [row_of(sandbox)])
        assert again.status is Status.EXISTED
        assert again.result.credits == 10


async def test_a_reception_that_has_changed_is_refused_whatever_is_said(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        options: dict[str, Any] = {"ledger": tmp_path / "ledger", "ensure_identity": True}
        await outcomes_of(leat, [row_of(sandbox)], **options)
        [same] = await outcomes_of(leat, [row_of(sandbox, credits=10.0)], **options)
        assert same.status is Status.SKIPPED
        [changed] = await outcomes_of(leat, [row_of(sandbox, credits=12)], on_change="update", **options)
        assert changed.status is Status.REJECTED
        assert "can't change credits" in str(changed.error)
        assert "identity 'till-3-000417'" in str(changed.error)
        [skipped] = await outcomes_of(leat, [row_of(sandbox, credits=12)], on_change="skip", **options)
        assert skipped.status is Status.SKIPPED
        assert len(receptions(sandbox)) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"identity": None}, "neither an identity nor a moment"),
        ({"credits": None}, "credits or unit_value"),
        ({"credits": "10"}, "credits must be a number"),
        ({"identity": 7}, "identity must be text"),
        ({"attributes": {"credits": 7}}, "parameter of its own"),
        ({"attributes": {"external_id": "7"}}, "holds the identity"),
        ({"contact_email": "a@example.com"}, "name the contact twice"),
        ({"colour": "red"}, "'colour' is not known"),
        ({"unit_value": 1, "unit_name": "bananas"}, "Unit"),
        ({"contact_uuid": "nobody"}, "Contact"),
    ],
)
async def test_rows_that_can_not_be_sent(row: dict[str, Any], said: str, tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        wrong = row_of(sandbox, **row)
        [outcome] = await outcomes_of(leat, [wrong], ledger=tmp_path / "ledger", ensure_identity=True)
        assert outcome.status is Status.REJECTED
        assert said in str(outcome.error)
        assert receptions(sandbox) == []


async def test_an_attribute_that_keeps_no_texts_is_refused() -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await leat.loyalty_transaction_attributes.create(name="external_id", data_type="number")
        with pytest.raises(ConfigError, match="is of the type number"):
            await outcomes_of(leat, [row_of(sandbox)])
        [outcome] = await outcomes_of(leat, [row_of(sandbox)], identity_attribute="receipt", ensure_identity=True)
        assert outcome.result.extra["receipt"] == "till-3-000417"
        with pytest.raises(ValueError, match="identity_attribute must not be empty"):
            await outcomes_of(leat, [], identity_attribute="")


async def test_under_the_register_api_credits_are_at_most_once() -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, api="register") as leat:
        row = row_of(sandbox)
        del row["shop_uuid"]
        report = await bulk.run(leat.credit_receptions, [row])
        assert report.created == 1
        assert "api='register'" in report.notes[0]


async def test_a_report_of_two_runs_has_the_notes_of_both() -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        report = await bulk.run(leat.credit_receptions, [row_of(sandbox)])
        assert (report + report).notes == report.notes


async def test_the_same_number_written_otherwise_is_the_same_row(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        row = {name: value for name, value in row_of(sandbox).items() if name not in ("identity", "credits")}
        options: dict[str, Any] = {"ledger": tmp_path / "ledger", "ensure_identity": True, "batch": "roll 3"}
        same: list[list[Any]] = [
            [100, 100.0, Decimal(100), Decimal("1E+2")],
            [10.1, Decimal("10.10")],
            [0, -0.0, Decimal("-0.00")],
        ]
        for written in same:
            for place, value in enumerate(written):
                [outcome] = await outcomes_of(leat, [{**row, "unit_value": value}], **options)
                assert outcome.status is (Status.SKIPPED if place else Status.CREATED)
        assert len(receptions(sandbox)) == len(same)


@pytest.mark.parametrize("lost", [(5, 6), range(1, 9), (5, 6, 12)], ids=str)
async def test_an_api_that_does_not_show_identities_is_given_nothing_twice(
    lost: Iterable[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before an answer has told, and in later runs."""

    def nothing(*_: object) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(sandboxs_receptions, "typed", nothing)
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox), concurrency=8) as leat:
        rows = [row_of(sandbox, identity=f"till-3-{n}") for n in range(20)]
        sandbox.faults.add("apply_then_drop", "credit_receptions.create", nth=lost)
        for skipped in (0, 20 - len([*lost])):
            report = await bulk.run(
                leat.credit_receptions, rows, ledger=tmp_path / "ledger", ensure_identity=True, grace=GRACE
            )
            assert (report.skipped, report.unknown) == (skipped, len([*lost]))
            assert skipped or "at most once" in report.notes[0]
        assert len(receptions(sandbox)) == 20


async def test_equal_credits_without_an_identity_keep_none_from_being_sent(tmp_path: Path) -> None:
    """A till made them; that the API shows identities was seen."""
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        theirs: Any = row_of(sandbox, identity=None)
        await leat.credit_receptions.create(**theirs)
        sandbox.faults.add("server_error", "credit_receptions.create", first=1, status=500)
        rows = [row_of(sandbox), row_of(sandbox, identity="another")]
        report = await bulk.run(leat.credit_receptions, rows, ledger=tmp_path / "l", ensure_identity=True, grace=GRACE)
        assert report.created == 2
        assert len(receptions(sandbox)) == 3
