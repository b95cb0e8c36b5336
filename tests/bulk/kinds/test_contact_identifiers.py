"""Cards that are there already: free ones are linked, and nobody's card is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leat_async import LeatClient, bulk
from leat_async.bulk import ChangedError, Status
from leat_async.sandbox import Sandbox

from ..helpers import Leap, client_of


async def outcome_of(leat: LeatClient, row: dict[str, Any], **options: Any) -> Any:
    async with bulk.create(leat.contact_identifiers, [row], **options) as run:
        [outcome] = [outcome async for outcome in run]
    return outcome


async def test_a_free_card_is_linked_and_another_ones_is_not(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        anna, bram = sandbox.contacts[0], sandbox.contacts[1]
        await leat.contact_identifiers.create(contact_identifier_value="free", contact_identifier_name="Printed")
        row = {"contact_identifier_value": "free", "contact_email": anna["email"]}
        linked = await outcome_of(leat, row, ledger=tmp_path / "ledger")
        assert linked.status is Status.UPDATED
        assert linked.result.contact.uuid == anna["uuid"]
        assert linked.result.name == "Printed"
        assert (await outcome_of(leat, row)).status is Status.EXISTED
        assert (await outcome_of(leat, row, ledger=tmp_path / "ledger")).status is Status.SKIPPED
        taken = await outcome_of(leat, {**row, "contact_email": bram["email"]})
        assert isinstance(taken.error, ChangedError)
        assert taken.changed == ("email",)


async def test_a_link_whose_answer_was_lost_is_found(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        anna, bram = sandbox.contacts[0], sandbox.contacts[1]
        await leat.contact_identifiers.create(contact_identifier_value="free")
        sandbox.faults.add("apply_then_drop", "contact_identifiers.link", first=1)
        row = {"contact_identifier_value": "free", "contact_uuid": anna["uuid"]}
        outcome = await outcome_of(leat, row, ledger=tmp_path / "ledger")
        assert outcome.status is Status.UPDATED
        # Somebody else takes it between the look and the link.
        await leat.contact_identifiers.create(contact_identifier_value="lost")
        sandbox.faults.add("reject", "contact_identifiers.link", first=1, status=400, code=60014, message="Linked.")
        lost = await outcome_of(leat, {**row, "contact_identifier_value": "lost"})
        assert lost.status is Status.REJECTED
        assert bram["uuid"] not in {card["contact_uuid"] for card in sandbox.rows("contact_identifiers")}


async def test_an_inactive_card_is_no_free_one() -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await leat.contact_identifiers.create(contact_identifier_value="off")
        await leat.contact_identifiers.update(contact_identifier_value="off", contact_identifier_active=False)
        row = {"contact_identifier_value": "off", "contact_uuid": sandbox.contacts[0]["uuid"]}
        outcome = await outcome_of(leat, row)
        assert outcome.status in (Status.REJECTED, Status.UNKNOWN)
        assert "inactive" in str(outcome.error)
