"""What an import was asked to do."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs

from ..tables.moments import ClockChange, PlaceholderDates
from ..tables.table import ImportKind, TableFormat
from .exits import Stop

if TYPE_CHECKING:
    from ..bulk.places import LedgerPlace
    from ..sandbox import Sandbox

# Written out: what `bulk` calls it takes as long to import as all of the command's help.
OnChange = Literal["reject", "update", "skip"]
RATE = 5000
"""Requests a minute that the API allows."""


@attrs.frozen(kw_only=True)
class ImportOptions:
    """An import as it was asked for. `running`: the sandbox that several imports share; one alone has its own."""

    kind: ImportKind
    file: str
    shop: str | None = None
    map: list[str] | None = None
    set: list[str] | None = None
    id: list[str] | None = None
    only_with: list[str] | None = None
    of_several: bool = False
    one_each: str | None = None
    mapping: Path | None = None
    save_mapping: Path | None = None
    list_columns: bool = False
    timezone: str | None = None
    day_first: bool = False
    month_first: bool = False
    short_years: bool = False
    placeholder_dates: PlaceholderDates | None = None
    clock_change: ClockChange | None = None
    format: TableFormat | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    sandbox: bool = False
    running: Sandbox | None = None
    dry_run: bool = False
    concurrency: int = 32
    rate: int | None = None
    create_contacts: bool = False
    identity_attribute: str | None = None
    ensure_identity: bool = False
    batch_calls: bool = False
    update_existing: bool = False
    max_errors: str | None = None
    resend_unknown: bool = False
    accept_unknown: bool = False
    retry_rejected: bool = False
    on_change: OnChange | None = None
    clear_empty: bool = False
    batch: str | None = None
    wait: bool = False
    take_over: bool = False
    ledger: LedgerPlace | None = None
    rejects: Path | None = None
    report: Path | None = None
    report_html: Path | None = None

    @property
    def shown_file(self) -> str:
        """What messages call the file."""
        return "stdin" if self.file == "-" else self.file

    def mapped(self, column: str, target: str) -> str:
        """How it is said that a column fills a parameter: of several imports each has a table in their file."""
        if not self.of_several:
            return f"--map '{column}={target}'"
        return f"{_toml(column)} = {_toml(target)} in [{self._table}.columns] of a file that `leat import all` reads"

    def said(self, **settings: str | int) -> str:
        """How settings of the file are said."""
        if not self.of_several:
            named = {f"--{name.replace('_', '-')}": value for name, value in settings.items()}
            return " ".join(f"{name} {shlex.quote(str(value))}" for name, value in named.items())
        told = ", ".join(f"{name} = {_toml(value)}" for name, value in settings.items())
        return f"{told} in [{self._table}] of a file that `leat import all` reads"

    @property
    def _table(self) -> str:
        return self.kind.replace("_", "-")

    @property
    def change(self) -> OnChange:
        """What is done with a row that is known with other data."""
        return self.on_change or ("update" if self.update_existing else "reject")

    @property
    def of_rows(self) -> dict[str, Any]:
        """How each row is treated, as `bulk` calls it; a dry run and a run share it."""
        names = ("create_contacts", "clear_empty", "ensure_identity", "batch_calls", "batch")
        doubt = ("resend_unknown", "accept_unknown", "retry_rejected")
        told = {name: getattr(self, name) for name in (*names, *doubt)}
        if self.identity_attribute is not None:
            told["identity_attribute"] = self.identity_attribute
        return {**told, "on_change": self.change}

    @property
    def reading(self) -> dict[str, Any]:
        """How the file and its values are read, as a mapping file keeps it."""
        names = ("timezone", "day_first", "month_first", "short_years", "placeholder_dates", "clock_change")
        files = ("format", "encoding", "delimiter", "sheet", "header_row")
        return {name: getattr(self, name) for name in (*names, *files)}

    def with_defaults(self, told: dict[str, Any]) -> ImportOptions:
        """These options, those of a mapping file where none was given."""
        maps, sets = told.pop("map"), told.pop("set")
        own: frozenset[str] | set[str] = {text.rpartition("=")[2].strip() for text in self.map or ()}
        own |= {text.partition("=")[0].strip() for text in self.set or ()}
        own |= {"shop_uuid"} if self.shop is not None else frozenset()
        from ..tables.targets import ROW_KINDS

        identifier = ROW_KINDS[self.kind].identifier
        own |= {identifier} if self.id and identifier is not None else frozenset()
        columns = {text.rpartition("=")[0].strip() for text in self.map or ()}
        maps = [text for text in maps if text.rpartition("=")[2] not in own and text.rpartition("=")[0] not in columns]
        sets = [text for text in sets if text.partition("=")[0] not in own]
        if identifier in own:
            told.pop("id", None)
        rest = {name: value for name, value in told.items() if getattr(self, name) in (None, False, [])}
        return attrs.evolve(self, **rest, map=[*maps, *(self.map or ())], set=[*sets, *(self.set or ())])


def _toml(value: str | int) -> str:
    return json.dumps(value, ensure_ascii=False)


def check(options: ImportOptions) -> None:
    """Refuse options that exclude each other, and values that are none."""
    most_errors(options.max_errors)
    if options.resend_unknown and options.accept_unknown:
        raise Stop("--resend-unknown and --accept-unknown exclude each other")
    if options.sandbox and options.ledger is not None:
        raise Stop("--ledger goes with a real account: a --sandbox keeps nothing, so there is nothing to resume")
    if options.take_over and (options.ledger is None or isinstance(options.ledger, Path)):
        raise Stop("--take-over goes with --ledger postgresql://…: a file is let go by the process that has it")
    if options.batch is not None and not options.batch.strip():
        raise Stop("--batch takes a name, such as 2026-05-01, got an empty text")
    if options.on_change not in (None, *get_args(OnChange)):
        raise Stop(f"on_change is one of {', '.join(get_args(OnChange))}, got {options.on_change!r}")
    if options.update_existing and options.on_change not in (None, "update"):
        raise Stop("--update-existing is --on-change update; give one of them")


def most_errors(text: str | None) -> int | float | None:
    """How many failed rows, or which share of the rows, are put up with."""
    if text is None:
        return None
    try:
        limit = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text) if "." in text else int(text)
    except ValueError:
        limit = -1
    if limit < 0 or (isinstance(limit, float) and not limit < 1):
        raise Stop(f"--max-errors takes a number of rows or a share below 100%, such as 50 or 5%, got {text!r}")
    return limit
