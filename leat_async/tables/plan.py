"""From the columns of a file to the parameters of an operation.

Nothing is guessed about values: a time needs an offset or a zone, a day-first date must be announced, an amount that
could be read two ways is refused. Column names are guessed where they are plain, and shown before anything is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from . import guesses, moments, text_cells, values
from .moments import ValueRules
from .table import ImportKind, Record, TableSource, cell_text
from .targets import ATTRIBUTE, ROW_KINDS


class RowError(ValueError):
    """A row that can't be sent; the text names each value that is wrong, `columns` where they stand."""

    def __init__(self, message: str, columns: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.columns: tuple[str, ...] = tuple(columns)


@attrs.frozen
class ColumnUse:
    """Where one parameter's value comes from: one or more columns (joined by a space), or a constant.

    `composed`: the columns make one identifier together.
    """

    target: str
    columns: tuple[str, ...] = ()
    constant: str | None = None
    guessed: bool = False
    composed: bool = False
    reader: values.CellReader = attrs.field(default=values.text, eq=False, repr=False)

    def read(self, row: Mapping[str, Any], rules: ValueRules) -> Any:
        """The value for a row; None if there is none. Raises `ValueError`."""
        if self.composed:
            cells = [row.get(column) for column in self.columns]
            return text_cells.composed(cells) if any(cell is not None and cell != "" for cell in cells) else None
        if self.constant is not None:
            given: Any = self.constant
        elif len(self.columns) == 1:
            given = row.get(self.columns[0])
            given = given.strip() if isinstance(given, str) else given
        else:
            cells = [row.get(column) for column in self.columns]
            if self.reader is values.moment:
                for cell in cells:
                    moments.check_clock(cell)
            given = text_cells.join(cells)
        if given is None or given == "":
            return None
        return self.reader(given, rules)


@attrs.frozen(kw_only=True)
class ColumnPlan:
    """How rows of a file become parameters; `left_out` are the columns that are not sent."""

    kind: ImportKind
    uses: tuple[ColumnUse, ...]
    left_out: tuple[str, ...]
    rules: ValueRules

    def with_one_each(self, what: str) -> ColumnPlan:
        """As this, but rows that have no identity of their own are known by their contact's address, one for each."""
        named = {use.target: use for use in self.uses}
        if "identity" in named or "contact_email" not in named:
            return self
        own = ColumnUse("identity", named["contact_email"].columns, reader=values.OfAddress(what))
        return attrs.evolve(self, uses=(*self.uses, own))

    @property
    def fingerprint(self) -> str:
        """The same for plans that make the same of a file."""
        rules = self.rules
        parts = [self.kind, rules.zone.key if rules.zone is not None else "", str(rules.day_first)]
        for field in attrs.fields(ValueRules):
            value = getattr(rules, field.name)
            if field.name not in ("zone", "day_first") and value != field.default:
                parts.append(f"{field.name}={value}")
        parts += [repr((use.target, use.columns, use.constant)) for use in self.uses]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def apply(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that a row stands for, without the empty ones. Raises `RowError` naming all that is wrong."""
        found: dict[str, Any] = {}
        named: set[str] = set()
        wrong: list[str] = []
        columns: list[str] = []
        for use in self.uses:
            try:
                value = use.read(row, self.rules)
            except ValueError as error:
                named.add(use.target)
                wrong.append(f"{' + '.join(use.columns) or use.target}: {error}")
                columns += use.columns
                continue
            if value is not None and value != "":
                named.add(use.target)
                found[use.target] = value
        lacks = _missing(self.kind, named)
        for target, lack in lacks:
            empty = [column for use in self.uses if use.target in target for column in use.columns]
            told = f": {' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty" if empty else ""
            wrong.append(lack + told)
            columns += empty
        if wrong:
            if guesses.is_total(cell for cell in row.values() if isinstance(cell, str)):
                wrong.insert(0, "this looks like a row of totals")
            raise RowError("; ".join(wrong), columns)
        return _shape(self.kind, found)

    def examples(self, records: Iterable[Record]) -> dict[str, str]:
        """The first value that is sent for each parameter, as text."""
        found: dict[str, str] = {}
        for record in records:
            for use in self.uses:
                if use.target in found or record.problem is not None:
                    continue
                try:
                    value = use.read(record.values, self.rules)
                except ValueError:
                    continue
                if value is not None and value != "":
                    found[use.target] = cell_text(value)
            if len(found) == len(self.uses):
                break
        return found


class MappedRow(dict[str, Any]):
    """A row as it will be sent, with the record it was made of. A row that has a `problem` is rejected for it."""

    __slots__ = ("problem", "record")

    def __init__(self, record: Record, values: Mapping[str, Any], problem: RowError | None = None) -> None:
        super().__init__(values)
        self.record: Record = record
        self.problem: RowError | None = problem


def mapped(source: TableSource, plan: ColumnPlan) -> Iterator[MappedRow]:
    """The rows of a file under a plan, also those that can't be sent."""
    for record in source.records():
        yield mapped_row(record, plan)


def mapped_row(record: Record, plan: ColumnPlan) -> MappedRow:
    """A record under a plan."""
    try:
        if record.problem is not None:
            raise RowError(record.problem)
        return MappedRow(record, plan.apply(record.values))
    except RowError as error:
        return MappedRow(record, {}, error)


def _missing(kind: ImportKind, named: set[str]) -> list[tuple[tuple[str, ...], str]]:
    """What a row lacks altogether: the parameters that would fill it, and what is said."""
    return [
        (need.targets, f"{need.what} {'are' if need.several else 'is'} missing")
        for need in ROW_KINDS[kind].needs
        if not named & set(need.targets)
    ]


def _shape(kind: ImportKind, found: dict[str, Any]) -> dict[str, Any]:
    rows = ROW_KINDS[kind]
    if rows.attributes is not None:
        for name in [name for name in found if name.startswith(ATTRIBUTE)]:
            found.setdefault(rows.attributes, {})[name.removeprefix(ATTRIBUTE)] = found.pop(name)
    if "contact_uuid" in found:
        found.pop("contact_email", None)
    for target, parameter in rows.renamed.items():
        if target in found:
            found[parameter] = found.pop(target)
    return found
