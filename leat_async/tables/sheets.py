"""A sheet of a workbook of any kind as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import attrs

from .arrow import library
from .book import Book, MergedRange
from .header import column_names, find_header, misfit
from .lines import digest_of
from .ods import OdsBook
from .table import Record, SourceError, TableFormat, TableSource, by_setting
from .xls import XlsBook
from .xlsb import XlsbBook
from .xlsx import XlsxBook

_BEGINNING = 50


@attrs.define(kw_only=True)
class SheetSource(TableSource):
    """A sheet of a workbook."""

    sheet: str
    others: tuple[str, ...] = ()
    merged: tuple[MergedRange, ...] = ()

    def rows(self) -> Iterator[Record]:
        """Every row that is not blank, as it stands in the file."""
        with _open(self.name, self.path, self.format) as book:
            rows = book.rows(book.sheet(self.sheet), self.merged)
            header = next((cells for line, cells in rows if line == self.header_row), None)
            if header is None:
                return
            names = column_names(header)
            width = len(names)
            for line, cells in rows:
                if len(cells) < width:
                    cells += [None] * (width - len(cells))
                problem = None if len(cells) == width else misfit(cells, width)
                yield Record(line, dict(zip(names, cells, strict=False)), problem, cells)

    def beginnings(self) -> Iterator[tuple[str, int, list[Any]]]:
        """The first lines of each visible sheet, to find the header among them."""
        with _open(self.name, self.path, self.format) as book:
            for sheet in (self.sheet, *self.others):
                for line, cells in islice(book.rows(book.sheet(sheet), ()), _BEGINNING):
                    yield ("" if sheet == self.sheet else sheet), line, cells


def open_sheet(name: str, path: Path, format: TableFormat, *, sheet: str | None, header_row: int | None) -> SheetSource:
    """Look at a workbook: its sheets, and the header of the one to read. Raises `SourceError`."""
    library("openpyxl", "excel", "Excel")  # writes the rejects; better told now than after the run
    with _open(name, path, format) as book:
        page = book.sheet(sheet)
        merged, hidden = book.look(page)
        others = tuple(other.name for other in book.sheets if other.visible and other is not page)
        rows = book.rows(page, ())
        first = next(rows, None)
        if first is None:
            also = f"; there is also {', '.join(others)}: name it with {by_setting('sheet')}" if others else ""
            raise SourceError(f"{name}: the sheet {page.name!r} is empty{also}")
        header = find_header(name, chain((first,), rows), header_row)
    notes = [f"other sheets: {', '.join(others)} (named with {by_setting('sheet')})"] if others else []
    if hidden:
        notes.append(f"{hidden:,} hidden rows of the sheet are read as well")
    return SheetSource(
        path=path,
        name=name,
        format=format,
        columns=header.columns,
        fingerprint=digest_of(path),
        rejects=header.rejects,
        header_row=header.line,
        sheet=page.name,
        others=others,
        merged=merged,
        notes=tuple(notes),
    )


def _open(name: str, path: Path, format: TableFormat) -> Book:
    if format == "xls":
        return XlsBook(name, path)
    if format == "ods":
        return OdsBook(name, path)
    return XlsbBook(name, path) if format == "xlsb" else XlsxBook(name, path)
