"""An OpenDocument spreadsheet (.ods), which holds what each cell shows beside its value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from .book import LONGEST_TEXT, BookSheet, MergedRange, PackedBook, bad_cell
from .number_formats import MAX_DIGITS, plain
from .table import MAX_COLUMNS, BadCell, SheetNumber, SourceError

_CONTENT = "content.xml"
_MOST_ROWS = 1_048_576
_MIDNIGHT = dt.datetime.fromisoformat("2000-01-01")
_END_OF_SHEET = 1000
"""Rows repeated more often are what is left of a sheet."""
_DURATION = re.compile(r"(-?)PT(\d{1,9})H(\d{1,9})M(\d{1,9})(?:[.,](\d+))?S")
_GROUPING = re.compile(r"[.,'’\s]")


class OdsBook(PackedBook):
    """An open .ods workbook."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, path)
        self.sheets: list[BookSheet]
        try:
            self.sheets, self._hidden = self._read_sheets()
        except BaseException:
            self.close()
            raise

    def look(self, page: BookSheet) -> tuple[tuple[MergedRange, ...], int]:
        """The merged cells of a sheet (none: each covered cell says so itself), and how many rows are hidden."""
        return (), self._hidden.get(page.name, 0)

    def rows(self, page: BookSheet, merged: tuple[MergedRange, ...]) -> Iterator[tuple[int, list[Any]]]:
        """Rows that are not blank with their numbers, without the empty cells at their ends."""
        reader = _OdsReader(self, page.name)
        parser = self.parser(reader.start, reader.end, reader.text)
        given = 0
        for _ in self.feed(parser, _CONTENT):
            for line, times, cells in reader.rows:
                for number in range(times):
                    given += 1
                    if given > _MOST_ROWS:
                        raise self.broken("more rows than a sheet can have")
                    yield line + number, list(cells)
            reader.rows.clear()
            if reader.done:
                return

    def _read_sheets(self) -> tuple[list[BookSheet], dict[str, int]]:
        found: list[BookSheet] = []
        invisible: set[str] = set()
        hidden: dict[str, int] = {}
        style = ""
        depth = 0

        def start(tag: str, given: dict[str, str]) -> None:
            nonlocal style, depth
            if tag == "style:style":
                style = given.get("style:name", "")
            elif tag == "style:table-properties" and given.get("table:display") == "false":
                invisible.add(style)
            elif tag == "table:table":
                depth += 1
                if depth == 1:
                    visible = given.get("table:style-name", "") not in invisible
                    found.append(BookSheet(given.get("table:name", ""), visible))
            elif tag == "table:table-row" and found and given.get("table:visibility", "visible") != "visible":
                shown = _count(given.get("table:number-rows-repeated")) < _END_OF_SHEET
                hidden[found[-1].name] = hidden.get(found[-1].name, 0) + shown

        def end(tag: str) -> None:
            nonlocal depth
            depth -= tag == "table:table"

        for _ in self.feed(self.parser(start, end, lambda data: None), _CONTENT):
            pass
        if not found:
            raise SourceError(f"{self.name}: no sheet in it, or protected by a password")
        return found, hidden


class _OdsReader:
    """Takes the content's XML in pieces, and collects the rows of one sheet: line, how many alike, cells."""

    def __init__(self, book: OdsBook, sheet: str) -> None:
        self.rows: list[tuple[int, int, list[Any]]] = []
        self.done = False
        self._book = book
        self._sheet = sheet
        self._inside = False
        self._depth = 0
        self._line = 1
        self._times = 1
        self._cells: list[Any] = []
        self._column = 0
        self._given: dict[str, str] | None = None
        self._covered = False
        self._paragraphs = 0
        self._parts: list[str] = []
        self._size = 0
        self._taking = False
        self._aside = 0

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "table:table":
            self._depth += 1
            if self._depth == 1:
                self._inside = not self.done and given.get("table:name", "") == self._sheet
        if not self._inside or self._depth != 1:
            return
        if tag in ("table:table-cell", "table:covered-table-cell"):
            self._given, self._covered = given, tag != "table:table-cell"
            self._parts, self._paragraphs, self._size = [], 0, 0
        elif tag == "table:table-row":
            self._times = _count(given.get("table:number-rows-repeated"))
            self._cells, self._column = [], 0
        elif tag in ("office:annotation", "draw:frame", "text:ruby-text"):
            self._aside += 1
        elif self._aside:
            return
        elif tag == "text:p" and self._given is not None:
            if self._paragraphs:
                self._parts.append("\n")
            self._paragraphs += 1
            self._taking = True
        elif tag == "text:s":
            self.text(" " * min(_count(given.get("text:c")), 1000))
        elif tag == "text:tab":
            self.text("\t")
        elif tag == "text:line-break":
            self.text("\n")

    def text(self, data: str) -> None:
        if self._taking and not self._aside:
            self._parts.append(data)
            self._size += len(data)
            if self._size > LONGEST_TEXT:
                raise self._book.broken(f"a text of more than {LONGEST_TEXT:,} characters in row {self._line}")

    def end(self, tag: str) -> None:
        if tag == "table:table":
            self._depth -= 1
            if self._inside and not self._depth:
                self._inside, self.done = False, True
        if not self._inside or self._depth != 1:
            return
        if tag in ("office:annotation", "draw:frame", "text:ruby-text"):
            self._aside -= 1
        elif tag == "text:p" and not self._aside:
            self._taking = False
        elif tag in ("table:table-cell", "table:covered-table-cell") and self._given is not None:
            self._add(self._given)
            self._given = None
        elif tag == "table:table-row":
            while self._cells and self._cells[-1] is None:
                self._cells.pop()
            if any(cell is not None and not _is_cover(cell) for cell in self._cells):
                self.rows.append((self._line, self._times, self._cells))
            self._line += self._times
            self._cells = []

    def _add(self, given: dict[str, str]) -> None:
        times = _count(given.get("table:number-columns-repeated"))
        cell = self._cover() if self._covered else self._cell(given)
        self._column += times
        if cell is None:
            return
        if self._column > MAX_COLUMNS:
            raise self._book.broken(f"more than {MAX_COLUMNS:,} cells in row {self._line}")
        self._cells += [None] * (self._column - times - len(self._cells))
        self._cells += [cell] * times

    def _cover(self) -> BadCell:
        reason = "part of merged cells; undo the merging and fill it"
        return bad_cell(reason, self._line, self._column + 1, _COVERED)

    def _cell(self, given: dict[str, str]) -> Any:
        kind = given.get("office:value-type")
        shown = "".join(self._parts)
        if given.get("calcext:value-type") == "error":
            return self._bad(f"the error {shown[:20]}", shown[:20])
        if kind is None:
            if "table:formula" in given and not shown:
                return self._bad("a formula without a result; open the file in a spreadsheet and save it")
            return shown if shown.strip() else None
        if kind == "string":
            text = given.get("office:string-value", shown) if not self._paragraphs else shown
            return text if text.strip() else None
        if kind == "boolean":
            return given.get("office:boolean-value") == "true"
        if kind == "date":
            return self._date(given.get("office:date-value", ""))
        if kind == "time":
            return self._time(given.get("office:time-value", ""))
        return self._number(kind, given.get("office:value", ""), shown.strip())

    def _number(self, kind: str, written: str, shown: str) -> Any:
        try:
            value = Decimal(written)
        except InvalidOperation:
            return self._bad("a number that can't be read", written[:40])
        if not value.is_finite() or abs(value) >= MAX_DIGITS:
            return self._bad("a number beyond 15 digits, of which a spreadsheet keeps no more", written[:40])
        digits = plain(value)
        same = not shown or shown.startswith("#") or _GROUPING.sub("", shown) == _GROUPING.sub("", digits)
        return SheetNumber(digits if same else shown, None if kind == "percentage" else value, float(value))

    def _date(self, written: str) -> Any:
        try:
            if "T" not in written:
                return dt.date.fromisoformat(written)
            found = dt.datetime.fromisoformat(written[:26])
        except ValueError:
            return self._bad("a date that can't be read", written[:40])
        return found.replace(tzinfo=None)

    def _time(self, written: str) -> Any:
        found = _DURATION.fullmatch(written)
        if found is None:
            return self._bad("a time that can't be read", written[:40])
        span = dt.timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4]))
        if found[1] or span >= dt.timedelta(days=1):
            return -span if found[1] else span
        return (_MIDNIGHT + span).time()

    def _bad(self, reason: str, shown: str = "") -> BadCell:
        return bad_cell(reason, self._line, self._column + 1, shown)


_COVERED = "\0covered"


def _is_cover(cell: Any) -> bool:
    return isinstance(cell, BadCell) and cell.shown == _COVERED


def _count(written: str | None) -> int:
    return max(1, int(written[:9])) if written is not None and written.isdecimal() else 1
