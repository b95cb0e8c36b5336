"""A `-wal` that is whole, torn as a power cut tears it, or damaged."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from leat_async import errors
from leat_async.bulk.ledger_file import LedgerFile
from leat_async.bulk.wal import is_damaged

COMMITS = 20


@pytest.fixture
def wal(tmp_path: Path) -> Path:
    """Of a ledger as a kill leaves it."""
    live, killed = tmp_path / "live", tmp_path / "killed"
    file = LedgerFile(live)
    for n in range(COMMITS):
        file.base.execute("INSERT INTO rows VALUES (?, ?, 1, ?, 'sent', x'', ?)", (n, b"%d" % n, n, "x" * 2000))
    for suffix in ("", "-wal"):
        shutil.copy(f"{live}{suffix}", f"{killed}{suffix}")
    file.close()
    return tmp_path / "killed-wal"


def rows_in(wal: Path) -> int:
    """How many rows SQLite finds, in a copy."""
    base = wal.with_name("killed")
    for suffix in ("", "-wal"):
        shutil.copy(f"{base}{suffix}", f"{base}-copy{suffix}")
    with sqlite3.connect(f"{base}-copy") as opened:
        count = int(opened.execute("SELECT count(*) FROM rows").fetchone()[0])
    opened.close()
    return count


def spoil(wal: Path, at: int) -> None:
    data = bytearray(wal.read_bytes())
    data[at] ^= 0xFF
    wal.write_bytes(data)


def test_a_whole_one(wal: Path) -> None:
    assert rows_in(wal) == COMMITS
    assert not is_damaged(wal)
    LedgerFile(wal.with_name("killed")).close()


@pytest.mark.parametrize("cut", [1, 100, 4096, 4120, 5000])
def test_an_end_that_was_still_being_written(wal: Path, cut: int) -> None:
    wal.write_bytes(wal.read_bytes()[:-cut])
    assert rows_in(wal) < COMMITS
    assert not is_damaged(wal)


def test_a_last_commit_that_the_power_cut_tore(wal: Path) -> None:
    spoil(wal, wal.stat().st_size - 100)
    assert rows_in(wal) == COMMITS - 1
    assert not is_damaged(wal)


@pytest.mark.parametrize("at", [0, 8, 20, 26, 32 + 17, 32 + 24 + 50, 32 + 10 * 4120 + 100])
def test_a_damaged_one_is_no_shorter_one(wal: Path, at: int) -> None:
    spoil(wal, at)
    with suppress(sqlite3.DatabaseError):  # where the header of the tables is in the part that is lost
        assert rows_in(wal) < COMMITS
    assert is_damaged(wal)
    with pytest.raises(errors.ConfigError, match="killed-wal is damaged"):
        LedgerFile(wal.with_name("killed"))


def test_what_was_never_written(tmp_path: Path) -> None:
    path = tmp_path / "w"
    assert not is_damaged(path)
    for content in (b"", b"\x37\x7f", b"\0" * 9000):
        path.write_bytes(content)
        assert not is_damaged(path)
