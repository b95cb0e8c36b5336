"""`leat import …`: the commands and their options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import attrs
import typer

from .exits import Exit, Stop

app = typer.Typer(
    help="Import visits, bookings or contacts from CSV, JSON Lines, Excel or Parquet; nothing lost, nothing doubled.",
    no_args_is_help=True,
)

_MAPPING, _ACCOUNT, _RUN, _RESULT = "Reading the file", "Where to", "How", "Results"

File = Annotated[str, typer.Argument(metavar="FILE", help="The file; - reads stdin.")]
Shop = Annotated[str | None, typer.Option(metavar="UUID", help="The shop of every row.", rich_help_panel=_MAPPING)]
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
Format = Annotated[
    Literal["csv", "jsonl", "xlsx", "parquet"] | None,
    typer.Option("--format", help="Left out: found from the content.", rich_help_panel=_MAPPING),
]
Encoding = Annotated[
    str | None, typer.Option(help="Of a CSV file; left out: UTF-8, else cp1252.", rich_help_panel=_MAPPING)
]
Delimiter = Annotated[
    str | None, typer.Option(help="Of a CSV file, tab for a tab; left out: found.", rich_help_panel=_MAPPING)
]
Sheet = Annotated[str | None, typer.Option(help="Of an Excel file; left out: the first.", rich_help_panel=_MAPPING)]
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
LedgerPath = Annotated[
    Path | None,
    typer.Option(
        "--ledger", help="Record of the import [FILE.ledger]. The same again resumes.", rich_help_panel=_RESULT
    ),
]
RejectsPath = Annotated[
    Path | None,
    typer.Option("--rejects", help="Refused rows with the reason [FILE.rejects.csv].", rich_help_panel=_RESULT),
]
ReportPath = Annotated[
    Path | None, typer.Option("--report", help="Write counts, durations and errors as JSON.", rich_help_panel=_RESULT)
]


@attrs.frozen(kw_only=True)
class Job:
    """An import as it was asked for."""

    kind: Literal["visits", "bookings", "contacts"]
    file: str
    shop: str | None = None
    map: list[str] | None
    set: list[str] | None
    timezone: str | None
    day_first: bool
    format: Literal["csv", "jsonl", "xlsx", "parquet"] | None
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sandbox: bool
    dry_run: bool
    concurrency: int
    rate: int | None
    create_contacts: bool = False
    update_existing: bool = False
    max_errors: str | None
    resend_unknown: bool = False
    accept_unknown: bool = False
    ledger: Path | None
    rejects: Path | None
    report: Path | None


def ledger_of(job: Job) -> Path:
    """Where the import is recorded."""
    return job.ledger or Path(f"{job.file}.ledger")


@app.command("visits")
def visits(
    file: File,
    shop: Shop = None,
    map: Maps = None,
    set: Sets = None,
    timezone: Timezone = None,
    day_first: DayFirst = False,
    format: Format = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
    sandbox: InSandbox = False,
    create_contacts: CreateContacts = False,
    dry_run: DryRun = False,
    concurrency: Concurrency = 32,
    rate: Rate = None,
    max_errors: MaxErrors = None,
    resend_unknown: ResendUnknown = False,
    accept_unknown: AcceptUnknown = False,
    ledger: LedgerPath = None,
    rejects: RejectsPath = None,
    report: ReportPath = None,
) -> None:
    """Import visits, one a row. The same command again resumes."""
    _start(Job(kind="visits", **locals()))


@app.command("bookings")
def bookings(
    file: File,
    shop: Shop = None,
    map: Maps = None,
    set: Sets = None,
    timezone: Timezone = None,
    day_first: DayFirst = False,
    format: Format = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
    sandbox: InSandbox = False,
    create_contacts: CreateContacts = False,
    dry_run: DryRun = False,
    concurrency: Concurrency = 32,
    rate: Rate = None,
    max_errors: MaxErrors = None,
    resend_unknown: ResendUnknown = False,
    accept_unknown: AcceptUnknown = False,
    ledger: LedgerPath = None,
    rejects: RejectsPath = None,
    report: ReportPath = None,
) -> None:
    """Import bookings, one a row. The API can't be asked about bookings: those in doubt are left to you (exit 5)."""
    _start(Job(kind="bookings", **locals()))


@app.command("contacts")
def contacts(
    file: File,
    map: Maps = None,
    set: Sets = None,
    timezone: Timezone = None,
    day_first: DayFirst = False,
    format: Format = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
    sandbox: InSandbox = False,
    update_existing: UpdateExisting = False,
    dry_run: DryRun = False,
    concurrency: Concurrency = 32,
    rate: Rate = None,
    max_errors: MaxErrors = None,
    ledger: LedgerPath = None,
    rejects: RejectsPath = None,
    report: ReportPath = None,
) -> None:
    """Import contacts with their attributes, one a row; those that exist stay as they are."""
    _start(Job(kind="contacts", **locals()))


def _start(job: Job) -> None:
    from . import importing

    _end(lambda: importing.run(job))


def _end(work: Callable[[], Any]) -> None:
    """Run the work of a command; errors of ours end it with their text and usage's exit code."""
    try:
        code = work()
    except KeyboardInterrupt:
        raise Stop("interrupted", Exit.INTERRUPTED) from None
    except ValueError as error:
        raise Stop(str(error)) from None
    raise typer.Exit(code)


Ledger = Annotated[Path, typer.Argument(metavar="LEDGER", help="The ledger of an import.")]


@app.command("status")
def status(ledger: Ledger) -> None:
    """Sum up what a ledger holds; also while its import runs."""
    from . import ledgers

    _end(lambda: ledgers.status(ledger))


@app.command("show")
def show(
    ledger: Ledger,
    row: Annotated[int, typer.Option(min=1, help="The row's number among the rows of the file, from 1.")],
) -> None:
    """Tell what became of one row, as JSON."""
    from . import ledgers

    _end(lambda: ledgers.show(ledger, row))


@app.command("forget")
def forget(ledger: Ledger) -> None:
    """Delete the personal data that a ledger holds; what was done stays known, so nothing goes twice."""
    from . import ledgers

    _end(lambda: ledgers.forget(ledger))
