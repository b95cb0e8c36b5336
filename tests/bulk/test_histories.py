"""Histories of imports into one ledger: exported, broken off, corrected, and each row is there once, and right."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk import Outcome, Status
from leat_async.bulk.changes import ON_CHANGE, OnChange

from ..conftest import Recorder
from .helpers import Leap, copy_ledger
from .till import Business, Till, content

HISTORIES = 500 if os.environ.get("LEAT_SOAK") == "1" else 24
DONE = (Status.CREATED, Status.EXISTED, Status.UPDATED, Status.SKIPPED)


@attrs.define
class History:
    """One seed: exports, the runs of each, and what the server ought to hold."""

    draw: random.Random
    leat: LeatClient
    till: Till
    business: Business
    ledger: Path
    # By identifier, its content; of rows without, how often each is there.
    known: dict[str, Any] = attrs.field(factory=dict[str, Any])
    equal: Counter[Any] = attrs.field(factory=Counter[Any])
    # Identifiers of bookings whose outcome nobody knows.
    open: set[Any] = attrs.field(factory=set[Any])

    async def import_(self, rows: list[dict[str, Any]], on_change: OnChange) -> list[Outcome]:
        """Run until it comes to its end, and look at what it tells; returns the outcomes."""
        before = dict(self.known)
        for attempt in range(30):
            self.till.hostile = attempt < 3
            outcomes = await self._run(rows, on_change, kill=attempt < 3 and self.draw.random() < 0.5)
            if outcomes is not None:
                break
        else:
            raise AssertionError("thirty runs did not finish the import")
        self._expect(rows, on_change)
        if attempt == 0:
            self._check_told(rows, outcomes, before, on_change)
        return outcomes

    async def _run(self, rows: list[dict[str, Any]], on_change: OnChange, *, kill: bool) -> list[Outcome] | None:
        outcomes: list[Outcome] = []
        resource = getattr(self.leat, self.business.kind)
        ends_at = self.draw.randrange(len(rows) + 1) if kill else None
        given = rows if self.draw.random() < 0.5 else iter(rows)
        run = bulk.create(resource, given, ledger=self.ledger, on_change=on_change, patience=10**6)
        async with run:
            async for outcome in run:
                outcomes.append(outcome)
                if outcome.status is Status.UNKNOWN:
                    self.open.add(outcome.row.get("external_id") or content(dict(outcome.row)))
                if len(outcomes) - 1 == ends_at:
                    if self.draw.random() < 0.5:
                        cut = self.ledger.with_name(f"cut-{self.draw.random()}")
                        copy_ledger(self.ledger, cut)
                        self.ledger = cut
                    return None
        assert sorted(outcome.index for outcome in outcomes) == list(range(len(rows)))
        assert run.report.stopped is None
        return outcomes

    def _expect(self, rows: list[dict[str, Any]], on_change: OnChange) -> None:
        """What the server holds after these rows."""
        here: Counter[Any] = Counter()
        for row in rows:
            if row["contact_uuid"] == "nobody":
                continue
            own = row.get("external_id")
            if own is None:
                here[content(row)] += 1
            elif own not in self.known or on_change == "update":
                self.known[own] = content(row)
        self.equal |= here

    def _check_told(
        self, rows: list[dict[str, Any]], outcomes: list[Outcome], before: dict[str, Any], on_change: OnChange
    ) -> None:
        """Each change is told of once, as what it is."""
        for outcome in outcomes:
            row = rows[outcome.index]
            own = row.get("external_id")
            wrong = row["contact_uuid"] == "nobody"
            if own in before and before[own] != content(row) and own not in self.open:
                expected = {"reject": Status.REJECTED, "update": Status.UPDATED, "skip": Status.SKIPPED}[on_change]
                assert wrong or outcome.status is expected, (row, outcome)
                assert outcome.changed, (row, outcome)
            elif not wrong and outcome.status is not Status.UNKNOWN:
                assert outcome.status in DONE, (row, outcome)

    def judge(self) -> None:
        """Each row is there once, as it ought to be."""
        made = self.till.made
        generated = {row["external_id"] for row in made} - {f"A{n}" for n in range(1000)}
        there = {row["external_id"]: content(row) for row in made if row["external_id"] not in generated}
        assert max(Counter(row["external_id"] for row in made).values()) == 1, "doubled"
        equal = Counter(content({**row, "external_id": None}) for row in made if row["external_id"] in generated)
        for own, expected in self.known.items():
            if own in self.open:
                continue
            assert there.get(own) == expected, own
        assert set(there) <= set(self.known)
        for row, count in self.equal.items():
            if row in self.open:
                assert equal[row] <= count, row
            else:
                assert equal[row] == count, row
        assert set(equal) <= set(self.equal)


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_each_row_is_there_once_with_the_right_content(seed: int, recorder: Recorder, tmp_path: Path) -> None:
    draw = random.Random(f"history {seed}")
    kind = ("visits", "bookings")[seed % 2]
    recorder.default = till = Till(draw, unique=draw.random() < 0.5)
    business = Business(draw, kind)
    async with LeatClient("token", base_url=recorder.url, rate_limit=None, concurrency=draw.choice([1, 8])) as leat:
        clock = Leap()
        leat._pipeline.clock = clock
        leat._pipeline.gate._clock = clock
        history = History(draw, leat, till, business, tmp_path / "ledger")
        for _ in range(draw.randint(2, 5)):
            business.grow()
            business.change()
            rows, on_change = business.export(), draw.choice(ON_CHANGE)
            outcomes = await history.import_(rows, on_change)
            refused = [dict(outcome.row) for outcome in outcomes if outcome.status is Status.REJECTED]
            mistaken = [row for row in refused if row["contact_uuid"] == "nobody"]
            corrected = draw.random()
            if mistaken and corrected < 0.5:
                # The rejects are corrected, and imported from a file of their own.
                for row in mistaken:
                    row["contact_uuid"] = "c-1"
                await history.import_(mistaken, draw.choice(ON_CHANGE))
            if 0.3 < corrected < 0.8:
                # So is the original, or it alone.
                business.correct()
                await history.import_(business.export(), draw.choice(ON_CHANGE))
            if draw.random() < 0.3:
                sent = len(recorder.requests)
                again = await history.import_(rows, "skip")
                history.till.hostile = False
                assert sent <= len(recorder.requests)
                assert {outcome.status for outcome in again} <= {*DONE, Status.REJECTED, Status.UNKNOWN}
        history.judge()
