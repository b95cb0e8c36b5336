"""`leat import …`: the commands and their options."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from ..tables.moments import ClockChange, PlaceholderDates
from ..tables.table import ImportKind, TableFormat
from .exits import Exit, Stop, worded
from .import_options import ImportOptions, OnChange
from .ledger_choice import ledger_option

app: typer.Typer = typer.Typer(
    help="Import visits, contacts, credits and more from CSV, JSON Lines, Excel or Parquet; nothing lost or doubled.",
    no_args_is_help=True,
)

_MAPPING, _ACCOUNT, _RUN, _RESULT = "Reading the file", "Where to", "How", "Results"

File = Annotated[str, typer.Argument(metavar="FILE", help="The file; - reads stdin.")]
Shop = Annotated[
    str | None,
    typer.Option(metavar="NAME|UUID", help="The shop of every row, by name or UUID.", rich_help_panel=_MAPPING),
]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="COLUMN=PARAMETER", rich_help_panel=_MAPPING,
        help='Which column fills which parameter, such as "Guest e-mail=contact_email". "Date + Time=starts_at" joins '
        'two columns, "COLUMN=" leaves one out. May be repeated.',
    ),
]  # fmt: skip
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PARAMETER=VALUE", help="The same value for every row. May be repeated.",
        rich_help_panel=_MAPPING,
    ),
]  # fmt: skip
Timezone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="Of times without an offset: Europe/Amsterdam.", rich_help_panel=_MAPPING),
]
DayFirst = Annotated[
    bool, typer.Option("--day-first", help="Dates such as 05-04-2026 are the 5th of April.", rich_help_panel=_MAPPING)
]
MonthFirst = Annotated[
    bool, typer.Option("--month-first", help="Dates such as 05-04-2026 are the 4th of May.", rich_help_panel=_MAPPING)
]
ShortYears = Annotated[
    bool,
    typer.Option(
        "--short-years", help="Years of two digits: 00 to 29 are 20xx, the rest 19xx.", rich_help_panel=_MAPPING
    ),
]
Placeholders = Annotated[
    PlaceholderDates | None,
    typer.Option("--placeholder-dates", help="0001-01-01 and its like [refuse].", rich_help_panel=_MAPPING),
]
Clock = Annotated[
    ClockChange | None,
    typer.Option("--clock-change", help="A time that the zone's clock shows twice [refuse].", rich_help_panel=_MAPPING),
]
Ids = Annotated[
    str | None,
    typer.Option(
        "--id", metavar="COLUMN[,COLUMN…]", rich_help_panel=_MAPPING,
        help="The columns that identify a row together, such as a number that begins anew every day and the day.",
    ),
]  # fmt: skip
Mapping = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE.toml", help="Options kept by --save-mapping.", rich_help_panel=_MAPPING),
]
SaveMapping = Annotated[
    Path | None,
    typer.Option("--save-mapping", metavar="FILE.toml", help="Keep these options.", rich_help_panel=_MAPPING),
]
ListColumns = Annotated[
    bool, typer.Option("--list-columns", help="Tell the file's columns, and end.", rich_help_panel=_MAPPING)
]
HeaderRow = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="The line that names the columns [the first].", rich_help_panel=_MAPPING),
]
Format = Annotated[
    TableFormat | None,
    typer.Option("--format", help="Left out: found from the content.", rich_help_panel=_MAPPING),
]
Encoding = Annotated[str | None, typer.Option(help="Of a text file; left out: found.", rich_help_panel=_MAPPING)]
Delimiter = Annotated[
    str | None, typer.Option(help="Of a CSV file, tab for a tab; left out: found.", rich_help_panel=_MAPPING)
]
Sheet = Annotated[
    str | None, typer.Option(help="Of a workbook; left out: the first visible.", rich_help_panel=_MAPPING)
]
InSandbox = Annotated[
    bool,
    typer.Option(
        "--sandbox", rich_help_panel=_ACCOUNT,
        help="Send to a sandbox inside this command, with the demo account; needs no token and keeps nothing.",
    ),
]  # fmt: skip
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every row, send nothing.", rich_help_panel=_RUN)]
Concurrency = Annotated[int, typer.Option(min=1, max=1000, help="Requests in flight.", rich_help_panel=_RUN)]
Rate = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Requests a minute at most [5000].", rich_help_panel=_RUN)
]
CreateContacts = Annotated[
    bool, typer.Option("--create-contacts", help="Create contacts that don't exist yet.", rich_help_panel=_RUN)
]
IdentityAttribute = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", rich_help_panel=_RUN,
        help="The loyalty transaction attribute that keeps what credits are known by [external_id].",
    ),
]  # fmt: skip
EnsureIdentity = Annotated[
    bool,
    typer.Option(
        "--ensure-identity", rich_help_panel=_RUN,
        help="Make that attribute if the account has none; without it credits in doubt are left to you.",
    ),
]  # fmt: skip
BatchCalls = Annotated[
    bool,
    typer.Option(
        "--batch-calls", rich_help_panel=_RUN,
        help="Up to 250 rows in a call that Leat does not document; what it made is looked for in its lists.",
    ),
]  # fmt: skip
UpdateExisting = Annotated[
    bool, typer.Option("--update-existing", help="Also change contacts that exist.", rich_help_panel=_RUN)
]
MaxErrors = Annotated[
    str | None,
    typer.Option(metavar="N|SHARE", help="Stop after so many failed rows: 50, or 5%.", rich_help_panel=_RUN),
]
ResendUnknown = Annotated[
    bool, typer.Option("--resend-unknown", help="Send rows of unknown outcome again.", rich_help_panel=_RUN)
]
AcceptUnknown = Annotated[
    bool, typer.Option("--accept-unknown", help="Take rows of unknown outcome as done.", rich_help_panel=_RUN)
]
RetryRejected = Annotated[
    bool,
    typer.Option("--retry-rejected", help="Send rows again that were refused in an earlier run.", rich_help_panel=_RUN),
]
Change = Annotated[
    OnChange | None,
    typer.Option(
        "--on-change", rich_help_panel=_RUN,
        help="A row that is known with other data: reject it, update what it made, or skip it [reject].",
    ),
]  # fmt: skip
ClearEmpty = Annotated[
    bool, typer.Option("--clear-empty", help="With update, also empty what became empty.", rich_help_panel=_RUN)
]
Batch = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", rich_help_panel=_RUN,
        help="What these rows are, such as 2026-05-01: for rows with neither an identifier nor a moment.",
    ),
]  # fmt: skip
Wait = Annotated[
    bool, typer.Option("--wait", help="Wait for another import into the same ledger to end.", rich_help_panel=_RUN)
]
TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over", rich_help_panel=_RUN,
        help="End the session of a run that has the ledger in PostgreSQL and hangs. See docs/fleet.md first.",
    ),
]  # fmt: skip
LedgerPlaced = Annotated[
    Any,
    typer.Option(
        "--ledger", metavar="PATH|URL", parser=ledger_option, rich_help_panel=_RESULT,
        help="Memory of what was imported, a file or postgresql://… [the account's own]. The same again resumes.",
    ),
]  # fmt: skip
RejectsPath = Annotated[
    Path | None,
    typer.Option("--rejects", help="Refused rows with the reason [FILE.rejects.…].", rich_help_panel=_RESULT),
]
ReportPath = Annotated[
    Path | None, typer.Option("--report", help="Write counts, durations and errors as JSON.", rich_help_panel=_RESULT)
]
ReportPage = Annotated[
    Path | None,
    typer.Option(
        "--report-html", metavar="FILE.html", rich_help_panel=_RESULT,
        help="Write how it went as a page: rows over time, waits, reasons, what to do next (extra report).",
    ),
]  # fmt: skip


# Every option with what it is when it is not given, in the order of the help.
_OPTIONS: dict[str, tuple[Any, Any]] = {
    "shop": (Shop, None),
    "map": (Maps, None),
    "set": (Sets, None),
    "id": (Ids, None),
    "mapping": (Mapping, None),
    "save_mapping": (SaveMapping, None),
    "list_columns": (ListColumns, False),
    "timezone": (Timezone, None),
    "day_first": (DayFirst, False),
    "month_first": (MonthFirst, False),
    "short_years": (ShortYears, False),
    "placeholder_dates": (Placeholders, None),
    "clock_change": (Clock, None),
    "format": (Format, None),
    "encoding": (Encoding, None),
    "delimiter": (Delimiter, None),
    "sheet": (Sheet, None),
    "header_row": (HeaderRow, None),
    "sandbox": (InSandbox, False),
    "create_contacts": (CreateContacts, False),
    "update_existing": (UpdateExisting, False),
    "identity_attribute": (IdentityAttribute, None),
    "ensure_identity": (EnsureIdentity, False),
    "batch_calls": (BatchCalls, False),
    "dry_run": (DryRun, False),
    "concurrency": (Concurrency, 32),
    "rate": (Rate, None),
    "max_errors": (MaxErrors, None),
    "retry_rejected": (RetryRejected, False),
    "resend_unknown": (ResendUnknown, False),
    "accept_unknown": (AcceptUnknown, False),
    "on_change": (Change, None),
    "clear_empty": (ClearEmpty, False),
    "batch": (Batch, None),
    "wait": (Wait, False),
    "take_over": (TakeOver, False),
    "ledger": (LedgerPlaced, None),
    "rejects": (RejectsPath, None),
    "report": (ReportPath, None),
    "report_html": (ReportPage, None),
}
_SHOPS, _CONTACTS = {"shop"}, {"create_contacts"}
_CREDITS, _MANY = {"identity_attribute", "ensure_identity"}, {"batch_calls"}
_DOUBT = {"resend_unknown", "accept_unknown"}
# What each kind's command says of itself, and the options that it has not.
_COMMANDS: dict[ImportKind, tuple[str, set[str]]] = {
    "visits": ("Import visits, one a row. The same command again resumes.", {"update_existing", *_CREDITS}),
    "bookings": (
        "Import bookings, one a row. The API can't be asked about bookings: those in doubt are left to you (exit 5).",
        {"update_existing", *_CREDITS, *_MANY},
    ),
    "contacts": (
        "Import contacts with their attributes, one a row; those that exist stay as they are.",
        {"id", "batch", *_SHOPS, *_CONTACTS, *_CREDITS, *_DOUBT},
    ),
    "credit_receptions": (
        "Import credits, given or taken back, one a row; each is found again by its identity.",
        {"update_existing", "clear_empty", *_MANY},
    ),
    "contact_identifiers": (
        "Import cards, one a row; those that are there and nobody's are linked.",
        {"update_existing", "batch", *_SHOPS, *_CREDITS, *_DOUBT, *_MANY},
    ),
    "products": (
        "Import products, one a row, up to 250 in a call.",
        {"update_existing", "batch", *_SHOPS, *_CONTACTS, *_CREDITS, *_DOUBT, *_MANY},
    ),
    "product_categories": (
        "Import categories of products, one a row, up to 250 in a call.",
        {"update_existing", "batch", *_SHOPS, *_CONTACTS, *_CREDITS, *_DOUBT, *_MANY},
    ),
    "vouchers": (
        "Import vouchers, each with a code of its own, one a row.",
        {"update_existing", "batch", *_SHOPS, *_CREDITS, *_DOUBT, *_MANY},
    ),
    "orders": (
        "Import orders, one a row, and process them at once.",
        {"update_existing", "batch", *_CREDITS, *_DOUBT, *_MANY},
    ),
}


_SEVERAL = (
    "shop", "timezone", "day_first", "month_first", "sandbox", "create_contacts", "identity_attribute",
    "ensure_identity", "batch_calls", "dry_run", "concurrency", "rate", "max_errors", "on_change", "batch", "wait",
    "report",
)  # fmt: skip
Programme = Annotated[
    Path,
    typer.Argument(
        metavar="DIRECTORY|FILE.toml",
        help="Files called as kinds are, such as contacts.csv and products.xlsx, or a file that names them.",
    ),
]


def _add(name: str, says: str, argument: Any, options: Iterable[str], run: Callable[..., None]) -> None:
    """Add a command; its parameters are made here, since eleven lists of them could not stay alike."""

    def command(**given: Any) -> None:
        run(**given)

    by_keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("file", by_keyword, annotation=argument)]
    for option in options:
        annotation, default = _OPTIONS[option]
        parameters.append(inspect.Parameter(option, by_keyword, default=default, annotation=annotation))
    made: Any = command
    made.__signature__ = inspect.Signature(parameters)
    made.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = says
    app.command(name)(command)


def _start(kind: ImportKind, *, id: str | None = None, **given: Any) -> None:
    from . import importing

    ids = [name.strip() for name in id.split(",") if name.strip()] if id is not None else None
    end(lambda: importing.run(ImportOptions(kind=kind, id=ids, **given)))


def _all(*, file: Path, report: Path | None, **common: Any) -> None:
    from . import programme

    end(lambda: programme.all_of(file, common, report))


def _balances(*, file: str, report: Path | None, **common: Any) -> None:
    from . import programme

    end(lambda: programme.balances(file, common, report))


for _kind, (_says, _lacks) in _COMMANDS.items():
    _shown = [name for name in _OPTIONS if name not in _lacks]
    _add(_kind.replace("_", "-"), _says, File, _shown, functools.partial(_start, _kind))
_add("all", "Import several files, contacts before what names them. The same again goes on.", Programme, _SEVERAL, _all)
_add(
    *("balances", "Import members from one file: contacts, their cards, and the points they begin with.", File),
    *([name for name in _SEVERAL if name not in ("create_contacts", "ensure_identity")], _balances),
)


def end(work: Callable[[], Any]) -> None:
    """Run the work of a command; errors of ours end it with their text, and usage's exit code where that is why."""
    from ..errors import LeatError

    try:
        code = work()
    except KeyboardInterrupt:
        raise Stop("interrupted", Exit.INTERRUPTED) from None
    except ValueError as error:
        raise Stop(str(error)) from None
    except LeatError as error:
        raise Stop(str(error), Exit.TRY_AGAIN) from None
    except OSError as error:
        if error.filename is None:  # no file that was named, but what is written to: a stream, or a disk that is full
            raise
        raise Stop(worded(error)) from None
    raise typer.Exit(code)
