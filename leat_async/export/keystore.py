"""A SQLite file of facts and keys: what checkpoints and state files are made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ConfigError
from ..private_files import make_private_database
from .kinds import keys_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS staged (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS older (key TEXT PRIMARY KEY, until TEXT NOT NULL) WITHOUT ROWID;
"""

_KNOWN = "SELECT 1 FROM keys WHERE key = :key UNION ALL SELECT 1 FROM older WHERE key = :key"


class TargetInUse(ConfigError):
    """Another export writes there."""


class KeyStore:
    """A SQLite file that one process holds at a time: facts by name, and a set of keys. Without a path it is gone
    when it is closed."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        if path is not None:
            make_private_database(path)
        # Used by one task at a time, though from several threads.
        self._db = sqlite3.connect(path or "", isolation_level=None, check_same_thread=False, timeout=0)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("BEGIN EXCLUSIVE")
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self.commit()
            self._size = int(self._db.execute("SELECT count(*) FROM keys").fetchone()[0])
        except sqlite3.OperationalError as error:
            self._db.close()
            if "locked" in str(error):
                raise TargetInUse(f"{path} is in use by another export") from None
            raise
        except sqlite3.DatabaseError:
            self._db.close()
            raise ConfigError(f"{path} is no file of an export; move it away") from None

    def commit(self) -> None:
        """Keep everything done since the last time."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._db.execute("BEGIN")

    def close(self) -> None:
        """Close; what was not committed is gone."""
        self._db.close()

    def get(self, name: str) -> Any:
        """A fact, or None."""
        found = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else msgspec.json.decode(found[0])

    def set(self, **facts: Any) -> None:
        """Note facts."""
        rows = [(name, msgspec.json.encode(value).decode()) for name, value in facts.items()]
        self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)

    def fresh(self, rows: list[Any], mark: str = "") -> list[Any]:
        """Those of the rows whose keys, with a mark before them, are new here; now they are known."""
        add = self._db.execute
        found = [
            row
            for row, key in zip(rows, keys_of(rows), strict=True)
            if add("INSERT OR IGNORE INTO keys VALUES (?)", (mark + key,)).rowcount
        ]
        self._size += len(found)
        return found

    def __len__(self) -> int:
        return self._size

    def unknown(self, rows: list[Any], mark: str = "") -> list[Any]:
        """Those of the rows whose keys, with a mark before them, are not here."""
        ask = self._db.execute
        return [
            row
            for row, key in zip(rows, keys_of(rows), strict=True)
            if ask(_KNOWN, {"key": mark + key}).fetchone() is None
        ]

    def clear(self) -> None:
        """Forget everything."""
        self._db.execute("DELETE FROM facts")
        self._db.execute("DELETE FROM keys")
        self._size = 0

    def keys(self) -> Iterable[tuple[str]]:
        """All keys."""
        return self._db.execute("SELECT key FROM keys")
