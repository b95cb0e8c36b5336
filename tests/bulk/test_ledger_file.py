"""The file of a ledger: one run at a time whatever its names, and never less than was written."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk, errors
from leat_async.bulk import ledger_file
from leat_async.bulk.ledger_file import LedgerFile
from leat_async.bulk.lock import FileLock
from leat_async.bulk.sqlite_store import SqliteLedgerStore

from ..conftest import Recorder
from ..forking import Forks, environment, piped
from .helpers import Shop, copy_ledger, held, moment

HELD = """
import sys, time
from pathlib import Path
from leat_async.bulk.lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def shop(recorder: Recorder) -> Shop:
    recorder.default = shop = Shop()
    return shop


@pytest.fixture
def leat(recorder: Recorder) -> LeatClient:
    return LeatClient("token", base_url=recorder.url, rate_limit=None)


def rows(count: int) -> list[dict[str, Any]]:
    return [{"contact_uuid": "c-1", "shop_uuid": "s", "starts_at": moment(n)} for n in range(count)]


def wal_size(path: Path) -> int | None:
    wal = Path(f"{path}-wal")
    return wal.stat().st_size if wal.exists() else None


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="Windows tells otherwise what a disk has left")
def test_a_full_disk_of_small_blocks_is_refused_before_sqlite_dies_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a mounted file system of 1 KiB blocks ended the process by SIGBUS, with 40 KB left."""
    path = tmp_path / "l"
    LedgerFile(path).close()

    def disk(block: int, left: int) -> None:
        found = type("Disk", (), {"f_frsize": block, "f_bavail": left // block})
        monkeypatch.setattr(os, "statvfs", lambda folder: found)

    disk(1024, 40_960)
    for use in (LedgerFile, ledger_file.connect):
        with pytest.raises(errors.ConfigError, match="blocks of 1024 bytes"):
            use(path)
    for block, left in ((1024, 2**20), (65_536, 0)):
        disk(block, left)
        LedgerFile(path).close()


def posts(recorder: Recorder) -> int:
    return sum(request.method == "POST" for request in recorder.requests)


@pytest.fixture
async def killed(recorder: Recorder, tmp_path: Path) -> Path:
    """A ledger as a kill leaves it, with its `-wal`, of which half the rows were done."""
    path = tmp_path / "killed"
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        done = 0
        async with bulk.create(leat.visits, rows(40), ledger=tmp_path / "live", concurrency=1) as run:
            async for _ in run:
                done += 1
                if done == 20:
                    copy_ledger(tmp_path / "live", path)
                    break
    assert wal_size(path)
    return path


# -- one run at a time ----------------------------------------------------------------------------


def linked(path: Path) -> Path:
    other = path.with_name("symbolic")
    other.symlink_to(path)
    return other


def hard_linked(path: Path) -> Path:
    other = path.with_name("hard")
    os.link(path, other)
    return other


def same(path: Path) -> Path:
    """Everything beside the ledger is gone that could be a lock."""
    for file in path.parent.iterdir():
        if "lock" in file.name:
            file.unlink()
    return path


@pytest.mark.parametrize("name_of", [linked, hard_linked, same])
async def test_one_ledger_is_one_run_whatever_its_name(
    recorder: Recorder, shop: Shop, tmp_path: Path, name_of: Callable[[Path], Path]
) -> None:
    path = tmp_path / "l"
    tried = asyncio.Event()
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        async with bulk.create(leat.visits, held(rows(50), tried), ledger=path) as run:
            await anext(run)
            other = name_of(path)
            with pytest.raises(errors.ConfigError, match="in use"):
                await bulk.run(leat.visits, rows(50), ledger=other)
            with pytest.raises(errors.ConfigError, match="in use"):
                bulk.forget(other)
            tried.set()
        again = await bulk.run(leat.visits, rows(50), ledger=other)
    assert again.total == 50 == len(shop.made)


@pytest.mark.parametrize("name_of", [linked, hard_linked, same])
def test_other_processes_are_kept_out_as_well(forks: Forks, tmp_path: Path, name_of: Callable[[Path], Path]) -> None:
    path = tmp_path / "l"
    LedgerFile(path).close()
    with piped(forks, ["-c", HELD, path], environment(), tmp_path) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(errors.ConfigError, match="in use"):
            LedgerFile(name_of(path))
    assert holder.wait() == -signal.SIGKILL
    # The lock has gone with its process.
    LedgerFile(path).close()


def test_a_holder_that_lets_nobody_read_is_not_waited_for(
    forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that is frozen while it opens its ledger."""
    monkeypatch.setattr(ledger_file, "_PATIENCE", 130_000)  # longer than a test may take
    path = tmp_path / "l"
    LedgerFile(path).close()
    bars = f"""
import sqlite3
base = sqlite3.connect({str(path)!r}, isolation_level=None)
base.execute("PRAGMA journal_mode=DELETE")
base.execute("BEGIN EXCLUSIVE")
{HELD}"""
    with piped(forks, ["-c", bars, path], environment(), tmp_path) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(errors.ConfigError, match=r"in use by another run; wait for it to end$"):
            SqliteLedgerStore(path).open()


def test_a_lock_that_is_refused_takes_nothing_from_the_one_that_holds(tmp_path: Path) -> None:
    path = tmp_path / "l"
    file = LedgerFile(path)
    try:
        with pytest.raises(errors.ConfigError, match="in use"):
            FileLock(path)
        shared = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM meta').fetchall()"
        subprocess.run([sys.executable, "-c", shared, str(path)], check=True)
        # Had the refused one closed the file, SQLite's locks were gone, and the process would have taken the -wal away.
        assert Path(f"{path}-wal").exists()
        file.base.execute("INSERT INTO meta VALUES ('kind', 'visits')")
    finally:
        file.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_a_ledger_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "l"
    LedgerFile(path).close()
    path.chmod(0o666)
    LedgerFile(linked(path)).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_what_is_no_ledger_is_left_as_it_is(tmp_path: Path) -> None:
    text, other, pipe = tmp_path / "text", tmp_path / "other.db", tmp_path / "pipe"
    text.write_text("not a database, and longer than the header of one " * 20)
    with closing(sqlite3.connect(other)) as base:
        base.execute("CREATE TABLE mine (x)")
    os.mkfifo(pipe)
    for path in (text, other, pipe, tmp_path):
        path.chmod(0o755)
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(errors.ConfigError, match=r"can't be used as a ledger|is not a ledger"):
            LedgerFile(path)
        assert path.stat().st_mode & 0o777 == 0o755
        assert not path.is_file() or path.read_bytes() == before


# -- nothing missing ------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [None, "status"])
async def test_a_ledger_moved_without_its_wal_says_what_is_missing(
    leat: LeatClient, recorder: Recorder, killed: Path, reader: str | None
) -> None:
    moved = killed.with_name("moved")
    shutil.copy(killed, moved)
    sent = posts(recorder)
    for _ in range(2):
        if reader is not None:
            with pytest.raises(errors.ConfigError, match="moved-wal"):
                bulk.status(moved)
        with pytest.raises(errors.ConfigError, match="moved-wal"):
            await bulk.run(leat.visits, rows(40), ledger=moved)
        with pytest.raises(errors.ConfigError, match="moved-wal"):
            bulk.forget(moved)
    assert posts(recorder) == sent
    shutil.copy(f"{killed}-wal", f"{moved}-wal")
    report = await bulk.run(leat.visits, rows(40), ledger=moved, grace=0.0)
    await leat.aclose()
    assert report.skipped >= 19
    assert report.total == 40


async def test_a_ledger_that_something_read_after_the_kill_has_lost_nothing(leat: LeatClient, killed: Path) -> None:
    # SQLite takes the -wal into the file when the last reader closes.
    with sqlite3.connect(killed) as base:
        assert base.execute("SELECT count(*) FROM rows").fetchone()[0] >= 19
    base.close()
    assert wal_size(killed) is None
    report = await bulk.run(leat.visits, rows(40), ledger=killed, grace=0.0)
    await leat.aclose()
    assert report.skipped >= 19


async def test_a_run_of_many_commits_can_be_moved_whole_and_not_in_part(
    leat: LeatClient, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "_MUCH", 30_000)
    live, part, whole = tmp_path / "live", tmp_path / "part", tmp_path / "whole"
    sizes = set()
    async with bulk.create(leat.visits, rows(300), ledger=live, concurrency=4) as run:
        async for _ in run:
            sizes.add(wal_size(live) or 0)
            if run.report.total >= 250:
                shutil.copy(live, part)
                copy_ledger(live, whole)
                break
    assert max(sizes) < 120_000, "the -wal grows without end"
    assert bulk.status(live).states["done"] >= 250, "closed in good order"
    with pytest.raises(errors.ConfigError, match="part-wal"):
        bulk.status(part)
    assert bulk.status(whole).states["done"] >= 240
    await leat.aclose()


async def test_a_ledger_of_an_earlier_version_without_its_wal_is_refused(tmp_path: Path, leat: LeatClient) -> None:
    # That one wrote its tables into the -wal first.
    path = tmp_path / "l"
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE meta (name TEXT)")
        shutil.copy(path, tmp_path / "moved")
    base.close()
    with pytest.raises(errors.ConfigError, match="moved-wal"):
        await bulk.run(leat.visits, rows(3), ledger=tmp_path / "moved")
    await leat.aclose()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 // 4096 * 4096])


def overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 64] = b"\xff" * 64
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [emptied, cut, overwritten])
async def test_a_damaged_ledger_is_refused_in_a_sentence(
    leat: LeatClient, recorder: Recorder, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = tmp_path / "l"
    await bulk.run(leat.visits, rows(200), ledger=path)
    sent = posts(recorder)
    damage(path)
    with pytest.raises(errors.ConfigError, match="damaged"):
        await bulk.run(leat.visits, rows(200), ledger=path)
    for read in (bulk.status, lambda path: list(bulk.rejects(path)), lambda path: bulk.show(path, 3), bulk.forget):
        if damage is not overwritten or read is not bulk.status:
            with pytest.raises(errors.ConfigError, match="damaged"):
                read(path)
    await leat.aclose()
    assert posts(recorder) == sent


def test_a_ledger_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*paths: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(KeyboardInterrupt):
        LedgerFile(tmp_path / "l")
    assert list(tmp_path.iterdir()) == []
