"""`leat import status|report|show|resolve|forget`: the commands and their options."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Stop
from .imports import end
from .ledger_choice import Choice, ledger_option

_WHICH = "Which memory"

LedgerPlaced = Annotated[
    Any,
    typer.Option(
        "--ledger", metavar="PATH|URL", parser=ledger_option, rich_help_panel=_WHICH,
        help="A ledger that is not an account's own.",
    ),
]  # fmt: skip
Kind = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="Only of visits, bookings, …", rich_help_panel=_WHICH)
]
Account = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Only of this account, by its name in `status` or the beginning.", rich_help_panel=_WHICH
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As a JSON array.")]


def status(
    run: Annotated[int | None, typer.Argument(min=1, metavar="RUN", help="One run, by its number.")] = None,
    ledger: LedgerPlaced = None,
    kind: Kind = None,
    account: Account = None,
    json: AsJson = False,
) -> None:
    """Tell what is remembered of imports: accounts, kinds, runs, counts, rows in doubt. Also while one is running."""
    from . import ledgers

    end(lambda: ledgers.status(Choice(ledger, kind, account), run, as_json=json))


def report(
    run: Annotated[
        int | None, typer.Argument(min=1, metavar="RUN", help="The run, by its number. [the latest]")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The file: .html, or .json. [stdout, as HTML]")
    ] = None,
    ledger: LedgerPlaced = None,
    kind: Kind = None,
    account: Account = None,
) -> None:
    """Tell how an import went, as a page or as JSON: rows over time, waits, answers, reasons, what to do next."""
    from . import import_report

    end(lambda: import_report.report(Choice(ledger, kind, account), run, output))


def show(
    id: Annotated[
        str | None, typer.Option(metavar="X", help="The row with this identifier; a contact's is its address.")
    ] = None,
    row: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The row's number among the rows of its file, from 1.")
    ] = None,
    run: Annotated[
        int | None, typer.Option(min=1, metavar="RUN", help="With --row: of this run's file [the latest's].")
    ] = None,
    ledger: LedgerPlaced = None,
    kind: Kind = None,
    account: Account = None,
    json: AsJson = False,
) -> None:
    """Tell what became of one row."""
    from . import ledgers

    if (id is None) == (row is None):
        raise Stop("say which row: --id X by its identifier, or --row N by its place in the file")
    if run is not None and row is None:
        raise Stop("--run goes with --row: an identifier is the same row in every run")
    end(lambda: ledgers.show(Choice(ledger, kind, account), id, row, run, as_json=json))


def resolve(
    made: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER[=UUID]", help="This one is in Leat, there with this uuid. May be repeated."),
    ] = None,
    not_made: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER", help="This one is not; the next import that has it sends it. May be repeated."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the file with the rows is now, if it was moved.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="How that file is read, as kept by --save-mapping.")
    ] = None,
    ledger: LedgerPlaced = None,
    kind: Kind = None,
    account: Account = None,
    json: AsJson = False,
) -> None:
    """Go through the rows that only you can tell of: sent, no answer came, and Leat can't be asked (bookings)."""
    from . import resolving

    asked = resolving.Resolving(made=made or [], not_made=not_made or [], file=file, mapping=mapping, as_json=json)
    end(lambda: resolving.resolve(Choice(ledger, kind, account), asked))


def forget(
    before: Annotated[
        dt.datetime | None,
        typer.Option(
            metavar="DAY", formats=["%Y-%m-%d"], help="Of runs that began before this day (of this machine's zone)."
        ),
    ] = None,
    older_than: Annotated[
        int | None, typer.Option(min=0, max=36500, metavar="DAYS", help="Of runs that began longer ago.")
    ] = None,
    run: Annotated[int | None, typer.Option(min=1, metavar="RUN", help="Of this run.")] = None,
    ledger: LedgerPlaced = None,
    kind: Kind = None,
    account: Account = None,
    json: AsJson = False,
) -> None:
    """Delete personal data: uuids, error texts, file names. What was done stays known, so nothing goes twice."""
    from . import ledgers

    if sum(given is not None for given in (before, older_than, run)) > 1:
        raise Stop("--before, --older-than and --run exclude each other; give one")
    if all(given is None for given in (before, older_than, run, ledger, kind, account)):
        raise Stop("say what to forget: --older-than DAYS, --before DAY, --run RUN, --account NAME, --kind or --ledger")
    if older_than is not None:
        before = dt.datetime.now(dt.UTC) - dt.timedelta(days=older_than)
    if before is not None:
        before = before.astimezone()
    end(lambda: ledgers.forget(Choice(ledger, kind, account), before, run, as_json=json))


def undo(
    run: Annotated[int, typer.Argument(min=1, metavar="RUN", help="The run, as leat import status numbers them.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken back, send nothing.")] = False,
    rate: Annotated[int | None, typer.Option(min=1, metavar="N", help="Requests a minute at most [5000].")] = None,
    resend_unknown: Annotated[
        bool, typer.Option("--resend-unknown", help="Send again what was sent and not answered.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for another undoing to end.")] = False,
    ledger: LedgerPlaced = None,
    account: Account = None,
) -> None:
    """Take back the credits that a run gave, each at most once; what was taken back before is known."""
    from . import undoing

    asked = undoing.Undoing(run=run, dry_run=dry_run, rate=rate, resend_unknown=resend_unknown, wait=wait)
    end(lambda: undoing.undo(Choice(ledger, None, account), asked))


COMMANDS: tuple[Callable[..., None], ...] = (status, report, show, resolve, forget, undo)
