"""`leat report`: what a month came to."""

from __future__ import annotations

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
    from ..export import Seen
    from ..reports import MonthlyReport

_WHAT, _WHERE, _HOW = "What", "Where to", "How"
_ENDINGS = {".html": "html", ".json": "json", ".txt": "table"}


@attrs.frozen(kw_only=True)
class ReportOptions:
    """A report as it was asked for."""

    month: str | None
    since: str | None
    until: str | None
    timezone: str
    shop_timezones: dict[str, str]
    by_shop: bool
    names: bool
    format: str
    language: Literal["en", "nl"]
    output: Path | None
    keep: Path | None
    rate: int | None
    sandbox: bool


def report(
    month: Annotated[
        str | None,
        typer.Option(metavar="MONTH", rich_help_panel=_WHAT, help="Such as 2026-10. [the last that is over]"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", rich_help_panel=_WHAT, help="Instead of a month: from then, 2026-03-29 or 7d."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", rich_help_panel=_WHAT, help="With --since: before then. [now]")
    ] = None,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", rich_help_panel=_WHAT, help="The clock that months and days are cut by.")
    ] = "Europe/Amsterdam",
    shop_timezone: Annotated[
        list[str] | None,
        typer.Option(
            "--shop-timezone", metavar="SHOP=ZONE", rich_help_panel=_WHAT,
            help="The clock of a shop (its uuid) that has another one. May be repeated.",
        ),
    ] = None,
    by: Annotated[
        Literal["shop"] | None, typer.Option("--by", rich_help_panel=_WHAT, help="In the table: each shop as well.")
    ] = None,
    names: Annotated[
        bool,
        typer.Option("--names", rich_help_panel=_WHAT, help="Name the best customers by e-mail, not by pseudonyms."),
    ] = False,
    format: Annotated[
        Literal["table", "json", "html"] | None,
        typer.Option("--format", rich_help_panel=_WHERE, help="Left out: told by the ending of FILE, else a table."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", rich_help_panel=_WHERE, help="The file. [stdout]"),
    ] = None,
    language: Annotated[
        Literal["en", "nl"], typer.Option("--language", rich_help_panel=_WHERE, help="Of table and page.")
    ] = "en",
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", rich_help_panel=_HOW,
            help="Keep the transactions read there, as Parquet; the next report reads only new ones.",
        ),
    ] = None,
    rate: ReadingRate = None,
    sandbox: ReadSandbox = False,
) -> None:  # fmt: skip
    """Tell what a month came to: customers, credits, rewards, gift cards, against the month and the year before.

    Exit codes: 0 written; 1 refused; 2 usage; 3 authentication; 4 nothing lost, try again; 130 interrupted.
    """
    zones: dict[str, str] = {}
    for text in shop_timezone or ():
        shop, sign, zone = text.partition("=")
        if not sign or not shop or not zone:
            raise Stop(f"--shop-timezone takes SHOP=ZONE, got {text!r}")
        zones[shop] = zone
    output = None if output == Path("-") else output
    if output is not None:
        from .outputs import check_place

        check_place("-o", output)
    options = ReportOptions(
        month=month,
        since=since,
        until=until,
        timezone=timezone,
        shop_timezones=zones,
        by_shop=by == "shop",
        names=names,
        format=format or _format_of(output),
        language=language,
        output=output,
        keep=keep,
        rate=rate,
        sandbox=sandbox,
    )
    raise typer.Exit(_run(options))


def _format_of(output: Path | None) -> str:
    if output is None:
        return "table"
    if output.suffix.lower() not in _ENDINGS:
        raise Stop(f"-o {output}: its ending tells no format; give --format, or end it in {', '.join(_ENDINGS)}")
    return _ENDINGS[output.suffix.lower()]


def _run(options: ReportOptions) -> Exit:
    from ..errors import LeatError

    again = "; the rows that were kept are not read again" if options.keep is not None else ""
    try:
        if options.format != "json":
            from ..reports.language import check_installed

            check_installed()
        with watching(_text) as watch:
            found = loop.run(_report, options, watch)
        _write(options, found)
    except KeyboardInterrupt:
        print(f"leat: interrupted{again}", file=sys.stderr)
        return Exit.INTERRUPTED
    except OSError as error:
        raise Stop(worded(error), Exit.TRY_AGAIN) from None
    except (LeatError, ValueError, TypeError) as error:
        raise Stop(str(error), exit_of(error)) from None
    return Exit.DONE


async def _report(options: ReportOptions, watch: Callable[[Seen], None]) -> MonthlyReport:
    from .. import reports

    async with AsyncExitStack() as stack:
        leat = await stack.enter_async_context(await client_of(stack, sandbox=options.sandbox, rate=options.rate))
        return await reports.monthly(
            leat,
            options.month,
            since=options.since,
            until=options.until,
            timezone=options.timezone,
            shop_timezones=options.shop_timezones,
            names=options.names,
            keep=options.keep,
            on_progress=watch,
            on_warning=lambda text: print(f"leat: warning: {text}", file=sys.stderr),
        )


def _write(options: ReportOptions, found: MonthlyReport) -> None:
    if options.format == "table":
        from .report_table import show, text_of

        if options.output is None:
            show(found, options.language, by_shop=options.by_shop)
            return
        data = text_of(found, options.language, by_shop=options.by_shop).encode()
    else:
        data = found.to_json() if options.format == "json" else found.to_html(options.language).encode()
    if options.output is None:
        out = data_out()
        out.write(data)
        out.flush()
        return
    from .outputs import write_report

    write_report(options.output, data)
    print(f"{options.output}: {found.current.since[:10]} to {found.current.until[:10]}", file=sys.stderr)


def _text(seen: Seen) -> str:
    return f"{seen.rows:,} rows read so far, {pages_of(seen)}"
