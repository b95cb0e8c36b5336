"""What becomes of a row, case by case."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import json
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leat_async import UNSET, LeatClient, RateLimit, bulk, errors, sync
from leat_async._core.declare import operation_of
from leat_async._core.digests import raw_digest
from leat_async._core.kept_text import kept
from leat_async._core.params import Instant
from leat_async.bulk import BadRow, Outcome, Progress, Status, source
from leat_async.bulk.identity import canonical, generated_id
from leat_async.bulk.intake import Intake
from leat_async.bulk.kinds import KindSettings
from leat_async.bulk.kinds.visits import VisitKind
from leat_async.bulk.options import Options
from leat_async.bulk.seen import SeenKeys
from leat_async.resources.visits import Visits
from leat_async.sandbox import Sandbox

from ..conftest import given_up
from ..tasks import tasks_of_the_package
from .helpers import Leap, client_of, moment

CREATE = operation_of(Visits.create)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
def leap(sandbox: Sandbox) -> Leap:
    return Leap(sandbox)


@pytest.fixture
async def leat(sandbox: Sandbox, leap: Leap) -> AsyncIterator[LeatClient]:
    async with client_of(sandbox, leap) as leat:
        yield leat


MOMENTS = st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))) | st.just(
    dt.UTC
)
AWARE = st.builds(lambda at, zone: at.replace(tzinfo=zone), MOMENTS, OFFSETS)
STARTS = (
    AWARE | AWARE.map(dt.datetime.isoformat) | st.sampled_from(["2024-05-01T20:00Z", "2024-05-01T20:00:00.5+00:00"])
)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)
ROWS = st.fixed_dictionaries(
    {}, optional={"external_id": TEXTS | st.none(), "source": TEXTS | st.none(), "starts_at": STARTS | st.none()}
)
# What prepares rows needs none of what sends them.
_PIPELINE = cast(Any, SimpleNamespace(config=SimpleNamespace(api="oauth")))
KIND = VisitKind("visits", KindSettings(_PIPELINE, _PIPELINE, _PIPELINE, Options(), remembers=False))


def visits(sandbox: Sandbox, count: int, **more: Any) -> list[dict[str, Any]]:
    contacts, shop = sandbox.contacts, sandbox.shops[0]["uuid"]
    return [
        {"contact_uuid": contacts[n % 3]["uuid"], "shop_uuid": shop, "starts_at": moment(n), **more}
        for n in range(count)
    ]


def at_work() -> list[str]:
    """The tasks of bulk imports that are still there."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in tasks_of_the_package()]
    return [name for name in names if name.startswith("Engine.")]


async def all_of(run: bulk.Run) -> list[Outcome]:
    async with run:
        return sorted([outcome async for outcome in run], key=lambda outcome: outcome.index)


# -- rows in, outcomes out -----------------------------------------------------------------------


async def test_outcomes_that_are_not_iterated_say_what_to_write(leat: LeatClient) -> None:
    mistaken: Any = bulk.create(leat.visits, [])
    with pytest.raises(TypeError, match=r"come asynchronously: write 'async for outcome in bulk\.create\(…\)'"):
        list(mistaken)
    with pytest.raises(TypeError, match=r"are iterated: write .*'report = await bulk\.run\(…\)'"):
        await mistaken
    assert repr(mistaken) == "<Run of visits: iterate it with async for>"


async def test_every_row_is_one_outcome_and_a_bad_one_is_not_the_end(sandbox: Sandbox, leat: LeatClient) -> None:
    rows: list[Any] = visits(sandbox, 100)
    rows[10] = {**rows[10], "contact_uuid": "nobody"}
    rows[20] = {**rows[20], "starts_at": "yesterday"}
    rows[30] = {**rows[30], "colour": "red"}
    rows[40] = BadRow(row={"raw": "x"}, error=ValueError("line 40 has 3 columns"))
    rows[50] = "no mapping"
    outcomes = await all_of(bulk.create(leat.visits, rows))
    assert [outcome.index for outcome in outcomes] == list(range(100))
    rejected = {outcome.index: outcome.error for outcome in outcomes if outcome.status is Status.REJECTED}
    assert sorted(rejected) == [10, 20, 30, 40, 50]
    assert isinstance(rejected[10], errors.NotFoundError)
    assert isinstance(rejected[20], ValueError)
    assert "colour" in str(rejected[30])
    assert str(rejected[40]) == "line 40 has 3 columns"
    assert isinstance(rejected[50], TypeError)
    made = [outcome for outcome in outcomes if outcome.status is Status.CREATED]
    assert {outcome.result.uuid for outcome in made} == {row["uuid"] for row in sandbox.rows("visits")}
    assert all(outcome.row is rows[outcome.index] and outcome.attempts == 1 for outcome in made)


async def test_the_report_sums_up(sandbox: Sandbox, leat: LeatClient) -> None:
    sandbox.faults.add("rate_limit", "visits.create", nth=[3, 4], retry_after=2)
    rows = [
        *visits(sandbox, 20),
        {"contact_uuid": "nobody", "shop_uuid": sandbox.shops[0]["uuid"], "starts_at": moment(0)},
        {},
    ]
    report = await bulk.run(leat.visits, rows)
    assert (report.created, report.rejected, report.total, report.taken) == (20, 2, 22, 22)
    assert report.retried == 2
    assert report.errors_by_code == {"55031": 1, "ValueError": 1}
    assert report.stopped is None
    assert report.error is None
    assert 0 < report.latency["p50"] <= report.latency["p99"] <= report.latency["max"]


async def test_a_slow_synchronous_source_does_not_block_the_loop(sandbox: Sandbox, leat: LeatClient) -> None:
    threads: set[int] = set()
    told = threading.Semaphore(1)

    def slowly() -> Iterator[dict[str, Any]]:
        for row in visits(sandbox, 5):
            threads.add(threading.get_ident())
            assert told.acquire(timeout=30), "the loop stands still meanwhile, or a row waits for later ones"
            yield row

    async with bulk.create(leat.visits, slowly()) as run:
        async for _ in run:
            told.release()
    assert run.report.created == 5
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_rows_may_come_asynchronously_and_endlessly(sandbox: Sandbox, leat: LeatClient) -> None:
    taken = 0

    async def endless() -> AsyncIterator[dict[str, Any]]:
        nonlocal taken
        while True:
            for row in visits(sandbox, 50, external_id=f"e-{taken}"):
                taken += 1
                yield {**row, "external_id": f"e-{taken}"}

    seen = 0
    async with bulk.create(leat.visits, endless()) as run:
        async for _ in run:
            seen += 1
            if seen == 200:
                break
    assert taken < 200 + 200, "reads far ahead of what is wanted"
    assert at_work() == []


async def test_an_error_of_the_source_comes_after_the_outcomes(sandbox: Sandbox, leat: LeatClient) -> None:
    rows = visits(sandbox, 30)

    def breaking() -> Iterator[dict[str, Any]]:
        yield from rows
        raise OSError("the disk is gone")

    outcomes = []
    run = bulk.create(leat.visits, breaking())

    async def consume() -> None:
        async for outcome in run:
            outcomes.append(outcome)

    with pytest.raises(OSError, match="the disk is gone"):
        await consume()
    assert len(outcomes) == 30 == len(sandbox.rows("visits"))


async def test_cancelling_leaves_nothing_running(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    started = asyncio.Event()

    async def consume() -> None:
        async for _ in bulk.create(leat.visits, visits(sandbox, 500), ledger=tmp_path / "l"):
            started.set()

    task = asyncio.create_task(consume())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert at_work() == []
    report = await bulk.run(leat.visits, visits(sandbox, 500), ledger=tmp_path / "l")
    assert report.total == 500
    assert len(sandbox.rows("visits")) == 500


async def test_the_hosts_garbage_collector_is_left_alone(sandbox: Sandbox, leat: LeatClient) -> None:
    before, seen = gc.get_threshold(), set()

    def rows() -> Iterator[dict[str, Any]]:
        for row in visits(sandbox, 300):
            seen.add(gc.get_threshold())
            yield row

    await bulk.run(leat.visits, rows(), concurrency=8)
    assert seen == {before} == {gc.get_threshold()}


async def test_progress_is_told(sandbox: Sandbox, leat: LeatClient) -> None:
    told: list[Progress] = []
    sandbox.faults.add("delay", "visits.create", seconds=0.3, every=10)
    await bulk.run(leat.visits, visits(sandbox, 100), on_progress=told.append)
    assert len(told) >= 2
    assert told[-1].total == told[-1].created == 100
    assert any(progress.in_flight > 0 for progress in told)


async def test_progress_says_what_it_waits_for(sandbox: Sandbox) -> None:
    told: list[Progress] = []
    limit = RateLimit(10, per=1.0, burst=1)
    async with client_of(sandbox, rate_limit=limit) as leat:
        await bulk.run(leat.visits, visits(sandbox, 12), on_progress=told.append)
    assert {progress.waiting for progress in told} >= {"pace"}


async def test_what_holds_a_run_back_is_told_apart(leat: LeatClient) -> None:
    run = bulk.create(leat.visits, [])
    engine = run._engine
    assert run.progress.waiting == "rows"
    engine._in_doubt = 2
    assert run.progress.waiting == "doubt"
    engine._in_flight = 1
    assert run.progress.waiting is None
    engine._health.storm = True
    assert run.progress.waiting == "failures"
    engine._gate.pause(60.0)
    waiter = asyncio.ensure_future(engine._gate.enter())
    await asyncio.sleep(0)
    assert run.progress.waiting == "rate limit"
    waiter.cancel()
    await run.aclose()


async def test_a_callback_that_fails_ends_the_run(sandbox: Sandbox, leat: LeatClient) -> None:
    def fail(progress: Progress) -> None:
        raise KeyError("display")

    sandbox.faults.add("delay", "visits.create", seconds=0.6)
    with pytest.raises(KeyError):
        await bulk.run(leat.visits, visits(sandbox, 1000), on_progress=fail, concurrency=2)


async def test_no_more_rows_are_in_work_than_asked_for(sandbox: Sandbox, leat: LeatClient) -> None:
    sandbox.faults.add("delay", "visits.create", seconds=0.02)
    most = 0

    def watch(progress: Progress) -> None:
        nonlocal most
        most = max(most, progress.in_flight)

    await bulk.run(leat.visits, visits(sandbox, 60), on_progress=watch, concurrency=3)
    assert 1 <= most <= 3


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"concurrency": 0}, "concurrency"),
        ({"grace": -1}, "grace"),
        ({"patience": float("nan")}, "patience"),
        ({"max_errors": 1.5}, "max_errors"),
        ({"max_errors": True}, "max_errors"),
        ({"resend_unknown": True}, "ledger"),
        ({"resend_unknown": True, "accept_unknown": True, "ledger": "x"}, "exclude"),
    ],
)
async def test_wrong_options(leat: LeatClient, options: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        bulk.create(leat.visits, [], **options)


async def _told(_: object) -> None: ...


@pytest.mark.parametrize(
    "options",
    [
        *({name: "no"} for name in ("create_contacts", "retry_rejected", "resend_unknown", "accept_unknown")),
        *({name: "no"} for name in ("clear_empty", "wait", "ensure_identity", "batch_calls", "update_existing")),
        *({name: wrong} for name in ("on_progress", "on_outcome") for wrong in ("print", _told)),
        *({"batch": wrong} for wrong in (5, "", " ")),
        *({"account": wrong} for wrong in (5, "")),
        *({"ledger": wrong} for wrong in (5, "", b"ledger", True)),
        *({"identity_attribute": 5}, {"on_change": []}, {"source": 5}),
    ],
)
async def test_wrong_options_are_refused_before_anything_is_sent(
    leat: LeatClient, sandbox: Sandbox, options: dict[str, Any]
) -> None:
    (name,) = options
    with pytest.raises((ValueError, TypeError), match=f"{name} "):
        await bulk.run(leat.visits, visits(sandbox, 1), **options)
    plain = sync.LeatClient(sandbox.token, base_url=sandbox.url)
    with plain, pytest.raises((ValueError, TypeError), match=f"{name} "):
        sync.bulk.run(plain.visits, visits(sandbox, 1), **options)
    assert not sandbox.rows("visits")


async def test_wrong_resources_and_rows(leat: LeatClient) -> None:
    with pytest.raises(TypeError, match=r"leat\.visits"):
        bulk.create(leat.shops, [])  # type: ignore[arg-type]
    for rows in ({"contact_uuid": "c"}, "abc", 5):
        with pytest.raises(TypeError, match="rows"):
            bulk.create(leat.visits, rows)  # type: ignore[arg-type]


async def test_a_table_is_told_how_it_gives_its_rows(leat: LeatClient, sandbox: Sandbox) -> None:
    # Loaded where they are used: each worker of a run imports all test files.
    import duckdb
    import pandas
    import polars
    import pyarrow

    shop, contact = sandbox.shops[0]["uuid"], sandbox.create_contact("ada@example.com")["uuid"]
    rows = [
        {"contact_uuid": contact, "shop_uuid": shop, "external_id": f"R-{n}", "starts_at": at, "source": None}
        for n, at in enumerate((dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None))
    ]
    frame = pandas.DataFrame(rows)
    tables = [frame, polars.DataFrame(rows), pyarrow.Table.from_pylist(rows), duckdb.from_arrow(pyarrow.table(frame))]
    for n, table in enumerate(tables):
        with pytest.raises(TypeError, match="whose rows are") as told:
            bulk.create(leat.visits, table)
        with pytest.raises(TypeError, match="whose rows are"):
            await bulk.run(leat.visits, table)
        (outcome,) = [one async for one in bulk.create(leat.visits, [table])]  # read in pieces
        advice = str(told.value).partition("whose rows are ")[2]
        assert str(outcome.error).endswith(f"whose rows are {advice}")
        report = await bulk.run(leat.visits, eval(advice, {"frame": table, "table": table}))
        assert (report.created, report.existed) == ((2, 0) if n == 0 else (0, 2))


# -- in doubt --------------------------------------------------------------------------------------


@pytest.mark.parametrize("unique", [True, False])
@pytest.mark.parametrize(
    ("fault", "options", "sends"),
    [
        ("apply_then_drop", {}, 1),
        ("server_error", {"applied": True}, 1),
        ("html", {"applied": True}, 1),
        ("truncated", {}, 1),
        ("malformed", {}, 1),
        ("apply_late", {"seconds": 20}, 1),
        ("drop_before", {}, 2),
        ("maintenance", {}, 2),
        ("rate_limit", {"retry_after": 60}, 2),
    ],
)
async def test_a_visit_in_doubt_is_asked_about(
    leap: Leap, fault: str, options: dict[str, Any], sends: int, unique: bool
) -> None:
    async with Sandbox(seed=2, unique_external_ids=unique) as sandbox:
        leap = Leap(sandbox)
        async with client_of(sandbox, leap) as leat:
            sandbox.faults.add(fault, "visits.create", nth=1, **options)
            run = all_of(bulk.create(leat.visits, visits(sandbox, 1)))
            [outcome] = await (given_up(leat, sandbox, run) if fault == "apply_late" else run)
            leap.leap(100)
            assert outcome.status is Status.CREATED
            assert outcome.attempts == sends
            assert [row["uuid"] for row in sandbox.rows("visits")] == [outcome.result.uuid]
            if sends == 2 and fault != "rate_limit":
                assert leap.leapt >= 30, "sent again before the grace period was over"


async def test_a_visit_that_never_arrives_is_unknown_in_the_end(sandbox: Sandbox, leat: LeatClient) -> None:
    rows = visits(sandbox, 5)
    sandbox.faults.add("drop_before", "visits.create", first=3)
    outcomes = await all_of(bulk.create(leat.visits, rows[:1]))
    assert [outcome.status for outcome in outcomes] == [Status.UNKNOWN]
    assert outcomes[0].attempts == 3
    assert isinstance(outcomes[0].error, errors.OutcomeUnknownError)


async def test_rows_in_doubt_do_not_hold_up_the_others(sandbox: Sandbox) -> None:
    others = asyncio.Event()

    class Standing(Leap):
        """What waits does so until the other rows are done."""

        async def sleep(self, seconds: float) -> None:
            await others.wait()
            await super().sleep(seconds)

    sandbox.faults.add("drop_before", "visits.create", nth=[1, 11, 21, 31])
    seen = 0
    async with (
        client_of(sandbox, Standing(sandbox), concurrency=2) as leat,
        asyncio.timeout(60),
        bulk.create(leat.visits, visits(sandbox, 60), grace=1.0) as run,
    ):
        async for _ in run:
            seen += 1
            if seen == 56:
                others.set()
    assert run.report.created == 60


async def test_a_booking_in_doubt_is_unknown(sandbox: Sandbox, leat: LeatClient) -> None:
    sandbox.faults.add("apply_then_drop", "bookings.create", nth=2)
    sandbox.faults.add("malformed", "bookings.create", nth=4)
    outcomes = await all_of(bulk.create(leat.bookings, visits(sandbox, 5), concurrency=1))
    kinds = [outcome.status for outcome in outcomes]
    assert kinds == [Status.CREATED, Status.UNKNOWN, Status.CREATED, Status.CREATED, Status.CREATED]
    assert outcomes[3].result is None, "accepted, and nothing legible came back"
    assert len(sandbox.rows("bookings")) == 5


async def test_what_was_there_before_existed(sandbox: Sandbox, leat: LeatClient) -> None:
    row = visits(sandbox, 1)[0]
    there = await leat.visits.create(**row, external_id="taken")
    outcomes = await all_of(
        bulk.create(
            leat.visits,
            [
                {**row, "external_id": "taken"},
                {**row, "external_id": "taken", "contact_uuid": sandbox.contacts[1]["uuid"]},
            ],
            concurrency=1,
        )
    )
    assert outcomes[0].status is Status.EXISTED
    assert outcomes[0].result.uuid == there.uuid
    assert outcomes[1].status is Status.REJECTED, "the identifier belongs to somebody else's visit"


@pytest.mark.parametrize("unique", [True, False])
async def test_the_same_external_id_twice_is_one_visit(unique: bool) -> None:
    async with Sandbox(seed=2, unique_external_ids=unique) as sandbox, client_of(sandbox) as leat:
        row = visits(sandbox, 1)[0]
        rows = [{**row, "external_id": "x"}, {**row, "external_id": "x"}, {**row, "external_id": "x", "source": "Web"}]
        outcomes = await all_of(bulk.create(leat.visits, rows))
        assert [o.status for o in outcomes] == [Status.CREATED, Status.EXISTED, Status.REJECTED]
        assert len(sandbox.rows("visits")) == 1


async def test_equal_rows_are_as_many_visits(sandbox: Sandbox, leat: LeatClient) -> None:
    row = visits(sandbox, 1)[0]
    rows = [row, row, {**row, "starts_at": "2024-04-30T22:00:00Z"}]  # the same moment, written otherwise
    first = await bulk.run(leat.visits, rows)
    again = await bulk.run(leat.visits, list(reversed(rows)))
    assert (first.created, again.existed) == (3, 3)
    assert len({visit["external_id"] for visit in sandbox.rows("visits")}) == 3


def test_a_generated_external_id_is_the_same_for_ever() -> None:
    row = {"shop_uuid": "s", "contact_uuid": "c", "source": None, "starts_at": "2024-05-01T20:00:00+02:00"}
    content = canonical(CREATE.body, row)
    assert content == b'{"contact_uuid":"c","shop_uuid":"s","starts_at":"2024-05-01T18:00:00+00:00"}'
    assert generated_id("oauth:uuid:a", "visits", content, 0) == "3792eee2-ad8a-5e62-9005-913aa69971cc"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=ROWS)
def test_what_is_digested_is_the_content_also_where_the_body_serves_for_it(row: dict[str, Any]) -> None:
    row = {"contact_uuid": "c", "shop_uuid": "s", **row}
    active = KIND.prepare(0, row)
    row = kept(row)
    assert active.content == canonical(CREATE.body, {**dict.fromkeys(CREATE.body, UNSET), **row})
    parts = ("external_id", row["external_id"]) if active.serial_key else ("content", active.content)
    assert active.identity == raw_digest("visits", *parts)
    if active.serial_key:
        assert active.request is not None
        assert json.loads(active.request.body or b"") == json.loads(CREATE.request("oauth", (), None, row).body or b"")


class Odd(dict[str, Any]):
    """A row that can't even be looked at."""

    def keys(self) -> Any:
        raise LookupError("the row's file is gone")


@pytest.mark.parametrize("ledger", [True, False])
async def test_a_row_that_raises_ends_the_run_after_the_rows_before_it(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, ledger: bool
) -> None:
    rows = [*visits(sandbox, 100), Odd(), *visits(sandbox, 10)]
    outcomes: list[Outcome] = []
    kept = tmp_path / "l" if ledger else None
    with pytest.raises(LookupError, match="file is gone"):
        await bulk.run(leat.visits, rows, ledger=kept, on_outcome=outcomes.append)
    assert sorted(outcome.index for outcome in outcomes) == list(range(100))
    assert {outcome.status for outcome in outcomes} == {Status.CREATED}
    assert len(sandbox.rows("visits")) == 100


async def test_who_waits_for_rows_is_woken_also_when_others_took_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_PATIENCE", 60.0)
    monkeypatch.setattr(source, "_BATCH", 2)
    go_on = threading.Event()

    def rows() -> Iterator[dict[str, Any]]:
        yield {"contact_uuid": "c", "shop_uuid": "s"}
        yield {"contact_uuid": "c", "shop_uuid": "s"}
        go_on.wait(30)

    seen = SeenKeys()
    intake = Intake(rows(), KIND, seen)
    waiting = asyncio.create_task(intake.fill())
    try:
        # Whoever asks first after the rows have come gets them, and that need not be the one who waited.
        while not intake.look():
            await asyncio.sleep(0)
        await asyncio.wait_for(waiting, 10)
        assert len(intake.coming) == 2
    finally:
        go_on.set()
        intake.close()
        seen.close()


# -- stopping --------------------------------------------------------------------------------------


async def test_rows_before_the_bad_one_that_ends_the_run_are_sent(sandbox: Sandbox, leat: LeatClient) -> None:
    rows: list[Any] = visits(sandbox, 60)
    rows[10] = {**rows[10], "colour": "red"}
    report = await bulk.run(leat.visits, rows, max_errors=0, concurrency=1)
    assert (report.stopped, report.created, report.rejected, report.taken) == ("max_errors", 10, 1, 11)


async def test_too_many_errors_stop_the_run(sandbox: Sandbox, leat: LeatClient) -> None:
    rows = [{**row, "contact_uuid": "nobody"} for row in visits(sandbox, 500)]
    report = await bulk.run(leat.visits, rows, max_errors=10)
    assert report.stopped == "max_errors"
    assert 10 < report.rejected <= report.taken < 100
    good = visits(sandbox, 200)
    mixed = [row if n % 4 else {**row, "contact_uuid": "nobody"} for n, row in enumerate(good)]
    assert (await bulk.run(leat.visits, mixed, max_errors=0.3)).stopped is None
    assert (await bulk.run(leat.visits, mixed, max_errors=0.2)).stopped == "max_errors"


@pytest.mark.parametrize("kind", ["visits", "bookings"])
async def test_a_refused_token_stops_the_run(sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    sandbox.faults.add("expired_token", f"{kind}.create", every=20, times=1)
    async with client_of(sandbox) as leat:
        resource = getattr(leat, kind)
        report = await bulk.run(resource, visits(sandbox, 300), ledger=tmp_path / "l")
        assert report.stopped == "authentication"
        assert isinstance(report.error, errors.AuthenticationError)
        assert report.rejected == report.unknown == 0
        assert report.created == len(sandbox.rows(kind)) < 300
        again = await bulk.run(resource, visits(sandbox, 300), ledger=tmp_path / "l")
    assert again.stopped is None
    assert again.skipped == report.created
    assert again.created == 300 - report.created


async def test_a_token_refused_from_the_start_takes_no_row(sandbox: Sandbox, tmp_path: Path) -> None:
    async with LeatClient("wrong", base_url=sandbox.url) as leat:
        report = await bulk.run(leat.visits, visits(sandbox, 300), ledger=tmp_path / "l")
    assert report.stopped == "authentication"
    assert (report.taken, report.total) == (0, 0)


async def test_a_slow_consumer_slows_the_source(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    for ledger in (None, tmp_path / "l"):
        async with bulk.create(leat.visits, visits(sandbox, 2000), ledger=ledger, concurrency=4) as run:
            await anext(run)
            await asyncio.sleep(0.3)
            while run.progress.in_flight:
                await asyncio.sleep(0.01)
            assert run.progress.taken <= 1 + 4 * 4 + 4 + 1


@pytest.mark.parametrize("kind", ["visits", "bookings"])
@pytest.mark.parametrize(
    ("fault", "operation", "reason"),
    [
        ("maintenance", "*", "maintenance"),
        ("drop_before", "*", "unreachable"),
        ("maintenance", "?.create", "maintenance"),
    ],
)
async def test_an_outage_stops_the_run(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, kind: str, fault: str, operation: str, reason: str
) -> None:
    resource = getattr(leat, kind)
    rows = visits(sandbox, 300)
    assert (await bulk.run(resource, rows[:50], ledger=tmp_path / "l")).created == 50
    sandbox.faults.add(fault, operation.replace("?", kind))
    report = await bulk.run(resource, rows, ledger=tmp_path / "l", patience=60, grace=40)
    assert report.stopped == reason
    assert report.rejected == 0
    assert report.unknown <= 64 + 20, "an outage must not run through the rows"
    sandbox.faults.clear()
    again = await bulk.run(resource, rows, ledger=tmp_path / "l", resend_unknown=True)
    assert again.total == 300
    assert len(sandbox.rows(kind)) == 300


async def test_a_storm_of_429_fails_no_row(sandbox: Sandbox, leat: LeatClient) -> None:
    sandbox.faults.add("rate_limit", "visits.create", first=400, retry_after=7)
    report = await bulk.run(leat.visits, visits(sandbox, 100))
    assert (report.created, report.stopped) == (100, None)
    assert report.retried > 100


async def test_a_closed_client_is_an_error(sandbox: Sandbox) -> None:
    leat = client_of(sandbox)
    await leat.aclose()
    with pytest.raises(errors.LifecycleError):
        await bulk.run(leat.visits, visits(sandbox, 3))


# -- contacts --------------------------------------------------------------------------------------


async def test_an_address_is_looked_up_once(sandbox: Sandbox, leat: LeatClient) -> None:
    shop = sandbox.shops[0]["uuid"]
    count, addresses = (10_000, 500) if os.environ.get("LEAT_SOAK") == "1" else (1_000, 50)
    rows = [
        {"contact_email": f" Guest{n * addresses // count}@Example.COM ", "shop_uuid": shop, "starts_at": moment(n)}
        for n in range(count)
    ]
    report = await bulk.run(leat.visits, iter(rows), create_contacts=True)
    counts = sandbox.journal.counts()
    assert report.created == count
    assert counts["contacts.find_or_create"] == addresses
    assert len(sandbox.contacts) == addresses + 3


async def test_a_missing_contact_is_a_rejected_row(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    rows = [{**row, "contact_email": "new@example.com"} for row in visits(sandbox, 40)]
    for row in rows:
        del row["contact_uuid"]
    report = await bulk.run(leat.visits, rows, ledger=tmp_path / "l")
    assert report.rejected == 40
    assert sandbox.journal.counts()["contacts.find_one_by"] == 1
    assert len(sandbox.contacts) == 3
    # Nothing was sent for them, so the same ledger goes on once contacts may be made.
    again = await bulk.run(leat.visits, rows, ledger=tmp_path / "l", create_contacts=True)
    assert again.created == 40
    assert list(bulk.rejects(tmp_path / "l")) == []


async def test_an_address_that_fails_for_a_while_fails_no_row(sandbox: Sandbox, leat: LeatClient) -> None:
    sandbox.faults.add("server_error", "contacts.*", first=20)
    rows = [{**row, "email": "anna@example.com"} for row in visits(sandbox, 40)]
    for row in rows:
        del row["contact_uuid"]
    assert (await bulk.run(leat.visits, rows, patience=100_000)).created == 40


@pytest.mark.parametrize(
    ("options", "known"),
    [
        ({"update_existing": True}, Status.UPDATED),
        ({"on_change": "update"}, Status.UPDATED),
        ({"on_change": "skip"}, Status.EXISTED),
        ({}, Status.REJECTED),
    ],
)
async def test_contacts_are_made_or_left_alone(
    sandbox: Sandbox, leat: LeatClient, options: dict[str, Any], known: Status
) -> None:
    rows = [
        {"email": "ANNA@example.com", "attributes": {"firstname": "Anna"}},
        {"email": "new@example.com", "attributes": {"firstname": "New"}},
        {"email": " New@Example.com", "attributes": {"firstname": "Other"}},
        {"email": "plain@example.com"},
        {"email": "bad"},
    ]
    outcomes = await all_of(bulk.create(leat.contacts, rows, **options))
    update, later = known is Status.UPDATED, Status.SKIPPED if known is Status.EXISTED else known
    status = [outcome.status for outcome in outcomes]
    assert status == [known, Status.CREATED, later, Status.CREATED, Status.REJECTED]
    assert [outcome.changed for outcome in outcomes[:3]] == [("attributes.firstname",), (), ("attributes.firstname",)]
    kept = {row["email"]: row["attributes"] for row in sandbox.rows("contacts")}
    assert kept["anna@example.com"] == ({"firstname": "Anna"} if update else {})
    assert kept["new@example.com"] == {"firstname": "Other" if update else "New"}


async def test_a_lost_answer_does_not_make_an_existing_contact_ours(sandbox: Sandbox, leat: LeatClient) -> None:
    sandbox.faults.add("apply_then_drop", "contacts.create")
    [outcome] = await all_of(
        bulk.create(leat.contacts, [{"email": "anna@example.com", "attributes": {"firstname": "Another"}}])
    )
    assert outcome.status is Status.REJECTED
    assert sandbox.rows("contacts")[0]["attributes"] == {}
    assert outcome.attempts == 0


async def test_a_contact_whose_answer_was_lost_still_gets_its_attributes(sandbox: Sandbox, leat: LeatClient) -> None:
    sandbox.faults.add("apply_then_drop", "contacts.create", nth=1)
    sandbox.faults.add("malformed", "contacts.create", nth=2)
    sandbox.faults.add("server_error", "contacts.update", first=6)
    rows = [{"email": f"g{n}@example.com", "attributes": {"firstname": f"G{n}"}} for n in range(4)]
    report = await bulk.run(leat.contacts, rows)
    assert report.created == 4
    assert [row["attributes"] for row in sandbox.rows("contacts")[3:]] == [{"firstname": f"G{n}"} for n in range(4)]


async def test_refused_attributes_say_that_the_contact_exists(sandbox: Sandbox, leat: LeatClient) -> None:
    [outcome] = await all_of(bulk.create(leat.contacts, [{"email": "g@example.com", "attributes": {"uuid": "x"}}]))
    assert outcome.status is Status.REJECTED
    assert outcome.error is not None
    assert "the contact exists" in "".join(outcome.error.__notes__)


async def test_a_moment_that_does_not_exist_in_utc_is_a_bad_row(sandbox: Sandbox, leat: LeatClient) -> None:
    rows = visits(sandbox, 2)
    rows[0]["starts_at"] = "0001-01-01T00:00:00+05:00"
    first, second = sorted(await all_of(bulk.create(leat.visits, rows)), key=lambda outcome: outcome.index)
    assert first.status is Status.REJECTED
    assert "out of range" in str(first.error)
    assert second.status is Status.CREATED


@pytest.mark.parametrize(
    "written",
    [
        "2024-05-01T20:00:00+00:00",
        "2024-05-01T22:00:00+02:00",
        "2024-05-01T20:00:00.000001Z",
        "0999-12-31T23:59:59-01:00",
    ],
)
def test_moments_are_digested_as_isoformat_writes_them(written: str) -> None:
    moment = dt.datetime.fromisoformat(written)
    expected = moment.astimezone(dt.UTC).isoformat()
    params = {"starts_at": Instant()}
    for value in (written, moment):
        assert json.loads(canonical(params, {"starts_at": value})) == {"starts_at": expected}
