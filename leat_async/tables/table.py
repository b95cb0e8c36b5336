"""What every file becomes: a table of named columns, whose rows are records.

A cell is text, a number, a moment or nothing; where the program that wrote the file shows something that can't be read
for certain, it is a `BadCell` with the reason, and the row is refused as soon as that cell is meant to be sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

import attrs

from .cells import restored

TableFormat = Literal["csv", "jsonl", "xlsx", "xls", "xlsb", "ods", "parquet"]
FORMATS: tuple[TableFormat, ...] = ("csv", "jsonl", "xlsx", "xls", "xlsb", "ods", "parquet")
ImportKind = Literal[
    "visits",
    "bookings",
    "contacts",
    "credit_receptions",
    "contact_identifiers",
    "products",
    "product_categories",
    "vouchers",
    "orders",
]
REASON = "leat_reason"
"""The column that a rejects file adds; a file that has it is read as one."""
MAX_COLUMNS = 16_384
"""As many as a spreadsheet can have."""
_SHOWN = 60


class SourceError(ValueError):
    """A file that can't be read as asked; the text says what to do."""


def by_setting(name: str) -> str:
    """How texts name a setting of the file, which is an option of one import, and else stands in a mapping."""
    return f"--{name.replace('_', '-')}, or {name} in its mapping"


@attrs.define
class Record:
    """One row: its line (row, in a sheet) in the file, its values, and what is wrong with its form, if anything.

    `raw` is the row as it stands in the file, where its values don't tell.
    """

    line: int
    values: dict[str, Any]
    problem: str | None = None
    raw: Any = None


@attrs.frozen
class BadCell:
    """A cell that shows no value; `formula` is kept for who corrects it."""

    reason: str
    shown: str = ""
    formula: str | None = None


@attrs.frozen
class SheetNumber:
    """A number of a spreadsheet: as the cell shows it, and as it counts (None where that is something else)."""

    text: str
    value: Decimal | None
    stored: float
    format: str = "General"


@attrs.define(kw_only=True)
class TableSource:
    """A file that was looked at; `records` may be called as often as needed.

    `fingerprint` is the SHA-256 of its bytes. `rejects`: it is a rejects file, whose escapes are undone. `header_row`
    is the line that names the columns, 0 where there is none. `notes` tell what was found out about the file.
    `only_with`: columns without which a row is none; it does not count as one. `but_zero`: those of them where that
    also holds for a zero.
    """

    path: Path
    name: str
    format: TableFormat
    columns: tuple[str, ...]
    fingerprint: str
    rejects: bool = False
    header_row: int = 0
    notes: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()
    but_zero: frozenset[str] = frozenset()
    escapes: ClassVar[bool] = True
    """Whether a rejects file of this kind holds what a spreadsheet would run as a formula in a harmless way."""

    def rows(self) -> Iterator[Record]:
        """Every row that is not blank, as it stands in the file."""
        raise NotImplementedError

    def records(self) -> Iterator[Record]:
        """Every row that is not blank, in order."""
        found = map(self._as_refused, self.rows()) if self.rejects else self.rows()
        return filter(self._has_all, found) if self.only_with else found

    def _has_all(self, record: Record) -> bool:
        """Whether a row has what it can't be one without; one whose form is wrong is told of."""
        return record.problem is not None or all(
            cell_text(record.values.get(name)).strip("0,. " if name in self.but_zero else None)
            for name in self.only_with
        )

    def _as_refused(self, record: Record) -> Record:
        """A row of a rejects file as it was when it was refused."""
        values = {name: value for name, value in record.values.items() if name != REASON}
        if self.escapes:
            values = {
                restored(name): restored(value) if isinstance(value, str) else value for name, value in values.items()
            }
        return Record(record.line, values, record.problem, record.raw)

    def beginnings(self) -> Iterator[tuple[str, int, list[Any]]]:
        """The first lines with their cells, to find the header among them; none where columns have names anyway.

        Each with the name of its sheet, if that is another one than is read.
        """
        return iter(())


def cell_text(value: Any) -> str:
    """A value as text, such as a CSV file would hold it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, SheetNumber):
        return value.text
    if isinstance(value, BadCell):
        return value.shown
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return _clock(value)
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    import msgspec  # only nested values need it

    return msgspec.json.encode(value, enc_hook=str).decode()


def _clock(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, rest = divmod(seconds, 60)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


def snippet(written: str, length: int = _SHOWN) -> str:
    """A piece of the input for a message: at most a line of it."""
    return repr(written if len(written) <= length else written[: length - 1] + "…")
