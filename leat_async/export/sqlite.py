"""Rows to a SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from ..errors import ConfigError
from ..private_files import make_private_database
from .columns import Layout

_SQL_TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "number": "REAL",
    "boolean": "INTEGER",
    "moment": "TEXT",
    "json": "TEXT",
}


class SqliteWriter:
    """A database with one table, named after the kind; its position is the number of its last row."""

    def __init__(self, part: Path, layout: Layout, table: str, position: int) -> None:
        self._part = part
        self._layout = layout
        self._moments = [index for index, column in enumerate(layout.columns) if column.type == "moment"]
        if not position:
            part.unlink(missing_ok=True)
            part.with_name(f"{part.name}-journal").unlink(missing_ok=True)
        make_private_database(part)
        # Used by one task at a time, though from several threads.
        self._db = sqlite3.connect(part, isolation_level=None, check_same_thread=False)
        types = [_SQL_TYPES[column.type] for column in layout.columns]
        columns = ", ".join(f"{_quoted(name)} {kept}" for name, kept in zip(_names(layout), types, strict=True))
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("BEGIN")
            self._db.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(table)} ({columns})")
            self._db.execute(f"DELETE FROM {_quoted(table)} WHERE rowid > ?", (position,))  # noqa: S608 - our names
        except sqlite3.Error as error:
            self._db.close()
            if "too many columns" in str(error):
                raise ConfigError(f"no table can be made of these columns: {error}") from None
            raise
        self._insert = f"INSERT INTO {_quoted(table)} VALUES ({', '.join('?' * len(layout.columns))})"  # noqa: S608 - our names
        self._rows = position

    def write(self, sources: Sequence[bytes]) -> None:
        """Add rows, each as JSON."""
        table = self._layout.table(sources)
        for index in self._moments:
            table[index] = [None if value is None else value.isoformat() for value in table[index]]
        self._db.executemany(self._insert, zip(*table, strict=True))
        self._rows += len(sources)

    def sync(self) -> int:
        """Bring everything to the disk; returns the position to come back to."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")
        return self._rows

    def finish(self) -> Path:
        """Complete the file; returns where it is."""
        self._db.execute("COMMIT")
        self.close()
        return self._part

    def close(self) -> None:
        """Let go of the file, complete or not."""
        self._db.close()


def _names(layout: Layout) -> list[str]:
    """The names of the columns: of those that differ in case only, which are one to SQLite, the later get a number."""
    taken: set[str] = set()
    names: list[str] = []
    for column in layout.columns:
        name, number = column.name, 1
        while name.lower() in taken:
            number += 1
            name = f"{column.name}_{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
