"""`leat export KIND -o FILE`: a list to a file."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import attrs
import typer

from . import loop
from .account import ReadingRate, ReadSandbox, client_of
from .exits import Exit, Stop, exit_of, worded
from .streams import data_out
from .watching import pages_of, watching

if TYPE_CHECKING:
    from ..export import Seen, Summary

_WHICH, _WHERE, _HOW = "Which rows", "Where to", "How"


@attrs.frozen(kw_only=True)
class ExportOptions:
    """An export as it was asked for."""

    kind: str
    output: str
    format: str | None
    since: str | None
    until: str | None
    timezone: str
    filters: dict[str, str]
    attributes: list[str]
    columns: list[str]
    incremental: Path | None
    fresh: bool
    escape: bool
    excel: bool
    ahead: int
    rate: int | None
    sandbox: bool


def export(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="visits, loyalty-transactions, contacts, shops, … (any list of the API).",
            autocompletion=lambda: _kinds(),
        ),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="The file; - is stdout.", rich_help_panel=_WHERE)
    ],
    format: Annotated[
        Literal["csv", "jsonl", "parquet", "sqlite", "xlsx"] | None,
        typer.Option("--format", help="Left out: told by the ending of FILE.", rich_help_panel=_WHERE),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", rich_help_panel=_WHICH,
            help="Rows made then or later: 2026-03-29, 2026-03, 2026-03-29T12:00, 7d, 12h.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Rows made before then.", rich_help_panel=_WHICH)
    ] = None,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Of WHEN: Europe/Amsterdam.", rich_help_panel=_WHICH)
    ] = "UTC",
    filter: Annotated[
        list[str] | None,
        typer.Option(
            "-f", "--filter", metavar="KEY=VALUE", rich_help_panel=_WHICH,
            help="A filter of the list, told below. May be repeated.",
        ),
    ] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute", metavar="NAME", rich_help_panel=_WHERE,
            help="Give this custom attribute a column of its own. May be repeated.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…", rich_help_panel=_WHERE, help="Only these columns of a table, in this order.",
        ),
    ] = None,
    incremental: Annotated[
        Path | None,
        typer.Option(
            metavar="STATE", rich_help_panel=_WHICH,
            help="Only rows that no earlier run with this state file had.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew instead of going on where a run ended.", rich_help_panel=_HOW)
    ] = False,
    raw_text: Annotated[
        bool,
        typer.Option(
            "--raw-text", rich_help_panel=_WHERE,
            help="In CSV, leave text as it is that a spreadsheet would run as a formula.",
        ),
    ] = False,
    excel: Annotated[
        bool,
        typer.Option(
            "--excel", rich_help_panel=_WHERE,
            help="CSV as spreadsheets in Europe open it: semicolons, decimal commas, times of --timezone.",
        ),
    ] = False,
    ahead: Annotated[
        int, typer.Option(min=0, max=100, metavar="N", help="Pages fetched ahead.", rich_help_panel=_HOW)
    ] = 8,
    rate: ReadingRate = None,
    sandbox: ReadSandbox = False,
) -> None:  # fmt: skip
    """Write a whole list to CSV, JSON Lines, Parquet, SQLite or .xlsx; the same command again resumes.

    Exit codes: 0 written; 1 refused; 2 usage; 3 authentication; 4 nothing lost, try again; 130 interrupted, resumable.
    """
    if output == "-" and format not in ("csv", "jsonl"):
        raise Stop("-o - needs --format csv or --format jsonl: what comes after needs a file")
    filters: dict[str, str] = {}
    for text in filter or ():
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise Stop(f"-f takes KEY=VALUE, got {text!r}")
        filters[key] = value
    options = ExportOptions(
        kind=_kind(kind),
        output=output,
        format=format,
        since=since,
        until=until,
        timezone=timezone,
        filters=filters,
        attributes=attribute or [],
        columns=[name.strip() for name in columns.split(",")] if columns is not None else [],
        incremental=incremental,
        fresh=fresh,
        escape=not raw_text,
        excel=excel,
        ahead=ahead,
        rate=rate,
        sandbox=sandbox,
    )
    raise typer.Exit(_run(options))


def _kinds() -> list[str]:
    from ..export import KINDS

    return [kind.name.replace("_", "-") for kind in KINDS]


def _kind(text: str) -> str:
    """The kind that is meant; hyphens and underscores are the same."""
    name, known = text.replace("_", "-"), _kinds()
    if name in known:
        return name.replace("-", "_")
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {close[0]}?" if close else f", which are {', '.join(known)}"
    raise Stop(f"KIND {text!r} is none of the lists{meant}")


def _run(options: ExportOptions) -> Exit:
    from ..errors import LeatError

    resumes = "" if options.output == "-" else "; the same command again goes on where this ended"
    try:
        with watching(_text) as watch:
            summary = loop.run(_export, options, watch)
    except KeyboardInterrupt:
        print(f"leat: interrupted{resumes}", file=sys.stderr)
        return Exit.INTERRUPTED
    except OSError as error:
        raise Stop(f"{worded(error)}{resumes}", Exit.TRY_AGAIN) from None
    except (LeatError, ValueError, TypeError) as error:
        code = exit_of(error)
        raise Stop(f"{error}{resumes if code is Exit.TRY_AGAIN else ''}", code) from None
    _tell(options, summary)
    return Exit.DONE


async def _export(options: ExportOptions, watch: Callable[[Seen], None]) -> Summary:
    from ..export import to_file

    async with AsyncExitStack() as stack:
        leat = await stack.enter_async_context(await client_of(stack, sandbox=options.sandbox, rate=options.rate))
        return await to_file(
            getattr(leat, options.kind),
            data_out() if options.output == "-" else options.output,
            format=options.format,
            since=options.since,
            until=options.until,
            timezone=options.timezone,
            attributes=options.attributes,
            columns=options.columns,
            incremental=options.incremental,
            fresh=options.fresh,
            escape=options.escape,
            excel=options.excel,
            ahead=options.ahead,
            on_progress=watch,
            on_warning=lambda text: print(f"leat: warning: {text}", file=sys.stderr),
            **options.filters,
        )


def _tell(options: ExportOptions, summary: Summary) -> None:
    parts = [f"{summary.rows:,} rows"]
    if summary.known:
        parts.append(f"{summary.known:,} already exported")
    if summary.repeated:
        parts.append(f"{summary.repeated:,} came twice and were written once")
    if summary.resumed:
        parts.append("resumed")
    print(f"{summary.path or options.kind}: {', '.join(parts)}", file=sys.stderr)


def _text(seen: Seen) -> str:
    of = f" of {max(seen.expected, seen.rows):,}" if seen.expected is not None else ""
    return f"{seen.rows:,}{of} rows so far, {pages_of(seen)}"
