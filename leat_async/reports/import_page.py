"""An import's report as a page (extra `report`), in English: what it tells is for those who ran it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

from ..written import duration
from .charts import ChartSeries, across, bars, lines
from .frame import card, drawing, rendered, whole
from .import_figures import ImportData, RunFigures, StepFigures
from .language import Writer, check_installed
from .rows import Amount, change

_WAITS = {
    "answers": "Leat's answers",
    "pace": "the pace",
    "rate limit": "after a 429",
    "failures": "writes that failed",
    "doubt": "rows in doubt",
    "rows": "rows to come",
}
_STATES = {
    "done": "done",
    "running": "still running",
    "broken off": "broken off",
}
# Labels that are written below a chart.
_LABELS = 5


def page(report: ImportData) -> str:
    """The whole page."""
    check_installed()
    return whole(Writer("en"), f"Import: {_title(report)}", fragment(report))


def fragment(report: ImportData) -> str:
    """What the page shows."""
    write, run = Writer("en"), report.run
    began = _local(run.began)
    state = _STATES.get(run.state, f"stopped: {run.state.replace('_', ' ')}")
    took = f", {'so far' if run.state == 'running' else 'took'} {duration(run.seconds)}" if run.seconds else ""
    return rendered(
        "import.html",
        w=write,
        title=_title(report),
        lead=f"Run {run.run} of {_account(report)}: {state}{took}.",
        times=f"Began {write.moment(began)}; times of UTC{began.isoformat()[-6:]}. "
        f"Made: {write.moment(_local(report.made_at))}.",
        cards=_cards(report, write),
        next=[_parts(one.text) for one in report.next] or [["Nothing: every row that was read is in Leat."]],
        charts=_charts(report, write),
        failures=[
            (one.text, one.code or "", write.amount(one.rows), ", ".join(map(str, one.examples)))
            for one in report.failures
        ],
        doubtful=[(str(one.row), str(one.number), _short(one.sent)) for one in report.doubtful],
        doubts=write.amount(report.in_doubt),
        runs=_runs([run, *report.before], write),
        left_out=[gap.text for gap in report.left_out],
    )


def _title(report: ImportData) -> str:
    return f"{report.run.file}, {report.kind}" if report.run.file else report.kind


def _account(report: ImportData) -> str:
    """By the API's own identifier, or the origin that stands for it, without what tells the two apart."""
    named = re.split(r"^\w+(?::uuid:|:id:|@)", report.account or "")[-1]
    return f"account {named}" if named else "an account"


def _local(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).astimezone()


def _short(moment: str) -> str:
    return f"{_local(moment):%Y-%m-%d %H:%M}"


def _parts(text: str) -> list[str]:
    """A text, cut where a command begins and ends in it: every second part is one."""
    return text.split("`")


def _cards(report: ImportData, write: Writer) -> list[dict[str, str]]:
    run, before = report.run, report.before[0] if report.before else None

    def told(name: str, take: Callable[[RunFigures], Amount], shown: Callable[[Any], str] = write.amount) -> None:
        now = take(run)
        share = change(now, take(before)) if before is not None else None
        found.append(card(write, name, "not kept" if now is None else shown(now), share))

    found: list[dict[str, str]] = []
    told("Rows read", lambda one: one.taken)
    told("Created, changed, found", lambda one: one.created + one.updated + one.existed)
    told("Known from earlier runs", lambda one: one.skipped)
    told("Rejected", lambda one: one.rejected)
    told("In doubt", lambda one: report.in_doubt if one is run else one.unknown)
    told("Rows a second", lambda one: one.per_second, lambda rate: f"{rate:,.{0 if rate >= 10 else 1}f}")
    told("Half answered within", lambda one: one.latency.get("p50"), _milliseconds)
    told("Held by the pace", lambda one: one.waits.get("pace", 0.0) if one.waits else None, duration)
    return found


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def _charts(report: ImportData, write: Writer) -> list[dict[str, Any]]:
    found = [*_over_time(report.steps, write)]
    waits = sorted(report.run.waits.items(), key=lambda wait: wait[1])  # drawn from below
    if waits:
        names = [_WAITS.get(name, name) for name, _ in waits]
        series = [ChartSeries(name="Seconds", values=[round(seconds, 2) for _, seconds in waits])]
        title = "What the time went by with"
        svg = across(title, names, series, _axis)
        found.append(drawing(write, title, svg, "Waiting for", names, series, kind="value"))
    runs = [*reversed(report.before), report.run]
    if len(runs) > 1:
        labels = [f"run {one.run}" for one in runs]
        series = [
            ChartSeries(name="Done", values=[one.created + one.updated + one.existed for one in runs]),
            ChartSeries(name="Known", values=[one.skipped for one in runs]),
            ChartSeries(name="Failed", values=[one.rejected + one.unknown for one in runs]),
        ]
        title = "Rows, run by run"
        svg = bars(title, labels, series, write.amount, stacked=True, every=_every(labels))
        found.append(drawing(write, title, svg, "Run", labels, series))
    return found


def _over_time(steps: Sequence[StepFigures], write: Writer) -> list[dict[str, Any]]:
    if len(steps) < 2:
        return []
    labels = [_clock(step.since, steps[-1].since) for step in steps]
    every = _every(labels)

    def a_second(name: str, rows: Callable[[StepFigures], float]) -> ChartSeries:
        # Two looks may come within a millisecond.
        return ChartSeries(name=name, values=[round(rows(s) / s.seconds, 2) if s.seconds else 0.0 for s in steps])

    def share(name: str, *waits: str) -> ChartSeries:
        held = [sum(step.waits.get(wait, 0.0) for wait in waits) for step in steps]
        parts = [100 * one / step.seconds if step.seconds else 0.0 for one, step in zip(held, steps, strict=True)]
        return ChartSeries(name=name, values=[round(part) for part in parts])

    rows = [
        a_second("Done", lambda step: step.done),
        a_second("Known", lambda step: step.known),
        a_second("Failed", lambda step: step.failed),
    ]
    took = [
        ChartSeries(name="half within", values=[_thousand(step.p50) for step in steps]),
        ChartSeries(name="nine in ten within", values=[_thousand(step.p90) for step in steps]),
    ]
    held = [
        share("the pace", "pace"),
        share("a 429", "rate limit"),
        share("failures, doubt", "failures", "doubt"),
    ]
    drawn = (
        ("Rows a second", rows, bars("Rows a second", labels, rows, write.amount, stacked=True, every=every)),
        ("Answers, in milliseconds", took, lines("Answers, in milliseconds", labels, took, write.amount, every=every)),
        ("Held back, in % of the time", held, bars("Held back", labels, held, write.amount, stacked=True, every=every)),
    )
    return [drawing(write, title, svg, "After", labels, series) for title, series, svg in drawn]


def _axis(seconds: float) -> str:
    """A mark of an axis, which may stand closer to the next than `duration` tells apart."""
    return f"{seconds:g} s" if seconds < 10 else duration(seconds)


def _thousand(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _every(labels: Sequence[str]) -> int:
    return max(1, len(labels) // _LABELS)


def _clock(seconds: float, last: float) -> str:
    """So long after the beginning, as exact as the longest of them asks for."""
    if last < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if last < 3600 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _runs(runs: Sequence[RunFigures], write: Writer) -> list[list[str]]:
    """The runs beside each other, the one that this is about first."""
    return [
        [
            str(one.run),
            _short(one.began),
            _STATES.get(one.state, one.state.replace("_", " ")),
            duration(one.seconds) if one.seconds is not None else "",
            *map(write.amount, (one.taken, one.created + one.updated + one.existed, one.skipped)),
            *map(write.amount, (one.rejected, one.unknown, one.rate_limited)),
            _milliseconds(one.latency["p50"]) if one.latency else "",
        ]
        for one in runs
    ]
