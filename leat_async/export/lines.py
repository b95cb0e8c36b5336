"""Rows to CSV and JSON Lines, into a file or a stream."""

from __future__ import annotations

import codecs
import datetime as dt
import io
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs
import msgspec

from .._core.codec import encode, parse
from ..errors import DecodeError
from ..private_files import open_private
from ..tables.cells import csv_writer, harmless
from .columns import Column, Layout

Encode = Callable[[Sequence[bytes]], bytes]


def jsonl(sources: Sequence[bytes]) -> bytes:
    """Rows as JSON Lines: every key as it came, in one notation."""
    try:
        return b"".join([encode(parse(source)) + b"\n" for source in sources])
    except DecodeError:
        # A number beyond all bounds: it is handed on as it was written.
        return b"".join([msgspec.json.format(source, indent=-1) + b"\n" for source in sources])


@attrs.frozen(kw_only=True)
class CsvStyle:
    """How CSV is written.

    escape: no cell is one that a spreadsheet would run as a formula. excel: as spreadsheets in Europe open it, with a
    mark for UTF-8, semicolons, decimal commas, and moments on the clock of a zone.
    """

    escape: bool
    excel: bool
    zone: dt.tzinfo

    def bytes_of(self, rows: Iterable[Iterable[Any]]) -> bytes:
        """Rows of cells as lines."""
        out = io.StringIO()
        writer = csv_writer(out, delimiter=";", newline="\r\n") if self.excel else csv_writer(out)
        writer.writerows(rows)
        return out.getvalue().encode()

    def maker_of(self, column: Column) -> Callable[[Any], Any] | None:
        """What makes a column's values cells; None where they are."""
        if column.type == "moment":
            return self._moment if self.excel else dt.datetime.isoformat
        if column.type == "boolean":
            return lambda value: "true" if value else "false"
        if column.type == "number" and self.excel:
            return lambda value: str(value).replace(".", ",")
        return harmless if column.type in ("text", "json") and self.escape else None

    def _moment(self, value: dt.datetime) -> str:
        return value.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")


def csv_encoder(layout: Layout, style: CsvStyle) -> Encode:
    """Rows as CSV."""
    makers = [style.maker_of(column) for column in layout.columns]

    def lines(sources: Sequence[bytes]) -> bytes:
        table = [
            values if make is None else [None if value is None else make(value) for value in values]
            for make, values in zip(makers, layout.table(sources), strict=True)
        ]
        return style.bytes_of(zip(*table, strict=True))

    return lines


def csv_header(layout: Layout, style: CsvStyle) -> bytes:
    """What the file begins with."""
    names = [column.name for column in layout.columns]
    header = style.bytes_of([[harmless(name) for name in names] if style.escape else names])
    return codecs.BOM_UTF8 + header if style.excel else header


class TextWriter:
    """A file of lines; its position is its length in bytes."""

    def __init__(self, part: Path, encode: Encode, header: bytes, position: int) -> None:
        self._part = part
        self._encode = encode
        self._file = open_private(part)
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
