"""What survives a killed export, and what one run tells the next."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
import msgspec

from ..errors import ConfigError
from .kinds import keys_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS staged (key TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def private(path: Path) -> None:
    """Make an empty file that only its owner can read, unless there is one."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


class Book:
    """A SQLite file that one process holds at a time: facts by name, and a set of keys. Without a path it is gone
    when it is closed."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        if path is not None:
            private(path)
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
                raise ConfigError(f"{path} is in use by another export") from None
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

    def fresh(self, rows: list[Any]) -> list[Any]:
        """Those of the rows whose keys are new here; now they are known."""
        add = self._db.execute
        found = [
            row
            for row, key in zip(rows, keys_of(rows), strict=True)
            if add("INSERT OR IGNORE INTO keys VALUES (?)", (key,)).rowcount
        ]
        self._size += len(found)
        return found

    def __len__(self) -> int:
        return self._size

    def unknown(self, rows: list[Any]) -> list[Any]:
        """Those of the rows whose keys are not here."""
        ask = self._db.execute
        return [
            row
            for row, key in zip(rows, keys_of(rows), strict=True)
            if ask("SELECT 1 FROM keys WHERE key = ?", (key,)).fetchone() is None
        ]

    def clear(self) -> None:
        """Forget everything."""
        self._db.execute("DELETE FROM facts")
        self._db.execute("DELETE FROM keys")
        self._size = 0

    def keys(self) -> Iterable[tuple[str]]:
        """All keys."""
        return self._db.execute("SELECT key FROM keys")


@attrs.frozen
class Progress:
    """How far an export is: `position` in the file as its writer counts, rows written, and the walk's mark."""

    position: int = 0
    rows: int = 0
    reached: str | None = None
    page: int = 1
    total: int | None = None
    complete: bool = False


class Checkpoint(Book):
    """Beside a file that is not complete: which export it is of, and how far that has come."""

    def begin(self, identity: Mapping[str, Any], bounds: Mapping[str, Any], *, fresh: bool) -> bool:
        """Take up what was started, or start; returns whether it was the former. Another export's is an error."""
        found = self.get("identity")
        if found is None or fresh:
            self.clear()
            self.set(identity=identity, bounds=bounds)
            self.save(Progress())
            return False
        if found != identity:
            differing = ", ".join(sorted(k for k in {*found, *identity} if found.get(k) != identity.get(k)))
            raise ConfigError(
                f"{self.path} belongs to another export, which differs in {differing}; repeat that one to finish it, "
                "or start anew with fresh (--fresh)"
            )
        return True

    @property
    def progress(self) -> Progress:
        """As last saved."""
        return msgspec.convert(self.get("progress"), Progress)

    def save(self, progress: Progress) -> None:
        """Keep the progress, with the keys of the rows up to there."""
        self.set(progress=attrs.asdict(progress))
        self.commit()


class State(Book):
    """What an incremental export has read: up to when, and the keys of rows that the next run will meet again.

    The file is moved to its place between `stage` and `promote`. A run that was killed there left staged keys and the
    file's identity, which tells the next run whether the file arrived.
    """

    def begin(self, identity: Mapping[str, Any]) -> None:
        """Start, or go on; the state of another export is an error."""
        found = self.get("identity")
        if found is None:
            self.set(identity=identity)
        elif found != identity:
            differing = ", ".join(sorted(k for k in {*found, *identity} if found.get(k) != identity.get(k)))
            raise ConfigError(f"{self.path} is the state of another export, which differs in {differing}")
        staged = self.get("staged")
        if staged is not None and staged["file"] == _identity(Path(staged["path"])):
            self.promote()

    def stage(self, keys: Iterable[tuple[str]], since: str | None, ready: Path, path: Path) -> None:
        """Note what will be true once the ready file is at its path; `since` None: the keys add to those known."""
        self._stage(keys, since=since, path=str(path), file=_identity(ready))
        self.commit()

    def replace(self, keys: Iterable[tuple[str]], since: str | None) -> None:
        """Note what is true now."""
        self._stage(keys, since=since)
        self.promote()

    def _stage(self, keys: Iterable[tuple[str]], **facts: Any) -> None:
        self._db.execute("DELETE FROM staged")
        self._db.executemany("INSERT OR IGNORE INTO staged VALUES (?)", keys)
        self.set(staged=facts)

    def promote(self) -> None:
        """The file is in its place."""
        staged = self.get("staged")
        if staged["since"] is not None:
            self._db.execute("DELETE FROM keys")
        self._db.execute("INSERT OR IGNORE INTO keys SELECT key FROM staged")
        self._db.execute("DELETE FROM staged")
        self.set(since=staged["since"], staged=None)
        self.commit()


def _identity(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_dev, found.st_ino, found.st_size]
