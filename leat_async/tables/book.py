"""What every kind of workbook has: sheets, of which one is read, and rows of cells."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

import attrs

from .table import BadCell, SourceError, by_setting

CHUNK = 1 << 16
LONGEST_TEXT = 1 << 20
"""Characters of one cell; a spreadsheet allows 32,767."""
MOST_OF_TEXTS = 120_000_000
"""Bytes of memory, about, that texts which cells share may take."""
ADVICE = "open it in a spreadsheet and save it again as .xlsx or CSV"
_LARGEST_PART = 64 << 20
"""Bytes of a part that is no sheet, unpacked; of real ones a hundredth."""
_LONGEST_TOKEN = 4 << 20

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
MergedRange = tuple[int, int, int, int]
"""Top, left, bottom, right, from 1."""


@attrs.frozen
class BookSheet:
    """A sheet: its name, whether it is visible, and where it is in the file."""

    name: str
    visible: bool
    part: str = ""


class Book:
    """An open workbook. Raises `SourceError` for whatever is wrong with it."""

    sheets: list[BookSheet]

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        raise NotImplementedError

    def rows(self, page: BookSheet, merged: tuple[MergedRange, ...]) -> Iterator[tuple[int, list[Any]]]:
        """Rows that are not blank with their numbers, without the empty cells at their ends."""
        raise NotImplementedError

    def look(self, page: BookSheet) -> tuple[tuple[MergedRange, ...], int]:
        """The merged cells of a sheet, and how many of its rows are hidden."""
        raise NotImplementedError

    def sheet(self, wanted: str | None) -> BookSheet:
        """The sheet of a name, or the first visible one."""
        for sheet in self.sheets:
            if sheet.name == wanted or (wanted is None and sheet.visible):
                return sheet
        listed = ", ".join(sheet.name for sheet in self.sheets)
        if wanted is None:
            raise SourceError(f"{self.name}: no sheet is visible; name one with {by_setting('sheet')}: {listed}")
        raise SourceError(f"{self.name}: there is no sheet {wanted!r}; there is {listed}")


class PackedBook(Book):
    """A workbook that is a zip of parts, as .xlsx, .xlsb and .ods are."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        try:
            self._zip = zipfile.ZipFile(path)
        except Exception as error:  # zipfile lets through whatever its parts raise
            raise SourceError(f"{name}: not a workbook, or a broken one ({error}); {ADVICE}") from None
        self._parts = {_key(entry.filename): entry for entry in self._zip.infolist()}

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return _key(part) in self._parts

    def chunks(self, part: str) -> Iterator[bytes]:
        """The bytes of a part."""
        entry = self._parts.get(_key(part))
        if entry is None:
            raise self.broken(f"it has no {part}")
        try:
            with self._zip.open(entry) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except GeneratorExit:
            raise
        except Exception as error:  # zipfile lets through whatever its parts raise
            raise self.broken(str(error) or type(error).__name__) from None

    def whole(self, part: str) -> bytes:
        """All bytes of a part that is no sheet."""
        self._check_size(part)
        return b"".join(self.chunks(part))

    def broken(self, why: str) -> SourceError:
        """The error for a workbook that can't be read."""
        return SourceError(f"{self.name}: a broken workbook ({why[:200]}); {ADVICE}")

    def parse(self, part: str, start: Start, end: End | None = None, text: Callable[[str], None] | None = None) -> None:
        """Parse a part that is no sheet; tags come without the prefix of their namespace."""
        self._check_size(part)
        finish: End = end if end is not None else _ignore
        parser = self.parser(
            lambda tag, given: start(local(tag), given), lambda tag: finish(local(tag)), text or _ignore
        )
        for _ in self.feed(parser, part):
            pass

    def parser(self, start: Start, end: End, text: Callable[[str], None]) -> Any:
        """An XML parser that has no entities."""
        found = expat.ParserCreate()
        found.buffer_text = True
        found.buffer_size = CHUNK
        found.StartElementHandler = start
        found.EndElementHandler = end
        found.CharacterDataHandler = text
        found.EntityDeclHandler = self._entity
        return found

    def feed(self, parser: Any, part: str) -> Iterator[None]:
        """Parse a part, a chunk at each step."""
        fed = 0
        try:
            for chunk in self.chunks(part):
                fed += len(chunk)
                parser.Parse(chunk, False)
                if fed - max(parser.CurrentByteIndex, 0) > _LONGEST_TOKEN:
                    raise self.broken("one piece of XML of many megabytes")
                yield
            parser.Parse(b"", True)
            yield
        except SourceError:
            raise
        except (expat.ExpatError, LookupError, ValueError) as error:  # not well-formed, or of an odd encoding
            raise self.broken(f"{part}: {error}") from None

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """The parts that a part refers to: kind and path by id."""
        folder = posixpath.dirname(part)
        path = posixpath.join(folder, "_rels", f"{posixpath.basename(part)}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, given: dict[str, str]) -> None:
            if tag == "Relationship":
                target = given.get("Target", "").replace("\\", "/")
                target = target if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
                found[given.get("Id", "")] = (given.get("Type", "").rpartition("/")[2], target.lstrip("/"))

        if self.has(path):
            self.parse(path, start)
        return found

    def _check_size(self, part: str) -> None:
        entry = self._parts.get(_key(part))
        if entry is not None and entry.file_size > _LARGEST_PART:
            raise self.broken(f"{part} unpacks to {entry.file_size >> 20} MB")

    def _entity(self, *declared: Any) -> None:
        raise self.broken("it declares XML entities")


def _ignore(text: str) -> None:
    pass


def local(tag: str) -> str:
    """A tag without its namespace's prefix."""
    return tag.rpartition(":")[2] if ":" in tag else tag


def _key(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").lower()


def bad_cell(reason: str, line: int, column: int, shown: str = "", formula: str | None = None) -> BadCell:
    """A cell that shows no value, with its place."""
    return BadCell(f"{column_letters(column)}{line} is {reason}", shown, formula)


def column_number(letters: bytes) -> int:
    """The number of a column, from 1, by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """The letters of a column by its number, from 1."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
