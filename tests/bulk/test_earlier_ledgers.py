"""Ledgers that an earlier version left behind when it was killed are gone on with: nothing doubled, nothing lost.

`ledgers/<kind>.sqlite` and its `-wal` are what version 0.1.0 had on disk; `<kind>.json` tells the rows, what became of
each (`plan`), what the server had by then, and the identifiers that an undisturbed run of that version gave.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import Outcome, Status

from ..hostile.personality import Personality
from ..hostile.server import World

LEDGERS = Path(__file__).parent / "ledgers"
KINDS = ("visits", "contacts", "bookings")
# What a run that goes on makes of a row, by what had become of it.
EXPECTED = {
    "done": Status.SKIPPED,
    "existed": Status.SKIPPED,
    "rejected": Status.REJECTED,
    "drop applied": Status.CREATED,
    "drop": Status.CREATED,
    "hang applied": Status.CREATED,
    "hang": Status.CREATED,
    "half": Status.CREATED,
    "unknown applied": Status.CREATED,
    "unknown": Status.CREATED,
    "pending": Status.CREATED,
    "new": Status.CREATED,
}
# Bookings can't be asked about: what was in doubt stays so.
UNASKED = {name: Status.UNKNOWN for name in EXPECTED if name.startswith(("drop", "hang", "unknown"))}


def world_of(told: dict[str, Any], kind: str) -> World:
    """A server that has what the killed run left there."""
    world = World(Personality(seed="resumed", book={"unique": False, "trims": False}))
    world.book.contacts = [{**row, "at": 0.0} for row in told["contacts"]]
    by_uuid = {row["uuid"]: row for row in world.book.contacts}
    if kind != "contacts":
        made = [{**row, "contact": by_uuid[row["contact"]], "at": 0.0} for row in told["made"]]
        setattr(world.book, kind, made)
    return world


async def resumed(world: World, kind: str, rows: list[dict[str, Any]], ledger: Path) -> dict[int, Outcome]:
    async with LeatClient("t" * 53, base_url=world.url, rate_limit=None) as leat:
        run = bulk.create(getattr(leat, kind), rows, ledger=ledger, grace=0.2)
        async with run:
            outcomes = {outcome.index: outcome async for outcome in run}
    assert sorted(outcomes) == list(range(len(rows)))
    return outcomes


@pytest.mark.parametrize("kind", KINDS)
async def test_a_ledger_of_an_earlier_version_is_gone_on_with(kind: str, tmp_path: Path) -> None:
    told = json.loads((LEDGERS / f"{kind}.json").read_text())
    ledger = tmp_path / "import.ledger"
    for suffix in ("", "-wal"):
        shutil.copyfile(LEDGERS / f"{kind}.sqlite{suffix}", f"{ledger}{suffix}")
    rows, plan = told["rows"], [what.rstrip("+") for what in told["plan"]]
    expected = {**EXPECTED, **(UNASKED if kind == "bookings" else {})}
    world = world_of(told, kind)
    async with world.serving():
        outcomes = await resumed(world, kind, rows, ledger)
        assert {n: (plan[n], outcomes[n].status) for n in outcomes} == {
            n: (what, expected[what]) for n, what in enumerate(plan)
        }
        sent = [asked for asked, _ in world.applied if asked.method == "POST"]
        # Nothing is sent for what was known to be there, was refused, or is found.
        to_send = ("pending", "new") if kind == "bookings" else ("drop", "hang", "unknown", "pending", "new")
        assert len(sent) == sum(what in to_send for what in plan)

        there = Counter(row["email" if kind == "contacts" else "external_id"] for row in getattr(world.book, kind))
        refused = [row.get("external_id") for row, what in zip(rows, plan, strict=True) if what == "rejected"]
        wanted = set(told["wanted"]) - set(refused)
        # Of bookings in doubt those that had not been applied are missing.
        missing = sum(what in ("drop", "hang", "unknown") for what in plan) if kind == "bookings" else 0
        assert max(there.values()) == 1, there
        assert set(there) <= wanted
        assert len(there) == len(wanted) - missing
        if kind == "contacts":
            for row, what in zip(rows, plan, strict=True):
                if "attributes" in row and what != "rejected":
                    [contact] = [c for c in world.book.contacts if c["email"] == row["email"].strip().lower()]
                    assert contact["attributes"] == row["attributes"], what

        again = await resumed(world, kind, rows, ledger)
        assert {outcome.status for outcome in again.values()} <= {Status.SKIPPED, Status.REJECTED, Status.UNKNOWN}
        assert len([asked for asked, _ in world.applied if asked.method == "POST"]) == len(sent)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_ledger_of_an_earlier_version_is_told_about(kind: str, tmp_path: Path) -> None:
    told = json.loads((LEDGERS / f"{kind}.json").read_text())
    for suffix in ("", "-wal"):
        shutil.copyfile(LEDGERS / f"{kind}.sqlite{suffix}", f"{tmp_path / 'import.ledger'}{suffix}")
    rejected = [entry.index for entry in bulk.rejects(tmp_path / "import.ledger")]
    assert rejected == [n for n, what in enumerate(told["plan"]) if what.startswith("rejected")]
