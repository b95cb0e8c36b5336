"""Whatever goes wrong, and wherever the run is killed: in the end each row is there once, and the record is true."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import Outcome, Status
from leat_async.sandbox import Sandbox

from .helpers import Leap, client_of, copy_ledger, moment
from .kinds.chaos import GRACE, add_faults

SOAK = os.environ.get("LEAT_SOAK") == "1"
RUNS = 500 if SOAK else 24
KINDS = ("visits", "bookings", "contacts")


def rows_of(draw: random.Random, kind: str, sandbox: Sandbox) -> tuple[list[dict[str, Any]], int]:
    """Random rows, and how many of them are invalid."""
    contacts, shop = sandbox.contacts, sandbox.shops[0]["uuid"]
    own_ids = draw.random() < 0.5
    by_email = draw.random() < 0.5
    rows: list[dict[str, Any]] = []
    bad = 0
    for n in range(draw.randint(5, 60)):
        if draw.random() < 0.08:
            bad += 1
            rows.append(
                draw.choice(
                    [
                        {"contact_uuid": "nobody", "shop_uuid": shop, "starts_at": moment(n)},
                        {"contact_uuid": contacts[0]["uuid"], "shop_uuid": shop, "starts_at": f"2024-05-01 {n}"},
                    ]
                    if kind != "contacts"
                    else [{"email": f"no address {n}"}, {"email": f"a{n}@example.com", "colour": "red"}]
                )
            )
        elif kind == "contacts":
            row: dict[str, Any] = {"email": f"  Guest{n}@Example.com"}
            if draw.random() < 0.6:
                row["attributes"] = {"firstname": f"Guest {n}"}
            rows.append(row)
        else:
            who = draw.choice(contacts)
            row = {"shop_uuid": shop, "starts_at": moment(draw.randrange(8) if not own_ids else n)}
            row |= {"contact_email": who["email"].upper()} if by_email else {"contact_uuid": who["uuid"]}
            if own_ids:
                row["external_id"] = f"res-{n}"
            rows.append(row)
    return rows, bad


async def killed_and_resumed(
    draw: random.Random, leat: LeatClient, kind: str, rows: list[dict[str, Any]], ledger: Path
) -> tuple[list[Outcome], Path]:
    """Run, cut off at random moments, until a run comes to its end; returns the outcomes of that one."""
    for attempt in range(100):
        ends_at = draw.randrange(len(rows) + 1) if attempt < 4 and draw.random() < 0.7 else None
        power_cut = draw.random() < 0.5
        outcomes: list[Outcome] = []
        source = iter(rows) if draw.random() < 0.5 else list(rows)
        run = bulk.create(getattr(leat, kind), source, ledger=ledger, grace=GRACE, patience=200.0)
        copied = None
        async with run:
            async for outcome in run:
                outcomes.append(outcome)
                if len(outcomes) - 1 == ends_at:
                    if power_cut:
                        copied = ledger.with_name(f"copy-{attempt}.ledger")
                        copy_ledger(ledger, copied)
                    break
            else:
                assert run.report.total == len(outcomes)
                if run.report.stopped is None:
                    assert run.report.taken == len(rows)
                    return outcomes, ledger
                assert run.report.stopped in ("maintenance", "unreachable")
        if copied is not None:
            ledger = copied
        # What the cut run had on the wire reaches the server before the next one begins.
        await asyncio.sleep(0.02)
    raise AssertionError("a hundred runs did not finish the import")


@pytest.mark.parametrize("seed", range(RUNS))
async def test_each_row_ends_up_there_once(seed: int, tmp_path: Path) -> None:
    draw = random.Random(f"bulk {seed}")
    kind = KINDS[seed % 3]
    unique = draw.random() < 0.5
    async with Sandbox(seed=seed, unique_external_ids=unique, rate_limit=(10**9, 60.0)) as sandbox:
        leap = Leap(sandbox)
        async with client_of(sandbox, leap, timeout=0.3, concurrency=draw.choice([1, 3, 16])) as leat:
            rows, bad = rows_of(draw, kind, sandbox)
            before = len(sandbox.rows(kind))
            operations = [f"{kind}.create", f"{kind}.create", f"{kind}.*", "*"]
            add_faults(draw, sandbox, operations)
            outcomes, ledger = await killed_and_resumed(draw, leat, kind, rows, tmp_path / "import.ledger")
            leap.leap(1000.0)

        assert sorted(outcome.index for outcome in outcomes) == list(range(len(rows)))
        assert all(outcome.row is rows[outcome.index] for outcome in outcomes)
        if kind != "bookings" and any(outcome.status is Status.UNKNOWN for outcome in outcomes):
            # Three rounds of lost answers leave a row open; a run in better times settles it.
            sandbox.faults.clear()
            async with (
                client_of(sandbox, leap) as leat,
                bulk.create(getattr(leat, kind), rows, ledger=ledger, grace=GRACE) as run,
            ):
                outcomes = [outcome async for outcome in run]

        valid = len(rows) - bad
        counts = Counter(outcome.status for outcome in outcomes)
        refused = [outcome for outcome in outcomes if outcome.status is Status.REJECTED]
        made = sandbox.rows(kind)[before:]
        assert [entry.index for entry in bulk.rejects(ledger)] == sorted(outcome.index for outcome in refused)
        if kind == "bookings":
            # A row that would be refused is left open as well, if its answer is lost.
            assert len(refused) <= bad, refused
            assert valid - len(made) <= counts[Status.UNKNOWN]
            assert len(made) >= counts[Status.CREATED] + counts[Status.SKIPPED]
        else:
            assert len(refused) == bad, refused
            assert counts[Status.UNKNOWN] == 0
            assert len(made) == valid
        if kind == "contacts":
            wanted = {
                row["email"].strip().lower(): row.get("attributes", {})
                for index, row in enumerate(rows)
                if index not in {outcome.index for outcome in refused}
            }
            assert {row["email"]: row["attributes"] for row in made} == wanted
        else:
            assert len({row["external_id"] for row in made}) == len(made), "doubled"
