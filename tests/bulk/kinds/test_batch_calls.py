"""Contacts and visits, many in a call whose answer nobody documents: exactly once all the same."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk, sync
from leat_async.bulk import Status
from leat_async.bulk.kinds import together
from leat_async.sandbox import Sandbox
from leat_async.sandbox.engine import Call
from leat_async.sandbox.errors import Refusal
from leat_async.sandbox.resources import visits
from leat_async.sandbox.resources.contacts import by_email

from ...seeds import seeds
from ..helpers import Leap, client_of, moment
from ..test_address_book import calls, people
from .answering import Answers, Handler, with_params
from .chaos import Journey, add_faults

Rows = list[dict[str, Any]]


def piecemeal(kind: str) -> Callable[[Handler], Handler]:
    """A server that makes one row after the other, and keeps those before the one that it refuses."""

    def instead(own: Handler) -> Handler:
        def batch(call: Call) -> Any:
            for item in call.params[kind]:
                own(with_params(call, **{kind: [item]}))
                call.store.commit()
                call.store.begin()

        return batch

    return instead


def without(kind: str, *names: str) -> Callable[[Handler], Handler]:
    """A server that passes over these fields of each row."""

    def instead(own: Handler) -> Handler:
        def batch(call: Call) -> Any:
            items = [{name: value for name, value in item.items() if name not in names} for item in call.params[kind]]
            return own(with_params(call, **{kind: items}))

        return batch

    return instead


def new_only(own: Handler) -> Handler:
    """A server that refuses contacts that are there."""

    def batch(call: Call) -> Any:
        if any(by_email(call, item["email"]) for item in call.params["contacts"]):
            raise Refusal(60005)
        return own(call)

    return batch


def backwards(own: Handler) -> Handler:
    """A server that lists the newest visits first."""

    def list_(call: Call) -> Any:
        rows = list(reversed(call.store["visits"].rows.values()))
        rows = [row for row in rows if call.get("contact_uuid") in (None, row["contact_uuid"])]
        return visits.laravel_page(call, rows, visits.view)

    return list_


def new_contacts(count: int) -> Rows:
    return [{"email": f"New{n}@example.com", "attributes": {"firstname": f"N {n}"}} for n in range(count)]


def new_visits(sandbox: Sandbox, addresses: list[str], count: int) -> Rows:
    shop = sandbox.shops[0]["uuid"]
    return [
        {"email": addresses[n % len(addresses)], "shop_uuid": shop, "starts_at": moment(n), "source": "till"}
        for n in range(count)
    ]


async def outcomes_of(leat: LeatClient, kind: str, given: Rows, **options: Any) -> list[Any]:
    async with bulk.create(getattr(leat, kind), given, batch_calls=True, **options) as run:
        return sorted([outcome async for outcome in run], key=lambda outcome: outcome.index)


@pytest.mark.parametrize("seed", seeds(4, soak=500))
async def test_contacts_are_there_once_and_as_their_rows_say(seed: int, tmp_path: Path, answers: Answers) -> None:
    draw = random.Random(f"batch contacts {seed}")
    for instead in draw.sample(
        [piecemeal("contacts"), new_only, without("contacts", "custom_attributes")], 1 + seed % 2
    ):
        answers.put("contacts.batch", instead)
    async with Sandbox(seed=seed, rate_limit=(10**9, 60.0)) as sandbox:
        there = people(sandbox, draw.randint(0, 150), firstname="There")
        rows = new_contacts(draw.randint(5, 60))
        for row in rows:
            if draw.random() < 0.4:
                del row["attributes"]
        bad = [{"email": f"bad{n}@example.com", "attributes": {"uuid": "x"}} for n in range(draw.randint(0, 2))]
        given = [*rows, *bad, *({"email": each.upper(), "attributes": {"firstname": "Other"}} for each in there[:9])]
        draw.shuffle(given)
        before = len(sandbox.rows("contacts"))
        add_faults(draw, sandbox, ["contacts.batch", "contacts.batch", "contacts.list", "contacts.update", "*"])
        journey = Journey(draw, sandbox, "contacts", tmp_path / "ledger", batch_calls=True)
        counts = await journey.arrive(given)
        assert counts[Status.REJECTED] == len(bad) + len(there[:9]), journey.outcomes
        assert counts[Status.UNKNOWN] == counts[Status.EXISTED] == 0
        made = Counter(row["email"] for row in sandbox.rows("contacts"))
        assert set(made.values()) == {1}
        kept = {row["email"]: row["attributes"] for row in sandbox.rows("contacts")}
        assert all(kept[row["email"].lower()] == row.get("attributes", {}) for row in rows)
        assert all(kept[address] == {"firstname": "There"} for address in there)
        assert len(kept) == before + len(rows) + len(bad)


@pytest.mark.parametrize("seed", seeds(4, soak=500))
async def test_visits_are_there_once_and_as_their_rows_say(seed: int, tmp_path: Path, answers: Answers) -> None:
    draw = random.Random(f"batch visits {seed}")
    if draw.random() < 0.5:
        answers.put("visits.list", backwards)
    # One that does both leaves what can't be told from another's visit, and is refused as that.
    if seed % 3:
        answers.put("visits.batch", piecemeal("visits") if seed % 3 > 1 else without("visits", "source", "starts_at"))
    async with Sandbox(seed=seed, unique_external_ids=draw.random() < 0.5, rate_limit=(10**9, 60.0)) as sandbox:
        addresses = people(sandbox, draw.randint(20, 120))
        rows = new_visits(sandbox, addresses, draw.randint(5, 60))
        for n, row in enumerate(rows):
            if draw.random() < 0.4:
                row["external_id"] = f"till-{n}"
            if draw.random() < 0.1:
                row["contact_uuid"] = sandbox.contacts[0]["uuid"]
                del row["email"]
        bad = [{**rows[0], "shop_uuid": "nowhere", "external_id": f"bad {n}"} for n in range(draw.randint(0, 2))]
        given = [*rows, *bad]
        draw.shuffle(given)
        add_faults(draw, sandbox, ["visits.batch", "visits.batch", "visits.list", "visits.update", "*"])
        journey = Journey(draw, sandbox, "visits", tmp_path / "ledger", batch_calls=True)
        counts = await journey.arrive(given)
        assert counts[Status.REJECTED] == len(bad), journey.outcomes
        # What a refused call made all the same can't be told from what was there before.
        assert counts[Status.UNKNOWN] == 0
        assert seed % 3 > 1 or not counts[Status.EXISTED]
        made = sandbox.rows("visits")
        assert len(made) == len({row["external_id"] for row in made}) == len(rows)
        moments = [sorted(dt.datetime.fromisoformat(row["starts_at"]) for row in some) for some in (made, rows)]
        assert moments[0] == moments[1]
        assert {row["source"] for row in made} == {"till"}


async def test_a_call_for_many_rows(tmp_path: Path) -> None:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox) as leat:
        rows = new_contacts(600)
        made = await outcomes_of(leat, "contacts", rows, ledger=tmp_path / "contacts")
        assert {outcome.status for outcome in made} == {Status.CREATED}
        assert [each.result.current_values["firstname"] for each in made] == [f"N {n}" for n in range(600)]
        contacts = calls(sandbox)
        assert contacts.total() <= 60, contacts
        given = new_visits(sandbox, [row["email"] for row in rows], 600)
        made = await outcomes_of(leat, "visits", given, ledger=tmp_path / "visits")
        assert {outcome.status for outcome in made} == {Status.CREATED}
        assert all(one.result.contact.email == row["email"].lower() for one, row in zip(made, given, strict=True))
        more = calls(sandbox) - contacts
        assert more.total() <= 60, more
        again = await outcomes_of(leat, "visits", given, ledger=tmp_path / "visits")
        assert {outcome.status for outcome in again} == {Status.SKIPPED}
        assert calls(sandbox) - contacts == more


async def test_rows_that_such_a_call_can_not_say_go_alone() -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        shop, contact = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]
        rows: Rows = [{"contact_uuid": contact, "shop_uuid": shop, "external_id": f"{n}"} for n in range(5)]
        assert {each.status for each in await outcomes_of(leat, "visits", rows)} == {Status.CREATED}
        code = sandbox.rows("contacts")[0]["referral_code"]
        await outcomes_of(leat, "contacts", [{"email": f"r{n}@example.com", "referral_code": code} for n in range(5)])
        counts = calls(sandbox)
        assert (counts["visits.create"], counts["contacts.create"]) == (5, 5)


def most_often(sandbox: Sandbox, kind: str) -> int:
    """How often that row went in a call of many which did so most often."""
    bodies = [json.loads(entry.raw_body)[kind] for entry in sandbox.journal.entries(f"{kind}.batch")]
    return max(Counter(row.get("external_id") or row["email"] for body in bodies for row in body).values())


@pytest.mark.parametrize("fault", ["empty", "malformed", "server_error"])
async def test_nothing_that_is_answered_is_believed(fault: str, tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        addresses = people(sandbox, 18)
        for kind, rows in (("contacts", new_contacts(18)), ("visits", new_visits(sandbox, addresses, 18))):
            sandbox.faults.add(fault, f"{kind}.batch", applied=True)
            outcomes = await outcomes_of(leat, kind, rows, ledger=tmp_path / kind)
            assert {each.status for each in outcomes} == {Status.CREATED}
            assert most_often(sandbox, kind) == 1
            sandbox.faults.clear()
            # An answer of success, and nothing made.
            sandbox.faults.add("reject", f"{kind}.batch", first=1, status=200, body={"data": [], "meta": []})
            rows = [{**row, "email": f"x{n}@example.com"} for n, row in enumerate(rows)]
            outcomes = await outcomes_of(leat, kind, rows, ledger=tmp_path / kind, create_contacts=kind == "visits")
            assert {each.status for each in outcomes} == {Status.CREATED}
            assert most_often(sandbox, kind) == 2
        assert len({row["external_id"] for row in sandbox.rows("visits")}) == len(sandbox.rows("visits")) == 36


async def test_what_went_to_whoever_had_the_address_by_then_is_found_there(answers: Answers, tmp_path: Path) -> None:
    """It moved after it was looked up; nothing says that the server refuses an identifier that is taken."""
    async with Sandbox(seed=1, unique_external_ids=False) as sandbox:
        leap = Leap(sandbox)
        async with client_of(sandbox, leap, timeout=600.0) as leat:
            address, other = people(sandbox, 2)
            uuids = {row["email"]: row["uuid"] for row in sandbox.rows("contacts")}

            def moving(own: Handler) -> Handler:
                def batch(call: Call) -> Any:
                    store = call.store["contacts"]
                    for was, new in ((address, "moved@example.com"), (other, address)):
                        if (row := store.first("email", was)) is not None and row["uuid"] == uuids[was]:
                            store.update(row, email=new)
                    return own(call)

                return batch

            answers.put("visits.batch", moving)
            rows = new_visits(sandbox, [address], 5)
            report = await bulk.run(leat.visits, rows, ledger=tmp_path / "ledger", batch_calls=True)
            assert (report.created, report.total) == (5, 5), report
            assert [row["contact_uuid"] for row in sandbox.rows("visits")] == [uuids[other]] * 5


async def test_what_is_made_after_the_answer_is_waited_for(answers: Answers) -> None:
    due: list[tuple[int, Callable[[Call], Any]]] = []

    def later(own: Handler) -> Handler:
        def batch(call: Call) -> Any:
            due.append((call.now() + 2, lambda _: own(call)))

        return batch

    def made_by_then(own: Handler) -> Handler:
        def list_(call: Call) -> Any:
            while due and due[0][0] <= call.now():
                due.pop(0)[1](call)
            return own(call)

        return list_

    answers.put("visits.batch", later)
    answers.put("visits.list", made_by_then)
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        rows = new_visits(sandbox, people(sandbox, 60), 60)
        outcomes = await outcomes_of(leat, "visits", rows, create_contacts=True)
        assert {each.status for each in outcomes} == {Status.CREATED}
        assert len(sandbox.rows("visits")) == 60
        # Of nobody's visits alone.
        assert not any("contact_uuid" in entry.query for entry in sandbox.journal.entries("visits.list"))


async def test_such_calls_are_of_limited_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST_BYTES", 3_500)
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        rows = [{"email": f"b{n}@example.com", "attributes": {"firstname": "x" * 900}} for n in range(30)]
        assert {each.status for each in await outcomes_of(leat, "contacts", rows)} == {Status.CREATED}
        assert max(len(entry.raw_body) for entry in sandbox.journal.entries("contacts.batch")) <= 3_600


async def test_where_there_are_no_such_calls_they_are_refused_before_anything_is_sent() -> None:
    async with Sandbox(seed=1) as sandbox:
        async with client_of(sandbox) as leat:
            with pytest.raises(ValueError, match=r"batch_calls is for contacts and visits .* not for bookings"):
                bulk.create(leat.bookings, [], batch_calls=True)
        async with client_of(sandbox, api="register") as till:
            with pytest.raises(ValueError, match="under the register API: leave it out"):
                bulk.create(till.contacts, [], batch_calls=True)


def test_without_await_as_well() -> None:
    with Sandbox(seed=1) as sandbox, sync.LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        assert sync.bulk.run(leat.contacts, new_contacts(20), batch_calls=True).created == 20
        assert calls(sandbox)["contacts.batch"] >= 1
