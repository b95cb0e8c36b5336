"""Imports that meet faults before, after, late and in the middle, and that are killed: what property tests share."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leat_async import LeatClient, bulk
from leat_async.bulk import Outcome, Report, Status
from leat_async.sandbox import Sandbox

from ..helpers import Leap, client_of, copy_ledger

GRACE = 8.0


def add_faults(draw: random.Random, sandbox: Sandbox, operations: list[str]) -> None:
    """Some faults, on some of these operations."""
    for _ in range(draw.randint(1, 4)):
        faults: list[tuple[str, dict[str, Any]]] = [
            ("rate_limit", {"retry_after": draw.choice([1, 5, 30])}),
            ("server_error", {"status": 500}),
            ("server_error", {"status": 500, "applied": True}),
            ("maintenance", {}),
            ("html", {"status": 502}),
            ("html", {"status": 502, "applied": True}),
            ("drop_before", {}),
            ("apply_then_drop", {}),
            ("apply_late", {"seconds": draw.uniform(0.1, GRACE * 0.9)}),
            ("truncated", {"applied": True}),
            ("malformed", {"applied": True}),
        ]
        kind, options = draw.choice(faults)
        if kind in ("apply_late", "drop_before", "truncated"):
            options["times"] = 6  # each costs the client's real timeout, or a new connection
        sandbox.faults.add(kind, draw.choice(operations), probability=draw.uniform(0.05, 0.4), **options)


class Journey:
    """One import of a kind, cut off and gone on with until it is done; `outcomes` are those of its last run."""

    def __init__(self, draw: random.Random, sandbox: Sandbox, kind: str, ledger: Path, **options: Any) -> None:
        self._draw = draw
        self._sandbox = sandbox
        self._kind = kind
        self._options = {"grace": GRACE, "patience": 200.0, **options}
        self.ledger = ledger
        self.leap = Leap(sandbox)
        self.outcomes: list[Outcome] = []
        self.report = Report()

    async def travel(self, rows: list[dict[str, Any]]) -> None:
        """Import these rows, through faults and kills."""
        concurrency = self._draw.choice([1, 3, 16])
        async with client_of(self._sandbox, self.leap, timeout=0.3, concurrency=concurrency) as leat:
            for attempt in range(100):
                if await self._run(leat, rows, attempt):
                    break
                # What the cut run had on the wire reaches the server before the next one begins.
                await asyncio.sleep(0.02)
            else:
                raise AssertionError("a hundred runs did not finish the import")
            self.leap.leap(1000.0)
        assert sorted(outcome.index for outcome in self.outcomes) == list(range(len(rows)))
        assert all(outcome.row is rows[outcome.index] for outcome in self.outcomes)

    async def arrive(self, rows: list[dict[str, Any]]) -> Mapping[Status, int]:
        """The same, and settle in better times what stayed open; the outcomes by status.

        A server that now and then passes over rows may do so each time that a run sends them, so one run may not do.
        """
        await self.travel(rows)
        for _ in range(3):
            if self.count()[Status.UNKNOWN]:
                await self.settle(rows)
        return self.count()

    async def settle(self, rows: list[dict[str, Any]]) -> None:
        """One more run, without faults."""
        self._sandbox.faults.clear()
        async with client_of(self._sandbox, self.leap) as leat:
            assert await self._run(leat, rows, 1000)

    def count(self) -> Mapping[Status, int]:
        """The outcomes by status."""
        return {status: sum(outcome.status is status for outcome in self.outcomes) for status in Status}

    async def _run(self, leat: LeatClient, rows: list[dict[str, Any]], attempt: int) -> bool:
        draw = self._draw
        ends_at = draw.randrange(len(rows) + 1) if attempt < 4 and draw.random() < 0.7 else None
        power_cut = draw.random() < 0.5
        self.outcomes = []
        copied = None
        run = bulk.create(getattr(leat, self._kind), list(rows), ledger=self.ledger, **self._options)
        async with run:
            async for outcome in run:
                self.outcomes.append(outcome)
                if len(self.outcomes) - 1 == ends_at:
                    if power_cut:
                        copied = self.ledger.with_name(f"copy-{attempt}.ledger")
                        copy_ledger(self.ledger, copied)
                    break
            else:
                self.report = run.report
                if run.report.stopped is None:
                    assert run.report.taken == len(rows)
                    return True
                assert run.report.stopped in ("maintenance", "unreachable")
        self.ledger = copied or self.ledger
        return False
