"""CSV: cells between delimiters, in quotation marks where they need them.

Quoting is strict. A mark that is left open, or a text behind a closing one, would move rows into cells, so the file is
refused with the line; a quoted cell over several lines is looked at for rows that it has swallowed.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

import attrs

from .encoding import TextEncoding, find_encoding
from .header import column_names, find_header, misfit
from .mojibake import may_hold, repaired
from .table import REASON, Record, SourceError, TableSource, snippet

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 50
_HINT = re.compile(r"\"?sep=(.)\"?\r?\n?", re.IGNORECASE)
_FOREIGN = re.compile("[\udc80-\udcff]")
_UNREADABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\udc80-\udcff]")


@attrs.define(kw_only=True)
class CsvSource(TableSource):
    """A CSV file. `hint`: its first line names the delimiter. `quoted`: its header has every cell in marks."""

    encoding: str
    errors: str = "strict"
    delimiter: str = ","
    hint: bool = False
    quoted: bool = False
    newline: str = "\r\n"
    words: tuple[str, ...] = ()
    encoding_given: bool = False

    def rows(self) -> Iterator[Record]:
        """Every row that is not blank, as it stands in the file."""
        with self._open() as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            last = self._skip(file)
            names: tuple[str, ...] = ()
            width = 0
            shapes = _Shapes(self.delimiter, strict=self.rejects)
            foreign = self.errors != "strict"
            legacy = may_hold(self.encoding)
            header, before = self.header_row, last
            try:
                for cells in reader:
                    line, last = last + 1, before + reader.line_num
                    if not names:
                        if line == header:
                            names = column_names(cells)
                            width = len(names)
                        continue
                    if len(cells) == width and last == line:
                        if not (cells[0].strip() or any(map(str.strip, cells))):
                            continue
                        record = Record(line, dict(zip(names, cells, strict=True)))
                        if shapes.wanting:
                            shapes.add(cells)
                    else:
                        if not any(map(str.strip, cells)):
                            continue
                        problem = misfit(cells, width)
                        if problem is None and last > line:
                            problem = shapes.swallowed(cells, line)
                        record = Record(line, dict(zip(names, cells, strict=False)), problem, cells)
                    if foreign and record.problem is None:
                        record.problem = _foreign(cells, self.encoding)
                    elif legacy and record.problem is None and not all(map(str.isascii, cells)):
                        record.problem = _mojibake(record.values, self.encoding)
                    yield record
            except csv.Error as error:
                raise SourceError(f"{self.name}: {self._place(error, last)}") from None

    def beginnings(self) -> Iterator[tuple[str, int, list[Any]]]:
        """The first lines with their cells, to find the header among them."""
        with self._open() as file:
            try:
                for line, cells in islice(numbered(file, self.delimiter, self._skip(file)), _SAMPLE_ROWS):
                    yield "", line, list[Any](cells)
            except csv.Error:
                return

    def _open(self) -> IO[str]:
        return self.path.open(encoding=self.encoding, errors=self.errors, newline="")

    def _skip(self, file: IO[str]) -> int:
        if self.hint:
            file.readline()
        return int(self.hint)

    def _place(self, error: csv.Error, before: int) -> str:
        """What is wrong with the marks of a row, by the line where it began."""
        text = str(error)
        with self._open() as file:
            opened, line = _open_mark(islice(file, before, None), self.delimiter, before)
        if "unexpected end" in text:
            return f"line {opened}: a quotation mark opens a cell here and is never closed ({snippet(line)})"
        if "field limit" in text:
            return (
                f"line {opened}: a cell of more than {csv.field_size_limit():,} characters; is a quotation mark open?"
            )
        return (
            f"line {opened}: text behind a closing quotation mark ({snippet(line)}); "
            "inside a quoted cell, marks are written twice"
        )


def open_csv(
    name: str, path: Path, *, encoding: str | None, delimiter: str | None, header_row: int | None
) -> CsvSource:
    """Look at a CSV file: encoding, delimiter, header. Raises `SourceError`."""
    with path.open("rb") as file:
        rejects = REASON.encode() in file.read(1 << 16)
    found = find_encoding(name, path, encoding, assume="cp1252" if rejects else None)
    with path.open(encoding=found.name, errors=found.errors, newline="") as file:
        first = file.readline(1 << 16)
    hint = _HINT.fullmatch(first.removeprefix("\ufeff"))
    told = _one_sign(delimiter) if delimiter is not None else hint[1] if hint else None
    sign = told or _delimiter(path, found)
    start = int(hint is not None)
    with path.open(encoding=found.name, errors=found.errors, newline="") as file:
        if hint:
            file.readline()
        try:
            header = find_header(name, (row for row in numbered(file, sign, start) if _filled(row[1])), header_row)
        except csv.Error as error:
            raise SourceError(f"{name}: line {start + 1}: the header can't be read ({error})") from None
    with path.open(encoding=found.name, errors=found.errors, newline="") as file:
        line = next(islice(file, header.line - 1, None), "")
    plain = line.strip("\r\n\ufeff")
    if _UNREADABLE.search(plain):
        raise SourceError(
            f"{name}: line {header.line}: names of columns that can't be read: {snippet(readable(plain))}"
        )
    return CsvSource(
        path=path,
        name=name,
        format="csv",
        columns=header.columns,
        fingerprint=found.fingerprint,
        rejects=header.rejects,
        header_row=header.line,
        encoding=found.name,
        errors=found.errors,
        delimiter=sign,
        hint=hint is not None,
        quoted=plain.startswith('"') and all(part.startswith('"') for part in plain.split(sign)),
        newline="\n" if line.endswith("\n") and not line.endswith("\r\n") else "\r\n",
        words=found.words,
        encoding_given=encoding is not None,
        notes=_notes(found),
    )


def _notes(found: TextEncoding) -> tuple[str, ...]:
    if found.foreign:
        return (f"some bytes are not {found.name}; their rows are refused",)
    return ()


def numbered(lines: Iterable[str], delimiter: str, start: int) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line where each begins."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = start + 1
    for cells in reader:
        yield line, cells
        line = start + reader.line_num + 1


def _filled(cells: Sequence[str]) -> bool:
    return any(map(str.strip, cells))


def _one_sign(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"' \r\n\0":
        raise SourceError(f"a delimiter is one sign, such as ; or a tab, not {delimiter!r}")
    return delimiter


def _delimiter(path: Path, encoding: TextEncoding) -> str:
    """The delimiter under which the most rows have the same number of columns, and the more of these the better."""
    best, found = (0, 0), ","
    for candidate in _DELIMITERS:
        widths: Counter[int] = Counter()
        with path.open(encoding=encoding.name, errors=encoding.errors, newline="") as file:
            try:
                for _, cells in islice(numbered(file, candidate, 0), _SAMPLE_ROWS):
                    if _filled(cells):
                        widths[len(cells)] += 1
            except csv.Error:
                pass  # the rows before it tell
        for width, count in widths.items():
            if width > 1 and (count, width) > best:
                best, found = (count, width), candidate
    return found


def _foreign(cells: Sequence[str], encoding: str) -> str | None:
    for cell in cells:
        bad = _FOREIGN.search(cell)
        if bad is not None:
            return f"a byte that is not {encoding}: 0x{ord(bad[0]) - 0xDC00:02X} in {snippet(readable(cell))}"
    return None


def _mojibake(cells: Mapping[str, str], encoding: str) -> str | None:
    for column, cell in cells.items():
        # The reason of the time before shows such a cell.
        meant = None if cell.isascii() or column == REASON else repaired(cell, encoding)
        if meant is not None:
            return (
                f"{column}: {snippet(cell)} looks like UTF-8 that is read as {encoding}, and may be {snippet(meant)}; "
                "correct it, or save the file as UTF-8 if it is meant so"
            )
    return None


def readable(text: str) -> str:
    """A text for a message: foreign bytes as a replacement character."""
    return _FOREIGN.sub("\ufffd", text)


def _open_mark(lines: Iterable[str], delimiter: str, before: int) -> tuple[int, str]:
    """The line where the last quotation mark opened, and that line."""
    opened, shown, inside = before + 1, "", False
    for number, line in enumerate(lines, before + 1):
        shown = shown or line.strip()
        place = line.find('"')
        while place >= 0:
            if not inside:
                if place == 0 or line[place - 1] == delimiter:
                    inside, opened, shown = True, number, line.strip()
            elif line[place + 1 : place + 2] == '"':
                place += 1
            else:
                inside = False
                if line[place + 1 : place + 2] not in (delimiter, "\r", "\n", ""):
                    return number, line.strip()
            place = line.find('"', place + 1)
        if not inside:
            break
    return opened, readable(shown)


class _Shapes:
    """What the cells of ordinary rows look like, to know a row when a cell has swallowed it."""

    def __init__(self, delimiter: str, *, strict: bool) -> None:
        self._delimiter = delimiter
        self._strict = strict
        self._seen: list[Counter[str]] = []
        self._rows = 0

    @property
    def wanting(self) -> bool:
        return self._rows < _SAMPLE_ROWS

    def add(self, cells: Sequence[str]) -> None:
        self._rows += 1
        self._seen = self._seen or [Counter() for _ in cells]
        for seen, cell in zip(self._seen, cells, strict=True):
            seen[_shape(cell)] += 1

    def swallowed(self, cells: Sequence[str], line: int) -> str | None:
        """What is wrong with a row of several lines: a cell that holds other rows."""
        width = len(cells)
        for cell in cells:
            pieces = cell.splitlines()
            found = [piece for piece in pieces[1:] if self._is_row(piece, width)]
            if found:
                return (
                    f"a quotation mark opens a cell in line {line} that swallows what looks like "
                    f"{len(found)} more row{'s' if len(found) > 1 else ''}: {snippet(readable(found[0]))}"
                )
        return None

    def _is_row(self, piece: str, width: int) -> bool:
        if width < 2 or piece.count(self._delimiter) < width - 1:
            return False
        try:
            cells = next(csv.reader([piece], delimiter=self._delimiter), list[str]())
        except csv.Error:
            cells = piece.split(self._delimiter)
        cells = cells if len(cells) >= width else piece.split(self._delimiter)
        usual = [seen.most_common(1)[0][0] for seen in self._seen] or ["text"] * width
        telling = [(shape, cell) for shape, cell in zip(usual, cells, strict=False) if shape not in ("text", "")]
        if telling:
            return any(_shape(cell) == shape for shape, cell in telling)
        return width > 2 or self._strict


def _shape(cell: str) -> str:
    """The kind of a cell, roughly."""
    cell = cell.strip().strip('"')
    if not cell:
        return ""
    if "@" in cell and " " not in cell:
        return "address"
    if re.fullmatch(r"[\d.,:/ €+-]+", cell, re.ASCII):
        return "number"
    return "text"
