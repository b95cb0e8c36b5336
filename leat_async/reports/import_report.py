"""The report of an import, out of what its ledger holds."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from .. import bulk
from ..bulk.places import LedgerName
from ..bulk.reasons import EqualReasons
from .advice import advice
from .figures import LeftOut
from .handed import HandedOn
from .import_figures import DoubtFigures, FailureFigures, ImportData, RunFigures, StepFigures

_COMPARED = 10
_LISTED = 20
_FORGOTTEN = "refused; the reason was deleted"
_OUTCOMES = ("created", "updated", "existed", "skipped", "rejected", "unknown")
_LEFT_OUT = {
    "course": "waits, latency, 429s and rows over time: the ledger has none of them for this run, since an earlier "
    "version made it, or more than twenty runs have followed",
    "reasons": "the reasons of refused rows: a ledger keeps those of its latest twenty runs",
    "rows": "what each single row waited for: a ledger keeps nothing of that",
}


class ImportReport(ImportData, HandedOn, frozen=True, kw_only=True):
    """What became of an import, and how it went; `import_schema()` says what each field holds. Notebooks show it as a
    page.
    """

    def to_html(self) -> str:
        """The report as one page of HTML, which needs nothing from anywhere else (extra `report`). Its times are of
        this machine's zone.

        Raises:
            ConfigError: the extra is missing.
        """
        from .import_page import page

        return page(self)

    def _fragment(self) -> str:
        from .import_page import fragment

        return fragment(self)

    def __repr__(self) -> str:
        return f"<ImportReport run {self.run.run} of {self.kind}, {self.run.state}>"


def imported(ledger: LedgerName, run: int | None = None) -> ImportReport:
    """Tell what became of an import and how it went: outcomes, rows over time, waits, latency, what to do next.

    Parameters:
        ledger: its ledger, by its path or URL: `bulk.Run.ledger` tells where a file is, `bulk.memories()` lists them.
        run: the run's number in it; left out, the latest.

    Returns:
        An `ImportReport`, with earlier runs of the ledger beside it. It can be made while a run is going on.

    Raises:
        ConfigError: there is no such ledger.
        ValueError: it has no such run.

    Repeating: safe.
    """
    memory, runs = bulk.status(ledger), bulk.runs(ledger)
    number = run if run is not None else runs[0].number if runs else None
    place = next((place for place, one in enumerate(runs) if one.number == number), None)
    if place is None:
        there = f"it has {', '.join(str(one.number) for one in reversed(runs[:5]))}" if runs else "it has none"
        raise ValueError(f"{memory.path} has no run {'at all' if number is None else number}; {there}")
    found = runs[place]
    failures = _failures(ledger, found)
    doubtful = [] if found.running else [entry for entry in bulk.in_doubt(ledger) if entry.run == found.number]
    figures = _run(found)
    return ImportReport(
        account=memory.account,
        kind=memory.kind or "",
        made_at=_moment(time.time()),
        run=figures,
        before=[_run(one) for one in runs[place + 1 : place + 1 + _COMPARED]],
        steps=list(_steps(found)),
        failures=failures,
        in_doubt=len(doubtful),
        doubtful=[
            DoubtFigures(number=entry.number, row=entry.index + 1, sent=_moment(entry.sent_at))
            for entry in doubtful[:_LISTED]
        ],
        next=list(advice(figures, failures, len(doubtful), asks_itself=memory.asks_itself)),
        left_out=list(_left_out(found, failures)),
    )


def import_schema() -> dict[str, Any]:
    """The JSON Schema of an import's report, with a description of every field."""
    return msgspec.json.schema(ImportData)


def _run(run: bulk.RunRecord) -> RunFigures:
    course = run.course
    went = sum(step.seconds for step in course.steps) if course is not None else None
    seconds = run.ended - run.started if run.ended is not None else went
    total = sum(run.counts.get(name, 0) for name in _OUTCOMES)
    return RunFigures(
        run=run.number,
        file=run.source.name if run.source is not None and run.source.name else None,
        began=_moment(run.started),
        state=run.stopped or ("running" if run.running else "done" if run.ended is not None else "broken off"),
        on_change=run.on_change,
        seconds=round(seconds, 3) if seconds is not None else None,
        taken=run.counts.get("taken", 0),
        **{name: run.counts.get(name, 0) for name in _OUTCOMES},
        per_second=round(total / seconds, 2) if seconds else None,
        retried=course.retried if course is not None else None,
        rate_limited=course.rate_limited if course is not None else None,
        latency=course.latency if course is not None else {},
        waits=course.waits if course is not None else {},
    )


def _steps(run: bulk.RunRecord) -> Iterator[StepFigures]:
    since = 0.0
    for step in run.course.steps if run.course is not None else ():
        yield StepFigures(
            since=round(since, 3),
            seconds=step.seconds,
            done=step.done,
            known=step.known,
            failed=step.failed,
            answered=step.answered,
            p50=step.p50,
            p90=step.p90,
            waits=step.waits,
        )
        since += step.seconds


def _failures(ledger: LedgerName, run: bulk.RunRecord) -> list[FailureFigures]:
    reasons = EqualReasons("row")
    for entry in bulk.rejects(ledger, run=run.number):
        reasons.add(entry.index + 1, entry.error or _FORGOTTEN, entry.code)
    return [
        FailureFigures(code=kind.code, text=kind.text, rows=kind.rows, examples=kind.places)
        for kind in reasons.commonest()
    ]


def _left_out(run: bulk.RunRecord, failures: Sequence[FailureFigures]) -> Iterator[LeftOut]:
    codes = ["course"] if run.course is None else []
    codes += ["reasons"] if run.counts.get("rejected") and not failures else []
    for code in (*codes, "rows"):
        yield LeftOut(code=code, about="", detail="", text=_LEFT_OUT[code])


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
