"""Rows to a workbook, .xlsx (extra `excel`).

A workbook can't be continued once it is cut off. So rows go to a spool of JSON lines, which the workbook is made of
at the end, some rows at a time: however often an export was interrupted, and however long it is.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..private_files import open_private
from .columns import Column, Layout, Type
from .lines import TextWriter, jsonl

_AT_ONCE = 1000
MOST_ROWS = 1_048_576
"""Rows that a sheet has room for, its header included."""
_LONGEST = 32_767
# Whole numbers beyond it are rounded by spreadsheets, which an identifier must not be.
_EXACT = 10**15
# What XML has no place for, and what a spreadsheet would take for such a character written out.
_UNWRITABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MOMENT = "yyyy-mm-dd hh:mm:ss"
# In characters. Narrower than its number or moment, a cell shows only #######.
_WIDTHS: dict[Type, int] = {"text": 18, "integer": 16, "number": 12, "boolean": 8, "moment": 20, "json": 30}
_UUID_WIDTH, _WIDEST = 38, 40


def openpyxl_or_advice() -> tuple[Any, Any]:
    """openpyxl with the part of it that exports use, or a `ConfigError` that says how to get it."""
    try:
        return import_module("openpyxl"), import_module("openpyxl.cell")
    except ImportError:
        raise ConfigError("a workbook needs an extra: pip install 'leat-async[excel]'") from None


class WorkbookWriter:
    """The spool, and at the end the workbook; the position is the length of the spool in bytes."""

    def __init__(self, part: Path, layout: Layout, title: str, position: int, zone: dt.tzinfo) -> None:
        self._openpyxl, cells = openpyxl_or_advice()
        self._cell_type: Any = cells.WriteOnlyCell
        self._layout = layout
        self._title = title
        self._zone = zone
        self._spool = TextWriter(part, jsonl, b"", position)
        self._part = part
        self.shortened: int = 0
        """Texts that were longer than a cell may be."""

    def write(self, sources: Sequence[bytes]) -> None:
        """Add rows, each as JSON."""
        self._spool.write(sources)

    def sync(self) -> int:
        """Bring everything to the disk; returns the position to come back to."""
        return self._spool.sync()

    def finish(self) -> Path:
        """Make the workbook; returns where it is."""
        self.sync()
        self.close()
        book = self._openpyxl.Workbook(write_only=True)
        makers = [self._maker_of(column) for column in self._layout.columns]
        sheet, rows, sheets = self._sheet(book, 1), 1, 1
        for batch in self._spooled():
            for row in zip(*self._layout.table(batch), strict=True):
                if rows == MOST_ROWS:
                    sheets += 1
                    sheet, rows = self._sheet(book, sheets), 1
                sheet.append(
                    [None if value is None else make(sheet, value) for make, value in zip(makers, row, strict=True)]
                )
                rows += 1
        made = self._part.with_name(f"{self._part.name}.xlsx")
        made.unlink(missing_ok=True)
        with open_private(made) as file:
            book.save(file)
            file.flush()
            os.fsync(file.fileno())
        return made

    def close(self) -> None:
        """Let go of the spool, complete or not."""
        self._spool.close()

    def _sheet(self, book: Any, number: int) -> Any:
        sheet = book.create_sheet(self._title[:28] + (f" {number}" if number > 1 else ""))
        sheet.freeze_panes = "A2"
        for place, column in enumerate(self._layout.columns, 1):
            sheet.column_dimensions[self._openpyxl.utils.get_column_letter(place)].width = _width(column)
        sheet.append([self._text(sheet, column.name) for column in self._layout.columns])
        return sheet

    def _maker_of(self, column: Column) -> Callable[[Any, Any], Any]:
        if column.type == "moment":
            return self._moment
        if column.type == "integer":
            return lambda sheet, value: value if abs(value) < _EXACT else self._text(sheet, str(value))
        return self._text if column.type in ("text", "json") else lambda sheet, value: value

    def _text(self, sheet: Any, value: str) -> Any:
        if len(value) > _LONGEST:
            self.shortened += 1
            value = value[:_LONGEST]
        written = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", value)
        cell = self._cell_type(sheet, value=written)
        # Of this type, no text is a formula.
        cell.data_type = "s"
        return cell

    def _moment(self, sheet: Any, value: dt.datetime) -> Any:
        cell = self._cell_type(sheet, value=value.astimezone(self._zone).replace(tzinfo=None))
        cell.number_format = _MOMENT
        return cell

    def _spooled(self) -> Iterator[list[bytes]]:
        with open(self._part, "rb") as file:
            while batch := list(islice(file, _AT_ONCE)):
                yield batch


def _width(column: Column) -> int:
    """Of its name and kind alone: rows go by once, and are written as they come."""
    wide = _UUID_WIDTH if column.name.endswith("uuid") else _WIDTHS[column.type]
    return min(max(wide, len(column.name) + 2), _WIDEST)
