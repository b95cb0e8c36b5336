"""What an import shows: its plan, its progress, its sums. Progress goes to stderr, results to stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.markup import escape
from rich.table import Table

from ..tables.targets import ROW_KINDS
from .console import Terminal

if TYPE_CHECKING:
    from ..bulk.outcomes import Progress, Report
    from ..tables.plan import ColumnPlan
    from ..tables.table import TableSource
    from .import_options import ImportOptions

    Watcher: TypeAlias = Callable[[Progress], None]

_PLAIN_EVERY = 5.0
_LONGEST_EXAMPLE = 200
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def err() -> Terminal:
    """The console for messages."""
    return Terminal(stderr=True)


def show_plan(
    options: ImportOptions, source: TableSource, plan: ColumnPlan, examples: Mapping[str, str], notes: Sequence[str]
) -> None:
    """Tell which column goes where, before anything is sent."""
    console = err()
    console.print(f"[bold]{escape(source.name)}[/bold] ({escape(_form(source))}) as {plan.kind}")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for use in plan.uses:
        origin = " + ".join(use.columns) if use.columns else "(every row)"
        guessed = use.guessed and origin != use.target
        example = examples.get(use.target, "")
        unit = " cents" if example and use.target in ("prepaid_amount", "prepaid_euros") else ""
        table.add_row(
            f"  {escape(use.target)}{' [yellow]?[/yellow]' if guessed else ''}",
            escape(origin),
            f"[dim]{escape(_one_line(example))}{unit}[/dim]",
        )
    console.print(table)
    if any(use.guessed and use.columns != (use.target,) for use in plan.uses):
        otherwise = escape(options.mapped("COLUMN", "parameter"))
        console.print(f"  [yellow]?[/yellow] guessed from the column's name; {otherwise} says otherwise")
    if ROW_KINDS[plan.kind].moment and not any(use.target == "starts_at" for use in plan.uses):
        when = escape(options.mapped("COLUMN", "starts_at"))
        console.print(f"  [yellow]no column says when:[/yellow] these {plan.kind} will have no start; {when}")
    if plan.left_out:
        console.print(f"  [yellow]not sent:[/yellow] {', '.join(escape(_one_line(name)) for name in plan.left_out)}")
    if plan.rules.zone is not None:
        console.print(f"  times without an offset are of {plan.rules.zone.key}")
    for note in (*source.notes, *notes):
        console.print(f"  [yellow]{escape(note)}[/yellow]")


def _form(source: TableSource) -> str:
    """What a file is, and how it is read."""
    from ..tables.delimited import CsvSource
    from ..tables.sheets import SheetSource

    form = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}.get(source.format, f"Excel, .{source.format}")
    if isinstance(source, CsvSource):
        form += f", {_NAMES.get(source.delimiter, repr(source.delimiter))}, {source.encoding}"
        form += f": {', '.join(source.words)}" if source.words else ""
    elif isinstance(source, SheetSource):
        form = f"{'OpenDocument' if source.format == 'ods' else form}, sheet {source.sheet!r}"
    form += f", header in line {source.header_row}" if source.header_row > 1 else ""
    return form + (", a rejects file" if source.rejects else "")


def _one_line(text: str) -> str:
    line = " ".join(text[:_LONGEST_EXAMPLE].split())
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def show_columns(source: TableSource, examples: Mapping[str, str], taken: Mapping[str, str]) -> None:
    """The columns of a file, on stdout: name, what it is taken for, an example."""
    console = Terminal()
    console.print(f"[bold]{escape(source.name)}[/bold] ({escape(_form(source))})")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for column in source.columns:
        table.add_row(
            f"  {escape(column)}",
            escape(taken.get(column, "")),
            f"[dim]{escape(_one_line(examples.get(column, '')))}[/dim]",
        )
    console.print(table)
    for note in source.notes:
        console.print(f"  {escape(note)}")


def warn_if_empty(source: TableSource, rows: int) -> None:
    """Say that a file has no rows: an export that went wrong looks like that."""
    if not rows:
        print(f"leat: {source.name} has no rows, so there is nothing to import", file=sys.stderr)


def show_sums(title: str, sums: Sequence[tuple[str, str]], details: Sequence[str] = ()) -> None:
    """The closing table, on stdout."""
    console = Terminal()
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    for name, value in sums:
        table.add_row(escape(name), escape(value))
    console.print(f"[bold]{escape(title)}[/bold]")
    console.print(table)
    for text in details:
        console.print(f"  {escape(text)}")


REPORT_SUMS = (
    *("created", "existed", "updated", "skipped", "rejected", "unknown"),
    *("total", "taken", "retried", "stopped"),
)


def report_json(report: Report, **more: Any) -> bytes:
    """The report as JSON."""
    import msgspec

    sums = {name: getattr(report, name) for name in REPORT_SUMS}
    whole = {
        **more,
        **sums,
        "seconds": round(report.seconds, 3),
        "latency_seconds": {name: round(value, 4) for name, value in report.latency.items()},
        "waits_seconds": dict(report.waits),
        "rate_limited": report.rate_limited,
        "errors_by_code": dict(report.errors_by_code),
        "changed": dict(report.changed),
        "not_emptied": dict(report.not_emptied),
        "error": None if report.error is None else str(report.error),
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
