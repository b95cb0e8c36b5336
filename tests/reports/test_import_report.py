"""What became of an import, out of its ledger: of runs against a sandbox that fails them in many ways."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from leat_async import LeatClient, bulk, errors, reports
from leat_async.bulk import ledger as ledger_module
from leat_async.reports.advice import advice
from leat_async.sandbox import Sandbox

from ..bulk.helpers import copy_ledger, moment

SOURCE = bulk.Source(name="till.csv", size=9, digest="ab")


def rows(sandbox: Sandbox, count: int, since: int = 0) -> list[dict[str, Any]]:
    """Visits of contacts that exist, with identifiers of their own."""
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    return [
        {"contact_uuid": contact, "shop_uuid": shop, "external_id": f"v-{n}", "starts_at": moment(n)}
        for n in range(since, since + count)
    ]


@pytest.fixture
def shop() -> Sandbox:
    return Sandbox(rate_limit=(1_000_000, 60.0))


@pytest.fixture
async def leat(shop: Sandbox) -> AsyncIterator[LeatClient]:
    with shop:
        async with LeatClient(shop.token, base_url=shop.url, rate_limit=None) as leat:
            yield leat


async def test_a_run_is_told_from_its_ledger(shop: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    ledger = tmp_path / "l"
    await bulk.run(leat.visits, rows(shop, 20), ledger=ledger, source=SOURCE)
    shop.faults.add("rate_limit", "visits.create", first=1, retry_after=1)
    bad = [{**row, "contact_uuid": f"nobody {n}"} for n, row in enumerate(rows(shop, 7, since=500))]
    changed = [{**row, "source": "till"} for row in rows(shop, 2)]
    report = await bulk.run(
        leat.visits, [*changed, *rows(shop, 40, since=2), *bad], ledger=ledger, source=SOURCE, concurrency=4
    )
    told = reports.imported(ledger)
    assert told.kind == "visits"
    run = told.run
    assert (run.run, run.state, run.file) == (2, "done", "till.csv")
    assert (run.taken, run.created, run.skipped, run.rejected) == (49, 22, 18, 9)
    assert (run.rate_limited, run.retried) == (report.rate_limited, report.retried) == (1, 1)
    # What was waited for, and how long answers took, are those of the run, as they were when it ended.
    assert run.waits == pytest.approx(report.waits, abs=0.01)
    assert run.waits["rate limit"] > 0.5
    assert run.latency == pytest.approx(report.latency, abs=1e-4)
    # Without what came before the ledger was begun.
    assert 0.5 < run.seconds <= report.seconds + 0.01
    assert sum(step.done for step in told.steps) == 22
    assert sum(step.known for step in told.steps) == 18
    assert sum(step.failed for step in told.steps) == 9
    assert sum(step.seconds for step in told.steps) == pytest.approx(report.seconds, abs=0.1)
    assert [(one.rows, one.examples) for one in told.failures] == [(7, [43, 44, 45, 46, 47]), (2, [1, 2])]
    assert told.failures[1].code == "ChangedError"
    assert [one.code for one in told.next] == ["changed", "rejected", "rate_limited"]
    assert [(one.run, one.created) for one in told.before] == [(1, 20)]
    assert [gap.code for gap in told.left_out] == ["rows"]
    first = reports.imported(ledger, 1)
    assert (first.run.created, first.before, first.next) == (20, [], [])
    jsonschema.validate(json.loads(told.to_json()), reports.import_schema())
    assert told.to_dict()["run"]["created"] == 22


async def test_rows_in_doubt_are_listed_and_whoever_can_tell_is_named(
    shop: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    ledger = tmp_path / "l"
    shop.faults.add("apply_then_drop", "bookings.create", first=3)
    contact, place = shop.contacts[0]["uuid"], shop.shops[0]["uuid"]
    bookings = [
        {"contact_uuid": contact, "shop_uuid": place, "external_id": f"b-{n}", "starts_at": moment(n)} for n in range(5)
    ]
    await bulk.run(leat.bookings, bookings, ledger=ledger, concurrency=1)
    told = reports.imported(ledger)
    assert (told.run.unknown, told.in_doubt, [one.row for one in told.doubtful]) == (3, 3, [1, 2, 3])
    assert [one.code for one in told.next] == ["in_doubt"]
    assert "leat import resolve" in told.next[0].text
    for entry in bulk.in_doubt(ledger):
        bulk.resolve(ledger, entry.number, made=True)
    # Now somebody has told.
    assert (reports.imported(ledger).in_doubt, reports.imported(ledger).next) == (0, [])


async def test_while_it_runs_and_after_it_was_left(shop: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    ledger = tmp_path / "l"
    shop.faults.add("delay", "visits.create", seconds=0.05, every=1)
    async with bulk.create(leat.visits, rows(shop, 200), ledger=ledger, concurrency=2) as outcomes:
        seen = 0
        async for _ in outcomes:
            seen += 1
            if seen == 5:
                running = reports.imported(ledger)
                break
    assert (running.run.state, [one.code for one in running.next]) == ("running", ["running"])
    left = reports.imported(ledger)
    assert (left.run.state, left.next[0].code) == ("interrupted", "again")
    assert left.in_doubt == len(bulk.in_doubt(ledger)) > 0
    assert "asks Leat" in left.next[1].text


async def test_how_it_went_is_known_of_a_run_that_was_killed(
    shop: Sandbox, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of its last commit: a copy of the ledger, as a power cut would leave it, tells it."""
    monkeypatch.setattr(ledger_module, "_SUMS", 0.0)
    shop.faults.add("delay", "visits.create", seconds=0.05, every=1)
    async with bulk.create(leat.visits, rows(shop, 200), ledger=tmp_path / "l", concurrency=2) as outcomes:
        seen = 0
        async for _ in outcomes:
            seen += 1
            if seen == 30:
                copy_ledger(tmp_path / "l", tmp_path / "copy")
                break
    told = reports.imported(tmp_path / "copy")
    assert (told.run.state, told.next[0].code) == ("broken off", "again")
    assert sum(step.done for step in told.steps) > 10
    assert told.run.seconds is not None
    assert told.run.latency["p50"] >= 0.045


async def test_what_a_ledger_does_not_hold_is_left_out_and_named(
    shop: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    """As one of an earlier version, with a run that was killed, and of which personal data were deleted."""
    ledger = tmp_path / "l"
    await bulk.run(leat.visits, [*rows(shop, 3), {"contact_uuid": "nobody"}], ledger=ledger, source=SOURCE)
    with closing(sqlite3.connect(ledger)) as base:
        base.execute("DROP TABLE courses")
        base.execute("UPDATE runs SET ended = NULL")
        base.commit()
    bulk.forget(ledger)
    told = reports.imported(ledger)
    assert (told.run.state, told.run.seconds, told.run.per_second) == ("broken off", None, None)
    assert (told.run.rate_limited, told.run.latency, told.run.waits, told.steps) == (None, {}, {}, [])
    assert told.run.file is None
    assert [one.text for one in told.failures] == ["refused; the reason was deleted"]
    assert [gap.code for gap in told.left_out] == ["course", "rows"]
    assert "nothing goes twice" in told.next[0].text
    assert "not kept" in told.to_html()


async def test_courses_are_kept_of_the_latest_twenty_runs(shop: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    ledger = tmp_path / "l"
    for _ in range(22):
        await bulk.run(leat.visits, [{"contact_uuid": "nobody"}], ledger=ledger)
    kept = [run.number for run in bulk.runs(ledger) if run.course is not None]
    assert kept == list(range(22, 2, -1))
    assert {gap.code for gap in reports.imported(ledger, 1).left_out} == {"course", "reasons", "rows"}


def test_bad_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match="there is no ledger at"):
        reports.imported(tmp_path / "nothing")


async def test_a_run_that_is_not_there_is_refused(shop: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    await bulk.run(leat.visits, rows(shop, 1), ledger=tmp_path / "l")
    with pytest.raises(ValueError, match="has no run 7; it has 1"):
        reports.imported(tmp_path / "l", 7)


@pytest.mark.parametrize(
    ("state", "word"),
    [("authentication", "token"), ("permission", "right"), ("maintenance", "over"), ("unreachable", "connection"),
     ("max_errors", "reasons"), ("failed", "failed"), ("broken off", "killed"), ("weird", "weird")],
)  # fmt: skip
def test_every_end_has_its_advice(state: str, word: str) -> None:
    run = reports.RunFigures(run=1, began="2026-10-01T08:00:00+00:00", state=state)
    found = list(advice(run, [], 0, asks_itself=True))
    assert [one.code for one in found] == ["again"]
    assert word in found[0].text
    assert "the same import again goes on" in found[0].text


def test_the_pace_is_named_where_it_took_most_of_the_time() -> None:
    run = reports.RunFigures(run=1, began="", state="done", waits={"pace": 60.0, "answers": 50.0})
    assert [one.code for one in advice(run, [], 0, asks_itself=True)] == ["pace"]
    run = reports.RunFigures(run=1, began="", state="done", waits={"pace": 40.0, "answers": 50.0})
    assert list(advice(run, [], 0, asks_itself=True)) == []


def made_up(**more: Any) -> reports.ImportReport:
    """A report of sixty steps with everything in it."""
    began = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)

    def run(number: int, **figures: Any) -> reports.RunFigures:
        given = {
            "state": "done", "file": "reservations of the whole year (final) v2.csv", "seconds": 3725.5,
            "taken": 52_000 + number, "created": 50_000, "skipped": 1_000, "rejected": 900 + number, "unknown": 12,
            "per_second": 13.9 + number, "retried": 4, "rate_limited": 3,
            "latency": {"p50": 0.123, "p90": 0.3, "p99": 1.2, "max": 4.4},
            "waits": {
                "pace": 3000.0, "answers": 400.0, "rate limit": 200.0, "failures": 60.0, "doubt": 50.0, "rows": 15.5,
            },
        }  # fmt: skip
        return reports.RunFigures(
            run=number, began=(began + dt.timedelta(days=number)).isoformat(), **{**given, **figures}
        )

    steps = [
        reports.StepFigures(
            since=62.0 * n, seconds=62.0, done=800 + n, known=20, failed=15, answered=800 if n % 7 else 0,
            p50=0.1 + n / 100 if n % 7 else None, p90=0.3 + n / 100 if n % 7 else None,
            waits={"pace": 40.0, "answers": 12.0, "rate limit": 10.0},
        )
        for n in range(60)
    ]  # fmt: skip
    failures = [
        reports.FailureFigures(
            code="1003", text="starts_at: '2026-02-30T19:30:00+01:00' does not exist: day is out of range for month",
            rows=700, examples=[2, 51, 101, 151, 52_201],
        ),
        reports.FailureFigures(code=None, text=f"x{'a' * 90}", rows=200, examples=[7]),
    ]  # fmt: skip
    given = {
        "account": "oauth:uuid:9ffd041d-9eb6-4a48-ac1c-737f7ebde982", "kind": "bookings",
        "made_at": (began + dt.timedelta(days=20)).isoformat(), "run": run(12, state="max_errors"),
        "before": [run(number) for number in range(11, 1, -1)], "steps": steps, "failures": failures, "in_doubt": 12,
        "doubtful": [
            reports.DoubtFigures(number=n, row=n + 1, sent=began.isoformat()) for n in range(12)
        ],
        "next": list(advice(run(12, state="max_errors"), failures, 12, asks_itself=False)),
        "left_out": [reports.LeftOut(code="rows", text="what each single row waited for")],
    }  # fmt: skip
    return reports.ImportReport(**{**given, **more})
