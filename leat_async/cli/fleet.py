"""`leat fleet`: jobs of a TOML file, checked, run and looked at."""

from __future__ import annotations

import glob
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import loop
from .exits import STOPPED, Exit, Stop, exit_of, worst
from .streams import data_out

if TYPE_CHECKING:
    from .. import bulk
    from ..fleet import Export, Import, Job, JobResult

app: typer.Typer = typer.Typer(
    help="Imports and exports of many accounts, as jobs of a TOML file.", no_args_is_help=True, rich_markup_mode=None
)
JobsFile = Annotated[Path, typer.Option("--jobs", "-j", metavar="FILE", help="The file of the jobs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a job.")]
ForSeconds = Annotated[
    float | None,
    typer.Option("--for", metavar="SECONDS", help="Begin nothing more after so long; the same command goes on."),
]
_JOBS = Path("jobs.toml")
_EVERY = 0.5


@app.command()
def check(jobs: JobsFile = _JOBS) -> None:
    """Read the jobs, find their tokens, files and extras, and send nothing.

    Exit codes: 0 all is there; 2 something is not.
    """
    from ..fleet.checking import problems_of

    wrong = 0
    for job in _load(jobs):
        problems = problems_of(job)
        print(f"{job.name}: {job.does} {job.kind}, account {job.account.name}: {'; '.join(problems) or 'ready'}")
        wrong += bool(problems)
    if wrong:
        raise Stop(f"{wrong} of the jobs can't be run as they are")


@app.command()
def run(
    jobs: JobsFile = _JOBS,
    only: Annotated[
        list[str] | None, typer.Option("--job", metavar="NAME", help="Only this job; may be given again.")
    ] = None,
    seconds: ForSeconds = None,
) -> None:
    """Run all jobs in this process, several accounts at a time.

    Exit codes describe all jobs, as those of an import describe its file; 4 also for jobs that run elsewhere or whose
    time was up.
    """
    listed = _load(jobs)
    if only:
        listed = [_named(listed, name) for name in dict.fromkeys(only)]
    _end(_run(listed, seconds))


@app.command()
def job(
    name: Name,
    jobs: JobsFile = _JOBS,
    seconds: ForSeconds = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="End the session of a run that has its ledger in PostgreSQL and hangs. See the docs.",
        ),
    ] = False,
) -> None:
    """Run one job, as an engine does that starts a process for each.

    Exit codes: as `leat fleet run`.
    """
    found = _named(_load(jobs), name)
    if take_over:
        _take_over(found)
    _end(_run([found], seconds))


@app.command()
def status(jobs: JobsFile = _JOBS) -> None:
    """Tell how far each job is, by its ledger or its file.

    Exit codes: 0 told; 2 usage.
    """
    from ..errors import LeatError
    from ..fleet import Import

    for one in _load(jobs):
        if isinstance(one, Import):
            try:
                last = _last_run(one)
                counts: Mapping[str, int] = last.counts if last is not None else dict[str, int]()
                told = (
                    ", ".join(f"{n:,} {_said(name)}" for name, n in counts.items() if n and name != "taken")
                    or "no rows"
                )
                if last is None:
                    told = "not run yet"
                elif last.running:
                    told += ", running"
            except LeatError as error:
                told = str(error)
        else:
            written = _written(one)
            told = f"written {time.strftime('%Y-%m-%d %H:%M', time.localtime(written))}" if written else "not run yet"
        print(f"{one.name}: {told}")


@app.command()
def rejects(name: Name, jobs: JobsFile = _JOBS) -> None:
    """Print the rows of an import that were refused, with the reason, a JSON object each.

    Rows are counted without the header and blank lines; the rejects file has them as they are.

    Exit codes: 0 told; 2 usage, or a job that has not run.
    """
    import msgspec

    from .. import bulk
    from ..errors import LeatError
    from ..fleet import Import

    found = _named(_load(jobs), name)
    if not isinstance(found, Import):
        raise Stop(f"{name} is an export, which refuses no rows")
    try:
        ledger = found.ledger_place()
        last = _last_run(found)
        if ledger is None or last is None:
            raise Stop(f"{name} has not run here yet")
        for entry in bulk.rejects(ledger, run=last.number):
            told = {"row": entry.index + 1, "error": entry.error, "code": entry.code}
            data_out().write(msgspec.json.encode(told) + b"\n")
    except LeatError as error:
        raise Stop(str(error), exit_of(error)) from None


def _written(job: Export) -> float | None:
    """When an export last wrote a file."""
    before, month, after = job.file.partition("{month}")
    files = glob.glob(f"{glob.escape(before)}*{glob.escape(after)}") if month else [job.file]
    return max((os.stat(file).st_mtime for file in files if os.path.exists(file)), default=None)


def _take_over(job: Job) -> None:
    from .. import bulk
    from ..errors import LeatError
    from ..fleet import Import

    if not isinstance(job, Import) or job.ledger is None:
        raise Stop(f"--take-over goes with an import whose ledger is in PostgreSQL; {job.name} has none")
    try:
        if bulk.take_over(job.ledger):
            print(f"{job.name}: the session that had {job.ledger_place()} was ended", file=sys.stderr)
    except LeatError as error:
        raise Stop(str(error), exit_of(error)) from None


def _last_run(job: Import) -> bulk.RunRecord | None:
    """The last run of a job in its ledger, which other files of its account may share; None if there is none."""
    from .. import bulk
    from ..bulk.access import is_there

    ledger = job.ledger_place()
    if ledger is None or not is_there(ledger):
        return None
    return next((run for run in bulk.runs(ledger) if run.source is not None and run.source.name == job.file), None)


def _load(path: Path) -> list[Job]:
    from ..errors import ConfigError
    from ..fleet import load

    if not path.exists():
        raise Stop(f"{path}: there is no such file; --jobs names another")
    try:
        return list(load(path))
    except ConfigError as error:
        raise Stop(str(error)) from None


def _named(jobs: Sequence[Job], name: str) -> Job:
    for one in jobs:
        if one.name == name:
            return one
    raise Stop(f"there is no job {name!r}; there are {', '.join(one.name for one in jobs)}")


def _run(jobs: list[Job], seconds: float | None) -> tuple[JobResult, ...]:
    from .. import fleet

    if seconds is not None and not seconds > 0:
        raise Stop(f"--for takes seconds above 0, got {seconds:g}")

    async def work(watch: Callable[[Any, Any], None]) -> tuple[JobResult, ...]:
        return (await fleet.run(jobs, for_seconds=seconds, on_progress=watch)).jobs

    with _watching(jobs) as watch:
        try:
            return loop.run(work, watch)
        except KeyboardInterrupt:
            raise Stop("interrupted; the same command goes on where this ended", Exit.INTERRUPTED) from None


def _end(results: Sequence[JobResult]) -> None:
    codes = [exit_of_job(result) for result in results]
    code = Exit.USAGE if Exit.USAGE in codes else worst(codes)
    if code:
        raise typer.Exit(code)


def exit_of_job(result: JobResult) -> Exit:
    """The exit code that a job's result means."""
    report = result.report
    codes = [Exit.UNKNOWN] if report is not None and report.unknown else []
    codes += [Exit.REJECTED] if report is not None and report.rejected else []
    if report is not None and report.stopped is not None:
        codes.append(STOPPED[report.stopped][0])
    elif result.state in ("unfinished", "busy"):
        codes.append(Exit.TRY_AGAIN)
    elif result.error is not None:
        code = exit_of(result.error)
        return code if code is Exit.USAGE else worst([code, *codes])
    return worst(codes)


def _said(outcome: str) -> str:
    return "known" if outcome == "skipped" else outcome


def summed(result: JobResult) -> str:
    """A job's result in a line."""
    told: list[str] = [result.state]
    if result.report is not None:
        names = ("created", "existed", "updated", "skipped", "rejected", "unknown")
        told += [f"{count:,} {_said(name)}" for name in names if (count := getattr(result.report, name))]
    elif result.state == "done":
        told.append(f"{result.rows:,} rows")
    if result.error is not None:
        told.append(str(result.error))
    return ", ".join(told)


@contextmanager
def _watching(jobs: Sequence[Job]) -> Generator[Callable[[Any, Any], None]]:
    """Show all jobs in one table that changes on a terminal, and a line for each that ends elsewhere."""
    from ..fleet import JobResult
    from .display import err

    console = err()
    if not console.is_terminal:

        def tell(job: Job, what: Any) -> None:
            if isinstance(what, JobResult):
                print(f"{job.name}: {summed(what)}", file=sys.stderr, flush=True)

        yield tell
        return
    from rich.live import Live

    moments: dict[str, Any] = {}
    shown = 0.0
    with Live(_table(jobs, moments), console=console, auto_refresh=False) as live:

        def show(job: Job, what: Any) -> None:
            nonlocal shown
            moments[job.name] = what
            now = time.monotonic()
            if now - shown >= _EVERY or isinstance(what, JobResult):
                shown = now
                live.update(_table(jobs, moments), refresh=True)

        yield show


def _table(jobs: Sequence[Job], moments: dict[str, Any]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    from ..bulk import Progress
    from ..fleet import JobResult
    from .progress import held

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("job", "account", "does", "how far"):
        table.add_column(name)
    for job in jobs:
        moment = moments.get(job.name)
        if isinstance(moment, JobResult):
            told = summed(moment)
        elif isinstance(moment, Progress):
            parts = (f"{moment.total:,} rows", f"{moment.per_second:,.0f} a second", held(moment.waiting))
            told = ", ".join(filter(None, parts))
        elif moment is not None:
            told = f"{moment.rows:,} rows"
        else:
            told = "to do"
        table.add_row(escape(job.name), escape(job.account.name), f"{job.does} {job.kind}", escape(told))
    return table
