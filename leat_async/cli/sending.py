"""The part of an import that talks to an account."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import attrs

from .. import bulk
from ..bulk.lock import Lock
from ..bulk.mapping import MappedRow, Plan, mapped
from ..bulk.readers import Source
from ..client import LeatClient
from ..config import RateLimit
from ..errors import ConfigError, LeatError, PermissionDeniedError
from . import loop
from .account import base_url, client_from_env
from .display import duration, err, progress_of, report_json, show_sums
from .exits import Exit, Stop, exit_of, worst
from .importing import RATE
from .imports import Job, ledger_of
from .rejects import is_rejects, write_rejects

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_LISTED = 5
_STOPPED = {
    "authentication": (Exit.AUTHENTICATION, "the token is not accepted"),
    "maintenance": (Exit.TRY_AGAIN, "the API is in maintenance"),
    "unreachable": (Exit.TRY_AGAIN, "the API can't be reached"),
    "max_errors": (Exit.MAX_ERRORS, "too many rows failed (--max-errors)"),
}


@attrs.define
class _Run:
    """What is known of a run when it ends, however it ends."""

    report: bulk.Report = attrs.field(factory=bulk.Report)
    refused: list[str] = attrs.field(factory=list[str])
    unknown: list[str] = attrs.field(factory=list[str])
    in_sandbox: int | None = None


def send(job: Job, source: Source, plan: Plan, scratch: Path) -> Exit:
    """Send the rows, write the files, show the sums; returns the exit code."""
    base = Path("stdin") if job.file == "-" else Path(job.file)
    ledger = scratch / "ledger" if job.sandbox else ledger_of(job)
    rejects = job.rejects or base.with_name(f"{base.name}.rejects.csv")
    limit = _limit(job.max_errors)
    _check_outputs(base, ledger, rejects, job.report)
    if not job.sandbox:
        _renew(ledger, source, plan)
    run = _Run()
    codes: list[Exit] = []
    trouble = ""
    try:
        loop.run(_send, job, source, plan, ledger, limit, run)
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
    report = run.report
    if report.stopped is not None:
        code, trouble = _STOPPED[report.stopped]
        codes.append(code)
        trouble += f": {report.error}" if report.error is not None else ""
    codes += [Exit.UNKNOWN] if report.unknown else []
    codes += [Exit.REJECTED] if report.rejected else []
    code = Exit.USAGE if Exit.USAGE in codes else worst(codes)
    refused = write_rejects(rejects, source, _reasons(ledger))
    if job.report is not None:
        _write_private(
            job.report, report_json(report, file=job.file, kind=job.kind, exit_code=int(code), sandbox=run.in_sandbox)
        )
    _show(job, run, rejects if refused else None)
    if trouble:
        resume = "" if job.sandbox else "; the same command again goes on where this ended"
        print(f"leat: {trouble}{resume}", file=sys.stderr)
    return code


async def _send(job: Job, source: Source, plan: Plan, ledger: Path, limit: int | float | None, run: _Run) -> None:
    """Send, and keep what is known of the run up to date in `run`."""
    task = asyncio.current_task()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    with suppress(NotImplementedError):  # Windows has no SIGTERM to handle
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    async with AsyncExitStack() as stack:
        sandbox = None
        if job.sandbox:
            from ..sandbox import Sandbox

            sandbox = await stack.enter_async_context(Sandbox(seed="demo", rate_limit=(1_000_000, 60.0)))
        leat = await stack.enter_async_context(_client(job, sandbox))
        before = len(sandbox.rows(job.kind)) if sandbox is not None else 0
        place = "a sandbox in this process" if sandbox is not None else base_url()
        name = await _account_name(leat)
        err().print(f"sending to {place}{f', account {name}' if name else ''}", markup=False)
        with progress_of(sum(1 for _ in source.records())) as watch:
            outcomes = bulk.create(
                getattr(leat, job.kind),
                _rows(source, plan),
                ledger=ledger,
                on_progress=watch,
                create_contacts=job.create_contacts,
                update_existing=job.update_existing,
                max_errors=limit,
                resend_unknown=job.resend_unknown,
                accept_unknown=job.accept_unknown,
                source=source.fingerprint,
                mapping=plan.fingerprint,
            )
            try:
                async with outcomes:
                    async for outcome in outcomes:
                        _note(run, outcome)
            except asyncio.CancelledError:
                if terminated:
                    raise KeyboardInterrupt from None
                raise
            finally:
                run.report = outcomes.report
                if sandbox is not None:
                    run.in_sandbox = len(sandbox.rows(job.kind)) - before


def _client(job: Job, sandbox: Sandbox | None) -> LeatClient:
    limit = RateLimit(job.rate or RATE)
    if sandbox is None:
        return client_from_env(concurrency=job.concurrency, rate_limit=limit)
    paced = limit if job.rate is not None else None
    return LeatClient(sandbox.token, base_url=sandbox.url, concurrency=job.concurrency, rate_limit=paced)


async def _account_name(leat: LeatClient) -> str | None:
    """Whose account it is, if the API tells; ends the command when it can't be used at all."""
    try:
        answer = await leat.system.health_check()
    except LeatError as error:
        if exit_of(error) is Exit.REJECTED or isinstance(error, PermissionDeniedError):
            return None  # a token need not be allowed to ask
        raise Stop(f"{error}; nothing was sent", exit_of(error)) from None
    name = cast(dict[str, Any], answer).get("company") if isinstance(answer, dict) else None
    return name if isinstance(name, str) else None


def _rows(source: Source, plan: Plan) -> Iterator[MappedRow | bulk.BadRow]:
    for row in mapped(source, plan):
        yield row if row.problem is None else bulk.BadRow(row=row, error=row.problem)


def _note(run: _Run, outcome: bulk.Outcome) -> None:
    row = outcome.row
    line = f"line {row.record.line}: " if isinstance(row, MappedRow) else ""
    if outcome.status is bulk.Status.REJECTED and len(run.refused) < _LISTED:
        run.refused.append(line + _worded(str(outcome.error)))
    elif outcome.status is bulk.Status.UNKNOWN and len(run.unknown) < _LISTED:
        run.unknown.append(f"{line}{outcome.error}")


def _reasons(ledger: Path) -> Iterator[tuple[int, str]]:
    with suppress(ConfigError):  # the run never came so far as to have a ledger
        for entry in bulk.rejects(ledger):
            yield entry.index, _worded(entry.error or "refused in an earlier run, the reason was forgotten")


def _worded(reason: str) -> str:
    """A reason as the command line words it."""
    return reason.replace("create_contacts=True creates", "--create-contacts creates")


def _check_outputs(file: Path, ledger: Path, rejects: Path, report: Path | None) -> None:
    """Refuse paths that can't be written, or that hold something else, before anything is sent."""
    taken = [("FILE", file), ("--ledger", ledger)]
    for option, path in (("--rejects", rejects), ("--report", report)):
        if path is None:
            continue
        for other, its in taken:
            if path.resolve() == its.resolve():
                raise Stop(f"{option} and {other} are the same file, {path}")
        if not path.resolve().parent.is_dir():
            raise Stop(f"{option} {path}: there is no such directory")
        if path.is_dir():
            raise Stop(f"{option} {path}: a directory; name a file in it")
        taken.append((option, path))
    if rejects.exists() and not is_rejects(rejects):
        raise Stop(f"--rejects {rejects}: there is a file that is no rejects file; name another")


def _limit(text: str | None) -> int | float | None:
    if text is None:
        return None
    try:
        limit = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text) if "." in text else int(text)
    except ValueError:
        limit = -1
    if limit < 0 or (isinstance(limit, float) and not limit < 1):
        raise Stop(f"--max-errors takes a number of rows or a share below 100%, such as 50 or 5%, got {text!r}")
    return limit


def _renew(ledger: Path, source: Source, plan: Plan) -> None:
    """Take away a ledger of another version of the file, or of other options, if nothing of it was accepted.

    A file that was corrected in place, or a forgotten --timezone, then needs no ledger of its own.
    """
    try:
        summary = bulk.status(ledger)
    except ConfigError:
        return  # there is none; what is something else, the run refuses
    if (summary.source, summary.mapping) in ((source.fingerprint, plan.fingerprint), (None, None)):
        return
    if set(summary.states) <= {bulk.State.PENDING, bulk.State.REJECTED}:
        lock = Lock(ledger)
        try:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{ledger}{suffix}").unlink(missing_ok=True)
        finally:
            lock.release()


def _show(job: Job, run: _Run, rejects: Path | None) -> None:
    report = run.report
    sums = [("rows", f"{report.taken:,}"), ("created", f"{report.created:,}")]
    counts = {
        "there already": report.existed,
        "done in an earlier run": report.skipped,
        "rejected": report.rejected,
        "unknown": report.unknown,
        "sent again": report.retried,
    }
    sums += [(name, f"{count:,}") for name, count in counts.items() if count or name == "rejected"]
    if run.in_sandbox is not None:
        sums.append((f"{job.kind} in the sandbox", f"{run.in_sandbox:,}"))
    if report.seconds:
        sums.append(("took", duration(report.seconds)))
        sums.append(("rows a second", f"{report.total / report.seconds:,.0f}"))
    details = list(run.refused)
    if report.rejected > len(run.refused):
        details.append(f"… and {report.rejected - len(run.refused):,} more")
    if rejects is not None:
        details.append(f"rejected rows with their reasons: {rejects}")
    if report.unknown:
        details.append(f"{report.unknown:,} rows were sent, and nothing tells whether they were applied:")
        details += run.unknown
        if job.kind == "bookings":
            advice = "--accept-unknown (they are there) or --resend-unknown (they are not)"
            details.append(f"look for them in Leat, then run the same command with {advice}")
        else:
            details.append("the same command again asks for them once more")
    show_sums(f"{job.file} as {job.kind}", sums, details)


def _write_private(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with open(handle, "wb") as file:
        file.write(data)
    os.replace(name, path)
