"""What the report of an import says, as its JSON has it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from .figures import LeftOut

VERSION = 1


class RunFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one run. Null: the ledger does not hold it."""

    run: Annotated[int, Meta(description="Its number in the ledger")]
    file: Annotated[str | None, Meta(description="The file that its rows came from")] = None
    began: Annotated[str, Meta(description="When it began: 2026-10-01T08:00:00+00:00")]
    state: Annotated[
        str,
        Meta(
            description='"done", "running", "broken off" (killed), or why it ended before its rows did: "interrupted", '
            '"authentication", "permission", "maintenance", "unreachable", "max_errors", "failed"'
        ),
    ]
    on_change: Annotated[str, Meta(description="What it did with rows known with other data")] = "reject"
    seconds: Annotated[float | None, Meta(description="How long it took, or had taken when it was last seen")] = None
    taken: Annotated[int, Meta(description="Rows read")] = 0
    created: Annotated[int, Meta(description="Rows that it made")] = 0
    updated: Annotated[int, Meta(description="Rows whose object it changed")] = 0
    existed: Annotated[int, Meta(description="Rows that were there already")] = 0
    skipped: Annotated[int, Meta(description="Rows done in an earlier run")] = 0
    rejected: Annotated[int, Meta(description="Rows refused")] = 0
    unknown: Annotated[int, Meta(description="Rows sent of which nothing tells whether they were applied")] = 0
    per_second: Annotated[float | None, Meta(description="Rows with an outcome, a second")] = None
    retried: Annotated[int | None, Meta(description="Sends beyond the first of a row")] = None
    rate_limited: Annotated[int | None, Meta(description="Answers 429")] = None
    latency: Annotated[
        dict[str, float], Meta(description='Seconds that writes took to be answered: "p50", "p90", "p99", "max"')
    ] = msgspec.field(default_factory=dict[str, float])
    waits: Annotated[
        dict[str, float],
        Meta(
            description='Seconds by what the run waited for, seen four times a second: "answers", "pace", "rate limit" '
            '(after a 429), "failures", "doubt", "rows"'
        ),
    ] = msgspec.field(default_factory=dict[str, float])


class StepFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the run."""

    since: Annotated[float, Meta(description="Seconds after the run began")]
    seconds: Annotated[float, Meta(description="How long it is")]
    done: Annotated[int, Meta(description="Rows created, updated or found")]
    known: Annotated[int, Meta(description="Rows done in an earlier run")]
    failed: Annotated[int, Meta(description="Rows rejected or unknown")]
    answered: Annotated[int, Meta(description="Writes answered")]
    p50: Annotated[float | None, Meta(description="Seconds that half of them took")]
    p90: Annotated[float | None, Meta(description="Seconds that nine in ten took")]
    waits: Annotated[dict[str, float], Meta(description="As of the run")]


class FailureFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that failed in the same way."""

    code: Annotated[str | None, Meta(description="The API's code, else the HTTP status, else the error's name")]
    text: Annotated[str, Meta(description="What the first of them was told")]
    rows: Annotated[int, Meta(description="How many")]
    examples: Annotated[list[int], Meta(description="The first of them, by their number among the rows from 1")]


class DoubtFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is in doubt now."""

    number: Annotated[int, Meta(description="Its own in the ledger, which `leat import resolve` takes")]
    row: Annotated[int, Meta(description="Its number among the rows of its file, from 1")]
    sent: Annotated[str, Meta(description="When it was last sent")]


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do next. Match on the code."""

    code: str
    text: str


class ImportData(msgspec.Struct, frozen=True, kw_only=True):
    """The report of an import."""

    version: Annotated[int, Meta(description="Of this form; a field that comes to it leaves the version as it is")] = (
        VERSION
    )
    account: Annotated[str | None, Meta(description="Whose it is, as its ledger has it")]
    kind: Annotated[str, Meta(description='"visits", "bookings" or "contacts"')]
    made_at: Annotated[str, Meta(description="When the report was made")]
    run: RunFigures
    before: Annotated[list[RunFigures], Meta(description="Earlier runs of the same ledger, the latest first")]
    steps: Annotated[list[StepFigures], Meta(description="How it went, from beginning to end")]
    failures: Annotated[list[FailureFigures], Meta(description="Why rows were refused, the commonest first")]
    in_doubt: Annotated[int, Meta(description="Rows of this run that are in doubt now")]
    doubtful: Annotated[list[DoubtFigures], Meta(description="The first of them")]
    next: Annotated[list[Advice], Meta(description="What to do next")]
    left_out: Annotated[list[LeftOut], Meta(description="What the ledger can't tell")]
