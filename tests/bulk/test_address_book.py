"""Contacts are listed once where that is cheaper than looking each up, and nothing else changes by it."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leat_async import bulk
from leat_async.bulk import Status
from leat_async.sandbox import Sandbox

from ..seeds import seeds
from .helpers import Leap, client_of, moment
from .kinds.chaos import Journey, add_faults

Rows = list[dict[str, Any]]
# Contacts of an account that is listed.
MANY = 3000 if os.environ.get("LEAT_SOAK") == "1" else 1000


class Hinted:
    """Rows that come one by one, and say how many there are."""

    def __init__(self, rows: Rows) -> None:
        self._rows = iter(rows)
        self._count = len(rows)

    def __iter__(self) -> Any:
        return self._rows

    def __length_hint__(self) -> int:
        return self._count


def people(sandbox: Sandbox, count: int, **attributes: Any) -> list[str]:
    """So many contacts more in the account."""
    from leat_async.sandbox.resources.contacts import new_contact

    store = sandbox._store
    addresses = [f"member{n}@example.com" for n in range(count)]
    for address in addresses:
        row = new_contact(store, address, 1_700_000_000)
        if attributes:
            store["contacts"].update(row, attributes=attributes)
    return addresses


def visits(sandbox: Sandbox, addresses: list[str], count: int) -> Rows:
    shop = sandbox.shops[0]["uuid"]
    return [
        {
            "contact_email": addresses[n % len(addresses)],
            "shop_uuid": shop,
            "starts_at": moment(n),
            "external_id": f"{n}",
        }
        for n in range(count)
    ]


def calls(sandbox: Sandbox) -> Counter[str]:
    counts = Counter(sandbox.journal.counts())
    counts.pop("system.health_check", None)
    return counts


@pytest.mark.parametrize("hinted", [True, False])
async def test_many_addresses_are_listed(hinted: bool, tmp_path: Path) -> None:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0), journal_size=100) as sandbox, client_of(sandbox) as leat:
        rows = visits(sandbox, people(sandbox, 400), 400)
        report = await bulk.run(leat.visits, Hinted(rows) if hinted else iter(rows), ledger=tmp_path / "ledger")
        assert report.created == 400
        counts = calls(sandbox)
        assert counts["contacts.list"] == 5
        # Those that were in work when it was decided, and no more.
        assert counts["contacts.find_one_by"] <= 16 + 32
        assert counts.total() <= 400 + 5 + 48, counts
        # An address may be another's by the next run, so that lists them again, at a hundredth of a call each.
        more = [{**row, "external_id": f"more {n}"} for n, row in enumerate(rows)]
        await bulk.run(leat.visits, more, ledger=tmp_path / "ledger")
        again = calls(sandbox) - counts
        assert (again["visits.create"], again["contacts.list"]) == (400, 5)
        assert again.total() <= 400 + 5 + 48, again


async def test_the_next_import_of_contacts_lists_those_made_since(ledger: Any) -> None:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0), journal_size=100) as sandbox, client_of(sandbox) as leat:
        people(sandbox, MANY)
        sandbox.clock.advance(600.0)

        async def imported(first: int, count: int) -> Counter[str]:
            before = calls(sandbox)
            rows: Rows = [
                {"email": f"new{n}@example.com", "attributes": {"firstname": f"N {n}"}}
                for n in range(first, first + count)
            ]
            report = await bulk.run(leat.contacts, rows, ledger=ledger)
            assert report.created == count
            sandbox.clock.advance(600.0)
            return calls(sandbox) - before

        assert (await imported(0, 200))["contacts.list"] == MANY // 100 + 1
        assert bulk.status(ledger).contacts >= MANY
        second = await imported(200, 100)
        # The two hundred that were made since; of an account that could not be listed each would be looked up.
        assert second["contacts.list"] <= 3, second
        assert second["contacts.find_one_by"] <= 16 + 32
        third = await imported(300, 100)
        assert third["contacts.list"] <= 4, third
        # Whoever forgets who is there lists all of them again.
        bulk.forget(ledger)
        assert (await imported(400, 200))["contacts.list"] > MANY // 100
        assert len(sandbox.rows("contacts")) == len({row["email"] for row in sandbox.rows("contacts")})


@pytest.mark.parametrize("address", ["", " ", None])
async def test_a_contact_without_an_address_does_not_change_from_when_on_contacts_are_listed(
    address: str | None, ledger: Any
) -> None:
    """That stands among the addresses that a ledger remembers."""
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox) as leat:
        people(sandbox, 300)
        nobody = list(sandbox._store["contacts"].rows.values())[-1]
        sandbox._store["contacts"].update(nobody, email=address)
        sandbox.clock.advance(600.0)
        for first, pages in ((0, range(4, 5)), (100, range(1, 3))):
            before = calls(sandbox)
            rows: Rows = [{"email": f"new{n}@example.com"} for n in range(first, first + 100)]
            assert (await bulk.run(leat.contacts, rows, ledger=ledger)).created == 100
            assert (calls(sandbox) - before)["contacts.list"] in pages
            sandbox.clock.advance(600.0)


async def test_what_became_of_remembered_contacts_meanwhile_is_noticed(tmp_path: Path) -> None:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox) as leat:
        there = people(sandbox, 300, firstname="There")
        sandbox.clock.advance(600.0)
        wanted = {"attributes": {"firstname": "There"}}
        rows: Rows = [{"email": f"new{n}@example.com", **wanted} for n in range(40)]
        await bulk.run(leat.contacts, rows, ledger=tmp_path / "ledger")
        by_address = {row["email"]: row for row in sandbox.rows("contacts")}
        moved, gone, other, given = (by_address[there[n]]["uuid"] for n in range(4))
        await leat.contacts.update(moved, attributes={"email": "moved@example.com"})
        await leat.contacts.delete(gone, type="DEFAULT")
        sandbox.clock.advance(3600.0)
        await leat.contacts.update(other, attributes={"firstname": "Other"})
        rows = [{"email": f"more{n}@example.com", **wanted} for n in range(60)]
        rows += [{"email": each, **wanted} for each in ("moved@example.com", *there[:4])]
        told: dict[str, Status] = {}
        before = len(sandbox.journal.entries("contacts.create"))
        async with bulk.create(leat.contacts, rows, ledger=tmp_path / "ledger") as run:
            async for outcome in run:
                told[outcome.row["email"]] = outcome.status
        # Who is there is found before anything is sent: after a lost answer it could be taken for what that made.
        made = str([entry.raw_body for entry in sandbox.journal.entries("contacts.create")[before:]])
        assert not [address for address in there[2:4] if address in made]
        assert told.pop("moved@example.com") is Status.EXISTED
        assert told.pop(there[2]) is Status.REJECTED  # it has other attributes now
        assert told.pop(there[3]) is Status.EXISTED
        assert len(told) == 62
        assert set(told.values()) == {Status.CREATED}, told
        assert {row["email"]: row["uuid"] for row in sandbox.rows("contacts")}[there[3]] == given
        assert all(
            row["attributes"] == {"firstname": "There"}
            for row in sandbox.rows("contacts")
            if row["email"] in {each["email"] for each in rows} - {there[2]}
        )


@pytest.mark.parametrize("later", [False, True])
async def test_who_was_given_an_address_since_is_not_taken_for_what_a_lost_answer_made(
    later: bool, ledger: Any
) -> None:
    """Nothing was made, and the contact that has the address by then was listed under another, and has no values."""
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox:
        before = len(sandbox.rows("contacts"))
        [moving, *_] = people(sandbox, 300)
        store = sandbox._store["contacts"]
        [moved] = [row for row in store.rows.values() if row["email"] == moving]
        rows: Rows = [{"email": f"new{n}@example.com", "attributes": {"firstname": f"N {n}"}} for n in range(40)]

        def move(response: Any = None) -> None:
            if response is None or response.status == 500:
                store.update(moved, email="new39@example.com")

        sandbox.clock.advance(600.0)
        sandbox.faults.add("server_error", "contacts.create", nth=40, status=500)
        if later:
            # The run can't ask any more; it is gone on with after the address was given to somebody.
            sandbox.faults.add("server_error", "contacts.find_one_by", nth=range(17, 1000), status=500)
        hooks = {} if later else {"on_response": move}
        async with client_of(sandbox, Leap(sandbox), concurrency=1, **hooks) as leat:
            report = await bulk.run(leat.contacts, rows, ledger=ledger, patience=3.0)
            if later:
                assert report.unknown == 1
                move()
                sandbox.faults.clear()
                report = await bulk.run(leat.contacts, rows, ledger=ledger)
            assert report.rejected == 1
            [rejected] = bulk.rejects(ledger)
            assert "is in Leat with other data (attributes.firstname)" in (rejected.error or "")
            assert moved["attributes"] == {}
            report = await bulk.run(leat.contacts, rows, ledger=ledger, on_change="update", retry_rejected=True)
            assert report.updated == 1
        assert len(sandbox.rows("contacts")) == before + 300 + 39


async def test_what_others_gave_a_contact_is_not_written_over_because_an_answer_was_lost() -> None:
    """Where contacts are looked up one by one as well."""
    async with Sandbox(seed=1) as sandbox:
        people(sandbox, 1, firstname="There")
        [there] = [row for row in sandbox._store["contacts"].rows.values() if row["email"] == "member0@example.com"]

        def move(response: Any) -> None:
            if response.status == 500:
                sandbox._store["contacts"].update(there, email="new@example.com")

        sandbox.faults.add("server_error", "contacts.create", first=1, status=500)
        async with client_of(sandbox, Leap(sandbox), on_response=move) as leat:
            report = await bulk.run(leat.contacts, [{"email": "new@example.com", "attributes": {"firstname": "New"}}])
        assert (report.rejected, there["attributes"]) == (1, {"firstname": "There"})


@pytest.mark.parametrize("count", [1, 300])
async def test_no_row_goes_to_whoever_had_its_address_once(count: int, ledger: Any) -> None:
    """Addresses that were looked up one by one, and that were listed."""
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox) as leat:
        addresses = people(sandbox, 300)[:count]
        uuids = {row["email"]: row["uuid"] for row in sandbox.rows("contacts")}
        assert (await bulk.run(leat.visits, visits(sandbox, addresses, count), ledger=ledger)).created == count
        # The first one's address is another's now.
        await leat.contacts.update(uuids[addresses[0]], attributes={"email": "moved@example.com"})
        await leat.contacts.update(
            uuids["member299@example.com"] if count == 1 else uuids[addresses[-1]], attributes={"email": addresses[0]}
        )
        given = [{**row, "external_id": f"b {n}"} for n, row in enumerate(visits(sandbox, addresses, count))]
        report = await bulk.run(leat.visits, given, ledger=ledger)
        assert (report.created, report.rejected) == (count, 0) if count == 1 else (count - 1, 1)
        owners = {row["external_id"]: row["contact_uuid"] for row in sandbox.rows("visits")}
        assert owners["0"] == uuids[addresses[0]]
        assert owners["b 0"] == uuids["member299@example.com"]


async def test_a_visit_in_doubt_is_asked_for_where_it_was_sent(ledger: Any) -> None:
    """Its contact has another address when the import goes on: whoever has that now would get it once more."""
    async with Sandbox(seed=1) as sandbox:
        leap = Leap(sandbox)
        async with client_of(sandbox, leap, concurrency=1) as leat:
            addresses = people(sandbox, 2)
            uuids = {row["email"]: row["uuid"] for row in sandbox.rows("contacts")}
            rows = visits(sandbox, addresses[:1], 2)
            sandbox.faults.add("apply_then_drop", "visits.create", nth=2)
            sandbox.faults.add("server_error", "visits.list", status=500)
            async with bulk.create(leat.visits, rows, ledger=ledger) as run:
                assert (await anext(run)).status is Status.CREATED
                while len(sandbox.rows("visits")) < 2:
                    await leap.sleep(0.01)
            sandbox.faults.clear()
            for address, new in ((addresses[0], "moved@example.com"), (addresses[1], addresses[0])):
                await leat.contacts.update(uuids[address], attributes={"email": new})
            # One that is new is made for whoever has the address now, and before the one in doubt is asked for.
            more = [{**rows[0], "external_id": "new"}, *rows]
            report = await bulk.run(leat.visits, more, ledger=ledger)
            assert (report.created, report.skipped) == (2, 1), report
        owners = {row["external_id"]: row["contact_uuid"] for row in sandbox.rows("visits")}
        assert owners == {"0": uuids[addresses[0]], "1": uuids[addresses[0]], "new": uuids[addresses[1]]}
        assert len(sandbox.rows("visits")) == 3


async def test_few_addresses_are_looked_up() -> None:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox) as leat:
        addresses = people(sandbox, 3000)[:14]
        await bulk.run(leat.visits, visits(sandbox, addresses, 200))
        assert calls(sandbox) == {"visits.create": 200, "contacts.find_one_by": 14}


async def test_an_address_that_is_not_listed_is_looked_up() -> None:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox) as leat:
        rows = visits(sandbox, [*people(sandbox, 300), "nobody@example.com"], 301)
        report = await bulk.run(leat.visits, rows)
        assert (report.created, report.rejected) == (300, 1)
        [row] = visits(sandbox, ["new@example.com"], 1)
        report = await bulk.run(leat.visits, [{**row, "external_id": "new"}], create_contacts=True)
        assert report.created == 1


async def test_two_calls_for_a_new_contact_none_for_one_as_wanted_one_where_it_differs() -> None:
    # Without a deadline that a busy machine could miss: what is tried again is a call more.
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox, timeout=600.0) as leat:
        rows: Rows = [{"email": f"new{n}@example.com", "attributes": {"firstname": f"N {n}"}} for n in range(200)]
        assert (await bulk.run(leat.contacts, rows)).created == 200
        new = calls(sandbox)
        assert (new["contacts.create"], new["contacts.update"]) == (200, 200)
        assert new.total() <= 420, new
        assert (await bulk.run(leat.contacts, rows, update_existing=True)).existed == 200
        same = calls(sandbox) - new
        assert same.total() <= 25, same
        for row in rows[:40]:
            row["attributes"] = {"firstname": "Other"}
        report = await bulk.run(leat.contacts, rows, update_existing=True)
        assert (report.updated, report.existed) == (40, 160)
        changed = calls(sandbox) - new - same
        assert changed["contacts.update"] == 40
        assert changed.total() <= 65, changed
        names = [row["attributes"].get("firstname") for row in sandbox.rows("contacts")]
        assert names.count("Other") == 40


async def test_a_list_that_is_refused_or_breaks_off_is_done_without() -> None:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        addresses = people(sandbox, 300)
        sandbox.faults.add("reject", "contacts.list", first=1, status=403, code=1000, message="No.")
        assert (await bulk.run(leat.visits, visits(sandbox, addresses, 300))).created == 300
        sandbox.faults.clear()
        sandbox.faults.add("server_error", "contacts.list", nth=2, status=500)
        again = [{**row, "external_id": f"b {n}"} for n, row in enumerate(visits(sandbox, addresses, 300))]
        assert (await bulk.run(leat.visits, again)).created == 300


@pytest.mark.parametrize("seed", seeds(4, soak=500))
async def test_contacts_are_exactly_once_with_a_list(seed: int, tmp_path: Path) -> None:
    draw = random.Random(f"book {seed}")
    async with Sandbox(seed=seed, rate_limit=(10**9, 60.0)) as sandbox:
        there = people(sandbox, draw.randint(0, 250), firstname="There")
        rows: Rows = [{"email": f"new{n}@example.com", "attributes": {"firstname": f"N {n}"}} for n in range(60)]
        rows += [{"email": address.upper(), "attributes": {"firstname": "Other"}} for address in there[:20]]
        draw.shuffle(rows)
        before = len(sandbox.rows("contacts"))
        add_faults(draw, sandbox, ["contacts.create", "contacts.update", "contacts.list", "*"])
        journey = Journey(draw, sandbox, "contacts", tmp_path / "ledger")
        await journey.arrive(rows)
        assert journey.count()[Status.REJECTED] == len(there[:20])
        assert len(sandbox.rows("contacts")) == before + 60
        names = {row["email"]: row["attributes"] for row in sandbox.rows("contacts")}
        assert all(names[f"new{n}@example.com"] == {"firstname": f"N {n}"} for n in range(60))
        assert all(names[address] == {"firstname": "There"} for address in there)
