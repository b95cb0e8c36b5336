"""Moments and the stretches of time between them."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from typing import TypeAlias, cast
from zoneinfo import ZoneInfo

import attrs

When: TypeAlias = dt.datetime | dt.date | dt.timedelta | str
"""A bound: an aware datetime, a day, a duration before now, or text for any of them."""

SETTLE = dt.timedelta(seconds=60)
"""How old a moment must be before its rows are taken to be all there."""

OVERLAP = dt.timedelta(hours=1)
"""How far an incremental run looks back behind the end of the one before."""

_SECOND = dt.timedelta(seconds=1)
# Where a search for the middle of "everything until" begins; rows before it are found all the same.
_LONG_AGO = dt.datetime(2010, 1, 1, tzinfo=dt.UTC)
_DURATION = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*", re.ASCII)
_EXACT = {"s": "seconds", "m": "minutes", "h": "hours"}
_CALENDAR = {"d": "days", "w": "weeks"}


def zone_of(name: str) -> dt.tzinfo:
    """The time zone of this name."""
    if not isinstance(cast("object", name), str):
        raise TypeError(f"timezone must be a name such as 'Europe/Amsterdam', got {type(name).__name__}")
    if name == "UTC":
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(
            f"timezone must be a name such as 'Europe/Amsterdam', got {name!r}; on Windows, install the package tzdata"
        ) from None


def moment_of(name: str, value: When, zone: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    """The moment that a bound means, in UTC. A day or month is its first moment in the zone."""
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError(
                f"{name} must know its time zone, got {value!r}; text without an offset is read in `timezone`"
            )
        return value.astimezone(dt.UTC)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time(), zone).astimezone(dt.UTC)
    if isinstance(value, dt.timedelta):
        if value < dt.timedelta():
            raise ValueError(f"{name} as a duration reaches back from now and can't be negative, got {value!r}")
        return _back(name, now, value)
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a moment, a day, a duration or text, got {type(value).__name__}")
    try:
        return _read(name, value.strip(), zone, now)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{name}: {value!r} is no moment ({error}); give a day (2026-03-29), a month (2026-03), a moment "
            "(2026-03-29T12:00 or with an offset), or a duration back from now (7d, 12h)"
        ) from None


def _read(name: str, text: str, zone: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    if found := _DURATION.fullmatch(text):
        count, unit = int(found[1]), found[2]
        if unit in _EXACT:
            return _back(name, now, dt.timedelta(**{_EXACT[unit]: count}))
        # A day back is the same time on the clock, also where the clock was changed in between.
        local = now.astimezone(zone).replace(tzinfo=None) - dt.timedelta(**{_CALENDAR[unit]: count})
        return local.replace(tzinfo=zone).astimezone(dt.UTC)
    if found := _PERIOD.fullmatch(text):
        day = dt.date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
    if not _MOMENT.fullmatch(text):
        raise ValueError("not understood")
    moment = dt.datetime.fromisoformat(text)
    return moment.astimezone(dt.UTC) if moment.tzinfo is not None else _local(moment, zone)


def _back(name: str, now: dt.datetime, span: dt.timedelta) -> dt.datetime:
    try:
        return now - span
    except OverflowError:
        raise ValueError(f"{name} reaches back too far: {span}") from None


def _local(wall: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The one moment at which the zone's clocks show this; where there is none, or two, that is an error."""
    moment = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError("the clocks skipped this time; add an offset")
    if wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC) != moment:
        raise ValueError("the clocks showed this time twice; add an offset")
    return moment


@attrs.frozen
class Span:
    """The rows made at or after `since` and before `until`; None: no bound on that side."""

    since: dt.datetime | None
    until: dt.datetime | None

    def __str__(self) -> str:
        texts = [f"{word} {at.isoformat()}" for word, at in (("from", self.since), ("before", self.until)) if at]
        return " ".join(texts) or "all time"

    def holds(self, moment: dt.datetime) -> bool:
        """Whether a row of this `created_at` belongs here; the API shows whole seconds."""
        if self.since is not None and moment < self.since.replace(microsecond=0):
            return False
        return self.until is None or moment < self.until

    def halves(self) -> tuple[Span, Span] | None:
        """The earlier and the later half, cut at a whole second; None where there is nothing to cut."""
        if self.until is None:
            return None
        begin = self.since or min(_LONG_AGO, self.until - _SECOND)
        middle = (begin + (self.until - begin) / 2).replace(microsecond=0)
        if self.since is None and middle <= begin:
            return None
        if not begin < middle < self.until:
            return None
        return Span(self.since, middle), Span(middle, self.until)


@attrs.frozen
class WindowPlan:
    """What is read: closed spans, one after the other, and then the live one, to which rows are still added.

    `recent`: rows made since then may still get company, so the next incremental run reads from there again.
    """

    closed: tuple[Span, ...]
    live: Span | None
    recent: dt.datetime

    def after(self, done: dt.datetime | None) -> WindowPlan:
        """What is left when everything before `done` is in."""
        if done is None:
            return self
        left = tuple(
            Span(done if span.since is None or span.since < done else span.since, span.until)
            for span in self.closed
            if span.until is not None and span.until > done
        )
        return attrs.evolve(self, closed=left)


def plan_of(
    since: dt.datetime | None, until: dt.datetime | None, now: dt.datetime, *, again: bool = False
) -> WindowPlan:
    """Cut a stretch of time where rows stop being settled; `again`: and where the next incremental run begins."""
    settled = now.replace(microsecond=0) - SETTLE
    end = settled if until is None else min(settled, until)
    recent = end - OVERLAP
    if since is not None:
        end, recent = max(end, since), max(recent, since)
    cuts = [since, recent, end] if again else [since, end]
    closed = [Span(a, b) for a, b in pairwise(cuts) if b is not None and (a is None or a < b)]
    live = Span(end, until) if until is None or until > end else None
    return WindowPlan(tuple(closed), live, recent)
