"""An import from file to exit code."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import attrs

from ..errors import LeatError
from ..fleet.facts import AccountFacts, look_up
from ..tables import guesses
from ..tables.mapping_file import load_mapping, save_mapping
from ..tables.plan import ColumnPlan
from ..tables.planning import MappingError, NoShopError, clock_columns, make_plan, value_rules
from ..tables.source import open_source
from ..tables.table import TableSource, cell_text
from ..tables.targets import ROW_KINDS, targets
from ..tables.unpack import SPOOLED, spool
from . import loop
from .account import connected, has_credentials
from .display import show_columns, show_plan
from .exits import Exit, Stop, exit_of
from .import_options import ImportOptions, check
from .outputs import check_outputs
from .streams import data_in

_FIRST_ROWS = 200
_LONGEST_CELL = 16 << 20


@attrs.frozen
class ReadyImport:
    """An import that can begin: its file is open, and it is known what becomes of each column."""

    options: ImportOptions
    source: TableSource
    plan: ColumnPlan
    notes: Sequence[str]
    scratch: Path


def run(options: ImportOptions) -> Exit:
    """Do what was asked; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="leat-") as scratch:
        if options.list_columns:
            return _list(options, _opened(_with_mapping(options), Path(scratch)))
        return begin(made_ready(options, Path(scratch)))


def made_ready(options: ImportOptions, scratch: Path) -> ReadyImport:
    """Raises what would end an import before anything is sent: a file that can't be read, a column that is missing."""
    options = _with_mapping(options)
    source = _opened(options, scratch)
    check_outputs(options, source, scratch)
    facts = _facts(options)
    plan = _plan(options, source, facts)
    if options.one_each is not None:
        plan = plan.with_one_each(options.one_each)
    source.only_with = tuple(
        column for use in plan.uses if use.target in (options.only_with or ()) for column in use.columns
    )
    if options.one_each is not None:
        # No balance is none to begin with, and then the first is no change.
        source.but_zero = frozenset(column for use in plan.uses if use.target == "credits" for column in use.columns)
    return ReadyImport(options, source, plan, facts.notes, scratch)


def begin(ready: ReadyImport) -> Exit:
    """Do an import that was made ready; returns the exit code."""
    options, source, plan = ready.options, ready.source, ready.plan
    show_plan(options, source, plan, plan.examples(islice(source.records(), _FIRST_ROWS)), ready.notes)
    if options.save_mapping is not None:
        save_mapping(options.save_mapping, plan, options.reading)
    if options.dry_run:
        from .dry_run import dry_run

        return dry_run(options, source, plan)
    from .sending import send

    return send(options, source, plan, ready.scratch)


def _with_mapping(options: ImportOptions) -> ImportOptions:
    csv.field_size_limit(_LONGEST_CELL)
    if options.mapping is not None:
        options = options.with_defaults(load_mapping(options.mapping, options.kind))
    check(options)
    return options


def _opened(options: ImportOptions, scratch: Path) -> TableSource:
    source = _open(options, scratch)
    _check_reading(options, source)
    return source


def _open(options: ImportOptions, scratch: Path) -> TableSource:
    path = Path(options.file)
    if options.file == "-":
        # Several imports may be of what can be read only once.
        path = next(scratch.glob(f"{SPOOLED}*"), None) or spool(data_in(), scratch)
    return open_source(
        path,
        scratch,
        name=options.shown_file,
        format=options.format,
        encoding=options.encoding,
        delimiter="\t" if options.delimiter in ("tab", r"\t") else options.delimiter,
        sheet=options.sheet,
        header_row=options.header_row,
    )


def _check_reading(options: ImportOptions, source: TableSource) -> None:
    """Refuse options that say nothing about a file of this kind."""
    book = source.format in ("xlsx", "xls", "xlsb", "ods")
    means = {
        "--sheet": (options.sheet, book, "a workbook"),
        "--header-row": (options.header_row, book or source.format == "csv", "a workbook or CSV"),
        "--delimiter": (options.delimiter, source.format == "csv", "CSV"),
        "--encoding": (options.encoding, source.format in ("csv", "jsonl"), "CSV or JSON"),
    }
    for option, (given, fits, what) in means.items():
        if given is not None and not fits:
            raise Stop(f"{option} goes with {what}; {source.name} is {source.format}")


def _facts(options: ImportOptions) -> AccountFacts:
    """What the account tells, if there is one to ask."""

    async def ask() -> AccountFacts:
        async with connected(options) as (leat, _):
            return await look_up(leat, options.kind)

    if not options.sandbox and not has_credentials():
        if options.dry_run:
            return AccountFacts(notes=("no token is set: shops and attributes are not checked",))
        return AccountFacts()
    try:
        return loop.run(ask)
    except LeatError as error:
        raise Stop(f"{error}; nothing was sent", exit_of(error)) from None


def _plan(options: ImportOptions, source: TableSource, facts: AccountFacts) -> ColumnPlan:
    rules = value_rules(
        timezone=options.timezone,
        day_first=options.day_first,
        month_first=options.month_first,
        short_years=options.short_years,
        placeholder_dates=options.placeholder_dates or "refuse",
        clock_change=options.clock_change or "refuse",
    )

    clocks = clock_columns(source)

    def make(shop: str | None) -> ColumnPlan:
        return make_plan(
            options.kind,
            source.columns,
            maps=options.map or (),
            sets=options.set or (),
            ids=options.id or (),
            shop=shop,
            rules=rules,
            clocks=clocks,
            attributes=facts.attributes,
            shops=facts.shops,
            names=facts.names,
        )

    try:
        try:
            return make(options.shop)
        except NoShopError:
            if not options.sandbox or not facts.shops:
                raise
            return make(facts.shops[0][0])
    except MappingError as error:
        raise Stop(f"{error.worded(options.mapped)}{_header_hint(options, source)}") from None


def _header_hint(options: ImportOptions, source: TableSource) -> str:
    """Where the header may be instead: the line that looks more like it, or another sheet."""

    def score(cells: list[object]) -> int:
        return sum(guesses.says_anything(cell_text(cell)) for cell in cells)

    beginnings = list(source.beginnings())
    # As it stands in the file: columns that share a name are called otherwise.
    own = [cells for sheet, line, cells in beginnings if not sheet and line == source.header_row]
    best, hint = max(map(score, [list(source.columns), *own])), ""
    for sheet, line, cells in beginnings:
        if score(cells) > best:
            best = score(cells)
            where = f"line {line} of the sheet {sheet!r}" if sheet else f"line {line}"
            named = {"sheet": sheet} if sheet else {}
            hint = f"; {where} looks like the header: {options.said(**named, header_row=line)}"
    return hint


def _list(options: ImportOptions, source: TableSource) -> Exit:
    """Tell the columns, an example of each, and what their names are taken for."""
    examples: dict[str, str] = {}
    for record in islice(source.records(), _FIRST_ROWS):
        for column, cell in record.values.items():
            if column not in examples and cell_text(cell).strip():
                examples[column] = cell_text(cell).strip()
    own = [name for name in targets(options.kind) if not name.endswith("NAME")]
    found = guesses.guessed(source.columns, own, attribute="attributes." if ROW_KINDS[options.kind].attributes else "")
    taken = {column: target for target, columns in found.items() for column in columns}
    if "starts_at" in own:
        clocks = clock_columns(source)
        start = next((column for column in found.get("starts_at", ()) if column in clocks), None)
        free = [column for column in source.columns if column not in taken or column == start]
        pair = guesses.day_and_time(free, start) if start or "starts_at" not in found else None
        taken |= dict.fromkeys(pair or (), "starts_at")
    show_columns(source, examples, taken)
    return Exit.DONE
