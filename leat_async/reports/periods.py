"""The stretches of time that a report compares, on the clocks of an account's shops."""

from __future__ import annotations

import calendar
import datetime as dt
import re

import attrs

from ..export.windows import When, moment_of

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_TREND = 13
"""Months of the trend: that of the report, and the twelve before it."""


@attrs.frozen
class Wall:
    """A stretch of time as clocks on the wall show it: at or after `since`, before `until`; neither has an offset."""

    since: dt.datetime
    until: dt.datetime

    def moments(self, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
        """Its first moment in a zone, and the first one after it."""
        return moment_on(self.since, zone), moment_on(self.until, zone)


@attrs.frozen(kw_only=True)
class PeriodPlan:
    """What is compared: a period, the one before it, the same a year before, and the months up to it.

    `complete`: the period was over when the report was made.
    """

    zone: dt.tzinfo
    current: Wall
    previous: Wall
    year_before: Wall
    months: tuple[Wall, ...]
    complete: bool

    @property
    def walls(self) -> list[dt.datetime]:
        """Every time at which something begins or ends, in order."""
        parts = (self.current, self.previous, self.year_before, *self.months)
        return sorted({wall for part in parts for wall in (part.since, part.until)})

    def buckets(self, part: Wall) -> tuple[int, int]:
        """The first bucket of a part, and the first one after it; bucket n ends at the wall time number n."""
        walls = self.walls
        return walls.index(part.since) + 1, walls.index(part.until) + 1

    @property
    def days(self) -> list[dt.date]:
        """The days of the period, also those that it has a part of only."""
        first = self.current.since.date()
        last = (self.current.until - dt.timedelta(microseconds=1)).date()
        return [first + dt.timedelta(days=day) for day in range((last - first).days + 1)]


def moment_on(wall: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The first moment at which the clocks of a zone show a time, or have gone past it."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


def plan_of_month(month: str | None, zone: dt.tzinfo, now: dt.datetime) -> PeriodPlan:
    """A calendar month; left out, the last that is over. Of the month that is going on, what has gone by of it."""
    wall_now = now.astimezone(zone).replace(tzinfo=None)
    if month is None:
        begin = shifted(_first_of(wall_now), -1)
    else:
        found = _MONTH.fullmatch(month) if isinstance(month, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        if found is None or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 9998:
            raise ValueError(f"month must be a year and a month such as '2026-10', got {month!r}")
        begin = dt.datetime(int(found[1]), int(found[2]), 1)  # noqa: DTZ001 - a time on the wall
    end = shifted(begin, 1)
    if begin >= wall_now:
        raise ValueError(f"month {month} has not begun; the newest that can be told of is {wall_now:%Y-%m}")
    if end <= wall_now:
        return _plan(zone, Wall(begin, end), Wall(shifted(begin, -1), begin), complete=True)
    return _plan(zone, Wall(begin, wall_now), Wall(shifted(begin, -1), shifted(wall_now, -1)), complete=False)


def plan_between(since: When, until: When | None, zone: dt.tzinfo, now: dt.datetime) -> PeriodPlan:
    """From one moment to another; left out, now. It is compared with a stretch as long right before it."""
    begin = _wall(moment_of("since", since, zone, now), zone)
    wall_now = now.astimezone(zone).replace(tzinfo=None)
    asked = wall_now if until is None else _wall(moment_of("until", until, zone, now), zone)
    end = min(asked, wall_now)
    if begin >= end:
        why = "the report can't begin in the future" if begin >= wall_now else "since must be before until"
        raise ValueError(f"{why}, got {begin.isoformat()} and {asked.isoformat()} on the clocks of {zone}")
    months = (end.year - begin.year) * 12 + end.month - begin.month
    whole = months > 0 and begin == _first_of(begin) and end == _first_of(end)
    before = shifted(begin, -months) if whole else begin - (end - begin)
    return _plan(zone, Wall(begin, end), Wall(before, begin), complete=asked <= wall_now and until is not None)


def shifted(wall: dt.datetime, months: int) -> dt.datetime:
    """The same day and time some months on or back; where that month has no such day, its end."""
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if wall.day > calendar.monthrange(year, month + 1)[1]:
        return shifted(_first_of(wall), months + 1)
    return wall.replace(year=year, month=month + 1)


def _plan(zone: dt.tzinfo, current: Wall, previous: Wall, *, complete: bool) -> PeriodPlan:
    last = _first_of(current.until - dt.timedelta(microseconds=1))
    months = [Wall(shifted(last, -back), shifted(last, 1 - back)) for back in range(_TREND - 1, 0, -1)]
    months.append(Wall(last, min(shifted(last, 1), current.until)))
    return PeriodPlan(
        zone=zone,
        current=current,
        previous=previous,
        year_before=Wall(shifted(current.since, -12), shifted(current.until, -12)),
        months=tuple(months),
        complete=complete,
    )


def _first_of(wall: dt.datetime) -> dt.datetime:
    return wall.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _wall(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
