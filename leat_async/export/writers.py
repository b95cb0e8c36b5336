"""Rows to CSV, JSON Lines and SQLite. Every writer can go back to where it was synced."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from .._core.codec import encode, parse
from ..errors import ConfigError
from .columns import Column, Layout
from .state import private

Format = Literal["csv", "jsonl", "parquet", "sqlite"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl", "parquet", "sqlite")
_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
# A telephone number or a sum of digits does no harm, whatever a spreadsheet makes of it.
_HARMLESS = re.compile(r"[+\-][\d ().\-]*", re.ASCII)


def format_of(path: Path | None, given: str | None) -> Format:
    """The format asked for, or the one that the file's ending means."""
    if given is not None:
        for known in FORMATS:
            if given == known:
                return known
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {given!r}")
    if path is None:
        raise ValueError("a stream needs a format: csv or jsonl")
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise ValueError(f"{path.name!r} tells no format: end it in {', '.join(_ENDINGS)}, or give the format")
    return _ENDINGS[ending]


class Writer(Protocol):
    """Writes rows to a part file."""

    def write(self, sources: Sequence[bytes]) -> None:
        """Add rows, each as JSON."""
        ...

    def sync(self) -> int:
        """Bring everything to the disk; returns the position to come back to."""
        ...

    def finish(self) -> Path:
        """Complete the file; returns where it is."""
        ...

    def close(self) -> None:
        """Let go of the file, complete or not."""
        ...


Encode = Callable[[Sequence[bytes]], bytes]


def jsonl(sources: Sequence[bytes]) -> bytes:
    """Rows as JSON Lines: every key as it came, in one notation."""
    return b"".join(encode(parse(source)) + b"\n" for source in sources)


def csv_encoder(layout: Layout, *, escape: bool) -> Encode:
    """Rows as CSV. `escape`: text that a spreadsheet would run as a formula gets an apostrophe in front."""
    makers = [_cell_of(column, escape=escape) for column in layout.columns]

    def lines(sources: Sequence[bytes]) -> bytes:
        table = [
            values if make is None else [None if value is None else make(value) for value in values]
            for make, values in zip(makers, layout.table(sources), strict=True)
        ]
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(zip(*table, strict=True))
        return out.getvalue().encode()

    return lines


def csv_header(layout: Layout) -> bytes:
    """The first line."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([column.name for column in layout.columns])
    return out.getvalue().encode()


def _cell_of(column: Column, *, escape: bool) -> Callable[[Any], Any] | None:
    if column.type == "moment":
        return dt.datetime.isoformat
    if column.type == "boolean":
        return lambda value: "true" if value else "false"
    return _harmless if column.type == "text" and escape else None


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


class TextWriter:
    """A file of lines; its position is its length in bytes."""

    def __init__(self, part: Path, encode: Encode, header: bytes, position: int) -> None:
        self._part = part
        self._encode = encode
        private(part)
        self._file = part.open("r+b")
        self._file.truncate(position)
        self._file.seek(position)
        if not position:
            self._file.write(header)

    def write(self, sources: Sequence[bytes]) -> None:
        """Add rows, each as JSON."""
        self._file.write(self._encode(sources))

    def sync(self) -> int:
        """Bring everything to the disk; returns the position to come back to."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def finish(self) -> Path:
        """Complete the file; returns where it is."""
        self.sync()
        self.close()
        return self._part

    def close(self) -> None:
        """Let go of the file, complete or not."""
        self._file.close()


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
        private(part)
        # Used by one task at a time, though from several threads.
        self._db = sqlite3.connect(part, isolation_level=None, check_same_thread=False)
        columns = ", ".join(f"{_quoted(column.name)} {_SQL_TYPES[column.type]}" for column in layout.columns)
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("BEGIN")
            self._db.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(table)} ({columns})")
            self._db.execute(f"DELETE FROM {_quoted(table)} WHERE rowid > ?", (position,))  # noqa: S608 - our names
        except sqlite3.OperationalError as error:
            self._db.close()
            raise ConfigError(f"no table can be made of these columns: {error}") from None
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


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
