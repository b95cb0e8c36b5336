"""Calls of many on servers that do some of it: some rows, some fields, some answers, in any order, or late."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import bulk
from leat_async.bulk import Status
from leat_async.sandbox import Sandbox
from leat_async.sandbox.engine import Call
from leat_async.sandbox.errors import Refusal
from leat_async.sandbox.resources import product_categories, products

from ...seeds import seeds
from ..helpers import Leap, client_of
from ..test_address_book import people
from .answering import Answers, Handler, with_params
from .chaos import Journey, add_faults
from .test_batch_calls import new_visits
from .test_keyed import world

Rows = list[dict[str, Any]]


def in_part(listed: str, draw: random.Random, refuses: str, *left_out: str) -> Callable[[Handler], Handler]:
    """A server that makes some rows, and answers some of those it made, in any order, without these fields.

    `refuses`: what it does. "after some": now and then refuse the call, after those before some row. "bad": refuse it
    for its bad rows, and make the others all the same. "": now and then pass over some rows without a word.
    """

    def instead(own: Handler) -> Handler:
        def batch(call: Call) -> Any:
            items = [{n: v for n, v in item.items() if n not in left_out} for item in call.params[listed]]
            refusal, made = None, []
            fate = draw.random()
            if refuses == "" and fate < 0.4:
                items = draw.sample(items, draw.randint(0, len(items)))
            elif refuses == "after some" and fate < 0.4:
                items, refusal = items[: draw.randint(0, len(items))], Refusal(1003)
            for item in items:
                try:
                    made += own(with_params(call, **{listed: [item]})) or []
                except Refusal as bad:
                    refusal = bad
                    if refuses != "bad":
                        break
                    call.store.roll_back()
                else:
                    call.store.commit()
                call.store.begin()
            if refusal is not None:
                raise refusal
            draw.shuffle(made)
            return made[: draw.randint(0, len(made))] if fate > 0.7 else made

        return batch

    return instead


@attrs.frozen
class Many:
    """A kind whose rows go many in a call: a row of it and a bad one, what a server may leave out of it."""

    kind: str
    listed: str
    left_out: tuple[str, ...]
    row: Callable[[int], dict[str, Any]]
    bad: dict[str, Any]

    def __str__(self) -> str:
        return self.kind


PRODUCTS = Many(
    *("products", "products", ("description", "categories")),
    lambda n: {
        "external_identifier": f"sku-{n}",
        "name": f"Soup {n}",
        **({"description": "Hot"} if n % 2 else {}),
        **({"categories": [{"external_identifier": "food"}]} if n % 3 else {}),
    },
    {"categories": [{"external_identifier": "nothing"}]},
)
CATEGORIES = Many(
    *("product_categories", "categories", ()),
    lambda n: {"external_identifier": f"category-{n}", "name": f"Soups {n}"},
    {"external_identifier": "food"},
)


@pytest.mark.parametrize("seed", seeds(6, soak=200))
@pytest.mark.parametrize("many", [PRODUCTS, CATEGORIES], ids=str)
async def test_a_catalogue_is_there_once_whatever_a_server_does_of_a_call(
    many: Many, seed: int, tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(f"in part {many} {seed}")
    unique = draw.random() < 0.5
    if not unique:  # a server that takes an identifier twice
        for module in (products, product_categories):
            monkeypatch.setattr(module, "free", lambda *_, **__: None)
    refuses = draw.choice(["", "after some", "bad"])
    # What a refused call left behind can't be told from what was there before, and so is not filled up.
    left_out = many.left_out[: draw.randint(0, len(many.left_out))] if refuses == "" else ()
    answers.put(f"{many.kind}.create_batch", in_part(many.listed, draw, refuses, *left_out))
    async with Sandbox(seed=seed, rate_limit=(10**9, 60.0)) as sandbox:
        await world(sandbox)
        rows = [many.row(n) for n in range(draw.randint(5, 60))]
        # What passes over rows and refuses others in one call may have made any: only asking for each would tell.
        could_be_bad = refuses != "" and (unique or many is PRODUCTS)
        bad = [{**many.row(900 + n), **many.bad} for n in range(draw.randint(0, 3) if could_be_bad else 0)]
        given = [*rows, *bad]
        draw.shuffle(given)
        operations = [f"{many.kind}.create*", f"{many.kind}.create_batch", f"{many.kind}.find", "*"]
        add_faults(draw, sandbox, operations)
        journey = Journey(draw, sandbox, many.kind, tmp_path / "ledger")
        counts = await journey.arrive(given)
        assert counts[Status.UNKNOWN] == 0, journey.outcomes
        told = {row["external_identifier"]: row for row in sandbox.rows(many.kind)}
        made = Counter(row["external_identifier"] for row in sandbox.rows(many.kind))
        for row in rows:
            assert made[row["external_identifier"]] == 1, row
            there = told[row["external_identifier"]]
            assert there["name"] == row["name"]
            assert many is CATEGORIES or there["description"] == row.get("description"), (row, there)
            assert many is CATEGORIES or len(there["category_uuids"]) == len(row.get("categories", ())), (row, there)
        if many is PRODUCTS:
            assert counts[Status.REJECTED] == len(bad), journey.outcomes
            assert not any(made[row["external_identifier"]] for row in bad)
        assert made["food"] == (1 if many is CATEGORIES else 0)


@pytest.mark.parametrize("seed", seeds(4, soak=200))
async def test_contacts_are_there_once_whatever_a_server_does_of_a_call(
    seed: int, tmp_path: Path, answers: Answers
) -> None:
    draw = random.Random(f"contacts in part {seed}")
    left_out = ("custom_attributes",)[: draw.randint(0, 1)]
    answers.put("contacts.batch", in_part("contacts", draw, draw.choice(["", "after some", "bad"]), *left_out))
    async with Sandbox(seed=seed, rate_limit=(10**9, 60.0)) as sandbox:
        there = people(sandbox, draw.randint(0, 150), firstname="There")
        rows: Rows = [
            {"email": f"new{n}@example.com", **({"attributes": {"firstname": f"N {n}"}} if n % 2 else {})}
            for n in range(draw.randint(5, 60))
        ]
        bad = [{"email": f"bad{n}@example.com", "attributes": {"uuid": "x"}} for n in range(draw.randint(0, 2))]
        given = [*rows, *bad, *({"email": each, "attributes": {"firstname": "There"}} for each in there[:9])]
        draw.shuffle(given)
        before = len(sandbox.rows("contacts"))
        add_faults(draw, sandbox, ["contacts.batch", "contacts.batch", "contacts.list", "contacts.update", "*"])
        journey = Journey(draw, sandbox, "contacts", tmp_path / "ledger", batch_calls=True)
        counts = await journey.arrive(given)
        assert counts[Status.REJECTED] == len(bad), journey.outcomes
        assert counts[Status.UNKNOWN] == 0
        kept = {row["email"]: row["attributes"] for row in sandbox.rows("contacts")}
        assert all(kept[row["email"]] == row.get("attributes", {}) for row in rows)
        # A contact whose attributes are refused is made without them.
        assert len(sandbox.rows("contacts")) == len(kept) == before + len(rows) + len(bad)


@pytest.mark.parametrize("seed", seeds(4, soak=200))
async def test_visits_are_there_once_whatever_a_server_does_of_a_call(
    seed: int, tmp_path: Path, answers: Answers
) -> None:
    draw = random.Random(f"visits in part {seed}")
    refuses = draw.choice(["", "after some", "bad"])
    left_out = ("source", "starts_at")[: draw.randint(0, 2)] if refuses == "" else ()
    answers.put("visits.batch", in_part("visits", draw, refuses, *left_out))
    async with Sandbox(seed=seed, unique_external_ids=draw.random() < 0.5, rate_limit=(10**9, 60.0)) as sandbox:
        rows = new_visits(sandbox, people(sandbox, draw.randint(20, 120)), draw.randint(5, 60))
        for n, row in enumerate(rows):
            if draw.random() < 0.4:
                row["external_id"] = f"till-{n}"
        could_be_bad = not left_out
        bad = [
            {**rows[0], "shop_uuid": "nowhere", "external_id": f"bad {n}"}
            for n in range(draw.randint(0, 3) if could_be_bad else 0)
        ]
        given = [*rows, *bad]
        draw.shuffle(given)
        add_faults(draw, sandbox, ["visits.batch", "visits.batch", "visits.list", "visits.update", "*"])
        journey = Journey(draw, sandbox, "visits", tmp_path / "ledger", batch_calls=True)
        counts = await journey.arrive(given)
        assert counts[Status.REJECTED] == len(bad), journey.outcomes
        assert counts[Status.UNKNOWN] == 0
        made = sandbox.rows("visits")
        assert len(made) == len({row["external_id"] for row in made}) == len(rows)
        moments = [sorted(dt.datetime.fromisoformat(row["starts_at"]) for row in some) for some in (made, rows)]
        assert moments[0] == moments[1]
        assert {row["source"] for row in made} == {"till"}


async def test_good_rows_that_a_refused_call_made_are_not_sent_again(
    tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bad row is the first, by which nothing can be told; and the server takes an identifier twice."""
    monkeypatch.setattr(products, "free", lambda *_, **__: None)
    answers.put("products.create_batch", in_part("products", random.Random(1), "bad"))
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await world(sandbox)
        rows = [PRODUCTS.row(n) for n in range(100)]
        rows[0] |= PRODUCTS.bad
        report = await bulk.run(leat.products, rows, ledger=tmp_path / "ledger")
        assert (report.existed, report.rejected) == (99, 1)
        made = Counter(row["external_identifier"] for row in sandbox.rows("products"))
        assert all(made[row["external_identifier"]] == 1 for row in rows[1:])


async def test_an_answer_that_can_not_be_read_says_of_no_row_that_it_was_made(tmp_path: Path, answers: Answers) -> None:
    calls: list[Call] = []

    def one_at_first(own: Handler) -> Handler:
        def batch(call: Call) -> Any:
            calls.append(call)
            return own(with_params(call, products=call.params["products"][: 1 if len(calls) == 1 else None]))

        return batch

    answers.put("products.create_batch", one_at_first)
    async with Sandbox(seed=1) as sandbox, client_of(sandbox, Leap(sandbox)) as leat:
        await world(sandbox)
        sandbox.faults.add("truncated", "products.create_batch", first=1)
        rows = [PRODUCTS.row(n) for n in range(6)]
        report = await bulk.run(leat.products, rows, ledger=tmp_path / "ledger")
        assert report.created == 6
        there = [row["external_identifier"] for row in sandbox.rows("products")]
        assert all(there.count(row["external_identifier"]) == 1 for row in rows)


async def test_a_server_that_makes_all_or_nothing_is_not_asked_for_each_row_each_time(tmp_path: Path) -> None:
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await world(sandbox)
        rows = [PRODUCTS.row(n) for n in range(1000)]
        for n in range(5, 1000, 50):
            rows[n] |= PRODUCTS.bad
        report = await bulk.run(leat.products, rows, ledger=tmp_path / "ledger")
        assert (report.created, report.rejected) == (980, 20)
        # All of the first that was refused, and of its halves until good rows had gone; then one for each refused call.
        counts = sandbox.journal.counts()
        assert counts["products.find"] <= 500 + counts["products.create_batch"], counts


async def test_a_server_that_passes_over_categories_is_noticed_by_one_of_them(tmp_path: Path, answers: Answers) -> None:
    """What is answered does not show them, but what is asked does."""
    rows = [PRODUCTS.row(n) for n in range(1000)]
    for drops in (False, True):
        if drops:
            answers.put("products.create_batch", in_part("products", random.Random(3), "none", "categories"))
        async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox, client_of(sandbox) as leat:
            await world(sandbox)
            report = await bulk.run(leat.products, rows, ledger=tmp_path / f"{drops}")
            assert report.created == 1000
            there = {row["external_identifier"]: row["category_uuids"] for row in sandbox.rows("products")}
            assert all(len(there[row["external_identifier"]]) == len(row.get("categories", ())) for row in rows)
            counts = sandbox.journal.counts()
            # Each that has categories, and of the last call no other.
            assert counts.get("products.update", 0) == (666 if drops else 0), counts
            assert counts["products.find"] == (2 if drops else 1), counts


async def test_categories_that_show_nowhere_are_set_once(tmp_path: Path, answers: Answers) -> None:
    def bare(own: Handler) -> Handler:
        return lambda call: {**own(call), "categories": []}

    for name in ("create", "find", "update"):
        answers.put(f"products.{name}", bare)
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await world(sandbox)
        report = await bulk.run(leat.products, [PRODUCTS.row(n) for n in range(300)], ledger=tmp_path / "ledger")
        assert report.created == 300
        counts = sandbox.journal.counts()
        assert (counts["products.update"], counts["products.find"]) == (1, 2), counts


async def test_what_a_server_left_out_is_set(tmp_path: Path, answers: Answers) -> None:
    answers.put("products.create_batch", in_part("products", random.Random(3), "none", "description"))
    async with Sandbox(seed=1) as sandbox, client_of(sandbox) as leat:
        await world(sandbox)
        rows = [PRODUCTS.row(n) for n in range(10)]
        report = await bulk.run(leat.products, rows, ledger=tmp_path / "ledger")
        assert report.created == 10
        there = {row["external_identifier"]: row["description"] for row in sandbox.rows("products")}
        assert all(there[row["external_identifier"]] == row.get("description") for row in rows)
        counts = sandbox.journal.counts()
        assert counts["products.update"] == 5, counts
