"""Remembering deliveries in a file, for the processes of one machine."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ...private_files import NotPrivateError, close_when_gone, make_private_database
from .sql import SqlStore

_TABLE = "leat_deliveries"
_CREATE = f"""
CREATE TABLE IF NOT EXISTS {_TABLE} (
    seq INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, key TEXT NOT NULL, state TEXT NOT NULL,
    token TEXT NOT NULL, attempt INTEGER NOT NULL, base INTEGER NOT NULL, until REAL NOT NULL, came REAL NOT NULL,
    body BLOB, error TEXT
)"""
_CLOCK = """
CREATE TABLE IF NOT EXISTS leat_clock (
    one INTEGER PRIMARY KEY CHECK (one = 1), steady REAL NOT NULL, wall REAL NOT NULL, now REAL NOT NULL
)"""
_BUSY_MILLISECONDS = 5000


def holds_store(path: Path) -> bool:
    """Whether a database is a store, found out without changing it; one that is damaged or in use may be."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (_TABLE,)).fetchone())
    except sqlite3.Error:
        return True


class SqliteStore(SqlStore):
    """Remembers in a SQLite file, which the processes of one machine may share, and holds an outbox.

    What was answered is on disk before. Times are measured by the machine's steady clock, so that setting the clock on
    the wall neither frees an event nor holds it.
    """

    _failures = (sqlite3.Error, OSError, NotPrivateError)
    _lost = (sqlite3.OperationalError,)

    def __init__(self, path: str | Path) -> None:
        """Raises `ValueError` if the file's folder does not exist, or the path is no file's."""
        self._path = Path(path)
        if str(path) == ":memory:" or self._path.is_dir():
            raise ValueError(f"{str(path)!r} is no file; name one, or use MemoryStore()")
        if not self._path.parent.is_dir():
            raise ValueError(f"the folder of {str(path)!r} does not exist; make it, or name another file")
        super().__init__(_TABLE, "?")
        self._file: tuple[int, int] | None = None
        self._steady, self._wall = time.monotonic, time.time

    def __repr__(self) -> str:
        return f"<SqliteStore {self._path}>"

    def _connect(self) -> sqlite3.Connection:
        make_private_database(self._path)
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in (_CREATE, _CLOCK, *self._schema):
                connection.execute(statement)
            connection.execute("COMMIT")
            self._file = self._which()
        except BaseException:
            connection.close()
            raise
        close_when_gone(self, connection)
        return connection

    def _begin(self, connection: sqlite3.Connection, digests: Sequence[str]) -> None:
        if self._which() != self._file:
            # What is committed to a file that nobody can open any more is lost with this process.
            raise sqlite3.OperationalError("its file was removed or replaced meanwhile")
        connection.execute("BEGIN IMMEDIATE")

    def _which(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _now(self, connection: sqlite3.Connection) -> float:
        """A clock of the file's own. It goes on by the steady clock of the machine, which all its processes share, and
        over a restart of the machine, with which that begins anew, by the clock on the wall, but never back."""
        steady, wall = self._steady(), self._wall()
        found = connection.execute("SELECT steady, wall, now FROM leat_clock").fetchone()
        if found is None:
            now = wall
        else:
            passed = steady - found[0]
            if 0 <= passed < 1:
                return float(found[2] + passed)
            now = found[2] + (passed if passed >= 0 else max(0.0, wall - found[1]))
        connection.execute("INSERT OR REPLACE INTO leat_clock VALUES (1, ?, ?, ?)", (steady, wall, now))
        return float(now)

    def before_fork(self) -> None:
        """Have no transaction under way: SQLite in the copy would take its locks for the copy's own, for ever."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()
