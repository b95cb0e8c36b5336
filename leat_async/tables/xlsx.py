"""An .xlsx workbook: its sheets, formats and shared texts, read in bounded memory.

No library reads a sheet as it is shown and tells a formula without a result from an empty cell, and those that keep
formats stumble over styles that spreadsheets open; so the few parts that matter are read here.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .book import LONGEST_TEXT, MOST_OF_TEXTS, BookSheet, MergedRange, PackedBook, bad_cell, column_number, local
from .merged import MergedCells
from .number_formats import BUILT_IN, NumberFormat, number_format
from .table import MAX_COLUMNS, BadCell, SourceError

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell [^>]*?ref=\"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})\"")
_HIDDEN = re.compile(rb"<(?:\w+:)?row\b[^>]*?\shidden=\"(?:1|true)\"")
_TAIL = 4096
_MOST_MERGED = 200_000
_MOST_PIECES = 8
_GENERAL = number_format("General")


class XlsxBook(PackedBook):
    """An open .xlsx workbook."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, path)
        self._texts: list[str] | None = None
        self._text_parts: list[str] = []
        self._style_parts: list[str] = []
        self.since_1904 = False
        try:
            self.sheets: list[BookSheet] = self._read_sheets()
            self.formats: list[NumberFormat] = self._read_formats()
        except BaseException:
            self.close()
            raise

    @property
    def texts(self) -> list[str]:
        """The texts that cells share."""
        if self._texts is None:
            self._texts = self._read_texts()
        return self._texts

    def look(self, page: BookSheet) -> tuple[tuple[MergedRange, ...], int]:
        """The merged cells of a sheet, and how many of its rows are hidden; reading it all tells a file cut off."""
        merged: list[MergedRange] = []
        hidden = 0
        rest = b""
        for chunk in self.chunks(page.part):
            text = rest + chunk
            if b"mergeCell" in text:
                merged += [
                    (int(match[2]), column_number(match[1]), int(match[4]), column_number(match[3]))
                    for match in _MERGED.finditer(text)
                    if match.end() > len(rest)
                ]
                if len(merged) > _MOST_MERGED:
                    raise SourceError(f"{self.name}: more than {_MOST_MERGED:,} merged cells; undo them")
            if b"hidden" in text:
                hidden += sum(match.end() > len(rest) for match in _HIDDEN.finditer(text))
            rest = text[-_TAIL:]
        return tuple(merged), hidden

    def rows(self, page: BookSheet, merged: tuple[MergedRange, ...]) -> Iterator[tuple[int, list[Any]]]:
        """Rows that are not blank with their numbers, without the empty cells at their ends."""
        reader = _SheetReader(self)
        parser = self.parser(reader.start, reader.end, reader.text)
        covered = MergedCells(merged)
        last = 0
        for _ in self.feed(parser, page.part):
            for line, cells in reader.rows:
                if line <= last:
                    raise self.broken(f"row {line} comes after row {last}")
                last = line
                while cells and cells[-1] is None:
                    cells.pop()
                if cells:
                    if merged:
                        covered.hide(line, cells)
                    yield line, cells
            reader.rows.clear()

    def _read_sheets(self) -> list[BookSheet]:
        main = next((part for kind, part in self.relations("").values() if kind == "officeDocument"), "xl/workbook.xml")
        if not self.has(main):
            raise SourceError(f"{self.name}: not an Excel file: there is no workbook in it")
        folder = posixpath.dirname(main)
        targets = self.relations(main)
        self._text_parts = [target for kind, target in targets.values() if kind == "sharedStrings"]
        self._style_parts = [target for kind, target in targets.values() if kind == "styles"]
        found: list[BookSheet] = []

        def start(tag: str, given: dict[str, str]) -> None:
            if tag == "sheet":
                unnamed = ("worksheet", f"{folder}/worksheets/sheet{len(found) + 1}.xml")
                kind, part = targets.get(_of(given, "id"), unnamed)
                if kind == "worksheet":
                    found.append(BookSheet(given.get("name", ""), given.get("state", "visible") == "visible", part))
            elif tag == "workbookPr":
                self.since_1904 = given.get("date1904", "0").lower() in ("1", "true", "on")

        self.parse(main, start)
        if not found:
            raise SourceError(f"{self.name}: no sheet in it")
        return found

    def _read_formats(self) -> list[NumberFormat]:
        """The number format of each style of cells."""
        codes: dict[int, str] = dict(BUILT_IN)
        styles: list[int] = []
        inside = False

        def start(tag: str, given: dict[str, str]) -> None:
            nonlocal inside
            if tag == "numFmt" and given.get("numFmtId", "").isdecimal():
                codes[int(given["numFmtId"][:9])] = given.get("formatCode", "General")
            elif tag == "cellXfs":
                inside = True
            elif tag == "xf" and inside:
                number = given.get("numFmtId", "0")
                styles.append(int(number[:9]) if number.isdecimal() else 0)

        def end(tag: str) -> None:
            nonlocal inside
            inside = inside and tag != "cellXfs"

        for part in self._style_parts or ["xl/styles.xml"]:
            if self.has(part):
                self.parse(part, start, end)
        return [number_format(codes.get(number, "General")) for number in styles]

    def _read_texts(self) -> list[str]:
        texts: list[str] = []
        parts: list[str] = []
        taking = skipping = False
        size = length = 0

        def start(tag: str, given: dict[str, str]) -> None:
            nonlocal taking, skipping
            tag = local(tag)
            if tag == "t" and not skipping:
                taking = True
            elif tag == "rPh":
                skipping = True

        def text(data: str) -> None:
            nonlocal length
            if taking:
                parts.append(data)
                length += len(data)
                if length > LONGEST_TEXT:
                    raise SourceError(f"{self.name}: a text of more than {LONGEST_TEXT:,} characters in a cell")

        def end(tag: str) -> None:
            nonlocal taking, skipping, size, length
            tag = local(tag)
            if tag == "t":
                taking = False
            elif tag == "rPh":
                skipping = False
            elif tag == "si":
                texts.append(decoded("".join(parts)))
                parts.clear()
                length = 0
                size += 60 + len(texts[-1]) * (1 if texts[-1].isascii() else 2)
                if size > MOST_OF_TEXTS:
                    raise SourceError(f"{self.name}: more texts than fit into memory; save the sheet as CSV")

        for part in self._text_parts or ["xl/sharedStrings.xml"]:
            if self.has(part):
                for _ in self.feed(self.parser(start, end, text), part):
                    pass
        return texts


def _of(given: dict[str, str], name: str) -> str:
    return next((value for key, value in given.items() if ":" in key and local(key) == name), "")


def decoded(text: str) -> str:
    """A text without the notation that workbooks use for characters that XML lacks."""
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


class _SheetReader:
    """Takes a sheet's XML in pieces, and collects rows."""

    def __init__(self, book: XlsxBook) -> None:
        self.rows: list[tuple[int, list[Any]]] = []
        self._book = book
        self._formats = book.formats
        self._shared = book.texts
        self._line = 0
        self._cells: list[Any] = []
        self._column = 0
        self._kind = "n"
        self._style = 0
        self._parts: list[str] = []
        self._value: str | None = None
        self._formula: str | None = None
        self._taking = False
        self._phonetic = False

    def start(self, tag: str, given: dict[str, str]) -> None:
        if ":" in tag:
            tag = local(tag)
        if tag == "c":
            self._column = self._column_of(given.get("r"))
            self._kind = given.get("t", "n")
            self._style = int(given.get("s", 0)) if given.get("s", "0").isdecimal() else 0
            self._value = self._formula = None
        elif tag in ("v", "t", "f"):
            if not (self._phonetic and tag == "t"):
                self._taking = True
                if tag != "t":
                    self._parts.clear()
        elif tag == "row":
            number = given.get("r", "")
            self._line = int(number[:18]) if number.isdecimal() else self._line + 1
            self._cells = []
            self._column = 0
        elif tag == "is":
            self._parts.clear()
        elif tag == "rPh":
            self._phonetic = True

    def text(self, data: str) -> None:
        if self._taking:
            self._parts.append(data)
            if len(self._parts) > _MOST_PIECES and sum(map(len, self._parts)) > LONGEST_TEXT:
                raise self._book.broken(f"a text of more than {LONGEST_TEXT:,} characters in row {self._line}")

    def end(self, tag: str) -> None:
        if ":" in tag:
            tag = local(tag)
        if tag == "c":
            self._add(self._cell())
        elif tag == "v":
            self._value = "".join(self._parts)
            self._taking = False
        elif tag == "row":
            self.rows.append((self._line, self._cells))
            self._cells = []
        elif tag == "t":
            self._taking = False
        elif tag == "is":
            self._value = "".join(self._parts)
        elif tag == "f":
            self._formula = "".join(self._parts)
            self._taking = False
        elif tag == "rPh":
            self._phonetic = False

    def _column_of(self, place: str | None) -> int:
        if not place:
            return self._column + 1
        letters = place.rstrip("0123456789")
        column = (
            column_number(letters.upper().encode())
            if letters.isascii() and letters.isalpha() and len(letters) < 5
            else 0
        )
        if not 0 < column <= MAX_COLUMNS or column <= len(self._cells):
            raise self._book.broken(f"a cell at {place[:20]} in row {self._line}")
        return column

    def _add(self, cell: Any) -> None:
        cells = self._cells
        if self._column > len(cells) + 1:
            cells += [None] * (self._column - len(cells) - 1)
        cells.append(cell)

    def _cell(self) -> Any:
        value, kind = self._value, self._kind
        if self._formula is not None and (value is None or (value == "" and kind != "str")):
            return self._bad("a formula without a result; open the file in a spreadsheet and save it")
        if value is None or (value == "" and kind != "e"):
            return None
        if kind == "s":
            place = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else -1
            if not 0 <= place < len(self._shared):
                return self._bad("a text that is missing from the file")
            return self._shared[place] if self._shared[place].strip() else None
        if kind in ("inlineStr", "str"):
            return decoded(value) if value.strip() else None
        if kind == "b":
            return value.strip() in ("1", "true")
        if kind == "e":
            return self._bad(f"the error {value[:20]}", value[:20])
        if kind == "d":
            return value.strip()
        return self._number(value)

    def _number(self, written: str) -> Any:
        try:
            stored = float(written)
        except ValueError:
            return self._bad("a number that can't be read", written[:40])
        form = self._formats[self._style] if self._style < len(self._formats) else _GENERAL
        found = form.cell(stored, written, since_1904=self._book.since_1904)
        return self._bad(found.reason, found.shown) if isinstance(found, BadCell) else found

    def _bad(self, reason: str, shown: str = "") -> BadCell:
        return bad_cell(reason, self._line, self._column, shown, self._formula)
