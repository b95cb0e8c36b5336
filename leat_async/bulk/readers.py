"""Files as rows: CSV, JSON Lines, Excel and Parquet, streamed.

A file is looked at once before it is read: that pass finds its encoding and its columns for certain and takes its
fingerprint, so nothing is guessed from the first lines only.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import attrs
import msgspec

Format = Literal["csv", "jsonl", "xlsx", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl", "xlsx", "parquet")
REASON = "leat_reason"
"""The column that a rejects file adds; a file that has it is read as one."""

_CHUNK = 1 << 20
_SAMPLE_ROWS = 50
_MAX_COLUMNS = 1000
_SHOWN = 200
# Bytes that cp1252 does not define: a file with one of them is something else.
_NOT_CP1252 = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
_ALL_OTHERS = bytes(set(range(256)) - set(_NOT_CP1252))
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_RISKY = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")
_ESCAPED = re.compile(r"'+[=+\-@＝＋－＠\t\r\n]")


class SourceError(ValueError):
    """A file that can't be read as asked; the text says what to do."""


@attrs.frozen
class Record:
    """One row: its line (row, in a sheet) in the file, its values, and what is wrong with its form, if anything."""

    line: int
    values: dict[str, Any]
    problem: str | None = None


@attrs.frozen(kw_only=True)
class Source:
    """A file that was looked at; `records` may be called as often as needed.

    `fingerprint` is the SHA-256 of its bytes. `rejects`: it is a rejects file, whose escapes are undone.
    """

    path: Path
    format: Format
    columns: tuple[str, ...]
    fingerprint: str
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None
    rejects: bool = False

    def records(self) -> Iterator[Record]:
        """Every row that is not blank, in order."""
        rows = {"csv": self._csv, "jsonl": self._jsonl, "xlsx": self._xlsx, "parquet": self._parquet}[self.format]()
        return map(_restored, rows) if self.rejects else rows

    def _csv(self) -> Iterator[Record]:
        with self.path.open(encoding=self.encoding, newline="") as file:
            yield from self._table(_csv_rows(file, self.delimiter))

    def _table(self, rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Record]:
        _, header = next(rows)
        names = _names(header)
        for line, cells in rows:
            yield Record(line, dict(zip(names, cells, strict=False)), _misfit(cells, len(names)))

    def _jsonl(self) -> Iterator[Record]:
        with self.path.open("rb") as file:
            for line, text in _json_lines(file):
                try:
                    row = msgspec.json.decode(text)
                except msgspec.DecodeError as error:
                    yield Record(line, {}, f"not JSON: {error}: {text[:_SHOWN].decode(errors='replace')}")
                    continue
                if not isinstance(row, dict):
                    yield Record(line, {}, f"not a JSON object: {text[:_SHOWN].decode(errors='replace')}")
                elif row:
                    yield Record(line, cast(dict[str, Any], row))

    def _xlsx(self) -> Iterator[Record]:
        return self._table(_sheet_rows(self.path, self.sheet))

    def _parquet(self) -> Iterator[Record]:
        line = 0
        with _parquet_file(self.path) as file:
            try:
                for batch in file.iter_batches(batch_size=1024):
                    for row in batch.to_pylist():
                        line += 1
                        if any(value is not None for value in row.values()):
                            yield Record(line, row)
            except _extra("pyarrow", "parquet", "Parquet").ArrowException as error:
                raise SourceError(f"{self.path}: a broken Parquet file ({error})") from None


def open_source(
    path: Path,
    *,
    format: Format | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Source:
    """Look at a file: what it is, its columns, its fingerprint.

    Parameters:
        path: the file.
        format: "csv", "jsonl", "xlsx" or "parquet"; left out, found from the content.
        encoding: of a CSV file; left out, the byte order mark decides, else UTF-8 if the whole file is that, else
            cp1252.
        delimiter: of a CSV file; left out, the one that divides the first lines evenly.
        sheet: of an Excel file; left out, the first.

    Raises `SourceError`, also when an extra that the format needs is not installed.
    """
    if not path.is_file():
        raise SourceError(f"{path}: there is no such file")
    with path.open("rb") as file:
        head = file.read(4096)
    kind = format or _format_of(path, head)
    if kind == "csv":
        encoding, fingerprint = _encoding(path, head, encoding)
        delimiter = _delimiter(path, encoding) if delimiter is None else _one_sign(delimiter)
        with path.open(encoding=encoding, newline="") as text:
            header = next(_csv_rows(text, delimiter), None)
        return _source(path, "csv", header, fingerprint, encoding=encoding, delimiter=delimiter)
    if kind == "xlsx":
        return _source(path, "xlsx", next(_sheet_rows(path, sheet), None), _fingerprint(path), sheet=sheet)
    columns = _keys(path) if kind == "jsonl" else _schema(path)
    return Source(path=path, format=kind, columns=columns, fingerprint=_fingerprint(path))


def _source(
    path: Path, kind: Format, header: tuple[int, list[Any]] | None, fingerprint: str, **settings: Any
) -> Source:
    """A source whose first row holds the names; it tells whether this is a rejects file."""
    if header is None:
        raise SourceError(f"{path}: the file is empty")
    names = _names(header[1])
    rejects = REASON in names
    columns = tuple(unescape(name) for name in names if name != REASON) if rejects else names
    return Source(path=path, format=kind, columns=columns, fingerprint=fingerprint, rejects=rejects, **settings)


def spool(stream: BinaryIO, directory: Path) -> Path:
    """Copy a stream that can be read only once (standard input) to a private file."""
    with tempfile.NamedTemporaryFile(dir=directory, prefix="stdin-", delete=False) as file:
        shutil.copyfileobj(stream, file, _CHUNK)
    return Path(file.name)


# -- CSV -----------------------------------------------------------------------------------------


def _csv_rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with its line; an Excel hint such as `sep=;` in the first line is no row."""
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for cells in reader:
            if not any(map(str.strip, cells)):
                continue
            if reader.line_num == 1 and delimiter.join(cells).strip().lower() == f"sep={delimiter}":
                continue
            yield reader.line_num, cells
    except csv.Error as error:
        raise SourceError(f"line {reader.line_num}: {error}; is a quotation mark left open before it?") from None


def _one_sign(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"' \r\n":
        raise SourceError(f"a delimiter is one sign, such as ; or a tab, not {delimiter!r}")
    return delimiter


def _delimiter(path: Path, encoding: str) -> str:
    """The delimiter that gives the most columns to the most rows."""
    best, found = (0, 0), ","
    for candidate in (",", ";", "\t", "|"):
        with path.open(encoding=encoding, newline="") as file:
            try:
                rows = [cells for _, cells in islice(_csv_rows(file, candidate), _SAMPLE_ROWS)]
            except SourceError:
                continue
        width = len(rows[0]) if rows else 0
        if width < 2:
            continue
        score = sum(len(cells) == width for cells in rows), width
        if score > best:
            best, found = score, candidate
    return found


def _encoding(path: Path, head: bytes, given: str | None) -> tuple[str, str]:
    """The encoding of the whole file, and its fingerprint."""
    encoding = given or next((name for mark, name in _BOMS if head.startswith(mark)), "utf-8")
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise SourceError(f"there is no encoding named {encoding!r}; try utf-8 or cp1252") from None
    digest, fits, undefined, lines = hashlib.sha256(), True, False, 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            undefined = undefined or bool(chunk.translate(None, _ALL_OTHERS))
            if fits:
                try:
                    decoder.decode(chunk)
                    lines += chunk.count(b"\n")
                except UnicodeDecodeError as error:
                    fits = False
                    # `start` counts from the bytes that the decoder kept back, so the line is near, not exact.
                    lines += chunk.count(b"\n", 0, max(0, error.start))
    if fits:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            fits = False
    if not fits:
        if given is not None or encoding != "utf-8" or undefined:
            raise SourceError(f"{path}: not {encoding} from about line {lines} on; name its encoding with --encoding")
        encoding = "cp1252"
    return encoding, digest.hexdigest()


def _names(header: Iterable[Any]) -> tuple[str, ...]:
    """Column names: trimmed; nameless and repeated ones get a number."""
    names: list[str] = []
    for place, cell in enumerate(header, 1):
        name = base = " ".join(cell_text(cell).split()) or f"column {place}"
        copy = 1
        while name in names:
            copy += 1
            name = f"{base} ({copy})"
        names.append(name)
    return tuple(names)


def _misfit(cells: list[Any], width: int) -> str | None:
    """What is wrong with a row's length; empty cells beyond the last column don't count."""
    surplus = cells[width:]
    if len(cells) == width or (surplus and not any(surplus)):
        return None
    beyond = f"; beyond it: {', '.join(map(cell_text, surplus))[:_SHOWN]}" if surplus else ""
    return f"has {len(cells)} cells where the header has {width}{beyond}"


def _restored(record: Record) -> Record:
    """A row of a rejects file as it was when it was refused."""
    values = {
        unescape(name): unescape(value) if isinstance(value, str) else value
        for name, value in record.values.items()
        if name != REASON
    }
    return Record(record.line, values, record.problem)


def escape(text: str) -> str:
    """Make a cell harmless to spreadsheets, which take `=…`, `+…`, `-…` and `@…` for formulas."""
    return f"'{text}" if _RISKY.match(text) else text


def unescape(text: str) -> str:
    """The cell as it was before `escape`."""
    return text[1:] if _ESCAPED.match(text) else text


# -- JSON Lines ----------------------------------------------------------------------------------


def _json_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    for line, text in enumerate(file, 1):
        text = text.removeprefix(codecs.BOM_UTF8).strip() if line == 1 else text.strip()
        if text:
            yield line, text


def _keys(path: Path) -> tuple[str, ...]:
    """Every key that occurs in the file, in order of appearance."""
    keys: dict[str, None] = {}
    with path.open("rb") as file:
        for _, text in _json_lines(file):
            try:
                row = msgspec.json.decode(text)
            except msgspec.DecodeError:
                continue  # a row error, told when the row comes
            if isinstance(row, dict):
                keys.update(dict.fromkeys(cast(dict[str, Any], row)))
            if len(keys) > _MAX_COLUMNS:
                raise SourceError(f"{path}: more than {_MAX_COLUMNS} different keys; is it a list of rows?")
    if not keys:
        raise SourceError(f"{path}: no JSON object in it")
    return tuple(keys)


# -- Excel and Parquet ---------------------------------------------------------------------------


def _sheet_rows(path: Path, sheet: str | None) -> Iterator[tuple[int, list[Any]]]:
    """Rows that are not blank, without the empty cells at their end but as wide as the first."""
    openpyxl = _extra("openpyxl", "excel", "Excel")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets through whatever zip and XML raise
        raise SourceError(f"{path}: not an Excel file ({error})") from None
    try:
        yield from _cells(path, book, sheet)
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(f"{path}: a broken Excel file ({error})") from None
    finally:
        book.close()


def _cells(path: Path, book: Any, sheet: str | None) -> Iterator[tuple[int, list[Any]]]:
    if sheet is not None and sheet not in book.sheetnames:
        raise SourceError(f"{path}: there is no sheet {sheet!r}; there is {', '.join(book.sheetnames)}")
    page = book[sheet if sheet is not None else book.sheetnames[0]]
    # Some writers state a wrong size, which would cut rows off.
    page.reset_dimensions()
    width = 0
    for line, row in enumerate(page.iter_rows(values_only=True), 1):
        cells = [None if isinstance(cell, str) and not cell.strip() else cell for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            continue
        width = width or len(cells)
        yield line, cells + [None] * (width - len(cells))


def _parquet_file(path: Path) -> Any:
    parquet = _extra("pyarrow.parquet", "parquet", "Parquet")
    try:
        return parquet.ParquetFile(path)
    except _extra("pyarrow", "parquet", "Parquet").ArrowException as error:
        raise SourceError(f"{path}: not a Parquet file ({error})") from None


def _schema(path: Path) -> tuple[str, ...]:
    with _parquet_file(path) as file:
        return tuple(file.schema_arrow.names)


def _extra(module: str, extra: str, name: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise SourceError(f"reading {name} files needs an extra: pip install 'leat-async[{extra}]'") from None


def cell_text(value: Any) -> str:
    """A value as text, such as a CSV file would hold it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (int, float, Decimal, str)):
        return str(value)
    return msgspec.json.encode(value, enc_hook=str).decode()


# -- all -----------------------------------------------------------------------------------------


def _format_of(path: Path, head: bytes) -> Format:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise SourceError(f"{path}: an old Excel file (.xls); save it as .xlsx or CSV")
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if start == b"[":
        raise SourceError(f"{path}: one JSON array; write one object a line, for instance with: jq -c '.[]'")
    return "jsonl" if start == b"{" else "csv"


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
