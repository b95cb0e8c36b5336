"""Doing an import."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.to_thread

from .. import bulk
from ..bulk.lock import InUse
from ..client import LeatClient
from ..errors import ConfigError
from ..tables.mapping_file import load_mapping
from ..tables.plan import ColumnPlan, MappedRow, mapped, mapped_row
from ..tables.planning import MappingError, clock_columns, make_plan, value_rules
from ..tables.rejects import ending_of, write_rejects
from ..tables.source import open_source
from ..tables.table import Record, SourceError, TableSource
from .facts import look_up
from .jobs import Import
from .results import JobBusy, JobResult, JobState

_FILE = ("format", "encoding", "delimiter", "sheet", "header_row")
_VALUES = ("day_first", "month_first", "short_years")
_LEFT_OPEN = ("placeholder_dates", "clock_change")


async def import_file(
    job: Import, leat: LeatClient, for_seconds: float | None, watch: Callable[[bulk.Progress], object] | None
) -> JobResult:
    """Import as much as there is time for. Raises `JobBusy`, `ConfigError` and what the rows raise."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="leat-") as scratch:
        try:
            told = mapping_of(job)
            source = await anyio.to_thread.run_sync(opened, job, told, Path(scratch))
            facts = await look_up(leat, job.kind)  # type: ignore[arg-type]  # checked when the job was made
            plan = await anyio.to_thread.run_sync(_plan, job, told, source, facts)
        except (MappingError, SourceError) as error:
            raise ConfigError(str(error)) from None
        rows = _FileRows(job.file, source, plan, None if for_seconds is None else began + for_seconds)
        report = await _send(job, leat, rows, watch)
        await anyio.to_thread.run_sync(_write_rejects, job, source, plan)
    state: JobState = "stopped" if report.stopped is not None else "unfinished" if rows.cut else "done"
    return JobResult(
        name=job.name,
        does=f"import {job.kind}",
        account=job.account.name,
        state=state,
        report=report,
        error=report.error,
        seconds=time.monotonic() - began,
    )


class _FileRows:
    """The rows of a file, until the time is up and something was done in it; `cut` says that it was."""

    def __init__(self, file: str, source: TableSource, plan: ColumnPlan, until: float | None) -> None:
        self.origin = bulk.Source(name=file, size=Path(file).stat().st_size, digest=source.fingerprint)
        self.source = source
        self.plan = plan
        self.cut = False
        self._until = until
        self._moved = False

    def note(self, outcome: bulk.Outcome) -> None:
        """Whether this slice has got any further than the ones before; one that has not would go on for ever."""
        earlier = outcome.status is bulk.Status.SKIPPED or isinstance(outcome.error, bulk.EarlierError)
        self._moved = self._moved or not earlier

    def __iter__(self) -> Iterator[MappedRow | bulk.BadRow]:
        for row in mapped(self.source, self.plan):
            # What is on its way then is finished; a run that is cut off would leave rows in doubt.
            if self._moved and self._until is not None and time.monotonic() >= self._until:
                self.cut = True
                return
            yield row if row.problem is None else bulk.BadRow(row=row, error=row.problem)


async def _send(
    job: Import, leat: LeatClient, rows: _FileRows, watch: Callable[[bulk.Progress], object] | None
) -> bulk.Report:
    try:
        return await bulk.run(
            getattr(leat, job.kind),
            rows,
            ledger=job.ledger or bulk.ACCOUNT,
            on_progress=watch,
            on_outcome=rows.note,
            source=rows.origin,
            **job.options,
        )
    except InUse as error:
        raise JobBusy(f"{job.name}: {error}") from None


def mapping_of(job: Import) -> dict[str, Any]:
    """What its mapping file says. Raises `MappingError`."""
    return {} if job.mapping is None else load_mapping(Path(job.mapping), job.kind)


def opened(job: Import, told: dict[str, Any], scratch: Path) -> TableSource:
    """Its file, read as its mapping says. Raises `SourceError`."""
    return open_source(Path(job.file), scratch, **{name: told.get(name) for name in _FILE})


def _plan(job: Import, told: dict[str, Any], source: TableSource, facts: Any) -> ColumnPlan:
    rules = value_rules(
        timezone=told.get("timezone"),
        **{name: told.get(name, False) for name in _VALUES},
        **{name: told.get(name) or "refuse" for name in _LEFT_OPEN},
    )
    return make_plan(
        job.kind,  # type: ignore[arg-type]  # checked when the job was made
        source.columns,
        maps=told.get("map", ()),
        sets=told.get("set", ()),
        ids=told.get("id", ()),
        shop=told.get("shop"),
        rules=rules,
        clocks=clock_columns(source),
        attributes=facts.attributes,
        shops=facts.shops,
        names=facts.names,
    )


def rejects_path(job: Import, source: TableSource) -> Path:
    """Where refused rows go."""
    return Path(job.rejects or f"{job.file}.rejects{ending_of(source)}")


def _write_rejects(job: Import, source: TableSource, plan: ColumnPlan) -> None:
    def marks(record: Record) -> tuple[str, ...]:
        problem = mapped_row(record, plan).problem
        return tuple(problem.columns) if problem is not None else ()

    ledger = job.ledger_place()
    assert ledger is not None  # the run that has just ended made it
    reasons = ((entry.index, entry.error or "") for entry in bulk.rejects(ledger))
    write_rejects(rejects_path(job, source), source, reasons, marks)
