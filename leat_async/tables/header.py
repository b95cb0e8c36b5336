"""The row that names the columns, and whether the others fit it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import attrs

from .cells import restored
from .table import MAX_COLUMNS, REASON, SourceError, by_setting, cell_text, snippet

_SHOWN = 120
_LONGEST_NAME = 500
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


@attrs.frozen
class TableHeader:
    """Names of columns, the line they stand in, and whether they are those of a rejects file."""

    line: int
    names: tuple[str, ...]

    @property
    def rejects(self) -> bool:
        return REASON in self.names

    @property
    def columns(self) -> tuple[str, ...]:
        """The names without what a rejects file adds."""
        if not self.rejects:
            return self.names
        return tuple(restored(name) for name in self.names if name != REASON)


def find_header(name: str, rows: Iterator[tuple[int, list[Any]]], wanted: int | None) -> TableHeader:
    """The header of rows that are not blank: the first, or the one in the line that was asked for.

    A rejects file keeps its header in the first row, whatever the file it came from.
    """
    first = next(rows, None)
    if first is None:
        raise SourceError(f"{name}: the file is empty")
    header = TableHeader(first[0], column_names(first[1]))
    if wanted is None or header.rejects or first[0] == wanted:
        return header
    for line, cells in rows:
        if line == wanted:
            return TableHeader(line, column_names(cells))
        if line > wanted:
            break
    raise SourceError(
        f"{name}: line {wanted} is empty or no row of its own; name the header's line with {by_setting('header_row')}"
    )


def column_names(header: Iterable[Any]) -> tuple[str, ...]:
    """Column names: trimmed; those without a name, and those of the same name, are numbered."""
    cells = list(islice(header, MAX_COLUMNS + 1))
    if len(cells) > MAX_COLUMNS:
        raise SourceError(f"more than {MAX_COLUMNS:,} columns; is it a table?")
    plain = [_plain(cell) or f"column {place}" for place, cell in enumerate(cells, 1)]
    counts: dict[str, int] = {}
    for name in plain:
        counts[name] = counts.get(name, 0) + 1
    taken = {name for name in plain if counts[name] == 1}
    seen: dict[str, int] = {}
    names: list[str] = []
    for base in plain:
        name = base
        while counts[base] > 1 and (name == base or name in taken):
            seen[base] = seen.get(base, 0) + 1
            name = f"{base} ({seen[base]})"
        taken.add(name)
        names.append(name)
    return tuple(names)


def _plain(cell: Any) -> str:
    """A name as it may be shown and typed: in one line, without control characters."""
    return _CONTROL.sub("\ufffd", " ".join(cell_text(cell)[:_LONGEST_NAME].split()))


def misfit(cells: Sequence[Any], width: int) -> str | None:
    """What is wrong with a row's length; empty cells beyond the last column don't count."""
    surplus = cells[width:]
    if len(cells) == width or (surplus and all(cell is None or cell == "" for cell in surplus)):
        return None
    beyond = f"; beyond it: {snippet(', '.join(map(cell_text, surplus[:10])), _SHOWN)}" if surplus else ""
    return f"has {len(cells)} cells where the header has {width}{beyond}"
