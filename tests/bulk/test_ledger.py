"""The ledger: true at every moment, one run at a time, and nobody else's business."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web

from leat_async import LeatClient, bulk, errors
from leat_async._core.clock import Handle
from leat_async._core.declare import operation_of
from leat_async.bulk import State, Status, lock, sqlite_store
from leat_async.bulk import ledger as ledger_module
from leat_async.bulk.access import existing
from leat_async.bulk.places import ledger_place
from leat_async.bulk.rows import ActiveRow
from leat_async.bulk.sqlite_store import SqliteLedgerStore
from leat_async.bulk.store import COLUMNS, Commit, RunStart
from leat_async.resources.visits import Visits
from leat_async.sandbox import Sandbox

from ..conftest import Recorded, Recorder
from ..forking import Fork, Forks, environment, piped
from .conftest import store_at
from .helpers import Leap, Shop, client_of, held, moment, seen, told
from .test_outcomes import all_of, visits

CREATE = operation_of(Visits.create)
START = RunStart(source=None, on_change="reject", batch=None, started=0.0, pid=1)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
async def leat(sandbox: Sandbox) -> AsyncIterator[LeatClient]:
    async with client_of(sandbox, Leap(sandbox)) as leat:
        yield leat


async def test_no_byte_leaves_before_its_commit(
    recorder: Recorder, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[State | None] = []
    encode = ledger_module._encode

    def slowly(rows: Any) -> bytes:
        time.sleep(0.01)  # a byte that does not wait for the commit is far ahead of it
        return encode(rows)

    monkeypatch.setattr(ledger_module, "_encode", slowly)

    async def look(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        if recorded.method == "GET":
            return web.json_response({"data": {"uuid": "account"}})
        entry = bulk.show(ledger, int(recorded.json["external_id"].partition("-")[2]))
        states.append(entry.state if entry is not None else None)
        return told(seen(recorded.json))

    recorder.default = look
    rows = [{"contact_uuid": "c", "shop_uuid": "s", "external_id": f"e-{n}"} for n in range(100)]
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        report = await bulk.run(leat.visits, rows, ledger=ledger)
    assert report.created == 100
    assert states == [State.SENT] * 100


async def test_a_row_turned_away_is_not_in_doubt(sandbox: Sandbox, ledger: Any) -> None:
    sandbox.faults.add("rate_limit", "bookings.create", nth=1, retry_after=60)
    clock = Leap(sandbox)
    later, waits = clock.call_later, asyncio.Event()

    def held_back(seconds: float, callback: Callable[[], None]) -> Handle:
        async def go() -> None:
            await waits.wait()
            later(seconds, callback)

        return asyncio.ensure_future(go())

    async with client_of(sandbox, clock) as leat:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(clock, "call_later", held_back)
            running = asyncio.ensure_future(bulk.run(leat.bookings, visits(sandbox, 1), ledger=ledger))
            state: State | None = None
            while state is not State.PENDING:
                await asyncio.sleep(0.005)
                with suppress(errors.ConfigError):  # it is not there at once
                    entry = bulk.show(ledger, 0)
                    state = entry.state if entry is not None else None
            waits.set()
            assert (await running).created == 1
    done = bulk.show(ledger, 0)
    assert done is not None
    assert done.state is State.DONE


async def test_the_second_run_skips(sandbox: Sandbox, leat: LeatClient, ledger: Any) -> None:
    rows = [
        *visits(sandbox, 30),
        {"contact_uuid": "nobody", "shop_uuid": sandbox.shops[0]["uuid"], "starts_at": moment(0)},
    ]
    await bulk.run(leat.visits, rows, ledger=ledger)
    posts = sandbox.journal.counts()["visits.create"]
    outcomes = await all_of(bulk.create(leat.visits, rows, ledger=ledger))
    assert [outcome.status for outcome in outcomes] == [Status.SKIPPED] * 30 + [Status.REJECTED]
    assert sandbox.journal.counts()["visits.create"] == posts
    earlier = outcomes[-1].error
    assert isinstance(earlier, bulk.EarlierError)
    assert "55031" in str(earlier)
    again = await bulk.run(leat.visits, rows, ledger=ledger, retry_rejected=True)
    assert again.errors_by_code == {"55031": 1}
    assert sandbox.journal.counts()["visits.create"] == posts + 1


async def test_a_corrected_row_is_sent_and_a_done_one_is_not(sandbox: Sandbox, leat: LeatClient, ledger: Any) -> None:
    good, bad = visits(sandbox, 2)
    rows = [{**good, "external_id": "a"}, {**bad, "external_id": "b", "contact_uuid": "nobody"}]
    assert (await bulk.run(leat.visits, rows, ledger=ledger)).rejected == 1
    done, refused = bulk.show(ledger, 0), bulk.show(ledger, 1)
    assert done is not None
    assert refused is not None
    rows = [{**bad, "external_id": "b"}, {**good, "external_id": "a"}]
    report = await bulk.run(leat.visits, rows, ledger=ledger)
    assert (report.created, report.skipped) == (1, 1)
    assert list(bulk.rejects(ledger)) == []


async def test_what_shares_a_column_stays_where_it_is(tmp_path: Path, sandbox: Sandbox, leat: LeatClient) -> None:
    rows = [{**row, "external_id": f"e-{n}"} for n, row in enumerate(visits(sandbox, 2))]
    rows[1]["contact_uuid"] = "nobody"
    await bulk.run(leat.visits, rows, ledger=tmp_path / "l")
    done, refused = (json.loads(rest) for (rest,) in read(tmp_path / "l", "SELECT rest FROM rows ORDER BY idx"))
    [visit] = sandbox.rows("visits")
    assert done[:5] == ["created", 1, visit["uuid"], None, None]
    assert refused[:3] == ["rejected", 1, None]
    assert refused[4] == "55031"
    assert all(isinstance(at, int) for at in done[5:] + refused[5:])


async def test_only_its_owner_may_read_it(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    path = tmp_path / "l"
    async with bulk.create(leat.visits, visits(sandbox, 50), ledger=path) as run:
        await anext(run)
        assert set(modes(tmp_path).values()) == {0o600}
    assert list(modes(tmp_path)) == ["l"]


async def test_it_holds_no_secret_and_its_personal_data_can_go(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    path = tmp_path / "l"
    shop = sandbox.shops[0]["uuid"]
    rows = [
        {"contact_email": "anna@example.com", "shop_uuid": shop, "starts_at": moment(0)},
        {"contact_email": "nobody@example.com", "shop_uuid": shop, "starts_at": moment(0)},
    ]
    await bulk.run(leat.visits, rows, ledger=path)
    content = path.read_bytes()
    assert sandbox.token.encode() not in content
    assert b"anna@" not in content
    anna = sandbox.contacts[0]["uuid"].encode()
    assert anna in content
    assert b"nobody@" in content
    bulk.forget(path)
    assert list(modes(tmp_path)) == ["l"]
    content = path.read_bytes()
    assert anna not in content
    assert b"nobody@" not in content
    summary = bulk.status(path)
    assert summary.forgotten
    assert summary.states == {"done": 1}
    again = await bulk.run(leat.visits, rows, ledger=path)
    assert (again.skipped, again.rejected) == (1, 1)


async def test_a_ledger_in_use_is_refused(sandbox: Sandbox, leat: LeatClient, ledger: Any) -> None:
    tried = asyncio.Event()
    async with bulk.create(leat.visits, held(visits(sandbox, 50), tried), ledger=ledger) as run:
        await anext(run)
        with pytest.raises(errors.ConfigError, match="in use"):
            await bulk.run(leat.visits, visits(sandbox, 50), ledger=ledger)
        with pytest.raises(errors.ConfigError, match="in use"):
            bulk.forget(ledger)
        tried.set()
        assert bulk.status(ledger).kind == "visits"
    assert (await bulk.run(leat.visits, visits(sandbox, 50), ledger=ledger)).total == 50


@pytest.mark.parametrize(
    ("options", "kind", "reason"),
    [({"account": "other"}, "visits", "another account"), ({}, "bookings", "the one of visits")],
)
async def test_a_ledger_of_something_else_is_refused(
    sandbox: Sandbox, leat: LeatClient, ledger: Any, options: dict[str, Any], kind: str, reason: str
) -> None:
    rows = visits(sandbox, 3)
    await bulk.run(leat.visits, rows, ledger=ledger)
    sent = sandbox.journal.counts().get(f"{kind}.create", 0)
    with pytest.raises(errors.ConfigError, match=reason):
        await bulk.run(getattr(leat, kind), rows, ledger=ledger, **options)
    assert sandbox.journal.counts().get(f"{kind}.create", 0) == sent


async def test_another_account_is_noticed_by_asking(leat: LeatClient, sandbox: Sandbox, ledger: Any) -> None:
    await bulk.run(leat.visits, visits(sandbox, 3), ledger=ledger)
    async with Sandbox(seed=2) as other, client_of(other) as stranger:
        with pytest.raises(errors.ConfigError, match="another account"):
            await bulk.run(stranger.visits, visits(other, 3), ledger=ledger)
        assert other.rows("visits") == []


@pytest.mark.parametrize(
    "content", [b"just text, and long enough to be read as a header of something", b"SQLite format 3\0"]
)
async def test_another_file_is_no_ledger(leat: LeatClient, sandbox: Sandbox, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "visits.csv"
    path.write_bytes(content)
    with pytest.raises(errors.ConfigError, match="ledger"):
        await bulk.run(leat.visits, visits(sandbox, 3), ledger=path)
    assert path.read_bytes() == content
    with pytest.raises(errors.ConfigError):
        bulk.status(path)
    with pytest.raises(errors.ConfigError):
        bulk.status(tmp_path / "missing")
    with pytest.raises(errors.ConfigError):
        await bulk.run(leat.visits, visits(sandbox, 3), ledger=tmp_path / "no" / "such" / "place")
    assert sandbox.rows("visits") == []


async def test_somebody_elses_database_is_left_alone(leat: LeatClient, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE users (name TEXT)")
    base.close()
    before = path.read_bytes()
    with pytest.raises(errors.ConfigError, match="not a ledger"):
        await bulk.run(leat.visits, visits(sandbox, 3), ledger=path)
    assert path.read_bytes() == before


async def test_a_ledger_that_cannot_be_written_ends_the_run_unsent(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "_RECORD", "INSERT INTO nowhere SELECT value FROM json_each(?)")
    with pytest.raises(errors.LeatError, match="can't be written"):
        await bulk.run(leat.visits, visits(sandbox, 30), ledger=tmp_path / "l")
    assert sandbox.rows("visits") == []


@pytest.mark.parametrize("decision", ["resend_unknown", "accept_unknown", None])
async def test_bookings_of_unknown_outcome_wait_for_a_decision(
    sandbox: Sandbox, leat: LeatClient, ledger: Any, decision: str | None
) -> None:
    sandbox.faults.add("drop_before", "bookings.create", nth=2)
    rows = visits(sandbox, 4)
    assert (await bulk.run(leat.bookings, rows, ledger=ledger)).unknown == 1
    assert bulk.status(ledger).states == {"done": 3, "unknown": 1}
    report = await bulk.run(leat.bookings, rows, ledger=ledger, **({decision: True} if decision else {}))
    assert report.skipped == (4 if decision == "accept_unknown" else 3)
    assert report.created == (1 if decision == "resend_unknown" else 0)
    assert report.unknown == (1 if decision is None else 0)
    assert len(sandbox.rows("bookings")) == (4 if decision == "resend_unknown" else 3)
    last = await bulk.run(leat.bookings, rows, ledger=ledger)
    assert last.skipped == (3 if decision is None else 4)


@pytest.mark.parametrize("on_change", ["reject", "skip"])
async def test_a_booking_taken_as_made_is_known_by_what_was_sent_not_by_what_the_row_says_since(
    sandbox: Sandbox, leat: LeatClient, ledger: Any, on_change: Literal["reject", "skip"]
) -> None:
    sandbox.faults.add("apply_then_drop", "bookings.create")
    rows = [{**row, "external_id": f"b-{place}"} for place, row in enumerate(visits(sandbox, 1))]
    changed = [{**row, "source": "another"} for row in rows]
    assert (await bulk.run(leat.bookings, rows, ledger=ledger)).unknown == 1
    for options in ({"accept_unknown": True}, {}):
        report = await bulk.run(leat.bookings, changed, ledger=ledger, on_change=on_change, **options)
        assert report.changed == {"source": 1}
        assert (report.rejected, report.skipped) == ((1, 0) if on_change == "reject" else (0, 1))
    assert (await bulk.run(leat.bookings, rows, ledger=ledger)).skipped == 1


async def test_what_became_of_a_row(sandbox: Sandbox, leat: LeatClient, ledger: Any) -> None:
    rows = visits(sandbox, 3)
    rows[1] = {**rows[1], "starts_at": "noon"}
    await bulk.run(leat.visits, rows, ledger=ledger, source=bulk.Source(name="file", size=3))
    entry = bulk.show(ledger, 0)
    assert entry is not None
    assert (entry.state, entry.status, entry.attempts) == (State.DONE, "created", 1)
    assert entry.uuid in {row["uuid"] for row in sandbox.rows("visits")}
    assert abs(entry.sent_at - time.time()) < 60
    assert bulk.show(ledger, 3) is None
    [refused] = bulk.rejects(ledger)
    assert (refused.index, refused.code, refused.attempts) == (1, "ValueError", 0)
    assert "noon" in (refused.error or "")
    [run] = bulk.runs(ledger)
    assert run == bulk.status(ledger).last
    assert (run.source, run.running, run.stopped) == (bulk.Source(name="file", size=3), False, None)
    assert run.counts == {"created": 2, "rejected": 1, "taken": 3}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("ids", ["own", "generated"])
async def test_a_killed_process_can_be_resumed(tmp_path: Path, ledger: Any, forks: Forks, ids: str) -> None:
    import os
    import random

    soak = os.environ.get("LEAT_SOAK") == "1"
    count, kills = (5000, 10) if soak else (600, 4)
    draw = random.Random(ids)
    script = Path(__file__).with_name("importing.py")
    done: dict[int, set[int]] = {}
    async with Sandbox(seed=3, rate_limit=(10**9, 60.0), unique_external_ids=False, journal_size=100_000) as sandbox:
        who, shop = sandbox.contacts, sandbox.shops[0]["uuid"]
        arguments = [sandbox.url, sandbox.token, str(ledger), ids, str(count), shop, *(c["uuid"] for c in who)]

        def start() -> tuple[Fork, asyncio.Future[int]]:
            files = [open(tmp_path / "out", "w+")] * 3  # noqa: SIM115
            with files[0]:
                process = forks.start([script, *arguments], environment(), tmp_path, files)
            return process, asyncio.ensure_future(asyncio.to_thread(process.wait))

        killed = 0
        while killed < kills:
            process, ended = start()
            made = len(sandbox.rows("visits"))
            wanted = made + draw.randrange(1, max(2, count // kills))
            while not ended.done() and len(sandbox.rows("visits")) < min(wanted, count):
                await asyncio.sleep(0.002)
            await asyncio.sleep(draw.random() * 0.01)
            if ended.done():
                break
            process.kill()
            await ended
            killed += 1
            await asyncio.sleep(0.05)
            # A kill may come before the ledger is there.
            with suppress(errors.ConfigError), existing(ledger_place(ledger)) as (base, _):
                found = base.execute("SELECT idx FROM rows WHERE state = 'done'").fetchall()
                done[sandbox.journal.total] = {idx for (idx,) in found}
        _, ended = start()
        assert await ended == 0
        report = json.loads((tmp_path / "out").read_text())
        assert killed >= 2
        assert report["stopped"] is None
        assert report["total"] == count
        assert report["rejected"] == report["unknown"] == 0
        rows = sandbox.rows("visits")
        assert len(rows) == count
        assert len({row["external_id"] for row in rows}) == count
        # `source` carries the row's number, whatever its external_id.
        sent = [
            (entry.number, int(json.loads(entry.body)["source"])) for entry in sandbox.journal.entries("visits.create")
        ]
        for number, indexes in done.items():
            assert not [index for after, index in sent if after > number and index in indexes]


def modes(directory: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}


def read(path: Path, question: str) -> list[tuple[Any, ...]]:
    base = sqlite3.connect(path)
    try:
        return base.execute(question).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        base.close()


async def test_the_loop_does_not_wait_for_the_disk(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, threads, turns = SqliteLedgerStore.put, list[str](), 0
    loop = asyncio.get_running_loop()

    def watched(store: SqliteLedgerStore, commit: Commit) -> None:
        threads.append(threading.current_thread().name)
        # The disk is not done before the loop has turned: if it waited, this would end in a timeout.
        asyncio.run_coroutine_threadsafe(turn(), loop).result(timeout=30)
        put(store, commit)

    async def turn() -> None:
        nonlocal turns
        turns += 1

    monkeypatch.setattr(SqliteLedgerStore, "put", watched)
    rows = visits(sandbox, 300)
    assert (await bulk.run(leat.visits, rows, ledger=tmp_path / "l")).created == 300
    assert set(threads) == {"leat-bulk-ledger"}
    assert turns == len(threads)
    assert bulk.status(tmp_path / "l").states == {"done": 300}
    # Many rows in one commit.
    assert 1 <= len(threads) < 150
    assert (await bulk.run(leat.visits, rows, ledger=tmp_path / "l")).skipped == 300


def active_row(n: int, number: int) -> ActiveRow:
    return ActiveRow(
        index=n,
        given={},
        identity=b"",
        content=b"",
        body={},
        key=b"key %d" % n,
        number=number,
        uuid=f"uuid {n}",
        attempts=1,
        sent_wall=1.0,
    )


async def test_rows_that_come_close_together_share_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put, commits = SqliteLedgerStore.put, []

    def watched(store: SqliteLedgerStore, commit: Commit) -> None:
        commits.append(len(commit.rows) // len(COLUMNS))
        put(store, commit)

    monkeypatch.setattr(SqliteLedgerStore, "put", watched)
    ledger = ledger_module.Ledger(SqliteLedgerStore(tmp_path / "l"))
    await ledger.open(lambda outcomes, error: None)
    await ledger.begin("a", "visits", START)

    async def write(n: int, rounds: int) -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)
        number = ledger.new_number()
        await ledger.commit((active_row(n, number), State.SENT, Status.CREATED, (None, None)))

    # One every second round of the loop; then as many as are worth a commit, and some more; then one alone.
    await asyncio.gather(*(write(n, 2 * n) for n in range(10)))
    assert commits == [10]
    await asyncio.gather(*(write(10 + n, 0) for n in range(ledger_module._ENOUGH + 5)))
    assert commits[1:] == [ledger_module._ENOUGH + 5]
    await write(100, 0)
    assert commits[2:] == [1]
    # A trickle that does not end: it must not put the commit off for ever.
    await asyncio.gather(*(write(101 + n, n) for n in range(2 * ledger_module._ENOUGH)))
    assert commits[3] == ledger_module._ENOUGH
    ledger.end(None)
    assert bulk.status(tmp_path / "l").states == {"sent": 10 + 3 * ledger_module._ENOUGH + 6}


async def test_the_sums_of_a_run_that_is_left_are_those_of_its_ledger(
    recorder: Recorder, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are done while a commit is being written, when nobody waits for their outcomes any more."""
    recorder.default = shop = Shop()
    rows = [{"contact_uuid": "c-1", "shop_uuid": "s", "starts_at": moment(n)} for n in range(8)]
    answered, may_write, writes = asyncio.Event(), threading.Event(), threading.Event()
    may_write.set()

    async def one_at_first(recorded: Recorded, _: web.BaseRequest) -> web.StreamResponse:
        if recorded.method == "POST" and shop.made:
            await answered.wait()
        return shop.reply(recorded)

    put = ledger_module._put

    def held(*arguments: Any) -> Any:
        writes.set()
        may_write.wait()
        return put(*arguments)

    recorder.default = one_at_first
    monkeypatch.setattr(ledger_module, "_put", held)
    async with (
        LeatClient("token", base_url=recorder.url, rate_limit=None, concurrency=8) as leat,
        bulk.create(leat.visits, rows, ledger=ledger) as run,
    ):
        await anext(run)
        while len(recorder.requests) < 9:  # whose account it is, and all rows
            await asyncio.sleep(0.005)
        own = run._engine._ledger
        assert own is not None
        may_write.clear()
        writes.clear()
        own.keep_contact("a digest", "c-1")
        await asyncio.to_thread(writes.wait)
        answered.set()
        while len(own._outcomes) < 7:
            await asyncio.sleep(0.005)
        threading.Timer(0.05, may_write.set).start()
    assert run.report.created == 8
    (record,) = bulk.runs(ledger)
    assert record.counts["created"] == bulk.status(ledger).states["done"] == 8


async def test_a_ledger_that_is_closed_before_it_commits_writes_what_is_left(ledger: Any) -> None:
    faults: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    own = ledger_module.Ledger(store_at(ledger))
    await own.open(lambda outcomes, error: None)
    await own.begin("a", "visits", START)
    number = own.new_number()
    outcome = bulk.Outcome(index=0, row={}, status=Status.CREATED)
    own.record((active_row(0, number), State.DONE, Status.CREATED, (None, None)), outcome)
    assert own.flush() == [outcome]
    assert own.flush() == []
    own.end(None)
    for _ in range(2 * ledger_module._IDLE):
        await asyncio.sleep(0)
    assert faults == []
    assert bulk.status(ledger).states == {"done": 1}


async def test_a_commit_of_more_rows_than_fit_into_a_statement(ledger: Any) -> None:
    own = ledger_module.Ledger(store_at(ledger))
    written: list[int] = []

    def then(outcomes: list[bulk.Outcome], error: Exception | None) -> None:
        assert error is None
        written.extend(outcome.index for outcome in outcomes)

    await own.open(then)
    await own.begin("a", "visits", START)
    count = 2 * sqlite_store._MOST + 3
    for n in range(count):
        number = own.new_number()
        # In two steps, of which one commit has both.
        own.record((active_row(n, number), State.SENT, Status.CREATED, (None, None)))
        outcome = bulk.Outcome(index=n, row={}, status=Status.CREATED)
        own.record((active_row(n, number), State.DONE, Status.CREATED, (None, None)), outcome)
    own.keep_contact("a digest", "c-0")
    own.keep_contact("a digest", "c-1")
    await own.commit()
    assert written == list(range(count))
    own.end(None)
    assert bulk.status(ledger).states == {"done": count}
    assert bulk.status(ledger).contacts == 1
    entry = bulk.show(ledger, count - 1)
    assert entry is not None
    assert (entry.uuid, entry.status, entry.attempts) == (f"uuid {count - 1}", "created", 1)


async def test_an_error_whose_text_cannot_be_written_as_it_is(sandbox: Sandbox, leat: LeatClient, ledger: Any) -> None:
    bad = bulk.BadRow(row={"line": 3}, error=ValueError("no such shop: \ud83d"))
    report = await bulk.run(leat.visits, [*visits(sandbox, 3), bad], ledger=ledger)
    assert (report.created, report.rejected) == (3, 1)
    entry = bulk.show(ledger, 3)
    assert entry is not None
    assert (entry.state, entry.error, entry.index) == (State.REJECTED, "no such shop: \\ud83d", 3)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a lock can only be asked about by taking it")
def test_to_ask_who_has_a_ledger_takes_it_from_nobody(
    forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A monitor that asks for the status must not keep an import from starting in that moment."""
    path = tmp_path / "l"
    path.write_bytes(b"")
    program = (
        "import sys, time; from pathlib import Path; from leat_async.bulk.lock import FileLock;"
        "lock = FileLock(Path(sys.argv[1])); print(flush=True); time.sleep(60)"
    )
    with piped(forks, ["-c", program, path], environment(), tmp_path) as holder:
        holder.stdout.readline()
        assert lock.is_held(path)
    assert holder.wait() == -signal.SIGKILL
    monkeypatch.setattr(lock, "_take", None)
    assert not lock.is_held(path)
