"""Packed files: gzip, and a zip with one file in it, unpacked within bounds; standard input, kept in a file."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, BinaryIO

from .table import SourceError

MAX_UNPACKED = 4 << 30
"""Bytes that a packed file may become: more than any export, less than what fills a disk."""
SPOOLED = "stdin-"
"""What the names of files begin with that hold standard input."""
_CHUNK = 1 << 20
_WORKBOOKS = ("xl/", "[content_types].xml", "mimetype", "content.xml")
_OTHER_PACKERS = {
    b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"\x28\xb5\x2f\xfd": "Zstandard",
}  # fmt: skip


def spool(stream: BinaryIO, directory: Path) -> Path:
    """Copy a stream that can be read only once (standard input) to a private file."""
    with tempfile.NamedTemporaryFile(dir=directory, prefix=SPOOLED, delete=False) as file:
        shutil.copyfileobj(stream, file, _CHUNK)
    return Path(file.name)


def unpacked(name: str, path: Path, directory: Path) -> Path:
    """The file itself, or what is packed in it, as a private file in the directory. Raises `SourceError`."""
    for _ in range(3):  # a packed file in a packed file
        with path.open("rb") as file:
            head = file.read(8)
        if head.startswith(b"\x1f\x8b"):
            path = _gzip(name, path, directory)
        elif head.startswith((b"PK\x03\x04", b"PK\x05\x06")):  # the second has no file in it
            inner = _zip(name, path, directory)
            if inner is None:
                return path
            path = inner
        else:
            for magic, packer in _OTHER_PACKERS.items():
                if head.startswith(magic):
                    raise SourceError(f"{name}: packed with {packer}; unpack it first")
            return path
    raise SourceError(f"{name}: packed several times over; unpack it first")


def _gzip(name: str, path: Path, directory: Path) -> Path:
    try:
        with gzip.open(path) as packed:
            return _copied(name, packed, directory)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{name}: a broken gzip file ({error})") from None


def _zip(name: str, path: Path, directory: Path) -> Path | None:
    """The one file in a zip; None if the zip is a workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry for entry in archive.namelist() if not entry.endswith("/")]
            if any(entry.replace("\\", "/").lower().startswith(_WORKBOOKS) for entry in names):
                return None
            files = [entry for entry in names if not entry.startswith("__MACOSX/") and "/." not in f"/{entry}"]
            if len(files) != 1:
                listed = ", ".join(files[:5]) or "nothing"
                raise SourceError(f"{name}: a zip with {len(files)} files ({listed}); unpack it and name the one")
            with archive.open(files[0]) as packed:
                return _copied(name, packed, directory)
    except SourceError:
        raise
    except Exception as error:  # zipfile lets through whatever its parts raise
        raise SourceError(f"{name}: a broken zip file ({error})") from None


def _copied(name: str, packed: IO[bytes] | gzip.GzipFile, directory: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=directory, prefix="unpacked-", delete=False) as file:
        size = 0
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > MAX_UNPACKED:
                raise SourceError(f"{name}: unpacks to more than {MAX_UNPACKED >> 30} GB; unpack it first")
            file.write(chunk)
    return Path(file.name)
