"""Bounds: what they mean, and that days and months end where their clocks say."""

from __future__ import annotations

import datetime as dt
import random
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leat_async import LeatClient, export
from leat_async.export.windows import OVERLAP, SETTLE, Span, WindowPlan, moment_of, plan_of, zone_of

from .conftest import Lists

UTC = dt.UTC
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 3, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2026-03-29", "Europe/Amsterdam", "2026-03-28T23:00:00+00:00"),
        ("2026-03-30", "Europe/Amsterdam", "2026-03-29T22:00:00+00:00"),
        ("2026-10-25", "Europe/Amsterdam", "2026-10-24T22:00:00+00:00"),
        ("2026-10-26", "Europe/Amsterdam", "2026-10-25T23:00:00+00:00"),
        ("2026-03", "Europe/Amsterdam", "2026-02-28T23:00:00+00:00"),
        ("2026-04", "Europe/Amsterdam", "2026-03-31T22:00:00+00:00"),
        ("2026", "Europe/Amsterdam", "2025-12-31T23:00:00+00:00"),
        ("2026-03-29", "UTC", "2026-03-29T00:00:00+00:00"),
        ("2026-03-29T12:30", "Europe/Amsterdam", "2026-03-29T10:30:00+00:00"),
        ("2026-03-29 12:30:05", "UTC", "2026-03-29T12:30:05+00:00"),
        ("2026-03-29T12:30+05:00", "Europe/Amsterdam", "2026-03-29T07:30:00+00:00"),
        ("2026-03-29T12:30Z", "Europe/Amsterdam", "2026-03-29T12:30:00+00:00"),
        ("12h", "Europe/Amsterdam", "2026-03-30T00:00:00+00:00"),
        ("90m", "UTC", "2026-03-30T10:30:00+00:00"),
        # The clocks went forward in between: the same time on the clock is 47 hours ago.
        ("2d", "Europe/Amsterdam", "2026-03-28T13:00:00+00:00"),
        ("2d", "UTC", "2026-03-28T12:00:00+00:00"),
        ("1w", "UTC", "2026-03-23T12:00:00+00:00"),
        (dt.date(2026, 3, 30), "Europe/Amsterdam", "2026-03-29T22:00:00+00:00"),
        (dt.timedelta(hours=1), "Europe/Amsterdam", "2026-03-30T11:00:00+00:00"),
        (dt.datetime(2026, 3, 1, 1, tzinfo=AMSTERDAM), "UTC", "2026-03-01T00:00:00+00:00"),
        # In Cairo the first hour of that day is skipped: it begins at one.
        ("2026-04-24", "Africa/Cairo", "2026-04-23T22:00:00+00:00"),
    ],
)
def test_what_a_bound_means(value: Any, zone: str, expected: str) -> None:
    assert moment_of("since", value, zone_of(zone), NOW).isoformat() == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-03-29T02:30", "skipped this time"),
        ("2026-10-25T02:30", "showed this time twice"),
        ("2026-13", "month must be in 1..12"),
        ("2026-02-30", "is no moment"),
        ("yesterday", "give a day"),
        ("", "is no moment"),
        ("-7d", "is no moment"),
        ("999999w", "is no moment"),
        ("٣d", "is no moment"),
        (dt.datetime(2026, 3, 1), "must know its time zone"),
        (dt.timedelta(days=-1), "can't be negative"),
        (dt.timedelta.max, "reaches back too far"),
    ],
)
def test_what_is_no_bound(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        moment_of("since", value, AMSTERDAM, NOW)
    with pytest.raises(TypeError, match="since must be"):
        moment_of("since", 7, AMSTERDAM, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "UTC"])
@pytest.mark.parametrize("resource", ["loyalty_transactions", "visits"])
async def test_days_and_months_around_the_clock_changes(
    lists: Lists, leat: LeatClient, zone: str, resource: str
) -> None:
    """Each bound against every row's own local date."""
    draw = random.Random(8)
    path = resource.replace("_", "-")
    edges = [dt.datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 29), (3, 1), (4, 1), (10, 25), (11, 1))]
    for edge in edges:
        for minutes in (*range(-180, 181, 20), *(draw.randrange(-3000, 3000) for _ in range(20))):
            lists.add(path, edge + dt.timedelta(minutes=minutes, seconds=draw.randrange(60)))
    made = {row["uuid"]: moment.astimezone(zone_of(zone)) for moment, row in lists.rows[path]}
    for since, until in (
        ("2026-03-29", "2026-03-30"),
        ("2026-10-25", "2026-10-26"),
        ("2026-03", "2026-04"),
        ("2026-10", "2026-11"),
        ("2026-02-28", "2026-03-01"),
    ):
        options = {"since": since, "until": until, "timezone": zone}
        found = {row.uuid async for row in export.rows(getattr(leat, resource), **options)}
        wanted = {uuid for uuid, at in made.items() if since <= at.date().isoformat() and at.date().isoformat() < until}
        if len(since) == 7:
            wanted = {uuid for uuid, at in made.items() if at.strftime("%Y-%m") == since}
        assert found == wanted
        assert wanted


def test_a_plan_leaves_no_moment_out_and_takes_none_twice() -> None:
    draw = random.Random(9)
    for _ in range(500):
        since = NOW - dt.timedelta(seconds=draw.randrange(-500, 20_000)) if draw.random() < 0.7 else None
        until = NOW - dt.timedelta(seconds=draw.randrange(-500, 15_000)) if draw.random() < 0.5 else None
        if since is not None and until is not None and since >= until:
            continue
        plan = plan_of(since, until, NOW, again=draw.random() < 0.5)
        spans = [*plan.closed, *([plan.live] if plan.live is not None else [])]
        assert spans[0].since == since
        assert spans[-1].until == until
        assert all(a.until == b.since for a, b in pairwise(spans))
        assert all(span.until is not None and span.until <= NOW - SETTLE for span in plan.closed)
        done = NOW - dt.timedelta(seconds=draw.randrange(20_000))
        rest = plan.after(done)
        assert [span.until for span in rest.closed] == [s.until for s in plan.closed if s.until and s.until > done]
        assert all(span.since is not None and span.since >= done for span in rest.closed)


def test_the_next_run_begins_an_overlap_before_the_settled_end() -> None:
    plan = plan_of(None, None, NOW, again=True)
    assert plan.recent == NOW - SETTLE - OVERLAP
    assert plan.closed[-1].since == plan.recent
    assert isinstance(plan, WindowPlan)


def test_halves_meet_and_end() -> None:
    span = Span(None, NOW)
    for _ in range(200):
        halves = span.halves()
        if halves is None:
            break
        earlier, later = halves
        assert (earlier.since, earlier.until, later.until) == (span.since, later.since, span.until)
        span = later
    assert span.since is not None
    assert span.until is not None
    assert span.until - span.since <= dt.timedelta(seconds=1)
    assert Span(NOW, None).halves() is None
