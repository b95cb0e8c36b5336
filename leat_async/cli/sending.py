"""The part of an import that talks to an account."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import attrs

from .. import bulk
from ..bulk.places import AccountLedger, LedgerPlace
from ..bulk.reasons import EqualReasons
from ..errors import AuthenticationError, ConfigError, LeatError
from ..tables.plan import ColumnPlan, MappedRow, mapped, mapped_row
from ..tables.rejects import write_rejects
from ..tables.table import Record, TableSource
from ..tables.targets import ATTRIBUTE, ROW_KINDS
from ..written import duration
from . import loop
from .account import base_url, connected
from .display import err, report_json, show_sums, warn_if_empty
from .exits import STOPPED, Exit, Stop, worst
from .gc_threshold import raised_for
from .import_options import RATE, ImportOptions, most_errors
from .outputs import rejects_of, write_report
from .progress import progress_of
from .rejected import RejectsTold, worded

if TYPE_CHECKING:
    from ..client import LeatClient

_LISTED = 5
# Where the sandbox keeps what a kind's rows make, if that is called otherwise.
_TABLES = {"credit_receptions": "loyalty_transactions"}


@attrs.define
class _ImportRun:
    """What is known of a run when it ends, however it ends."""

    report: bulk.Report = attrs.field(factory=bulk.Report)
    refused: EqualReasons = attrs.field(factory=lambda: EqualReasons("line"))
    unknown: list[str] = attrs.field(factory=list[str])
    in_sandbox: int | None = None
    # Where the ledger is, once the run has it.
    ledger: LedgerPlace | None = None
    # Rows of the file that have no outcome, and those of them that were on their way when the run was cut off.
    undone: int = 0
    cut_off: int = 0
    # Whether the next run asks about these.
    asks_itself: bool = False


def send(options: ImportOptions, source: TableSource, plan: ColumnPlan, scratch: Path) -> Exit:
    """Send the rows, write the files, show the sums; returns the exit code."""
    ledger = scratch / f"{options.kind}.ledger" if options.sandbox else options.ledger or bulk.ACCOUNT
    earlier = Path(f"{options.file}.ledger")
    if ledger is bulk.ACCOUNT and options.file != "-" and earlier.exists():
        raise Stop(
            f"{earlier} is what an earlier version kept of this import: go on with it by --ledger {earlier}; without "
            "it rows that were sent would be sent again"
        )
    rejects = rejects_of(options, source)
    limit = most_errors(options.max_errors)
    total = sum(1 for _ in source.records())  # a file that breaks off breaks here, before anything is sent
    warn_if_empty(source, total)
    if options.take_over and options.ledger is not None and bulk.take_over(options.ledger):
        print(f"the session that had {options.ledger} was ended", file=sys.stderr)
    run = _ImportRun()
    codes: list[Exit] = []
    trouble = ""
    try:
        loop.run(_send, options, source, plan, ledger, limit, run, total)
    except KeyboardInterrupt:
        codes.append(Exit.INTERRUPTED)
        trouble = "interrupted"
    except ConfigError:
        raise
    except LeatError as error:
        codes.append(Exit.TRY_AGAIN)
        trouble = str(error)
    except ValueError as error:
        codes.append(Exit.USAGE)
        trouble = str(error)

    def marks(record: Record) -> Sequence[str]:
        problem = mapped_row(record, plan).problem
        return problem.columns if problem is not None else ()

    report = run.report
    run.undone = total - report.total
    if run.undone and run.ledger is not None:
        memory = bulk.status(run.ledger)
        run.cut_off = memory.states.get(bulk.State.SENT, 0) + memory.states.get(bulk.State.HALF, 0)
        run.asks_itself = memory.asks_itself
    if report.stopped is not None:
        code, trouble = STOPPED[report.stopped]
        codes.append(code)
        trouble += f": {report.error}" if report.error is not None else ""
    codes += [Exit.UNKNOWN] if report.unknown else []
    codes += [Exit.REJECTED] if report.rejected else []
    code = Exit.USAGE if Exit.USAGE in codes else worst(codes)
    told = RejectsTold(rejects, run.ledger)
    refused = write_rejects(told.target, source, _reasons(run.ledger), marks)
    told.keep(refused)
    if options.report is not None:
        write_report(
            options.report,
            report_json(report, file=options.file, kind=options.kind, exit_code=int(code), sandbox=run.in_sandbox),
        )
    if options.report_html is not None:
        _write_page(options.report_html, run.ledger)
    _show(options, run, told.target if refused else None, told.left)
    if trouble:
        resume = "" if options.sandbox else "; the same command again goes on where this ended"
        print(f"leat: {trouble}{resume}", file=sys.stderr)
    return code


def _write_page(path: Path, ledger: LedgerPlace | None) -> None:
    if ledger is None:
        print(f"leat: {path} is not written: the import ended before it had anything to tell", file=sys.stderr)
        return
    from .import_report import report_of

    write_report(path, report_of(ledger).to_html().encode())


async def _send(
    options: ImportOptions,
    source: TableSource,
    plan: ColumnPlan,
    ledger: LedgerPlace | AccountLedger,
    limit: int | float | None,
    run: _ImportRun,
    total: int,
) -> None:
    """Send, and keep what is known of the run up to date in `run`."""
    async with AsyncExitStack() as stack:
        leat, sandbox = await stack.enter_async_context(connected(options))
        table = _TABLES.get(options.kind, options.kind)
        before = len(sandbox.rows(table)) if sandbox is not None else 0
        place = "a sandbox in this process" if sandbox is not None else base_url()
        name = await _account_name(leat)
        err().print(f"sending to {place}{f', account {name}' if name else ''}", markup=False)
        with progress_of(total, None if options.sandbox and options.rate is None else options.rate or RATE) as watch:
            outcomes = bulk.create(
                getattr(leat, options.kind),
                _Counted(rows_of(source, plan, clear_empty=options.clear_empty), total),
                ledger=ledger,
                on_progress=watch,
                wait=options.wait,
                max_errors=limit,
                **options.of_rows,
                source=bulk.Source(name=options.shown_file, size=_size(options), digest=source.fingerprint),
            )
            try:
                async with outcomes:
                    stack.enter_context(raised_for(options.concurrency))
                    async for outcome in outcomes:
                        _note(run, outcome)
            finally:
                run.report = outcomes.report
                if outcomes.ledger is not None:
                    run.ledger = Path(outcomes.ledger) if isinstance(ledger, AccountLedger) else ledger
                if sandbox is not None:
                    run.in_sandbox = len(sandbox.rows(table)) - before


async def _account_name(leat: LeatClient) -> str | None:
    """Whose account it is, if the API tells; ends the command when the token is not accepted.

    Whatever else keeps the answer from coming, the import meets as well, and waits for.
    """
    try:
        answer = await leat.system.health_check()
    except AuthenticationError as error:
        raise Stop(f"{error}; nothing was sent", Exit.AUTHENTICATION) from None
    except LeatError:
        return None
    name = cast(dict[str, Any], answer).get("company") if isinstance(answer, dict) else None
    return name if isinstance(name, str) else None


class _Counted:
    """Rows that come one by one, of which it is known how many there are."""

    def __init__(self, rows: Iterator[MappedRow | bulk.BadRow], count: int) -> None:
        self._rows, self._count = rows, count

    def __iter__(self) -> Iterator[MappedRow | bulk.BadRow]:
        return self._rows

    def __length_hint__(self) -> int:
        return self._count


def rows_of(source: TableSource, plan: ColumnPlan, *, clear_empty: bool) -> Iterator[MappedRow | bulk.BadRow]:
    """The rows as `bulk` takes them."""
    kind = ROW_KINDS[plan.kind]
    targets = {kind.renamed.get(use.target, use.target) for use in plan.uses}
    targets -= {"contact_email", "contact_uuid", "referral_code", kind.identifier}
    targets -= {target for need in kind.needs for target in need.targets}
    for row in mapped(source, plan):
        if row.problem is not None:
            yield bulk.BadRow(row=row, error=row.problem)
            continue
        if clear_empty:
            for name in targets:
                if kind.attributes is not None and name.startswith(ATTRIBUTE):
                    row.setdefault(kind.attributes, {}).setdefault(name.removeprefix(ATTRIBUTE), None)
                else:
                    row.setdefault(name, None)
        yield row


def _note(run: _ImportRun, outcome: bulk.Outcome) -> None:
    row = outcome.row
    line = row.record.line if isinstance(row, MappedRow) else outcome.index + 1
    if outcome.status is bulk.Status.REJECTED:
        run.refused.add(line, worded(str(outcome.error)))
    elif outcome.status is bulk.Status.UNKNOWN and len(run.unknown) < _LISTED:
        run.unknown.append(f"line {line}: {outcome.error}")


def _size(options: ImportOptions) -> int | None:
    return None if options.file == "-" else Path(options.file).stat().st_size


def _reasons(ledger: LedgerPlace | None) -> Iterator[tuple[int, str]]:
    if ledger is None:  # the run never came so far as to have one
        return
    for entry in bulk.rejects(ledger):
        yield entry.index, worded(entry.error or "refused, the reason was forgotten")


def _show(options: ImportOptions, run: _ImportRun, rejects: Path | None, left: Path | None) -> None:
    report = run.report
    sums = [("rows", f"{report.taken:,}"), ("created", f"{report.created:,}")]
    counts = {
        "updated": report.updated,
        "there already": report.existed,
        "known from earlier runs": report.skipped,
        "rejected": report.rejected,
        "unknown": report.unknown,
        "in doubt": run.cut_off,
        "not sent yet": max(0, run.undone - run.cut_off),
        "sent again": report.retried,
    }
    sums += [(name, f"{count:,}") for name, count in counts.items() if count or name == "rejected"]
    if run.in_sandbox is not None:
        sums.append((f"{options.kind} in the sandbox", f"{run.in_sandbox:,}"))
    if report.seconds:
        sums.append(("took", duration(report.seconds)))
        sums.append(("rows a second", f"{report.total / report.seconds:,.0f}"))
    details = run.refused.lines()
    if rejects is not None:
        details.append(f"rejected rows with their reasons: {rejects}")
    if left is not None:
        details.append(f"{left} was changed since it was written, and is left as it is; import it by the same command")
    details += [note.replace("ensure_identity", "--ensure-identity") for note in report.notes]
    if report.changed:
        fields = ", ".join(f"{name} ({count:,})" for name, count in report.changed.items())
        details.append(f"fields that differ from what was known: {fields}")
    if report.not_emptied:
        fields = ", ".join(f"{name} ({count:,})" for name, count in report.not_emptied.items())
        details.append(f"fields that became empty and stay as they were in Leat: {fields}; --clear-empty empties them")
    if report.unknown:
        details.append(f"{report.unknown:,} rows were sent, and nothing tells whether they were applied:")
        details += run.unknown
        if options.kind == "bookings" or report.notes:
            every = "--accept-unknown (all are there) or --resend-unknown (none is)"
            each = "leat import resolve goes through them with you; or " if not options.sandbox else ""
            details.append(f"look for them in Leat: {each}run the same command with {every}")
        else:
            details.append("the same command again asks for them once more")
    if run.cut_off and not options.sandbox:
        how = "the same command again asks Leat" if run.asks_itself else "leat import resolve goes through them"
        details.append(f"{run.cut_off:,} rows were on their way, and may or may not be in Leat: {how}")
    show_sums(f"{options.file} as {options.kind}", sums, details)
