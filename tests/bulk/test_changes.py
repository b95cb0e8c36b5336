"""A row whose identifier is known with other data: in one run, over runs, and against what the server shows."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import State, Status
from leat_async.bulk.fingerprints import differing, fingerprint, has_field, is_same
from leat_async.sandbox import Sandbox

from .helpers import Leap, client_of, moment
from .test_outcomes import all_of, visits


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
async def leat(sandbox: Sandbox) -> AsyncIterator[LeatClient]:
    async with client_of(sandbox, Leap(sandbox)) as leat:
        yield leat


def booking(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {**visits(sandbox, 1)[0], "external_id": "A17", "number_of_people": 2, **more}


async def once(leat: LeatClient, row: dict[str, Any], **options: Any) -> bulk.Outcome:
    [outcome] = await all_of(bulk.create(leat.bookings, [row], **options))
    return outcome


async def test_a_changed_row_is_refused_and_says_what_differs(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    path = tmp_path / "l"
    day1 = bulk.Source(name="day1.csv")
    assert (await once(leat, booking(sandbox), ledger=path, source=day1)).status is Status.CREATED
    for _ in range(2):
        outcome = await once(leat, booking(sandbox, number_of_people=6, starts_at=moment(9)), ledger=path)
        assert outcome.status is Status.REJECTED
        assert outcome.changed == ("starts_at", "number_of_people")
        assert isinstance(outcome.error, bulk.ChangedError)
        assert outcome.error.fields == outcome.changed
        text = str(outcome.error)
        for said in (
            "A17",
            "starts_at, number_of_people",
            "day1.csv",
            "on_change='update'",
            "an external_id of its own",
        ):
            assert said in text
        assert str(pickle.loads(pickle.dumps(outcome.error))) == text
    [row] = sandbox.rows("bookings")
    assert row["number_of_people"] == 2
    assert (await once(leat, booking(sandbox), ledger=path)).status is Status.SKIPPED
    assert [entry.code for entry in bulk.rejects(path, run=2)] == ["ChangedError"]


async def test_a_changed_row_is_updated_or_skipped(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    path = tmp_path / "l"
    await once(leat, booking(sandbox), ledger=path)
    changed = booking(sandbox, number_of_people=6, status="canceled")
    assert (await once(leat, changed, ledger=path, on_change="skip")).status is Status.SKIPPED
    report = await bulk.run(leat.bookings, [changed], ledger=path, on_change="update")
    assert (report.updated, report.total, report.changed) == (1, 1, {"number_of_people": 1, "status": 1})
    [row] = sandbox.rows("bookings")
    assert (row["number_of_people"], row["status"]) == (6, "canceled")
    sent = sandbox.journal.total
    assert (await once(leat, changed, ledger=path, on_change="update")).status is Status.SKIPPED
    assert sandbox.journal.counts()["bookings.update"] == 1
    assert sandbox.journal.total == sent + 1, "whose account it is, and nothing more"


async def test_what_became_empty_is_sent_only_when_asked(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    path = tmp_path / "l"
    await once(leat, booking(sandbox, company_name="Krusty Krab"), ledger=path)
    sandbox.rows("bookings")
    emptied = booking(sandbox, company_name=None, status=None)
    outcome = await once(leat, emptied, ledger=path)
    assert (outcome.status, outcome.changed) == (Status.REJECTED, ("company_name",))
    assert (await once(leat, emptied, ledger=path, on_change="update")).status is Status.UPDATED
    assert sandbox.rows("bookings")[0]["company_name"] == "Krusty Krab"
    await once(leat, booking(sandbox, company_name="Krusty Krab"), ledger=path, on_change="update")
    assert (await once(leat, emptied, ledger=path, on_change="update", clear_empty=True)).status is Status.UPDATED
    assert sandbox.rows("bookings")[0]["company_name"] is None
    last = list(sandbox.journal.entries("bookings.update"))[-1]
    assert '"status"' not in (last.body or ""), "it was empty all along"


async def test_what_stayed_although_it_became_empty_is_emptied_when_asked_later(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    path = tmp_path / "l"
    await once(leat, booking(sandbox, company_name="Krusty Krab"), ledger=path)
    emptied = booking(sandbox, company_name=None)
    refused = await once(leat, emptied, ledger=path)
    assert "on_change='update' and clear_empty=True" in str(refused.error)
    report = await bulk.run(leat.bookings, [{**emptied, "number_of_people": 6}], ledger=path, on_change="update")
    assert (report.changed, report.not_emptied) == ({"number_of_people": 1}, {"company_name": 1})
    unchanged = await bulk.run(leat.bookings, [{**emptied, "number_of_people": 6}], ledger=path, on_change="update")
    assert (unchanged.skipped, unchanged.not_emptied) == (1, {})
    row = {**emptied, "number_of_people": 6}
    sent = await once(leat, row, ledger=path, on_change="update", clear_empty=True)
    assert (sent.status, sent.changed, sent.not_emptied) == (Status.UPDATED, ("company_name",), ())
    assert sandbox.rows("bookings")[0]["company_name"] is None
    assert (await once(leat, row, ledger=path, on_change="update", clear_empty=True)).status is Status.SKIPPED
    assert sandbox.journal.counts()["bookings.update"] == 2


async def test_an_attribute_that_another_file_set_is_emptied_when_asked_later(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    path = tmp_path / "l"

    async def run(clear_empty: bool = False, **attributes: str | None) -> Status:
        row = {"email": "sandy@example.com", "attributes": attributes}
        options: dict[str, Any] = {"on_change": "update", "clear_empty": clear_empty}
        [outcome] = await all_of(bulk.create(leat.contacts, [row], ledger=path, **options))
        return outcome.status

    assert await run(firstname="Sandy", lastname="Cheeks") is Status.CREATED
    assert await run(lastname="Cheeks") is Status.UPDATED
    assert await run(clear_empty=True, lastname="Cheeks") is Status.SKIPPED, "a file without that column says nothing"
    assert await run(clear_empty=True, firstname=None, lastname="Cheeks") is Status.UPDATED
    contact = await leat.contacts.find_one_by(email="sandy@example.com")
    assert not contact.current_values.get("firstname")
    assert contact.current_values["lastname"] == "Cheeks"
    assert await run(clear_empty=True, firstname=None, lastname="Cheeks") is Status.SKIPPED


async def test_what_the_api_cannot_change_is_refused(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    path = tmp_path / "l"
    await once(leat, booking(sandbox), ledger=path)
    other = booking(sandbox, contact_uuid=sandbox.contacts[1]["uuid"])
    for choice in ("reject", "update"):
        outcome = await once(leat, other, ledger=path, on_change=choice)
        assert outcome.status is Status.REJECTED
        assert "the API can't change contact_uuid" in str(outcome.error)
        assert "on_change='update'" not in str(outcome.error)
    assert len(sandbox.rows("bookings")) == 1


@pytest.mark.parametrize("ledger", [True, False])
@pytest.mark.parametrize("on_change", ["reject", "update", "skip"])
async def test_the_same_identifier_twice_in_one_run(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, ledger: bool, on_change: str
) -> None:
    rows = [booking(sandbox), booking(sandbox, number_of_people=6), booking(sandbox, number_of_people=6)]
    path = tmp_path / "l" if ledger else None
    outcomes = await all_of(bulk.create(leat.bookings, rows, ledger=path, on_change=on_change))  # type: ignore[arg-type]
    expected = {
        "reject": [Status.CREATED, Status.REJECTED, Status.REJECTED],
        "update": [Status.CREATED, Status.UPDATED, Status.EXISTED],
        "skip": [Status.CREATED, Status.SKIPPED, Status.SKIPPED],
    }
    assert [outcome.status for outcome in outcomes] == expected[on_change]
    [row] = sandbox.rows("bookings")
    assert row["number_of_people"] == (6 if on_change == "update" else 2)
    if ledger:
        entry = bulk.find(tmp_path / "l", "A17")
        assert entry is not None
        assert (entry.state, entry.uuid) == (State.DONE, row["uuid"])
        again = await all_of(bulk.create(leat.bookings, rows[2:], ledger=path, on_change=on_change))  # type: ignore[arg-type]
        assert again[0].status is (Status.REJECTED if on_change == "reject" else Status.SKIPPED)


@pytest.mark.parametrize(
    ("on_change", "status"), [("reject", Status.REJECTED), ("update", Status.UPDATED), ("skip", Status.EXISTED)]
)
async def test_a_visit_that_was_there_is_compared(
    sandbox: Sandbox, leat: LeatClient, on_change: Any, status: Status
) -> None:
    """Without a ledger, as far as the API shows it."""
    [row] = visits(sandbox, 1, external_id="A17", source="Kiosk")
    await bulk.run(leat.visits, [row])
    [same] = await all_of(bulk.create(leat.visits, [row], on_change=on_change))
    assert same.status is Status.EXISTED
    [other] = await all_of(bulk.create(leat.visits, [{**row, "source": "Web"}], on_change=on_change))
    assert (other.status, other.changed) == (status, ("source",))
    [visit] = sandbox.rows("visits")
    assert visit["source"] == ("Web" if on_change == "update" else "Kiosk")


def own_of(sandbox: Sandbox, kind: str) -> dict[str, Any]:
    """What a row of a kind is known by."""
    rows: dict[str, dict[str, Any]] = {
        "visits": visits(sandbox, 1, external_id="A17")[0],
        "contacts": {"email": "new@example.com"},
        "contact_identifiers": {"contact_identifier_value": "A17", "contact_email": sandbox.contacts[0]["email"]},
        "product_categories": {"external_identifier": "A17"},
    }
    return rows[kind]


LEFT = [
    ("visits", {"source": "Kiosk"}, {"source": "Web"}),
    ("contacts", {"attributes": {"firstname": "Ada"}}, {"attributes": {"firstname": "Eve"}}),
    ("contact_identifiers", {"contact_identifier_name": "Card"}, {"contact_identifier_name": "Pass"}),
    ("product_categories", {"name": "Soup"}, {"name": "Soups"}),
]


@pytest.mark.parametrize(("kind", "theirs", "ours"), LEFT, ids=[kind for kind, *_ in LEFT])
async def test_what_was_left_as_it_is_is_not_taken_for_done(
    sandbox: Sandbox, leat: LeatClient, ledger: Any, kind: str, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    """It is there, and no run of this ledger made it."""
    own = own_of(sandbox, kind)
    resource = getattr(leat, kind)

    async def told(row: dict[str, Any], **options: Any) -> tuple[Status, tuple[str, ...], bool]:
        [outcome] = await all_of(bulk.create(resource, [{**own, **row}], ledger=ledger, **options))
        return outcome.status, outcome.changed, "is in Leat with other data" in str(outcome.error)

    await bulk.run(resource, [{**own, **theirs}])
    [name] = ours
    name = "attributes.firstname" if name == "attributes" else name
    made = len(sandbox.rows(kind))
    assert await told(ours, on_change="skip") == (Status.EXISTED, (name,), False)
    sent = sandbox.journal.total
    assert await told(ours, on_change="skip") == (Status.SKIPPED, (), False)
    assert sandbox.journal.total <= sent + 1, "whose account it is, and nothing more"
    for _ in range(2):
        assert await told(ours) == (Status.REJECTED, (name,), True)
    # What it was like then does not count, but what it is like now.
    assert await told(theirs) == (Status.EXISTED, (), False)
    assert await told(theirs) == (Status.SKIPPED, (), False)
    assert len(sandbox.rows(kind)) == made


@pytest.mark.parametrize(("kind", "theirs", "ours"), LEFT, ids=[kind for kind, *_ in LEFT])
async def test_what_was_left_as_it_is_is_updated_by_a_later_run(
    sandbox: Sandbox, leat: LeatClient, ledger: Any, kind: str, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    own = own_of(sandbox, kind)
    resource = getattr(leat, kind)
    await bulk.run(resource, [{**own, **theirs}])
    rows = [{**own, **ours}]
    assert (await bulk.run(resource, rows, ledger=ledger, on_change="skip")).existed == 1
    assert (await bulk.run(resource, rows, ledger=ledger, on_change="update")).updated == 1
    assert (await bulk.run(resource, rows, ledger=ledger)).skipped == 1
    assert (await bulk.run(resource, rows)).existed == 1, "as the row says"


async def test_an_update_that_was_cut_off_is_made_whole(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    path = tmp_path / "l"
    await once(leat, booking(sandbox), ledger=path)
    sandbox.faults.add("drop_before", "bookings.update", first=100)
    changed = booking(sandbox, number_of_people=6)
    run = bulk.create(leat.bookings, [changed], ledger=path, on_change="update", patience=5)
    assert [outcome.status for outcome in await all_of(run)] == [Status.UNKNOWN]
    assert run.report.stopped == "unreachable"
    [entry] = bulk.in_doubt(path)
    assert entry.state is State.HALF
    sandbox.faults.clear()
    refused = await once(leat, booking(sandbox, number_of_people=9), ledger=path)
    assert refused.status is Status.REJECTED
    assert "under way" in str(refused.error)
    # Whatever the policy is now, that change was asked for.
    assert (await once(leat, changed, ledger=path)).status is Status.UPDATED
    assert sandbox.rows("bookings")[0]["number_of_people"] == 6
    assert bulk.in_doubt(path) == []


async def test_a_change_that_the_api_refuses_leaves_what_was(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    path = tmp_path / "l"
    await once(leat, booking(sandbox), ledger=path)
    sandbox.faults.add("reject", "bookings.update", first=1, status=400, code=1003, message="Invalid input.")
    outcome = await once(leat, booking(sandbox, number_of_people=6), ledger=path, on_change="update")
    assert outcome.status is Status.REJECTED
    assert (await once(leat, booking(sandbox), ledger=path)).status is Status.SKIPPED
    assert (await once(leat, booking(sandbox, number_of_people=6), ledger=path, on_change="update")).status is (
        Status.UPDATED
    )


async def test_a_row_without_identifier_and_moment_needs_a_batch(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    bare = {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"], "source": "Till"}
    path = tmp_path / "l"
    refused = await all_of(bulk.create(leat.visits, [bare, bare], ledger=path))
    assert [outcome.status for outcome in refused] == [Status.REJECTED] * 2
    assert "neither an external_id nor a moment" in str(refused[0].error)
    assert sandbox.rows("visits") == []
    for day, created in (("1", 2), ("1", 0), ("2", 2)):
        report = await bulk.run(leat.visits, [bare, bare], ledger=path, batch=day)
        assert (report.created, report.skipped) == (created, 2 - created)
    assert len({row["external_id"] for row in sandbox.rows("visits")}) == 4


async def test_a_contact_is_changed_by_its_attributes(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    path = tmp_path / "l"
    row = {"email": "new@example.com", "attributes": {"firstname": "Ada", "lastname": "L"}}
    other = {"email": "new@example.com", "attributes": {"firstname": "Eve", "lastname": "L"}}
    assert (await bulk.run(leat.contacts, [row], ledger=path)).created == 1
    [refused] = await all_of(bulk.create(leat.contacts, [other], ledger=path))
    assert (refused.status, refused.changed) == (Status.REJECTED, ("attributes.firstname",))
    assert "the address 'new@example.com'" in str(refused.error)
    looked = sandbox.journal.counts()["contacts.find_one_by"]
    assert (await bulk.run(leat.contacts, [other], ledger=path, on_change="update")).updated == 1
    assert (await bulk.run(leat.contacts, [other], ledger=path, on_change="update")).skipped == 1
    assert sandbox.journal.counts()["contacts.find_one_by"] == looked, "known by the ledger"
    assert sandbox.rows("contacts")[-1]["attributes"] == {"firstname": "Eve", "lastname": "L"}


@pytest.mark.parametrize("emptied", [{}, {"attributes": {}}, {"attributes": {"firstname": None}}])
async def test_a_contact_of_which_only_empty_cells_are_left_is_no_refused_update(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, emptied: dict[str, Any]
) -> None:
    named = {"email": "ada@example.com", "attributes": {"firstname": "Ada"}}
    assert (await bulk.run(leat.contacts, [named], ledger=tmp_path / "l")).created == 1
    row = {"email": "ada@example.com", **emptied}
    for done in ("updated", "skipped"):
        report = await bulk.run(leat.contacts, [row], ledger=tmp_path / "l", on_change="update")
        assert (getattr(report, done), report.rejected) == (1, 0)
    assert sandbox.journal.counts()["contacts.update"] == 1, "that which gave the name"
    contact = await leat.contacts.find_one_by(email="ada@example.com")
    assert contact.current_values["firstname"] == "Ada"


def test_fingerprints_tell_fields_apart() -> None:
    kind, content = b"k", b'{"ends_at":"x","source":"Till","starts_at":"y"}'
    known = fingerprint(kind, content)
    assert len(known) == 16 + 3 * 4
    assert is_same(known, fingerprint(kind, content))
    assert not is_same(known, fingerprint(b"other", content))
    assert differing(known, b'{"source":"Web","starts_at":"y"}', ("ends_at", "source", "status")) == [
        "ends_at",
        "source",
    ]
    assert has_field(known, "source")
    assert not has_field(known, "status")


def test_names_of_fields_have_sums_of_their_own() -> None:
    from leat_async.bulk.fingerprints import _sum_of
    from leat_async.bulk.kinds import creates

    for kind in ("visits", "bookings"):
        names = [*creates(kind).body, "email"]
        assert len({_sum_of(name) for name in names}) == len(names)


async def test_an_update_that_was_turned_away_makes_nothing_twice(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    """The next run knows that the booking is there, although the last that was written down of it is a 429."""
    path = tmp_path / "l"
    await once(leat, booking(sandbox), ledger=path)
    sandbox.faults.add("rate_limit", "bookings.update", first=1, retry_after=50)
    async with client_of(sandbox) as hasty:
        run = bulk.create(hasty.bookings, [booking(sandbox, number_of_people=6)], ledger=path, on_change="update")
        async with run:
            going = asyncio.ensure_future(anext(run))
            while not sandbox.journal.counts().get("bookings.update"):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            going.cancel()
            await asyncio.wait([going])
    [entry] = bulk.in_doubt(path)
    assert entry.state is State.HALF
    outcome = await once(leat, booking(sandbox, number_of_people=6), ledger=path, on_change="update")
    assert outcome.status is Status.UPDATED
    assert [row["number_of_people"] for row in sandbox.rows("bookings")] == [6]


async def test_a_visit_in_doubt_that_is_there_with_other_data_is_not_written_over(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    """It may be somebody else's, made before with the same identifier."""
    row = {key: value for key, value in booking(sandbox).items() if key in ("contact_uuid", "shop_uuid", "external_id")}
    theirs = await leat.visits.create(**row, source="Till")
    sandbox.faults.add("drop_before", "visits.create")
    await bulk.run(leat.visits, [{**row, "source": "Kiosk"}], ledger=tmp_path / "l")
    assert (await leat.visits.list(contact_uuid=row["contact_uuid"]).page()).items[0].source == theirs.source
    assert "visits.update" not in sandbox.journal.counts()
