"""The ledger: true at every moment, one run at a time, and nobody else's business."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from leat_async import LeatClient, bulk, errors
from leat_async.bulk import State, Status
from leat_async.bulk import ledger as ledger_module
from leat_async.bulk.identity import canonical, digest
from leat_async.bulk.jobs import Job
from leat_async.resources.visits import CREATE
from leat_async.sandbox import Sandbox

from ..conftest import VISIT, Recorded, Recorder
from .helpers import Leap, client_of
from .test_outcomes import all_of, visits


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
async def leat(sandbox: Sandbox) -> AsyncIterator[LeatClient]:
    async with client_of(sandbox, Leap(sandbox)) as leat:
        yield leat


async def test_no_byte_leaves_before_its_commit(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l"
    states: list[State | None] = []
    encode = ledger_module._encode

    def slowly(rows: Any) -> bytes:
        time.sleep(0.01)  # a byte that does not wait for the commit is far ahead of it
        return encode(rows)

    monkeypatch.setattr(ledger_module, "_encode", slowly)

    async def look(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        if recorded.method == "GET":
            return web.json_response({"data": {"uuid": "account"}})
        entry = bulk.show(path, int(json.loads(recorded.body)["external_id"].partition("-")[2]))
        states.append(entry.state if entry is not None else None)
        return web.json_response({"data": VISIT})

    recorder.default = look
    rows = [{"contact_uuid": "c", "shop_uuid": "s", "external_id": f"e-{n}"} for n in range(100)]
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        report = await bulk.run(leat.visits, rows, ledger=path)
    assert report.created == 100
    assert states == [State.SENT] * 100


async def test_a_row_turned_away_is_not_in_doubt(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "l"
    seen: list[State] = []
    sandbox.faults.add("rate_limit", "bookings.create", nth=1, retry_after=0.6)
    async with client_of(sandbox) as leat:

        def look(progress: bulk.Progress) -> None:
            entry = bulk.show(path, 0)
            if entry is not None:
                seen.append(entry.state)

        report = await bulk.run(leat.bookings, visits(sandbox, 1), ledger=path, on_progress=look)
    assert report.created == 1
    assert seen[0] is State.PENDING
    assert seen[-1] is State.DONE


async def test_the_second_run_skips(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    rows = [*visits(sandbox, 30), {"contact_uuid": "nobody", "shop_uuid": sandbox.shops[0]["uuid"]}]
    await bulk.run(leat.visits, rows, ledger=tmp_path / "l")
    posts = sandbox.journal.counts()["visits.create"]
    outcomes = await all_of(bulk.create(leat.visits, rows, ledger=tmp_path / "l"))
    assert [outcome.status for outcome in outcomes] == [Status.SKIPPED] * 30 + [Status.REJECTED]
    assert sandbox.journal.counts()["visits.create"] == posts
    earlier = outcomes[-1].error
    assert isinstance(earlier, bulk.EarlierError)
    assert "55031" in str(earlier)
    again = await bulk.run(leat.visits, rows, ledger=tmp_path / "l", retry_rejected=True)
    assert again.errors_by_code == {"55031": 1}
    assert sandbox.journal.counts()["visits.create"] == posts + 1


async def test_a_corrected_row_is_sent_and_a_done_one_is_not(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    good, bad = visits(sandbox, 2)
    rows = [{**good, "external_id": "a"}, {**bad, "external_id": "b", "contact_uuid": "nobody"}]
    assert (await bulk.run(leat.visits, rows, ledger=tmp_path / "l")).rejected == 1
    done, refused = bulk.show(tmp_path / "l", 0), bulk.show(tmp_path / "l", 1)
    assert done is not None
    assert refused is not None
    assert (done.content, refused.content) == (None, digest("visits", "content", canonical(CREATE.body, rows[1])))
    rows = [{**bad, "external_id": "b"}, {**good, "external_id": "a"}]
    report = await bulk.run(leat.visits, rows, ledger=tmp_path / "l")
    assert (report.created, report.skipped) == (1, 1)
    assert list(bulk.rejects(tmp_path / "l")) == []


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
        {"contact_email": "anna@example.com", "shop_uuid": shop},
        {"contact_email": "nobody@example.com", "shop_uuid": shop},
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
    assert summary.states == {"done": 1, "rejected": 1}
    again = await bulk.run(leat.visits, rows, ledger=path)
    assert (again.skipped, again.rejected) == (1, 1)


async def test_a_ledger_in_use_is_refused(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    path = tmp_path / "l"
    async with bulk.create(leat.visits, visits(sandbox, 50), ledger=path) as run:
        await anext(run)
        with pytest.raises(errors.ConfigError, match="in use"):
            await bulk.run(leat.visits, visits(sandbox, 50), ledger=path)
        with pytest.raises(errors.ConfigError, match="in use"):
            bulk.forget(path)
        assert bulk.status(path).kind == "visits"
    assert (await bulk.run(leat.visits, visits(sandbox, 50), ledger=path)).total == 50


@pytest.mark.parametrize(
    ("options", "kind", "reason"),
    [
        ({"account": "other"}, "visits", "another account"),
        ({"source": "sha:2"}, "visits", "file has changed"),
        ({"mapping": "m2"}, "visits", "mapped otherwise"),
        ({}, "bookings", "an import of visits"),
    ],
)
async def test_a_ledger_of_something_else_is_refused(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, options: dict[str, Any], kind: str, reason: str
) -> None:
    rows = visits(sandbox, 3)
    await bulk.run(leat.visits, rows, ledger=tmp_path / "l", source="sha:1", mapping="m1")
    sent = sandbox.journal.counts().get(f"{kind}.create", 0)
    with pytest.raises(errors.ConfigError, match=reason):
        await bulk.run(getattr(leat, kind), rows, ledger=tmp_path / "l", **options)
    assert sandbox.journal.counts().get(f"{kind}.create", 0) == sent


async def test_another_account_is_noticed_by_asking(leat: LeatClient, sandbox: Sandbox, tmp_path: Path) -> None:
    await bulk.run(leat.visits, visits(sandbox, 3), ledger=tmp_path / "l")
    async with Sandbox(seed=2) as other, client_of(other) as stranger:
        with pytest.raises(errors.ConfigError, match="another account"):
            await bulk.run(stranger.visits, visits(other, 3), ledger=tmp_path / "l")
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
    monkeypatch.setattr(ledger_module, "_RECORD", "INSERT INTO nowhere SELECT value FROM json_each(?)")
    with pytest.raises(errors.LeatError, match="can't be written"):
        await bulk.run(leat.visits, visits(sandbox, 30), ledger=tmp_path / "l")
    assert sandbox.rows("visits") == []


@pytest.mark.parametrize("decision", ["resend_unknown", "accept_unknown", None])
async def test_bookings_of_unknown_outcome_wait_for_a_decision(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, decision: str | None
) -> None:
    path = tmp_path / "l"
    sandbox.faults.add("drop_before", "bookings.create", nth=2)
    rows = visits(sandbox, 4)
    assert (await bulk.run(leat.bookings, rows, ledger=path)).unknown == 1
    assert bulk.status(path).states == {"done": 3, "unknown": 1}
    report = await bulk.run(leat.bookings, rows, ledger=path, **({decision: True} if decision else {}))
    assert report.skipped == (4 if decision == "accept_unknown" else 3)
    assert report.created == (1 if decision == "resend_unknown" else 0)
    assert report.unknown == (1 if decision is None else 0)
    assert len(sandbox.rows("bookings")) == (4 if decision == "resend_unknown" else 3)
    last = await bulk.run(leat.bookings, rows, ledger=path)
    assert last.skipped == (3 if decision is None else 4)


async def test_what_became_of_a_row(sandbox: Sandbox, leat: LeatClient, tmp_path: Path) -> None:
    path = tmp_path / "l"
    rows = visits(sandbox, 3)
    rows[1] = {**rows[1], "starts_at": "noon"}
    await bulk.run(leat.visits, rows, ledger=path, source="file")
    entry = bulk.show(path, 0)
    assert entry is not None
    assert (entry.state, entry.status, entry.attempts) == (State.DONE, "created", 1)
    assert entry.uuid in {row["uuid"] for row in sandbox.rows("visits")}
    assert abs(entry.sent_at - time.time()) < 60
    assert bulk.show(path, 3) is None
    [refused] = bulk.rejects(path)
    assert (refused.index, refused.code, refused.attempts) == (1, "ValueError", 0)
    assert "noon" in (refused.error or "")
    assert bulk.status(path).source == "file"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("ids", ["own", "generated"])
async def test_a_killed_process_can_be_resumed(tmp_path: Path, ids: str) -> None:
    import os
    import random

    soak = os.environ.get("LEAT_SOAK") == "1"
    count, kills = (5000, 10) if soak else (600, 4)
    draw = random.Random(ids)
    script = Path(__file__).with_name("importing.py")
    path = tmp_path / "l"
    done: dict[int, set[int]] = {}
    async with Sandbox(seed=3, rate_limit=(10**9, 60.0), unique_external_ids=False, journal_size=100_000) as sandbox:
        who, shop = sandbox.contacts, sandbox.shops[0]["uuid"]
        arguments = [sandbox.url, sandbox.token, str(path), ids, str(count), shop, *(c["uuid"] for c in who)]

        async def start() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                sys.executable, str(script), *arguments, stdout=asyncio.subprocess.PIPE
            )

        killed = 0
        while killed < kills:
            process = await start()
            made = len(sandbox.rows("visits"))
            wanted = made + draw.randrange(1, max(2, count // kills))
            while process.returncode is None and len(sandbox.rows("visits")) < min(wanted, count):
                await asyncio.sleep(0.002)
            await asyncio.sleep(draw.random() * 0.01)
            if process.returncode is not None:
                break
            process.kill()
            await process.wait()
            killed += 1
            await asyncio.sleep(0.05)
            if path.exists() and "version" in dict(read(path, "SELECT name, value FROM meta")):
                done[sandbox.journal.total] = {
                    idx for (idx,) in read(path, "SELECT idx FROM rows WHERE state = 'done'")
                }
        process = await start()
        out, _ = await process.communicate()
        report = json.loads(out)
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
    put, threads, turns = ledger_module._put, list[str](), 0
    loop = asyncio.get_running_loop()

    def watched(base: sqlite3.Connection, commit: Any) -> Exception | None:
        if commit.waiting:
            threads.append(threading.current_thread().name)
            # The disk is not done before the loop has turned: if it waited, this would end in a timeout.
            asyncio.run_coroutine_threadsafe(turn(), loop).result(timeout=30)
        return put(base, commit)

    async def turn() -> None:
        nonlocal turns
        turns += 1

    monkeypatch.setattr(ledger_module, "_put", watched)
    rows = visits(sandbox, 300)
    assert (await bulk.run(leat.visits, rows, ledger=tmp_path / "l")).created == 300
    assert set(threads) == {"leat-bulk-ledger"}
    assert turns == len(threads)
    assert bulk.status(tmp_path / "l").states == {"done": 300}
    # Many rows in one commit.
    assert 1 <= len(threads) < 150
    assert (await bulk.run(leat.visits, rows, ledger=tmp_path / "l")).skipped == 300


def job(n: int, number: int) -> Job:
    return Job(
        index=n,
        row={},
        who="",
        content=b"",
        mark=n,
        body={},
        key=f"key {n}",
        number=number,
        uuid=f"uuid {n}",
        attempts=1,
        sent_wall=1.0,
    )


async def test_rows_that_come_close_together_share_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put, commits = ledger_module._put, []

    def watched(base: sqlite3.Connection, commit: Any) -> Exception | None:
        commits.append(len(commit.waiting))
        return put(base, commit)

    monkeypatch.setattr(ledger_module, "_put", watched)
    ledger = ledger_module.Ledger(tmp_path / "l")
    ledger.open(lambda outcomes, error: None)
    ledger.bind(account="a", kind="visits", source=None, mapping=None)

    async def write(n: int, rounds: int) -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)
        number, _ = ledger.entry(f"key {n}")
        await ledger.commit((job(n, number), State.SENT, Status.CREATED, (None, None)))

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
    ledger.close()
    assert bulk.status(tmp_path / "l").states == {"sent": 10 + 3 * ledger_module._ENOUGH + 6}


async def test_a_ledger_that_is_closed_before_it_commits_writes_what_is_left(tmp_path: Path) -> None:
    faults: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    ledger = ledger_module.Ledger(tmp_path / "l")
    ledger.open(lambda outcomes, error: None)
    ledger.bind(account="a", kind="visits", source=None, mapping=None)
    number, _ = ledger.entry("key")
    ledger.record((job(0, number), State.DONE, Status.CREATED, (None, None)))
    ledger.close()
    for _ in range(2 * ledger_module._IDLE):
        await asyncio.sleep(0)
    assert faults == []
    assert bulk.status(tmp_path / "l").states == {"done": 1}


async def test_a_commit_of_more_rows_than_fit_into_a_statement(tmp_path: Path) -> None:
    ledger = ledger_module.Ledger(tmp_path / "l")
    written: list[int] = []

    def then(outcomes: list[bulk.Outcome], error: Exception | None) -> None:
        assert error is None
        written.extend(outcome.index for outcome in outcomes)

    ledger.open(then)
    ledger.bind(account="a", kind="visits", source=None, mapping=None)
    count = 2 * ledger_module._MOST + 3
    for n in range(count):
        number, _ = ledger.entry(f"key {n}")
        outcome = bulk.Outcome(index=n, row={}, status=Status.CREATED)
        ledger.record((job(n, number), State.DONE, Status.CREATED, (None, None)), outcome)
    ledger.keep_contact("a digest", "c-1")
    await ledger.commit()
    assert written == list(range(count))
    ledger.close()
    assert bulk.status(tmp_path / "l").states == {"done": count}
    assert bulk.status(tmp_path / "l").contacts == 1
    entry = bulk.show(tmp_path / "l", count - 1)
    assert entry is not None
    assert (entry.uuid, entry.status, entry.attempts) == (f"uuid {count - 1}", "created", 1)


async def test_an_error_whose_text_cannot_be_written_as_it_is(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path
) -> None:
    bad = bulk.BadRow(row={"line": 3}, error=ValueError("no such shop: \ud83d"))
    report = await bulk.run(leat.visits, [*visits(sandbox, 3), bad], ledger=tmp_path / "l")
    assert (report.created, report.rejected) == (3, 1)
    entry = bulk.show(tmp_path / "l", 3)
    assert entry is not None
    assert (entry.state, entry.error, entry.content) == (State.REJECTED, "no such shop: \\ud83d", None)
