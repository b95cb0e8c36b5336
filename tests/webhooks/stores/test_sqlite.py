"""The SQLite store's file and clock."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from leat_async.webhooks import SeenStoreError, SqliteStore
from leat_async.webhooks.stores.steps import Claim, Done, Put

A, B = "a" * 32, "b" * 32


class Clocks:
    """The machine's two clocks."""

    def __init__(self, store: Any) -> None:
        self.steady, self.wall = 5000.0, 1_800_000_000.0
        store._steady, store._wall = (lambda: self.steady), (lambda: self.wall)

    def passed(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += seconds


@pytest.fixture
def store(tmp_path: Path) -> Any:
    made = SqliteStore(tmp_path / "seen.sqlite")
    yield made
    made.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_removed_or_replaced_is_opened_anew(store: SqliteStore, replaced: bool, tmp_path: Path) -> None:
    assert store.ask(Put(A, b"{}")) == "stored"
    for path in tmp_path.glob("seen.sqlite*"):
        path.unlink()
    if replaced:
        other = SqliteStore(tmp_path / "seen.sqlite")
        other.ask(Put(A, b"{}"))
        other.close()
    assert store.ask(Put(B, b"{}")) == "stored"
    next_process = SqliteStore(tmp_path / "seen.sqlite")
    assert next_process.ask(Put(B, b"{}")) == "duplicate"
    assert next_process.ask(Put(A, b"{}")) == ("duplicate" if replaced else "stored")
    next_process.close()


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_the_clock_on_the_wall_neither_ends_nor_lengthens_a_lease_or_a_window(store: SqliteStore, jump: float) -> None:
    clocks = Clocks(store)
    first = Claim(A, 60.0)
    store.ask(first)
    clocks.passed(30)
    clocks.wall += jump
    assert store.ask(Claim(A, 60.0)).state == "busy"
    clocks.passed(31)
    second = Claim(A, 60.0)
    assert store.ask(second).state == "taken"
    store.ask(Done(A, second.token, 100.0))
    clocks.wall -= jump * 2
    clocks.passed(99)
    assert store.ask(Claim(A, 60.0)).state == "duplicate"
    clocks.passed(2)
    assert store.ask(Claim(A, 60.0)).state == "taken"


def test_over_a_restart_of_the_machine_the_clock_on_the_wall_counts_but_never_back(store: SqliteStore) -> None:
    clocks = Clocks(store)
    for digest, window in ((A, 1000.0), (B, 10_000.0)):
        claim = Claim(digest, 60.0)
        store.ask(claim)
        store.ask(Done(digest, claim.token, window))
    clocks.passed(10)
    clocks.steady = 3.0  # begins anew
    clocks.wall += 2000
    assert store.ask(Claim(A, 60.0)).state == "taken"
    assert store.ask(Claim(B, 60.0)).state == "duplicate"
    clocks.steady, clocks.wall = 1.0, 0.0  # again, and with a clock that knows no date
    assert store.ask(Claim(A, 60.0)).state == "busy"
    clocks.passed(61)
    assert store.ask(Claim(A, 60.0)).state == "taken"


def test_its_files_are_the_owners(store: SqliteStore, tmp_path: Path) -> None:
    store.ask(Claim(A, 60.0))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["seen.sqlite", "seen.sqlite-shm", "seen.sqlite-wal"]
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"no database" * 100)
    os.symlink(tmp_path / "text", tmp_path / "link")
    for name in ("text", "link"):
        store = SqliteStore(tmp_path / name)
        with pytest.raises(SeenStoreError, match="can't be used"):
            store.ask(Claim(A, 60.0))
    (tmp_path / "text").unlink()
    (tmp_path / "link").unlink()
    store = SqliteStore(tmp_path / "text")
    assert store.ask(Claim(A, 60.0)).state == "taken"
    store.close()
    for wrong in (":memory:", tmp_path):
        with pytest.raises(ValueError, match="is no file"):
            SqliteStore(wrong)


def test_a_file_that_somebody_locks_is_waited_for_and_then_said(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    store.ask(Claim(A, 60.0))
    monkeypatch.setattr("leat_async.webhooks.stores.sqlite._BUSY_MILLISECONDS", 20)
    store.close()
    other = sqlite3.connect(tmp_path / "seen.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SeenStoreError, match="locked"):
        store.ask(Claim(B, 60.0))
    other.execute("ROLLBACK")
    other.close()
    assert store.ask(Claim(B, 60.0)).state == "taken"


FORKING = """
import multiprocessing, sys
from leat_async.webhooks import SqliteStore
from leat_async.webhooks.stores.steps import Claim, Done

KEY = "a" * 32
store = SqliteStore(sys.argv[1])
claim = Claim(KEY, 60.0)
store.ask(claim)

def ask_inherited(_):
    return store.ask(Claim(KEY, 60.0)).state

with multiprocessing.get_context("fork").Pool(1) as pool:
    [state] = pool.map(ask_inherited, [None])
print(state, store.ask(Done(KEY, claim.token, 100.0)))
store.close()
"""


def test_a_forked_process_opens_it_anew(tmp_path: Path) -> None:
    """In a process of its own: forks of one with many threads, as tests have, may hang whatever the store does."""
    ran = subprocess.run(
        [sys.executable, "-c", FORKING, tmp_path / "forked.sqlite"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout == "busy True\n", ran.stderr
