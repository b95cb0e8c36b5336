"""Rejects of a workbook: a workbook of one sheet, what is wrong marked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .arrow import library
from .cells import harmless
from .table import REASON, BadCell, Record, SheetNumber

_UNWRITABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_LONGEST_NAME = 31


class WorkbookRejects:
    """A sheet of the same name and columns; cells keep their types and formats."""

    def __init__(self, path: Path, columns: Sequence[str], sheet: str, *, again: bool) -> None:
        openpyxl = library("openpyxl", "excel", "Excel")
        styles = library("openpyxl.styles", "excel", "Excel")
        self._cell_type: Any = library("openpyxl.cell", "excel", "Excel").WriteOnlyCell
        self._mark = styles.PatternFill("solid", fgColor="FFFFC7CE")
        self._path = path
        self._columns = columns
        self._width = len(columns) + again  # a rejects file of before has its reason
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet(re.sub(r"[\\*?:/\[\]]", "_", sheet)[:_LONGEST_NAME] or "Sheet")
        self._sheet.append([self._text(column) for column in (*columns, REASON)])

    def add(self, record: Record, reason: str, marked: Sequence[str]) -> None:
        row = [self._cell(record.values.get(column)) for column in self._columns]
        for place, column in enumerate(self._columns):
            if column in marked:
                row[place].fill = self._mark
        row.append(self._text(reason))
        # Cells beyond the last column stay beyond it.
        if record.problem is not None:
            row += [self._cell(cell) for cell in record.raw[self._width :]]
        self._sheet.append(row)

    def finish(self) -> None:
        self._book.save(self._path)

    def _cell(self, value: Any) -> Any:
        if isinstance(value, BadCell):
            return self._bad(value)
        if isinstance(value, SheetNumber):
            cell = self._cell_type(self._sheet, value=value.stored)
            cell.number_format = value.format
            return cell
        if isinstance(value, str):
            return self._text(value)
        cell = self._cell_type(self._sheet, value=value)
        if isinstance(value, dt.timedelta):
            cell.number_format = "[h]:mm:ss"
        return cell

    def _text(self, value: str) -> Any:
        written = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", harmless(value))
        cell = self._cell_type(self._sheet, value=written)
        cell.data_type = "s"
        return cell

    def _bad(self, value: BadCell) -> Any:
        if value.formula:
            cell = self._cell_type(self._sheet, value=f"={value.formula}")
            cell.data_type = "f"
            return cell
        if value.shown.startswith("#"):
            cell = self._cell_type(self._sheet, value=value.shown)
            cell.data_type = "e"
            return cell
        try:
            return self._cell_type(self._sheet, value=float(value.shown))
        except ValueError:
            cell = self._cell_type(self._sheet, value="#N/A")
            cell.data_type = "e"
            return cell
