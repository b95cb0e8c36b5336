"""Files that are the caller's own, and nobody else's to read."""

from __future__ import annotations

import gc
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from leat_async.private_files import NotPrivateError, close_when_gone, make_private, make_private_database, open_private

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
WAYS: list[Callable[[Path], object]] = [lambda path: open_private(path).close(), make_private, make_private_database]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("way", WAYS)
def test_a_new_file_is_private_whatever_the_mask(tmp_path: Path, way: Callable[[Path], object]) -> None:
    old = os.umask(0)
    try:
        way(tmp_path / "x")
    finally:
        os.umask(old)
    assert mode(tmp_path / "x") == 0o600


@pytest.mark.parametrize("way", WAYS)
def test_an_existing_file_is_made_private_and_keeps_its_content(tmp_path: Path, way: Callable[[Path], object]) -> None:
    (tmp_path / "x").write_text("before")
    (tmp_path / "x").chmod(0o666)
    way(tmp_path / "x")
    assert mode(tmp_path / "x") == 0o600
    assert (tmp_path / "x").read_text() == "before"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("there", [True, False])
def test_links_are_refused(tmp_path: Path, way: Callable[[Path], object], there: bool) -> None:
    other = tmp_path / "other"
    if there:
        other.write_text("other")
        other.chmod(0o644)
    (tmp_path / "x").symlink_to(other)
    with pytest.raises(NotPrivateError, match="is a link"):
        way(tmp_path / "x")
    assert other.exists() == there
    if there:
        assert mode(other) == 0o644
        os.unlink(tmp_path / "x")
        os.link(other, tmp_path / "x")
        with pytest.raises(NotPrivateError, match="second name"):
            way(tmp_path / "x")
        assert mode(other) == 0o644


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, way: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "x")
    with pytest.raises(NotPrivateError, match="no regular file"):
        way(tmp_path / "x")


@pytest.mark.parametrize("way", WAYS)
def test_a_file_of_another_user_is_refused(
    tmp_path: Path, way: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_text("")
    monkeypatch.setattr(os, "geteuid", lambda: (tmp_path / "x").stat().st_uid + 1)
    with pytest.raises(NotPrivateError, match="belongs to another user"):
        way(tmp_path / "x")


@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
def test_what_sqlite_keeps_beside_a_file_counts_as_well(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "other").write_text("other")
    (tmp_path / f"x{suffix}").symlink_to(tmp_path / "other")
    with pytest.raises(NotPrivateError, match=suffix):
        make_private_database(tmp_path / "x")
    os.unlink(tmp_path / f"x{suffix}")
    (tmp_path / f"x{suffix}").write_text("")
    (tmp_path / f"x{suffix}").chmod(0o644)
    make_private_database(tmp_path / "x")
    assert mode(tmp_path / f"x{suffix}") == 0o600


def test_the_locks_of_an_open_database_stay(tmp_path: Path) -> None:
    """To open its file once more and close it would undo them."""
    make_private_database(tmp_path / "x")
    db = sqlite3.connect(tmp_path / "x", isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    make_private_database(tmp_path / "x")
    # In another process: the locks are those of a process. Where SQLite keeps its lock bytes.
    tries = (
        "import fcntl, os, sys; handle = os.open(sys.argv[1], os.O_RDWR);"
        "fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 512, 0x40000000)"
    )
    tried = subprocess.run(
        [sys.executable, "-c", tries, str(tmp_path / "x")], capture_output=True, text=True, check=False
    )
    assert tried.returncode == 1
    assert "BlockingIOError" in tried.stderr
    db.close()


def test_a_database_is_closed_with_its_owner_here_and_not_in_a_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Owner:
        """Opened something."""

    for elsewhere in (False, True):
        connection = sqlite3.connect(tmp_path / "base")
        owner = Owner()
        close_when_gone(owner, connection)
        with monkeypatch.context() as patch:
            if elsewhere:
                patch.setattr(os, "getpid", lambda: -1)
            del owner
            gc.collect()
        if elsewhere:
            connection.execute("SELECT 1")
            connection.close()
        else:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")
