"""Contacts are listed once where that is cheaper than looking each up, and nothing else changes by it."""

from __future__ import annotations

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
        # The ledger knows them now, so that the next file looks nobody up.
        more = [{**row, "external_id": f"more {n}"} for n, row in enumerate(rows)]
        await bulk.run(leat.visits, more, ledger=tmp_path / "ledger")
        assert calls(sandbox) - counts == {"visits.create": 400}


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
        await journey.travel(rows)
        if journey.count()[Status.UNKNOWN]:
            await journey.settle(rows)
        assert journey.count()[Status.REJECTED] == len(there[:20])
        assert len(sandbox.rows("contacts")) == before + 60
        names = {row["email"]: row["attributes"] for row in sandbox.rows("contacts")}
        assert all(names[f"new{n}@example.com"] == {"firstname": f"N {n}"} for n in range(60))
        assert all(names[address] == {"firstname": "There"} for address in there)
