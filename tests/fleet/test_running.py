"""Jobs, here and on executors: done once, whoever runs them, and told as they are."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, bulk, fleet
from leat_async.bulk.lock import FileLock
from leat_async.bulk.places import LedgerUrl
from leat_async.bulk.postgres_base import PostgresBase
from leat_async.errors import ConfigError
from leat_async.fleet import Export, FleetAccount, JobBusy, JobResult, TokenFrom
from leat_async.fleet.running import settings_of
from leat_async.sandbox import Sandbox

from .conftest import MakeImport


async def test_jobs_run_here_and_again_do_nothing_twice(
    visits: MakeImport, account: FleetAccount, sandbox: Sandbox, tmp_path: Path
) -> None:
    export = Export(name="shops", account=account, kind="shops", file=str(tmp_path / "shops.jsonl"))
    jobs = [visits(20, bad=3), visits(7, name="more"), export]
    seen: list[object] = []
    found = await fleet.run(jobs, on_progress=lambda job, what: seen.append((job.name, type(what).__name__)))
    assert [(job.name, job.state, job.does) for job in found.jobs] == [
        ("visits", "done", "import visits"),
        ("more", "done", "import visits"),
        ("shops", "done", "export shops"),
    ]
    assert (found.report.created, found.report.rejected, found.report.taken) == (24, 3, 27)
    assert found.rows == len((tmp_path / "shops.jsonl").read_text().splitlines()) > 0
    assert not found.ok
    assert {("visits", "Progress"), ("more", "JobResult"), ("shops", "JobResult")} <= set(seen)
    assert "nobody@example.com" in (tmp_path / "visits.csv.rejects.csv").read_text()
    again = await fleet.run(jobs)
    assert (again.report.created, again.report.skipped, again.report.rejected) == (0, 24, 3)
    assert len(sandbox.rows("visits")) == 24


@pytest.fixture(params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    made: Executor
    if request.param == "threads":
        made = ThreadPoolExecutor(2)
    else:
        made = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    with made:
        yield made


async def test_jobs_run_on_an_executor_and_their_reports_add_up(
    visits: MakeImport, sandbox: Sandbox, executor: Executor
) -> None:
    jobs = [visits(10, name=name) for name in ("one", "two", "three")]
    found = await fleet.run(jobs, executor)
    assert found.ok, found
    assert found.report.created == 30
    assert found.report.latency["max"] >= found.report.latency["p50"] > 0
    assert len(sandbox.rows("visits")) == 30


async def test_a_job_that_runs_elsewhere_is_busy_and_no_error(visits: MakeImport) -> None:
    job = visits(3)
    assert (await fleet.run([job])).ok
    lock = FileLock(Path(str(job.ledger_place())))
    try:
        (result,) = (await fleet.run([job])).jobs
        assert result.state == "busy"
        with pytest.raises(JobBusy, match="in use by another run"):
            await asyncio.to_thread(fleet.run_job, job)
    finally:
        lock.release()
    assert (await fleet.run([job])).ok


async def test_an_export_that_runs_elsewhere_is_busy(account: FleetAccount, tmp_path: Path) -> None:
    from leat_async.export.keystore import KeyStore

    options = {"incremental": str(tmp_path / "state.sqlite")}
    job = Export(name="v", account=account, kind="visits", file=str(tmp_path / "v.jsonl"), options=options)
    held = KeyStore(tmp_path / "state.sqlite")
    (result,) = (await fleet.run([job])).jobs
    held.close()
    assert result.state == "busy", result.error
    assert (await fleet.run([job])).ok


async def test_slices_go_on_until_the_job_is_done(
    visits: MakeImport, sandbox: Sandbox, account: FleetAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is up after so many rows, whatever the machine's speed."""
    from leat_async.fleet import importing

    # More than are read ahead of the first outcome.
    job = visits(700, bad=2)
    monkeypatch.setattr(importing, "time", attrs.make_class("Time", [])())
    monkeypatch.setattr(importing.time, "monotonic", lambda: float(len(sandbox.rows("visits"))), raising=False)
    slices: list[JobResult] = []
    with ThreadPoolExecutor(1) as executor:
        found = await fleet.run(
            [job],
            executor,
            for_seconds=25,
            on_progress=lambda _, result: slices.append(result),  # type: ignore[arg-type]
        )
    (result,) = found.jobs
    assert [one.state for one in slices[:-1]] == ["unfinished"] * (len(slices) - 1)
    assert len(slices) >= 2
    assert result.state == "done"
    assert result.report is not None
    assert (result.report.created, result.report.rejected, result.report.taken) == (698, 2, 700)
    assert result.report.skipped == 0, "what an earlier slice did is told as what it was"
    assert len(sandbox.rows("visits")) == 698


async def test_the_folders_of_an_export_are_made(account: FleetAccount, tmp_path: Path) -> None:
    job = Export(
        name="shops",
        account=account,
        kind="shops",
        file=str(tmp_path / "out" / "amsterdam" / "shops.jsonl"),
        options={"incremental": str(tmp_path / "state" / "shops.state")},
    )
    done = await asyncio.to_thread(fleet.run_job, attrs.evolve(job, options={}))
    assert done.state == "done", done.error
    assert done.rows > 0
    (tmp_path / "file").write_text("")
    (result,) = (await fleet.run([attrs.evolve(job, file=str(tmp_path / "file" / "shops.jsonl"))])).jobs
    assert result.state == "failed"
    assert f"the folder {tmp_path / 'file'} can't be made" in str(result.error)


async def test_an_export_whose_time_is_up_is_unfinished(account: FleetAccount, tmp_path: Path) -> None:
    job = Export(name="shops", account=account, kind="shops", file=str(tmp_path / "shops.jsonl"))
    (result,) = (await fleet.run([job], for_seconds=1e-9)).jobs
    assert result.state == "unfinished"
    assert not (tmp_path / "shops.jsonl").exists()
    assert (await asyncio.to_thread(fleet.run_job, job)).state == "done"


async def test_slices_of_an_export_end_however_short_they_are(
    account: FleetAccount, sandbox: Sandbox, tmp_path: Path
) -> None:
    await receive_credits(account, sandbox, 3)
    sandbox.clock.advance(40 * 86400)
    await receive_credits(account, sandbox, 2)
    slices: list[JobResult] = []
    for file, more in (("{month}.parquet", {"since": "2026-01"}), ("all.parquet", {}), ("all.jsonl", {})):
        path = str(tmp_path / file)
        job = Export(name=file, account=account, kind="loyalty_transactions", file=path, options=more)
        with ThreadPoolExecutor(1) as executor:
            async with asyncio.timeout(60):
                told: Any = lambda _, result: slices.append(result)  # noqa: E731
                (result,) = (await fleet.run([job], executor, for_seconds=1e-9, on_progress=told)).jobs
        assert result.state == "done"
    assert sum(one.name == "{month}.parquet" for one in slices) > 1
    import pyarrow.parquet

    months = [pyarrow.parquet.read_table(tmp_path / f"2026-{month}.parquet").num_rows for month in ("01", "02", "03")]
    assert months == [3, 2, 0]
    assert pyarrow.parquet.read_table(tmp_path / "all.parquet").num_rows == 5
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 5


async def test_what_is_told_may_fail_and_the_other_jobs_go_on(account: FleetAccount, tmp_path: Path) -> None:
    jobs = [
        Export(name=kind, account=account, kind=kind, file=str(tmp_path / f"{kind}.jsonl"))
        for kind in ("shops", "units")
    ]

    def told(job: Any, moment: Any) -> None:
        if job.name == "shops" and isinstance(moment, JobResult):
            raise ZeroDivisionError

    with ThreadPoolExecutor(1) as executor:
        for where in (None, executor):
            shops, units = (await fleet.run(jobs, where, on_progress=told)).jobs
            assert (shops.state, type(shops.error), units.state) == ("failed", ZeroDivisionError, "done")


async def test_what_is_wrong_with_one_job_is_in_its_result(visits: MakeImport, tmp_path: Path) -> None:
    good, missing = visits(2), attrs.evolve(visits(1, name="missing"), file=str(tmp_path / "nothing.csv"))
    nowhere = attrs.evolve(good.account, name="nowhere", token=TokenFrom(env="NOT_SET"))
    poor = attrs.evolve(visits(1, name="poor"), account=nowhere)
    results = (await fleet.run([missing, poor, good])).jobs
    assert [result.state for result in results] == ["failed", "failed", "done"]
    assert isinstance(results[0].error, ConfigError)
    assert "nothing.csv" in str(results[0].error)
    assert "the variable NOT_SET" in str(results[1].error)


async def test_what_a_fleet_does_not_take(visits: MakeImport) -> None:
    job: Any = visits(1)
    with pytest.raises(ConfigError, match="same name"):
        await fleet.run([job, job])
    with pytest.raises(TypeError, match="a job is"):
        await fleet.run(["job"])  # type: ignore[list-item]
    for one in (job, None, 5):
        with pytest.raises(TypeError, match=r"jobs must be a list of jobs, got .* write fleet\.run\(\[job\]\)"):
            await fleet.run(one)
    with pytest.raises(TypeError, match=r"executor must be a concurrent\.futures\.Executor, or None, got int"):
        await fleet.run([job], 5)  # type: ignore[arg-type]
    for told in ("print", test_what_a_fleet_does_not_take):
        with pytest.raises(ConfigError, match="on_progress must be a plain function"):
            await fleet.run([job], on_progress=told)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^account must be a FleetAccount, got str$"):
        Export(name="shops", account="a", kind="shops", file="shops.csv")  # type: ignore[arg-type]
    for wrong in (0, -1, True, "5"):
        with pytest.raises(ValueError, match="for_seconds"):
            fleet.run_job(job, wrong)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match=r"await leat_async\.fleet\.run"):
        fleet.run_job(job)


async def test_jobs_and_results_pickle_and_hold_no_token(visits: MakeImport, sandbox: Sandbox) -> None:
    job = visits(3, bad=1)
    found = await fleet.run([job])
    for thing in (job, found):
        packed = pickle.dumps(thing)
        assert sandbox.token.encode() not in packed
        assert pickle.loads(packed) == thing
    assert sandbox.token not in repr(job) + repr(found)


def test_reports_add_up() -> None:
    from leat_async.bulk.outcomes import Latency

    fast, slow = Latency(), Latency()
    for _ in range(90):
        fast.add(0.01)
    for _ in range(10):
        slow.add(1.0)
    one = bulk.Report(created=90, taken=90, seconds=2.0, latency=fast.percentiles(), answered=fast.counts)
    two = bulk.Report(
        created=8, rejected=2, taken=10, seconds=3.0, errors_by_code={"1003": 2}, latency=slow.percentiles(),
        answered=slow.counts, stopped="max_errors",
    )  # fmt: skip
    both = one + two
    assert (both.created, both.rejected, both.taken, both.seconds) == (98, 2, 100, 5.0)
    assert both.latency["p50"] == pytest.approx(0.01, rel=0.05)
    assert both.latency["p99"] == pytest.approx(1.0, rel=0.05)
    assert both.latency["max"] == 1.0
    assert (both.errors_by_code, both.stopped) == ({"1003": 2}, "max_errors")
    assert sum((one, two), bulk.Report()) == both
    with pytest.raises(TypeError):
        one + 1  # type: ignore[operator]


def test_jobs_of_one_account_share_its_own_ledger(
    visits: MakeImport, account: FleetAccount, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A file under another name tomorrow makes nothing twice; nor does the command line."""
    first = visits(rows=5)
    job = attrs.evolve(first, ledger=None)
    assert job.ledger_place() is None
    first_run = fleet.run_job(job)
    assert first_run.report is not None
    assert first_run.report.created == 5
    tomorrow = tmp_path / "tomorrow.csv"
    tomorrow.write_bytes(Path(first.file).read_bytes())
    again = fleet.run_job(attrs.evolve(job, name="tomorrow", file=str(tomorrow)))
    assert again.report is not None
    assert (again.report.skipped, len(sandbox.rows("visits"))) == (5, 5)
    assert str(job.ledger_place()) == bulk.memories()[0].path


@pytest.mark.skipif(sys.platform == "win32", reason="the server is not for Windows")
async def test_jobs_with_a_ledger_in_a_database_run_anywhere_and_once(
    visits: MakeImport, sandbox: Sandbox, ledger_url: str
) -> None:
    job = attrs.evolve(visits(20, bad=2), ledger=ledger_url)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as elsewhere:
        [there] = (await fleet.run([job], elsewhere)).jobs
    assert there.report is not None
    assert (there.report.created, there.report.rejected) == (18, 2)
    with closing(PostgresBase(LedgerUrl.of(ledger_url))) as holder:
        holder.take()
        [busy] = (await fleet.run([job])).jobs
        assert busy.state == "busy"
    [here] = (await fleet.run([job])).jobs
    assert here.report is not None
    assert (here.state, here.report.skipped, here.report.created) == ("done", 18, 0)
    assert [entry.index for entry in bulk.rejects(ledger_url)] == [0, 1]
    with pytest.raises(ConfigError, match="must hold no password") as caught:
        attrs.evolve(job, ledger=ledger_url.replace("postgres@", "postgres:hush@"))
    assert "hush" not in str(caught.value)


async def receive_credits(account: FleetAccount, sandbox: Sandbox, count: int) -> None:
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    async with LeatClient(**settings_of(account)) as leat:
        for _ in range(count):
            await leat.credit_receptions.create(contact_uuid=contact, shop_uuid=shop, credits=5)


async def test_an_export_by_the_month_writes_a_file_for_each_and_reads_each_once(
    account: FleetAccount, sandbox: Sandbox, tmp_path: Path
) -> None:
    job = Export(
        name="credits",
        account=account,
        kind="loyalty_transactions",
        file=str(tmp_path / "account=test" / "month={month}" / "part.parquet"),
        options={"since": "2026-01"},
    )
    assert pickle.loads(pickle.dumps(job)) == job
    await receive_credits(account, sandbox, 3)
    sandbox.clock.advance(40 * 86400)
    await receive_credits(account, sandbox, 2)
    sandbox.clock.advance(120)
    [first] = (await fleet.run([job])).jobs
    assert (first.state, first.rows) == ("done", 5), first.error
    sandbox.clock.advance(86400)
    await receive_credits(account, sandbox, 1)
    [second] = (await fleet.run([job])).jobs
    assert (second.state, second.rows) == ("done", 3), "the month that is over is not read again"
    import duckdb  # not above: each process that runs tests would import it

    counted = duckdb.sql(f"SELECT account, month, count(*) FROM '{tmp_path}/**/*.parquet' GROUP BY ALL ORDER BY ALL")
    assert counted.fetchall() == [("test", "2026-01", 3), ("test", "2026-02", 3)]
    for options, file, kind, reason in (
        ({}, job.file, job.kind, "needs since"),
        ({"since": "2024", "until": "2025"}, job.file, job.kind, "no option 'until'"),
        ({"since": "2024"}, "{month}.csv", job.kind, "is Parquet"),
        ({"since": "2024"}, job.file, "visits", "can't be had by the month"),
    ):
        with pytest.raises(ConfigError, match=reason):
            Export(name="x", account=account, kind=kind, file=file, options=options)


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
async def test_a_command_that_takes_its_time_holds_up_no_other_account(
    visits: MakeImport, account: FleetAccount, sandbox: Sandbox, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    slow = attrs.evolve(account, name="slow", token=TokenFrom(command=("cat", str(pipe))))
    jobs = [attrs.evolve(visits(2, name="first"), account=slow), visits(2, name="second")]

    def print_it(job: fleet.Job, what: object) -> None:
        if job.name == "second" and isinstance(what, JobResult):
            pipe.write_text(sandbox.token)

    found = await asyncio.wait_for(fleet.run(jobs, on_progress=print_it), 20.0)
    assert [job.state for job in found.jobs] == ["done", "done"], found
