"""Cells of CSV that do no harm when a spreadsheet opens them, and come back as they were.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula. It also divides lines by its own
delimiter, whatever the file's is, so a formula inside a text may begin a cell. An apostrophe in front of it takes the
harm away; numbers and telephone numbers do none and are left alone.
"""

from __future__ import annotations

import csv
import re
from typing import Any, Protocol

# Where a spreadsheet of any country may begin a cell: at the text's start, and behind what may divide cells or lines.
_BEGINS = r"(?:\A|(?<=[;,\t\r\n]))"
_NUMBER = r"[+\-][\d ().\-]*(?=[;,\t\r\n]|\Z)"
# A quotation mark that begins a cell is none of the text: what is behind it is.
_FORMULA = rf"['\"]*(?!{_NUMBER})[=+\-@＝＋－＠]"
_BLANK = r"'*[\t\r\n]"  # some programs skip it, and see what follows
_RISKY = re.compile(rf"{_BEGINS}(?={_FORMULA})|\A(?={_BLANK})", re.ASCII)
_ESCAPED = re.compile(rf"{_BEGINS}'(?={_FORMULA})|\A'(?={_BLANK})", re.ASCII)
_SIGNS = re.compile(r"[=+\-@＝＋－＠\t\r\n]")


def harmless(text: str) -> str:
    """A text with an apostrophe before whatever a spreadsheet would run as a formula."""
    return _RISKY.sub("'", text) if _SIGNS.search(text) else text


def restored(text: str) -> str:
    """The text that `harmless` was given."""
    return _ESCAPED.sub("", text) if "'" in text else text


class _TextFile(Protocol):
    def write(self, text: str, /) -> Any: ...


class _Lines:
    """Hands on the lines of a CSV writer with another ending."""

    def __init__(self, file: _TextFile, newline: str) -> None:
        self._file = file
        self._newline = newline

    def write(self, line: str) -> Any:
        return self._file.write(line[:-2] + self._newline)


def csv_writer(file: _TextFile, *, delimiter: str = ",", newline: str = "\n", quote_all: bool = False) -> Any:
    """A `csv.writer` that puts every cell with a line break of any kind in quotation marks.

    Python up to 3.12 quotes a carriage return only where it is part of the line ending.
    """
    lines = _Lines(file, newline)
    if quote_all:
        return csv.writer(lines, delimiter=delimiter, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    return csv.writer(lines, delimiter=delimiter, lineterminator="\r\n")
