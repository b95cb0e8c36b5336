"""A file, known by its content and not by its name, as a table."""

from __future__ import annotations

import codecs
import errno
import stat
import zipfile
from pathlib import Path

from .arrow import open_parquet
from .delimited import open_csv
from .lines import open_json
from .sheets import open_sheet
from .table import SourceError, TableFormat, TableSource
from .unpack import unpacked

_STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_OLE = b"\xd0\xcf\x11\xe0"
_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "a text document"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
)
_AS_TABLE = "open it in a spreadsheet and save it as .xlsx or CSV"


def open_source(
    path: Path,
    scratch: Path,
    *,
    name: str | None = None,
    format: TableFormat | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
) -> TableSource:
    """Look at a file: what it is, its columns, its fingerprint.

    Parameters:
        path: the file; `.gz`, and `.zip` with one file in it, are unpacked.
        scratch: a directory for what is unpacked, as long as the table is read.
        name: what messages call the file; left out, its path.
        format: "csv", "jsonl", "xlsx", "xls", "xlsb", "ods" or "parquet"; left out, found from the content.
        encoding: of a text file; left out, found from the whole file.
        delimiter: of a CSV file; left out, the one that divides the first lines evenly.
        sheet: of a workbook; left out, the first visible one.
        header_row: the line that names the columns; left out, the first that is not blank.

    Raises:
        SourceError: the file is not readable as asked, or an extra that its format needs is not installed.
    """
    name = name or str(path)
    try:
        _check_plain(name, path)
        path = unpacked(name, path, scratch)
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise SourceError(f"{name}: can't be read ({error.strerror})") from None
    found = _format_of(name, path, head)
    kind = found if format is None or (_is_book(found) and _is_book(format)) else format
    if kind == "csv":
        return open_csv(name, path, encoding=encoding, delimiter=delimiter, header_row=header_row)
    if kind == "jsonl":
        return open_json(name, path, encoding=encoding)
    if kind == "parquet":
        return open_parquet(name, path)
    return open_sheet(name, path, kind, sheet=sheet, header_row=header_row)


def _check_plain(name: str, path: Path) -> None:
    """Refuse what is no file to be read again and again."""
    if str(path) in _STDIN:
        raise SourceError(f"{name}: stdin is named -, not by its device")
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        what = "a link to a file that is not there" if path.is_symlink() else "there is no such file"
        raise SourceError(f"{name}: {what}") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SourceError(f"{name}: a link that leads back to itself") from None
        raise
    if stat.S_ISDIR(mode):
        raise SourceError(f"{name}: a directory; name a file in it")
    if not stat.S_ISREG(mode):
        raise SourceError(f"{name}: a device or a pipe, not a file; lead it to stdin, and name it -")


def _is_book(format: TableFormat) -> bool:
    return format in ("xlsx", "xls", "xlsb", "ods")


def _format_of(name: str, path: Path, head: bytes) -> TableFormat:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return _book_of(name, path)
    if head.startswith(_OLE):
        return "xls"
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise SourceError(f"{name}: {what}, not a table")
    start = _beginning(head)
    if start.startswith("<"):
        what = "an HTML page" if "<html" in start or "<table" in start or "<!doctype" in start else "an XML file"
        raise SourceError(f"{name}: {what}, whatever its name says; {_AS_TABLE}")
    if start.startswith("mime-version:"):
        raise SourceError(f"{name}: a web page saved as one file; {_AS_TABLE}")
    return "jsonl" if start[:1] == "{" or start[:2].rstrip() in ("[", "[{") else "csv"


def _beginning(head: bytes) -> str:
    """The beginning of a text, in lower case and without what stands before it."""
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or head[1:2] == b"\0" or head[:1] == b"\0"
    if wide:
        big = head.startswith(codecs.BOM_UTF16_BE) or head[:1] == b"\0"
        text = head.decode("utf-16-be" if big else "utf-16-le", errors="ignore")
    else:
        text = head.decode("utf-8", errors="ignore")
    return text.lstrip("\ufeff \t\r\n").lower()


def _book_of(name: str, path: Path) -> TableFormat:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {entry.replace("\\", "/").lower().lstrip("/") for entry in archive.namelist()}
    except Exception as error:  # zipfile lets through whatever its parts raise
        raise SourceError(f"{name}: a broken workbook or zip file ({error})") from None
    if "xl/workbook.bin" in parts:
        return "xlsb"
    if "content.xml" in parts:
        return "ods"
    if any(part.startswith(("word/", "ppt/")) for part in parts):
        raise SourceError(f"{name}: a document, not a workbook; {_AS_TABLE}")
    if "index.zip" in parts or any(part.startswith("index/") for part in parts):
        raise SourceError(f"{name}: a file of Numbers; export it as .xlsx or CSV")
    return "xlsx"
