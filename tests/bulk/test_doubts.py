"""Rows in doubt that come back otherwise than they were sent, and what is there that nobody here made."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import ChangedError, Outcome, State, Status
from leat_async.sandbox import Sandbox

from .helpers import Leap, client_of, moment

ASKED = {"visits": "visits.list", "credit_receptions": "loyalty_transactions.list"}


def row_of(sandbox: Sandbox, kind: str, contact: int = 0, **more: Any) -> dict[str, Any]:
    where = {"contact_uuid": sandbox.contacts[contact]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"]}
    own = {"external_id": "e-1", "starts_at": moment(1)} if kind == "visits" else {"identity": "e-1", "credits": 5}
    return {**where, **own, **more}


async def outcome_of(leat: LeatClient, kind: str, row: dict[str, Any], ledger: Any, **options: Any) -> Outcome:
    options |= {"ensure_identity": True} if kind == "credit_receptions" else {}
    async with bulk.create(getattr(leat, kind), [row], ledger=ledger, grace=8.0, **options) as run:
        [outcome] = [outcome async for outcome in run]
    return outcome


async def leave_in_doubt(leat: LeatClient, sandbox: Sandbox, kind: str, row: dict[str, Any], ledger: Any) -> None:
    """Sent and made, while nobody can be told."""
    sandbox.faults.add("apply_then_drop", f"{kind}.create", first=1)
    # A run of credits asks once before it begins.
    asked = range(2 if kind == "credit_receptions" else 1, 100)
    sandbox.faults.add("server_error", ASKED[kind], nth=asked, status=500)
    outcome = await outcome_of(leat, kind, row, ledger, patience=3.0)
    assert outcome.status is Status.UNKNOWN
    sandbox.faults.clear()


def made(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    return sandbox.rows("loyalty_transactions" if kind == "credit_receptions" else kind)


@pytest.mark.parametrize("kind", ["visits", "credit_receptions"])
async def test_a_row_in_doubt_that_names_another_contact_now_is_not_sent_again(kind: str, ledger: Any) -> None:
    """It can be asked for only among what the contact has to which it was sent."""
    # Nothing says that every server refuses an identifier that is taken.
    lax = Sandbox(seed=1, unique_external_ids=False)
    async with lax as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        await leave_in_doubt(leat, sandbox, kind, row_of(sandbox, kind), ledger)
        for _ in range(2):
            outcome = await outcome_of(leat, kind, row_of(sandbox, kind, contact=1), ledger)
            assert outcome.status is Status.UNKNOWN
            assert "only as it was" in getattr(outcome.error, "__notes__", [""])[0]
        assert len(made(sandbox, kind)) == 1
        # What was sent is not forgotten by that.
        assert (await outcome_of(leat, kind, row_of(sandbox, kind), ledger)).status is Status.CREATED
        assert len(made(sandbox, kind)) == 1


async def test_a_row_in_doubt_with_other_data_is_not_taken_for_done(ledger: Any) -> None:
    """Whatever hinders the runs on the way, what was sent stays known."""
    async with (
        Sandbox(seed=1, unique_external_ids=False) as sandbox,
        client_of(sandbox, Leap(sandbox)) as leat,
    ):
        sent, changed = (row_of(sandbox, "visits", source=source) for source in ("Kiosk", "Web"))
        await leave_in_doubt(leat, sandbox, "visits", sent, ledger)
        sandbox.faults.add("server_error", "visits.list", first=100, status=500)
        assert (await outcome_of(leat, "visits", changed, ledger, patience=3.0)).status is Status.UNKNOWN
        sandbox.faults.clear()
        for options in ({}, {"on_change": "skip"}, {}):
            outcome = await outcome_of(leat, "visits", changed, ledger, **options)
            assert outcome.status is (Status.SKIPPED if options else Status.REJECTED)
        [entry] = bulk.in_doubt(ledger)
        assert entry.state is State.UNKNOWN
        sandbox.faults.add("reject", "visits.update", first=1, status=400, code=1003, message="Invalid input.")
        refused = await outcome_of(leat, "visits", changed, ledger, on_change="update")
        assert refused.status is Status.REJECTED
        assert (await outcome_of(leat, "visits", sent, ledger)).status is Status.CREATED
        assert (await outcome_of(leat, "visits", changed, ledger, on_change="update")).status is Status.UPDATED
        assert [visit["source"] for visit in sandbox.rows("visits")] == ["Web"]


async def test_what_differs_counts_although_the_api_does_not_show_it(ledger: Any) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        kind = "credit_receptions"
        await leave_in_doubt(leat, sandbox, kind, row_of(sandbox, kind), ledger)
        outcome = await outcome_of(leat, kind, row_of(sandbox, kind, unit_name="purchase_amount"), ledger)
        assert isinstance(outcome.error, ChangedError)
        assert outcome.changed == ("unit_name",)


async def test_a_row_that_was_sent_without_its_identity_is_never_asked_for(tmp_path: Path) -> None:
    """Also in runs after the one that made the attribute."""
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        row, ledger = row_of(sandbox, "credit_receptions"), tmp_path / "l"
        sandbox.faults.add("hang", "credit_receptions.create", first=1, applied=True)
        async with bulk.create(leat.credit_receptions, [row], ledger=ledger) as run:
            first = asyncio.ensure_future(anext(run))
            while not sandbox.journal.counts().get("credit_receptions.create"):
                await asyncio.sleep(0.01)
            first.cancel()
            await asyncio.wait([first])
        for _ in range(3):
            assert (await outcome_of(leat, "credit_receptions", row, ledger)).status is Status.UNKNOWN
        assert len(made(sandbox, "credit_receptions")) == 1


@pytest.mark.parametrize("source", ["Web", "Phone"])
async def test_what_others_made_is_not_written_over_by_a_later_run(source: str, ledger: Any) -> None:
    """A refused row was sent once, and is known; what has its identifier is not what it made."""
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        await leat.visits.create(**row_of(sandbox, "visits", source="Till"))
        for row in (row_of(sandbox, "visits", source="Web"), row_of(sandbox, "visits", source=source)):
            outcome = await outcome_of(leat, "visits", row, ledger, retry_rejected=True)
            assert isinstance(outcome.error, ChangedError)
        assert [visit["source"] for visit in sandbox.rows("visits")] == ["Till"]
        sandbox.faults.add("reject", "visits.update", first=1, status=400, code=1003, message="Invalid input.")
        for on_change, status in (("update", Status.REJECTED), ("reject", Status.REJECTED), ("update", Status.UPDATED)):
            row = row_of(sandbox, "visits", source=f"Other {on_change}")
            assert (await outcome_of(leat, "visits", row, ledger, on_change=on_change)).status is status
        assert [visit["source"] for visit in sandbox.rows("visits")] == ["Other update"]


@pytest.mark.parametrize("kind", ["visits", "credit_receptions"])
async def test_a_row_in_doubt_is_asked_for_where_it_was_sent_after_any_number_of_runs(kind: str, ledger: Any) -> None:
    """Runs that could not ask went on with other rows of its address, which has moved to another contact."""
    lax = Sandbox(seed=1, unique_external_ids=False)
    async with lax as sandbox, client_of(sandbox, Leap(sandbox), concurrency=1) as leat:
        uuids = [contact["uuid"] for contact in sandbox.contacts[:3]]
        address = sandbox.contacts[0]["email"]
        name = "external_id" if kind == "visits" else "identity"
        row = {**row_of(sandbox, kind), "contact_email": address}
        del row["contact_uuid"]
        await leave_in_doubt(leat, sandbox, kind, row, ledger)
        options: dict[str, Any] = {"ensure_identity": True} if kind == "credit_receptions" else {}
        for number in (1, 2):
            await leat.contacts.update(uuids[number - 1], attributes={"email": f"moved{number}@example.com"})
            await leat.contacts.update(uuids[number], attributes={"email": address})
            # A run of credits asks once before it begins.
            asked = range(2 if kind == "credit_receptions" else 1, 100)
            sandbox.faults.add("server_error", ASKED[kind], nth=asked, status=500)
            rows = [{**row, name: f"new {number}"}, row]
            report = await bulk.run(getattr(leat, kind), rows, ledger=ledger, patience=3.0, **options)
            assert (report.created, report.unknown) == (1, 1)
            sandbox.faults.clear()
        assert (await outcome_of(leat, kind, row, ledger)).status is Status.CREATED
        assert len(made(sandbox, kind)) == 3
