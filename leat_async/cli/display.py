"""What an import shows: its plan, its progress, its sums. Progress goes to stderr, results to stdout."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from ..bulk.mapping import Plan
    from ..bulk.outcomes import Progress, Report
    from ..bulk.readers import Source

    Watcher: TypeAlias = Callable[[Progress], None]

_PLAIN_EVERY = 5.0
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def err() -> Console:
    """The console for messages; made on each use, since stderr may be replaced."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def show_plan(name: str, source: Source, plan: Plan, example: Mapping[str, Any] | None) -> None:
    """Tell which column goes where, before anything is sent."""
    console = err()
    form: str = source.format
    if source.format == "csv":
        form = f"CSV, {_NAMES.get(source.delimiter, repr(source.delimiter))}, {source.encoding}"
        form += ", a rejects file" if source.rejects else ""
    console.print(f"[bold]{escape(name)}[/bold] ({escape(form)}) as {plan.kind}")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for route in plan.routes:
        origin = " + ".join(route.columns) if route.columns else "(every row)"
        guessed = route.guessed and origin != route.target
        table.add_row(
            f"  {escape(route.target)}{' [yellow]?[/yellow]' if guessed else ''}",
            escape(origin),
            f"[dim]{escape(_shown(route.target, example or {}))}[/dim]",
        )
    console.print(table)
    if any(route.guessed and route.columns != (route.target,) for route in plan.routes):
        console.print("  [yellow]?[/yellow] guessed from the column's name; --map says otherwise")
    if plan.kind != "contacts" and not any(route.target == "starts_at" for route in plan.routes):
        console.print(
            f"  [yellow]no column says when:[/yellow] these {plan.kind} will have no start; --map 'COLUMN=starts_at'"
        )
    if plan.left_out:
        console.print(f"  [yellow]not sent:[/yellow] {', '.join(map(escape, plan.left_out))}")


def _shown(target: str, example: Mapping[str, Any]) -> str:
    if target in ("prepaid_amount", "prepaid_euros"):
        cents = example.get("prepaid_amount")
        return "" if cents is None else f"{cents} cents"
    value = example.get(target, example.get("attributes", {}).get(target.removeprefix("attributes.")))
    return "" if value is None else str(value)


@contextmanager
def progress_of(total: int) -> Generator[Watcher]:
    """Show a run while it goes on: a bar on a terminal, a line now and then elsewhere."""
    console = err()
    if not console.is_terminal:
        yield _lines(total)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("[bold]{task.fields[rate]}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[notes]}"),
        console=console,
        expand=True,
        refresh_per_second=8,
    )
    with bar:
        task = bar.add_task("", total=total, rate="", left="", notes="")

        def watch(seen: Progress) -> None:
            rate = f"{seen.per_second:,.0f} rows/s" if seen.total else "starting"
            notes = _colour(_notes(seen), seen)
            bar.update(task, completed=seen.total, rate=rate, left=_left(seen, total), notes=notes)

        yield watch


def _lines(total: int) -> Watcher:
    last = time.monotonic()

    def watch(seen: Progress) -> None:
        nonlocal last
        if time.monotonic() - last < _PLAIN_EVERY:
            return
        last = time.monotonic()
        parts = [
            f"{seen.total:,} of {total:,} rows",
            f"{seen.per_second:,.0f} rows/s",
            _notes(seen),
            _left(seen, total),
        ]
        print(", ".join(part for part in parts if part), file=sys.stderr, flush=True)

    return watch


def _notes(seen: Progress) -> str:
    parts = [f"{seen.rejected + seen.unknown:,} failed" if seen.rejected + seen.unknown else ""]
    parts.append(f"{seen.retried:,} retried" if seen.retried else "")
    parts.append(f"{seen.in_doubt:,} in doubt" if seen.in_doubt else "")
    parts.append(f"{seen.in_flight} in flight")
    waiting = {"rate limit": "waiting for the rate limit", "pace": "at full pace"}
    parts.append(waiting[seen.waiting] if seen.waiting is not None else "")
    return ", ".join(part for part in parts if part)


def _colour(text: str, seen: Progress) -> str:
    return f"[red]{text}[/red]" if seen.rejected + seen.unknown else text


def _left(seen: Progress, total: int) -> str:
    done = seen.total - seen.skipped
    if done <= 0 or seen.seconds < 1 or seen.total + seen.in_doubt >= total:
        return ""  # how long rows in doubt take is not a matter of pace
    seconds = (total - seen.total) * seen.seconds / done
    return f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"


def show_sums(title: str, sums: Sequence[tuple[str, str]], details: Sequence[str] = ()) -> None:
    """The closing table, on stdout."""
    console = Console(highlight=False, soft_wrap=True)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    for name, value in sums:
        table.add_row(escape(name), escape(value))
    console.print(f"[bold]{escape(title)}[/bold]")
    console.print(table)
    for text in details:
        console.print(f"  {escape(text)}")


def report_json(report: Report, **more: Any) -> bytes:
    """The report as JSON."""
    import msgspec

    sums = {
        name: getattr(report, name)
        for name in ("created", "existed", "skipped", "rejected", "unknown", "total", "taken", "retried", "stopped")
    }
    whole = {
        **more,
        **sums,
        "seconds": round(report.seconds, 3),
        "latency_seconds": {name: round(value, 4) for name, value in report.latency.items()},
        "errors_by_code": dict(report.errors_by_code),
        "error": None if report.error is None else str(report.error),
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
