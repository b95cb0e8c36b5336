"""An old Excel workbook (.xls), through xlrd, which knows its formats and errors."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .arrow import library
from .book import ADVICE, Book, BookSheet, MergedRange, bad_cell
from .merged import MergedCells
from .number_formats import number_format
from .table import BadCell, SourceError

_EMPTY, _TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = range(6)
_LARGEST = 256 << 20


class XlsBook(Book):
    """An open .xls workbook."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        xlrd = library("xlrd", "excel", "Excel")
        if path.stat().st_size > _LARGEST:
            raise SourceError(f"{name}: more than {_LARGEST >> 20} MB of .xls; save it as .xlsx or CSV")
        with path.open("rb") as file:
            if "EncryptedPackage".encode("utf-16-le") in file.read(1 << 20):
                raise SourceError(f"{name}: protected by a password; save it without")
        try:
            self._book = xlrd.open_workbook(
                str(path), formatting_info=True, on_demand=True, ragged_rows=True, logfile=io.StringIO()
            )
            self.sheets: list[BookSheet] = [
                BookSheet(sheet_name, self._book._sheet_visibility[place] == 0)
                for place, sheet_name in enumerate(self._book.sheet_names())
            ]
        except Exception as error:  # xlrd lets through whatever its parts raise
            raise self._broken(error) from None
        self._errors: dict[int, str] = xlrd.error_text_from_code

    def close(self) -> None:
        """Let go of the file."""
        self._book.release_resources()

    def look(self, page: BookSheet) -> tuple[tuple[MergedRange, ...], int]:
        """The merged cells of a sheet, and how many of its rows are hidden."""
        sheet = self._sheet(page)
        merged = tuple((top + 1, left + 1, bottom, right) for top, bottom, left, right in sheet.merged_cells)
        return merged, sum(bool(row.hidden) for row in sheet.rowinfo_map.values())

    def rows(self, page: BookSheet, merged: tuple[MergedRange, ...]) -> Iterator[tuple[int, list[Any]]]:
        """Rows that are not blank with their numbers, without the empty cells at their ends."""
        sheet = self._sheet(page)
        covered = MergedCells(merged)
        for line in range(1, sheet.nrows + 1):
            try:
                cells = [self._cell(cell, line, column) for column, cell in enumerate(sheet.row(line - 1), 1)]
            except Exception as error:  # xlrd lets through whatever its parts raise
                raise self._broken(error) from None
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                covered.hide(line, cells)
                yield line, cells

    def _sheet(self, page: BookSheet) -> Any:
        try:
            return self._book.sheet_by_name(page.name)
        except Exception as error:  # xlrd lets through whatever its parts raise
            raise self._broken(error) from None

    def _cell(self, cell: Any, line: int, column: int) -> Any:
        if cell.ctype == _TEXT:
            return cell.value if cell.value.strip() else None
        if cell.ctype in (_NUMBER, _DATE):
            style = self._book.xf_list[cell.xf_index]
            code = self._book.format_map[style.format_key].format_str
            found = number_format(code).cell(cell.value, repr(cell.value), since_1904=bool(self._book.datemode))
            return bad_cell(found.reason, line, column, found.shown) if isinstance(found, BadCell) else found
        if cell.ctype == _BOOLEAN:
            return bool(cell.value)
        if cell.ctype == _ERROR:
            shown = self._errors.get(cell.value, "#N/A")
            return bad_cell(f"the error {shown}", line, column, shown)
        return None

    def _broken(self, error: Exception) -> SourceError:
        why = str(error) or type(error).__name__
        return SourceError(f"{self.name}: an .xls workbook that can't be read ({why[:200]}); {ADVICE}")
