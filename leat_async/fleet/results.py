"""What became of jobs: one result each, which travel and add up."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from ..bulk import Report
from ..errors import ConfigError

JobState: TypeAlias = Literal["done", "unfinished", "stopped", "busy", "failed"]


class JobBusy(ConfigError):
    """The job runs elsewhere at this moment; what it does is not done twice."""


@attrs.frozen(kw_only=True)
class JobResult:
    """What became of a job, so far.

    `state`: "done"; "unfinished", when its time was up, so that it goes on when it is run again; "stopped", which the
    report explains; "busy", when it runs elsewhere; "failed", with the `error`. `report`: the sums of an import, of all
    its slices together. `rows`: rows that an export wrote. `warnings`: what an export can't promise. `seconds`: how
    long it ran. It pickles.
    """

    name: str
    does: str
    account: str
    state: JobState
    report: Report | None = None
    rows: int = 0
    warnings: tuple[str, ...] = ()
    error: Exception | None = None
    seconds: float = 0.0

    def then(self, later: JobResult) -> JobResult:
        """This slice of a job and a later one as one result."""
        seconds = self.seconds + later.seconds
        if self.report is None or later.report is None:
            kept = self.report if later.report is None else later.report
            return attrs.evolve(later, seconds=seconds, report=kept)
        done = self.report.created + self.report.existed + self.report.updated
        whole = self.report + later.report
        report = attrs.evolve(
            whole,
            # What this one did, the later one skipped.
            skipped=max(0, later.report.skipped - done),
            rejected=later.report.rejected,
            unknown=later.report.unknown,
            taken=max(self.report.taken, later.report.taken),
            errors_by_code=later.report.errors_by_code,
            stopped=later.report.stopped,
            error=later.report.error,
        )
        return attrs.evolve(later, seconds=seconds, report=report)


@attrs.frozen(kw_only=True)
class FleetResult:
    """What became of all jobs of a fleet, in their order. `seconds`: how long the fleet ran."""

    jobs: tuple[JobResult, ...]
    seconds: float

    @property
    def report(self) -> Report:
        """The sums of all imports."""
        return sum((job.report for job in self.jobs if job.report is not None), Report())

    @property
    def rows(self) -> int:
        """Rows that exports wrote."""
        return sum(job.rows for job in self.jobs)

    @property
    def ok(self) -> bool:
        """Whether every job is done, with no row rejected or unknown."""
        return all(
            job.state == "done" and (job.report is None or not (job.report.rejected or job.report.unknown))
            for job in self.jobs
        )
