"""A binary Excel workbook (.xlsb): the same parts as an .xlsx, as records instead of XML."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .book import MOST_OF_TEXTS, BookSheet, MergedRange, PackedBook, bad_cell
from .merged import MergedCells
from .number_formats import BUILT_IN, NumberFormat, number_format
from .table import MAX_COLUMNS, BadCell, SourceError

_ROW, _BLANK, _RK, _ERROR, _BOOLEAN, _REAL, _TEXT, _SHARED = range(8)
_F_TEXT, _F_REAL, _F_BOOLEAN, _F_ERROR = range(8, 12)
_RICH_TEXT = 62
_END_OF_ROWS, _MERGE, _SHEET, _BOOK_PROPERTIES, _STRING, _FORMAT, _STYLE = 146, 176, 156, 153, 19, 44, 47
_CELL_STYLES, _END_OF_CELL_STYLES = 617, 618
_LONGEST_RECORD = 1 << 22
_ERRORS = {
    0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A", 43: "#GETTING_DATA",
}  # fmt: skip


class XlsbBook(PackedBook):
    """An open .xlsb workbook."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, path)
        self._since_1904 = False
        self._texts: list[str] | None = None
        try:
            self._relations = self.relations("xl/workbook.bin")
            self.sheets: list[BookSheet] = self._read_sheets()
            self._formats = self._read_formats()
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            self.close()
            raise self.broken(str(error)) from None
        except BaseException:
            self.close()
            raise

    def look(self, page: BookSheet) -> tuple[tuple[MergedRange, ...], int]:
        """The merged cells of a sheet, and how many of its rows are hidden."""
        merged: list[MergedRange] = []
        hidden = 0
        for kind, data in self._records(page.part):
            if kind == _MERGE and len(data) >= 16:
                top, bottom, left, right = struct.unpack_from("<4I", data)
                merged.append((top + 1, left + 1, bottom + 1, right + 1))
            elif kind == _ROW and len(data) >= 12:
                hidden += bool(data[11] & 0x10)
        return tuple(merged), hidden

    def rows(self, page: BookSheet, merged: tuple[MergedRange, ...]) -> Iterator[tuple[int, list[Any]]]:
        """Rows that are not blank with their numbers, without the empty cells at their ends."""
        covered = MergedCells(merged)
        line, cells = 0, list[Any]()
        try:
            for kind, data in self._records(page.part):
                if kind in (_ROW, _END_OF_ROWS):
                    yield from _finished(line, cells, covered)
                    if kind == _END_OF_ROWS:
                        return
                    before, line, cells = line, struct.unpack_from("<I", data)[0] + 1, []
                    if line <= before:
                        raise self.broken(f"row {line} comes after row {before}")
                elif kind <= _F_ERROR or kind == _RICH_TEXT:
                    column = struct.unpack_from("<I", data)[0]
                    if not len(cells) <= column < MAX_COLUMNS:
                        raise self.broken(f"a cell at column {column + 1} in row {line}")
                    cells += [None] * (column - len(cells))
                    cells.append(self._cell(kind, data, line))
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            raise self.broken(str(error)) from None

    def _cell(self, kind: int, data: bytes, line: int) -> Any:
        column = struct.unpack_from("<I", data)[0] + 1
        style = int.from_bytes(data[4:7], "little")
        if kind == _BLANK:
            return None
        if kind in (_RK, _REAL, _F_REAL):
            stored = _rk(data[8:12]) if kind == _RK else struct.unpack_from("<d", data, 8)[0]
            form = self._formats[style] if style < len(self._formats) else number_format("General")
            found = form.cell(stored, repr(stored), since_1904=self._since_1904)
            return bad_cell(found.reason, line, column, found.shown) if isinstance(found, BadCell) else found
        if kind in (_BOOLEAN, _F_BOOLEAN):
            return bool(data[8])
        if kind in (_ERROR, _F_ERROR):
            shown = _ERRORS.get(data[8], "#N/A")
            return bad_cell(f"the error {shown}", line, column, shown)
        if kind == _SHARED:
            place = struct.unpack_from("<I", data, 8)[0]
            if self._texts is None:
                self._texts = self._read_texts()
            if place >= len(self._texts):
                return bad_cell("a text that is missing from the file", line, column)
            text = self._texts[place]
        else:
            text = _wide(data, 9 if kind == _RICH_TEXT else 8)[0]
        return text if text.strip() else None

    def _records(self, part: str) -> Iterator[tuple[int, bytes]]:
        """Records of a part, each a kind and its bytes."""
        buffer = b""
        for chunk in self.chunks(part):
            buffer += chunk
            place = 0
            while True:
                found = _record(buffer, place)
                if found is None:
                    break
                kind, start, end = found
                if end - start > _LONGEST_RECORD:
                    raise self.broken("one record of many megabytes")
                if end > len(buffer):
                    break
                yield kind, buffer[start:end]
                place = end
            buffer = buffer[place:]
            if len(buffer) > _LONGEST_RECORD + 16:
                raise self.broken("one record of many megabytes")
        if buffer:
            raise self.broken(f"{part} is cut off")

    def _read_sheets(self) -> list[BookSheet]:
        found: list[BookSheet] = []
        for kind, data in self._records("xl/workbook.bin"):
            if kind == _SHEET:
                state = struct.unpack_from("<I", data)[0]
                relation, place = _wide(data, 8)
                name, _ = _wide(data, place)
                its, part = self._relations.get(relation, ("", ""))
                if its == "worksheet":
                    found.append(BookSheet(name, state == 0, part))
            elif kind == _BOOK_PROPERTIES and data:
                self._since_1904 = bool(data[0] & 1)
        if not found:
            raise SourceError(f"{self.name}: no sheet in it")
        return found

    def _part(self, kind: str) -> str | None:
        return next((part for its, part in self._relations.values() if its == kind and self.has(part)), None)

    def _read_formats(self) -> list[NumberFormat]:
        part = self._part("styles")
        codes: dict[int, str] = dict(BUILT_IN)
        styles: list[int] = []
        inside = False
        for kind, data in self._records(part) if part is not None else ():
            if kind == _FORMAT:
                codes[struct.unpack_from("<H", data)[0]] = _wide(data, 2)[0]
            elif kind in (_CELL_STYLES, _END_OF_CELL_STYLES):
                inside = kind == _CELL_STYLES
            elif kind == _STYLE and inside:
                styles.append(struct.unpack_from("<H", data, 2)[0])
        return [number_format(codes.get(number, "General")) for number in styles]

    def _read_texts(self) -> list[str]:
        part = self._part("sharedStrings")
        texts: list[str] = []
        size = 0
        for kind, data in self._records(part) if part is not None else ():
            if kind == _STRING:
                texts.append(_wide(data, 1)[0])
                size += 60 + 2 * len(texts[-1])
                if size > MOST_OF_TEXTS:
                    raise SourceError(f"{self.name}: more texts than fit into memory; save the sheet as CSV")
        return texts


def _record(buffer: bytes, place: int) -> tuple[int, int, int] | None:
    """Kind, start and end of the record at a place; None if the buffer ends before its size is known."""
    numbers: list[int] = []
    for longest in (2, 4):
        number = 0
        for step in range(longest):
            if place >= len(buffer):
                return None
            byte = buffer[place]
            place += 1
            number |= (byte & 0x7F) << (7 * step)
            if not byte & 0x80:
                break
        numbers.append(number)
    return numbers[0], place, place + numbers[1]


def _rk(data: bytes) -> float:
    """A number in four bytes: whole or the upper half of a double, perhaps a hundredth."""
    number = struct.unpack("<i", data)[0]
    value = float(number >> 2) if number & 2 else struct.unpack("<d", b"\0\0\0\0" + struct.pack("<i", number & ~3))[0]
    return value / 100 if number & 1 else value


def _wide(data: bytes, place: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    length = struct.unpack_from("<I", data, place)[0]
    end = place + 4 + 2 * length
    if length == 0xFFFFFFFF or end > len(data):
        return "", place + 4
    return data[place + 4 : end].decode("utf-16-le", "surrogatepass"), end


def _finished(line: int, cells: list[Any], covered: MergedCells) -> Iterator[tuple[int, list[Any]]]:
    while cells and cells[-1] is None:
        cells.pop()
    if cells:
        covered.hide(line, cells)
        yield line, cells
