"""The rejects file: refused rows as they were, with the reason, in the format of the file they came from.

Read back unchanged with the same options, it gives the same rows; the reason's column is how it is known.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from .arrow import ParquetSource
from .cells import csv_writer, harmless, restored
from .delimited import CsvSource
from .lines import RAW, JsonSource
from .rejects_parquet import ParquetRejects
from .rejects_workbook import WorkbookRejects
from .sheets import SheetSource
from .source import open_source
from .table import REASON, Record, SourceError, TableSource, cell_text

Marks = Callable[[Record], Sequence[str]]
"""The columns of a row that are wrong."""


class RejectsFile(Protocol):
    """A rejects file in the making."""

    def add(self, record: Record, reason: str, marked: Sequence[str]) -> None:
        """Add a refused row."""
        ...

    def finish(self) -> None:
        """Complete the file."""
        ...


def write_rejects(path: Path, source: TableSource, refused: Iterable[tuple[int, str]], marks: Marks) -> int:
    """Write the rows of these numbers (from 0, ascending) with their reasons; returns how many.

    The file is complete or not there at all, and for its owner's eyes only. Without refused rows there is none: one
    of an earlier run is removed.
    """
    waiting = iter(refused)
    following = next(waiting, None)
    if following is None:
        path.unlink(missing_ok=True)
        return 0
    count = 0
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    made = Path(name)
    try:
        file = _file(made, source)
        for number, record in enumerate(source.records()):
            if following is None:
                break
            if number < following[0]:
                continue
            file.add(record, " ".join(following[1].split()), marks(record))
            count += 1
            following = next(waiting, None)
        file.finish()
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return count


def ending_of(source: TableSource) -> str:
    """How the name of a rejects file ends."""
    return {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet"}.get(source.format, ".xlsx")


def is_rejects(path: Path, scratch: Path) -> bool:
    """Whether a file was written by `write_rejects`."""
    try:
        return open_source(path, scratch).rejects
    except SourceError:
        return False


def _file(path: Path, source: TableSource) -> RejectsFile:
    if isinstance(source, CsvSource):
        return _CsvRejects(path, source)
    if isinstance(source, JsonSource):
        return _JsonRejects(path, source)
    if isinstance(source, SheetSource):
        return WorkbookRejects(path, source.columns, source.sheet, again=source.rejects)
    assert isinstance(source, ParquetSource)
    return ParquetRejects(path, source)


class _CsvRejects:
    """Rows with the source's delimiter, encoding and quoting."""

    def __init__(self, path: Path, source: CsvSource) -> None:
        self._columns = source.columns
        self._again = source.rejects
        self._encoding = _encoding(source)
        self._file = path.open("w", encoding=self._encoding, errors="surrogateescape", newline="")
        self._writer = csv_writer(
            self._file, delimiter=source.delimiter, newline=source.newline, quote_all=source.quoted
        )
        if source.hint:
            self._file.write(f"sep={source.delimiter}{source.newline}")
        self._writer.writerow([*map(harmless, self._columns), REASON])

    def add(self, record: Record, reason: str, marked: Sequence[str]) -> None:
        cells: list[Any] = [record.values.get(column) for column in self._columns]
        if record.problem is not None and record.raw is not None:
            cells = record.raw
            if self._again:  # with its reason of the time before, and escaped
                cells = [restored(cell) for cell in cells[:-1]]
        told = harmless(reason).encode(self._encoding, "replace").decode(self._encoding, "replace")
        self._writer.writerow([*(harmless(cell_text(cell)) for cell in cells), told.removeprefix("\ufeff")])

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _encoding(source: CsvSource) -> str:
    """The source's encoding; where finding it again could fail, UTF-8 with a mark."""
    sure = source.encoding in ("utf-8", "utf-8-sig", "cp1252") or source.encoding_given
    if source.errors != "strict" or not (sure or source.encoding.startswith("utf-16")):
        return "utf-8-sig"
    return source.encoding


class _JsonRejects:
    """Rows as JSON objects, one a line, or in an array as the source's."""

    def __init__(self, path: Path, source: JsonSource) -> None:
        self._encoding = source.encoding
        self._array = source.array
        self._file = path.open("w", encoding=source.encoding, errors="surrogatepass", newline="\n")
        self._before = "[\n" if source.array else ""

    def add(self, record: Record, reason: str, marked: Sequence[str]) -> None:
        self._file.write(self._before + _with_reason(record, reason) + ("" if self._array else "\n"))
        self._before = ",\n" if self._array else ""

    def finish(self) -> None:
        self._file.write("\n]\n" if self._array else "")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _with_reason(record: Record, reason: str) -> str:
    told = _json(reason)
    text = record.raw.decode("utf-8", errors="backslashreplace").strip()
    if record.problem is not None and not record.values:
        return f'{{"{RAW}":{_json(text)},"{REASON}":{told}}}'
    if REASON in record.raw.decode("utf-8", errors="replace"):
        row: dict[str, Any] = msgspec.json.decode(record.raw)
        return _json({**row, REASON: reason})
    return f'{text[:-1].rstrip()}{"" if text[1:-1].strip() == "" else ","}"{REASON}":{told}}}'


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
