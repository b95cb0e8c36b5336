"""The pace in a file of this machine, for all processes of one user."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from ...private_files import NotPrivateError, close_when_gone, make_private_database
from ..clock import Clock
from .lease import Ask, Lease, PaceStatus, SharedState, StoreError, grant, status_of
from .patience import patience_of

# Seconds between two tries for a file that another process writes to: a lease takes it for some 30 µs.
_RETRY = 0.0005
_decode = msgspec.json.Decoder(SharedState).decode
_encode = msgspec.json.Encoder().encode


class SqlitePaceStore:
    """A SQLite file. Nothing in it outlives the machine's uptime, so no write waits for the disk."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._opened: sqlite3.Connection | None = None

    async def lease(self, key: str, ask: Ask) -> Lease:
        until = self._clock.now() + patience_of(ask)
        while True:
            try:
                return self._lease(key, ask)
            except (sqlite3.Error, OSError, NotPrivateError) as error:
                busy = isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode in _BUSY
                if not busy or self._clock.now() >= until:
                    raise self._failed(error) from None
            # Never inside SQLite, where the loop would stand still: whoever holds the file may have been stopped.
            await asyncio.sleep(_RETRY * (1 + self._clock.random()))

    async def status(self) -> list[PaceStatus]:
        try:
            rows = self._connection().execute("SELECT key, state FROM pace ORDER BY key").fetchall()
        except (sqlite3.Error, OSError, NotPrivateError) as error:
            raise self._failed(error) from None
        return [status_of(key, _read(state), time.monotonic()) for key, state in rows]

    async def aclose(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _lease(self, key: str, ask: Ask) -> Lease:
        execute = self._connection().execute
        execute("BEGIN IMMEDIATE")
        try:
            row = execute("SELECT state FROM pace WHERE key = ?", (key,)).fetchone()
            state = SharedState() if row is None else _read(row[0])
            # Counted from the machine's start, the same for all processes. It is set back when the machine starts anew.
            lease = grant(state, ask, time.monotonic())
            execute("INSERT OR REPLACE INTO pace VALUES (?, ?)", (key, _encode(state)))
            execute("COMMIT")
        except BaseException:
            execute("ROLLBACK")
            raise
        return lease

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private_database(self._path)
            # Threads take turns by the rules of the client; SQLite's own check would only know the first.
            opened = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            cursor = opened.cursor()
            try:
                cursor.execute("PRAGMA journal_mode = WAL")
                cursor.execute("PRAGMA synchronous = OFF")
                cursor.execute("CREATE TABLE IF NOT EXISTS pace (key TEXT PRIMARY KEY, state BLOB) WITHOUT ROWID")
            except BaseException:
                with suppress(sqlite3.Error):  # on a full disk once more, which Python 3.15 would tell on stderr
                    cursor.close()
                opened.close()
                raise
            self._opened = opened
            close_when_gone(self, opened)
        return self._opened

    def _failed(self, error: Exception) -> StoreError:
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        return StoreError(f"the pace can't be kept in {self._path}: {error}")


_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_LOCKED)


def _read(state: object) -> SharedState:
    """What is kept of a token. What can't be ours is taken for nothing: every process would be left alone by it."""
    try:
        return _decode(state)  # type: ignore[arg-type]  # whatever somebody put there
    except (msgspec.DecodeError, TypeError):
        return SharedState()
