"""What ledgers tell without a run, the account's own ledger, and who may have one."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk, errors
from leat_async._core.state_folder import state_folder
from leat_async.bulk import State, Status, naming, places
from leat_async.bulk.ledger import Ledger
from leat_async.bulk.sqlite_store import SqliteLedgerStore
from leat_async.bulk.store import Commit, RunStart
from leat_async.sandbox import Sandbox

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


async def test_the_accounts_own_ledger_outlives_files(sandbox: Sandbox, leat: LeatClient) -> None:
    rows = [{**row, "external_id": f"A{n}"} for n, row in enumerate(visits(sandbox, 6))]
    for kind in ("visits", "bookings"):
        run = bulk.create(getattr(leat, kind), rows[:4], ledger=bulk.ACCOUNT, source=bulk.Source(name="may.csv"))
        assert run.ledger is None
        assert {outcome.status for outcome in await all_of(run)} == {Status.CREATED}
        again = bulk.create(getattr(leat, kind), rows[2:], ledger=bulk.ACCOUNT, source=bulk.Source(name="june.csv"))
        assert [outcome.status for outcome in await all_of(again)] == [Status.SKIPPED] * 2 + [Status.CREATED] * 2
        assert run.ledger == again.ledger
        assert Path(again.ledger or "").is_relative_to(state_folder())
    found = bulk.memories()
    assert [(memory.kind, memory.states, memory.runs, memory.in_doubt) for memory in found] == [
        ("bookings", {"done": 6}, 2, 0),
        ("visits", {"done": 6}, 2, 0),
    ]
    assert found[0].account == found[1].account
    last, first = bulk.runs(found[0].path)
    assert [run.source.name for run in (first, last) if run.source is not None] == ["may.csv", "june.csv"]
    assert dict(last.counts) == {"skipped": 2, "created": 2, "taken": 4}
    assert (last.running, last.pid, last.stopped, last.number) == (False, os.getpid(), None, 2)
    if sys.platform != "win32":
        for folder, _, files in os.walk(state_folder()):
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
            assert {stat.S_IMODE(os.stat(Path(folder, file)).st_mode) for file in files} <= {0o600}


async def test_another_account_has_another_ledger(sandbox: Sandbox, leat: LeatClient) -> None:
    await bulk.run(leat.visits, visits(sandbox, 2), ledger=bulk.ACCOUNT)
    async with Sandbox(seed=1) as other, client_of(other) as stranger:
        report = await bulk.run(stranger.visits, visits(other, 2), ledger=bulk.ACCOUNT)
    assert report.created == 2
    assert len(bulk.memories()) == 2


async def test_a_token_stands_for_the_account_it_belonged_to(
    sandbox: Sandbox, leat: LeatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = visits(sandbox, 2)
    await bulk.run(leat.visits, rows, ledger=bulk.ACCOUNT)

    async def silent(pipeline: Any) -> str:
        return naming.origin_of(pipeline)

    # The API has ceased to tell whose the token is.
    monkeypatch.setattr(naming, "account_of", silent)
    assert (await bulk.run(leat.visits, rows, ledger=bulk.ACCOUNT)).skipped == 2

    async def another(pipeline: Any) -> str:
        return "oauth:uuid:another"

    monkeypatch.setattr(naming, "account_of", another)
    with pytest.raises(errors.ConfigError, match="was known to belong to the account"):
        await bulk.run(leat.visits, rows, ledger=bulk.ACCOUNT)
    assert len(sandbox.rows("visits")) == 2


async def test_a_ledger_in_use_names_its_holder_and_can_be_waited_for(
    sandbox: Sandbox, leat: LeatClient, ledger: Any
) -> None:
    rows = visits(sandbox, 50)
    # One row in work, and four whose outcomes nobody takes: it can't come to its end.
    async with bulk.create(leat.visits, rows, ledger=ledger, concurrency=1) as run:
        await anext(run)
        assert bulk.status(ledger).last is not None
        assert [record.running for record in bulk.runs(ledger)] == [True]
        with pytest.raises(errors.ConfigError, match=rf"process {os.getpid()}, since 20\d\d-"):
            await bulk.run(leat.visits, rows, ledger=ledger)
        waiting = bulk.create(leat.visits, rows, ledger=ledger, wait=True)
        task = asyncio.ensure_future(all_of(waiting))
        await asyncio.sleep(0.01)
        assert not task.done()
    outcomes = await task
    assert len(outcomes) == 50 == len(sandbox.rows("visits"))
    interrupted = bulk.runs(ledger)[-1]
    assert (interrupted.stopped, interrupted.running) == ("interrupted", False)


async def test_rows_of_unknown_outcome_are_resolved(sandbox: Sandbox, leat: LeatClient, ledger: Any) -> None:
    sandbox.faults.add("apply_then_drop", "bookings.create", nth=1)
    sandbox.faults.add("drop_before", "bookings.create", nth=2)
    rows = [{**row, "external_id": f"A{n}"} for n, row in enumerate(visits(sandbox, 3))]
    async with client_of(sandbox, Leap(sandbox), concurrency=1) as one:
        assert (await bulk.run(one.bookings, rows, ledger=ledger)).unknown == 2
    there, missing = bulk.in_doubt(ledger)
    assert [(entry.state, entry.index, entry.run) for entry in (there, missing)] == [
        (State.UNKNOWN, 0, 1),
        (State.UNKNOWN, 1, 1),
    ]
    uuid = sandbox.rows("bookings")[0]["uuid"]
    assert bulk.resolve(ledger, there.number, made=True, uuid=uuid).state is State.DONE
    assert bulk.resolve(ledger, missing.number, made=False).state is State.PENDING
    with pytest.raises(ValueError, match="no row in doubt"):
        bulk.resolve(ledger, there.number, made=True)
    report = await bulk.run(
        leat.bookings, [{**rows[0], "number_of_people": 4}, *rows[1:]], ledger=ledger, on_change="update"
    )
    assert (report.updated, report.created, report.skipped) == (1, 1, 1)
    assert sorted(row["external_id"] for row in sandbox.rows("bookings")) == ["A0", "A1", "A2"]


async def test_one_row_is_shown_by_its_place_or_its_identifier(sandbox: Sandbox, leat: LeatClient, ledger: Any) -> None:
    rows = [{**row, "external_id": f" A{n}"} for n, row in enumerate(visits(sandbox, 3))]
    rows[1]["contact_uuid"] = "nobody"
    await bulk.run(leat.visits, rows[:2], ledger=ledger)
    await bulk.run(leat.visits, [rows[2]], ledger=ledger)
    found = bulk.find(ledger, "A2")
    assert found is not None
    assert (found.state, found.run, found.index) == (State.DONE, 2, 0)
    assert bulk.show(ledger, 0) == found
    first = bulk.show(ledger, 0, run=1)
    assert first is not None
    assert first == bulk.find(ledger, "A0 ")
    refused = bulk.find(ledger, "A1")
    assert refused is not None
    assert (refused.state, refused.code) == (State.REJECTED, "55031")
    assert bulk.find(ledger, "A9") is None
    with pytest.raises(ValueError, match="identifier"):
        bulk.find(ledger, " ")
    with pytest.raises(TypeError, match="identifier must be text, got 5"):
        bulk.find(ledger, 5)  # type: ignore[arg-type]
    # What no ledger could hold is in none.
    assert bulk.find(ledger, "\udcff") is None
    assert bulk.show(ledger, 10**30) is None
    assert bulk.show(ledger, 0, run=10**30) is None
    assert [*bulk.rejects(ledger, run=10**30)] == []
    bulk.forget(ledger, run=10**30)
    assert bulk.find(ledger, "A2") == found
    with pytest.raises(ValueError, match="no row in doubt"):
        bulk.resolve(ledger, 10**30, made=True)
    with pytest.raises(TypeError, match="index must be a whole number, got 'x'"):
        bulk.show(ledger, "x")  # type: ignore[arg-type]


async def test_personal_data_goes_by_age_or_run(sandbox: Sandbox, leat: LeatClient, ledger: Any) -> None:
    rows = [{**row, "external_id": f"A{n}"} for n, row in enumerate(visits(sandbox, 2))]
    for row in rows:
        await bulk.run(leat.visits, [row], ledger=ledger, source=bulk.Source(name="Ada.csv"))
    bulk.forget(ledger, run=1)
    assert [entry.uuid is None for n in range(2) if (entry := bulk.find(ledger, f"A{n}"))] == [True, False]
    bulk.forget(ledger, before=dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
    assert (second := bulk.find(ledger, "A1")) is not None
    assert second.uuid
    bulk.forget(ledger, before=dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    assert (second := bulk.find(ledger, "A1")) is not None
    assert second.uuid is None
    if isinstance(ledger, Path):
        assert b"Ada.csv" not in ledger.read_bytes()
    # A visit is looked up by its identifier, so its change can still be sent.
    report = await bulk.run(leat.visits, [{**rows[0], "source": "Web"}], ledger=ledger, on_change="update")
    assert report.updated == 1
    with pytest.raises(ValueError, match="aware"):
        bulk.forget(ledger, before=dt.datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="exclude"):
        bulk.forget(ledger, before=dt.datetime.now(dt.UTC), run=1)


def test_network_file_systems_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    share = f"{tmp_path}/the\\040share".replace(" ", "\\040")
    mounts.write_text(
        f"22 1 0:20 / / rw - ext4 /dev/vda rw\n40 22 0:33 / {share} rw,relatime shared:1 - nfs4 host:/share rw\n"
    )
    monkeypatch.setattr(places, "_MOUNTS", mounts)
    places.check_local(tmp_path / "local.ledger")
    if sys.platform == "linux":
        with pytest.raises(errors.ConfigError, match="network file system"):
            places.check_local(tmp_path / "the share" / "x.ledger")


def test_a_state_folder_that_cannot_be_made_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.ConfigError, match="LEAT_STATE_DIR"):
        places.make_private(tmp_path / "file" / "ledgers")
    assert state_folder().name == "leat"
    monkeypatch.setenv("LEAT_STATE_DIR", str(tmp_path / "mine"))
    assert state_folder() == tmp_path / "mine"


async def test_the_clock_on_the_wall_and_a_sleeping_machine_change_nothing(
    sandbox: Sandbox, leat: LeatClient, ledger: Any
) -> None:
    clock = leat._pipeline.clock
    assert isinstance(clock, Leap)
    rows = [{**row, "external_id": f"A{n}"} for n, row in enumerate(visits(sandbox, 30))]
    async with bulk.create(leat.visits, rows, ledger=ledger) as run:
        async for outcome in run:
            if outcome.index == 3:
                clock.leap(3600.0)
    assert run.report.created == 30
    clock.leapt -= 10**6
    assert (await bulk.run(leat.visits, rows, ledger=ledger)).skipped == 30


async def test_a_full_disk_on_the_way_ends_the_run_and_the_next_goes_on(
    sandbox: Sandbox, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l"
    rows = [{**row, "external_id": f"A{n}"} for n, row in enumerate(visits(sandbox, 40))]
    put, commits = SqliteLedgerStore.put, 0

    def full(store: SqliteLedgerStore, commit: Commit) -> None:
        nonlocal commits
        commits += 1
        if commits > 3:
            # SQLite gives up when the file can't become larger, as on a disk without room.
            store._base.execute("PRAGMA max_page_count=1")
        put(store, commit)

    with monkeypatch.context() as small:
        small.setattr(SqliteLedgerStore, "put", full)
        with pytest.raises(errors.LeatError, match=r"can't be written: .*full"):
            await bulk.run(leat.visits, rows * 8, ledger=path, concurrency=2, on_change="skip")
    sent = len(sandbox.rows("visits"))
    assert sent < 40
    report = await bulk.run(leat.visits, rows, ledger=path)
    assert report.created + report.skipped == 40 == len(sandbox.rows("visits"))


@pytest.mark.parametrize("room", [True, False])
async def test_a_run_whose_last_writes_fail_counts_as_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: bool
) -> None:
    path = tmp_path / "l"
    ledger = Ledger(SqliteLedgerStore(path))
    await ledger.open(lambda outcomes, error: None)
    await ledger.begin("account", "visits", RunStart(None, "reject", None, started=0.0, pid=1))
    ledger.keep_contact("ada@example.com", "a-uuid")

    def full(store: SqliteLedgerStore, commit: Commit) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    if not room:
        monkeypatch.setattr(SqliteLedgerStore, "put", full)
    ledger.end(None)
    [run] = bulk.runs(path)
    assert (run.ended is not None, run.running) == (room, False)
