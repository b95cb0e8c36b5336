"""Rows that a ledger tells of, out of the files they came from, where those are still as they were."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from .. import bulk
from ..bulk.identity import identified
from ..tables.mapping_file import load_mapping
from ..tables.source import open_source
from ..tables.table import Record, SourceError, TableSource, cell_text

_READING = ("format", "encoding", "delimiter", "sheet", "header_row")


@attrs.frozen(kw_only=True)
class RowInFile:
    """Where a row stands, its values if they could be read, and whether they are `certain` to be the row's."""

    where: str
    line: int | None = None
    values: Mapping[str, str] = attrs.field(factory=dict[str, str])
    certain: bool = False


def rows_of(
    memory: bulk.Summary, entries: Iterable[bulk.Entry], *, file: Path | None, mapping: Path | None
) -> dict[int, RowInFile]:
    """The rows of entries, by the number of each.

    Parameters:
        file: where their file may be besides the place it had, which is believed if its bytes are the same.
        mapping: how it is read; left out, as it is read by itself.
    """
    told = load_mapping(mapping, memory.kind or "") if mapping is not None else {}
    reading = {name: told.get(name) for name in _READING}
    by_run: dict[int, list[bulk.Entry]] = {}
    for entry in entries:
        by_run.setdefault(entry.run, []).append(entry)
    sources = {run.number: run.source for run in bulk.runs(memory.place)}
    found: dict[int, RowInFile] = {}
    with tempfile.TemporaryDirectory(prefix="leat-") as scratch:
        for run, its in by_run.items():
            found |= _of_run(memory.kind or "", sources.get(run), its, file, reading, Path(scratch))
    return found


def _of_run(
    kind: str,
    source: bulk.Source | None,
    entries: list[bulk.Entry],
    file: Path | None,
    reading: dict[str, Any],
    scratch: Path,
) -> dict[int, RowInFile]:
    if source is None:
        return {
            each.number: RowInFile(where=f"{each.index + 1} of run {each.run}; its file's name is not known")
            for each in entries
        }
    table, why = None, ""
    for path in [file, Path(source.name)] if file is not None else [Path(source.name)]:
        table, why = _opened(path, source, reading, scratch)
        if table is not None:
            break
    wanted = {entry.index: entry for entry in entries}
    found: dict[int, RowInFile] = {}
    try:
        for index, record in enumerate(table.records() if table is not None else ()):
            if (entry := wanted.pop(index, None)) is not None:
                found[entry.number] = _row(kind, entry, record, table)
            if not wanted:
                break
    except SourceError as error:
        why = str(error)
    for index, entry in wanted.items():
        where = f"{index + 1} of {source.name}; {why or 'it has no such row as it is read here'}"
        found[entry.number] = RowInFile(where=where)
    return found


def _opened(path: Path, source: bulk.Source, reading: dict[str, Any], scratch: Path) -> tuple[TableSource | None, str]:
    """A run's file, or why it can't be shown."""
    if not path.is_file():
        return None, "it is not there any more; --file tells where it is now"
    try:
        table = open_source(path, scratch, **reading)
    except SourceError as error:
        return None, str(error)
    if table.fingerprint != source.digest:
        return None, f"{path} is another file, or was changed since"
    return table, ""


def _row(kind: str, entry: bulk.Entry, record: Record, table: TableSource | None) -> RowInFile:
    values = {name: cell_text(value).strip() for name, value in record.values.items()}
    return RowInFile(
        where=f"{entry.index + 1} of {table.name if table is not None else 'its file'}, line {record.line}",
        line=record.line,
        values=values,
        certain=any(_identifies(kind, text, entry) for text in values.values()),
    )


def _identifies(kind: str, text: str, entry: bulk.Entry) -> bool:
    try:
        return identified(kind, text).hex() == entry.key
    except ValueError:
        return False
