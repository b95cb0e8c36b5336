"""Dates and moments: exactly the one that is meant, or refused."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Literal
from zoneinfo import ZoneInfo

import attrs

from .table import BadCell, cell_text, snippet
from .text_cells import text

PlaceholderDates = Literal["refuse", "empty"]
ClockChange = Literal["refuse", "first", "second"]

_YEAR_FIRST = re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?P<rest>(?!\d).*)", re.ASCII | re.DOTALL)
_YEAR_LAST = re.compile(
    r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4}|\d{2})(?!\d)(?P<rest>.*)", re.ASCII | re.DOTALL
)
_NAMED = re.compile(
    r"(?P<d>\d{1,2})(?:\.\s*|[-/\s])(?P<m>[^\W\d_]{3,9})(?:\.?[-/\s]|\.)\s*(?P<y>\d{4}|\d{2})(?!\d)(?P<rest>.*)",
    re.DOTALL,
)
_TIME = re.compile(
    r"(?:[T,]|\s)\s*(?P<h>\d{1,2})(?:(?:[:.]|\s?[uUhH]\s?)(?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<f>\d{1,6})\d*)?)?)?"
    r"\s*(?P<unit>uur|[uUhH])?\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?\s*(?P<offset>Z|z|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII,
)
# Where -21:00 is an offset and no end of a range: behind a whole ISO moment, with a T or with seconds.
_TAKES_OFFSET = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?|\s\d{2}:\d{2}:\d{2}(?:[.,]\d+)?)[+-][\d:]+", re.ASCII
)
_CLOCK = r"\d{1,2}\s?[:.uUhH]\s?\d{2}(?::\d{2})?"
_RANGE = re.compile(
    rf"(?:^|[\sT,]){_CLOCK}(?:\s?(?:uur|[uUhH]|[AaPp]\.?[Mm]\.?))?\s*(?:[-\u2013\u2014]|tot|to|till|until|bis)\s*{_CLOCK}(?!\d)",
    re.ASCII,
)
# Short and long, in English, Dutch, German and French; no name means two months.
_NAMES = """
    jan january januari januar jänner janvier janv | feb february februari februar février févr fév
    | mar march mrt maart mär märz mars | apr april avr avril | may mei mai | jun june juni juin
    | jul july juli juil juillet | aug august augustus août | sep sept september septembre
    | oct october okt oktober octobre | nov november novembre | dec december dez dezember déc décembre
"""
_MONTHS = {name: number for number, names in enumerate(_NAMES.split("|"), 1) for name in names.split()}
_FARTHEST = (dt.timedelta(hours=-12), dt.timedelta(hours=14))
_FIRST_OF_1900S = 30
_SHOWN = 40
# What programs write where there is no date.
_PLACEHOLDERS = {(1, 1, 1), (9999, 12, 31), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1)}
_EPOCH_ZERO = (1970, 1, 1)


@attrs.frozen(kw_only=True)
class ValueRules:
    """What was said about values.

    `zone`: of times without an offset. `day_first`, `month_first`: the order of dates with the year last.
    `short_years`: years of two digits are read as spreadsheets do, 00 to 29 as 2000 to 2029, the rest as 19xx.
    `placeholder_dates`: what 0001-01-01 and its like are. `clock_change`: which of a time that the zone's clock shows
    twice; one that it jumps over is then moved by the jump.
    """

    zone: ZoneInfo | None = None
    day_first: bool = False
    month_first: bool = False
    short_years: bool = False
    placeholder_dates: PlaceholderDates = "refuse"
    clock_change: ClockChange = "refuse"


def moment(cell: Any, rules: ValueRules) -> str | None:
    """A moment as ISO 8601 with offset; None for a placeholder that stands for no date."""
    shown = _written(cell)
    found = cell if isinstance(cell, dt.datetime) else None
    if found is None:
        if not isinstance(cell, (str, dt.date)):
            raise ValueError(f"{snippet(shown, _SHOWN)} is no date with a time")
        if _RANGE.search(shown) and not _TAKES_OFFSET.fullmatch(shown):
            raise _no_offset(shown)
        day, rest = _day(shown, rules)
        if day is None:
            return None
        found = _at(day, rest, shown)
    elif _is_placeholder(found.year, found.month, found.day, midnight=found.time() == dt.time()):
        _placeholder(shown, rules)
        return None
    if found.tzinfo is None:
        found = _in_zone(found, shown, rules)
    return _iso(found)


def day(cell: Any, rules: ValueRules) -> str | None:
    """A day as ISO 8601; None for a placeholder that stands for no date."""
    shown = _written(cell)
    if isinstance(cell, dt.datetime):
        if cell.time() != dt.time():
            raise ValueError(f"{snippet(shown, _SHOWN)} is more than a day")
        shown = cell.date().isoformat()
    elif not isinstance(cell, (str, dt.date)):
        raise ValueError(f"{snippet(shown, _SHOWN)} is no date")
    found, rest = _day(shown, rules)
    if found is None:
        return None
    if rest.strip() and not re.fullmatch(r"[T\s]\s*0?0:00(:00(\.0+)?)?", rest):
        raise ValueError(f"{snippet(shown, _SHOWN)} is more than a day")
    return found.isoformat()


def is_clock(cell: Any) -> bool:
    """Whether a cell is a time of day and nothing else."""
    if isinstance(cell, str):
        return _TIME.fullmatch(f" {cell.strip()}") is not None and not cell.strip().isdecimal()
    return isinstance(cell, (dt.time, dt.timedelta))


def check_clock(cell: Any) -> None:
    """Refuse a range of times in a cell of its own, which behind a day would look like a time with an offset."""
    if not isinstance(cell, str):
        return
    parts = _TIME.fullmatch(f" {cell.strip()}")
    if _RANGE.match(cell.strip()) or (parts and parts["offset"] not in (None, "Z", "z")):
        raise _no_offset(cell.strip())


def _no_offset(shown: str) -> ValueError:
    if _RANGE.search(shown):
        return ValueError(
            f"{snippet(shown, _SHOWN)} looks like a range of times; give the start and the end a column each"
        )
    return ValueError(
        f"{snippet(shown, _SHOWN)} has an offset that may be something else; write it behind the whole moment: "
        "2026-05-01T20:00:00+02:00"
    )


def _written(cell: Any) -> str:
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        return cell_text(cell)
    if isinstance(cell, BadCell):
        raise ValueError(cell.reason)
    return text(cell)


def _day(written: str, rules: ValueRules) -> tuple[dt.date | None, str]:
    """The day that a text begins with, and what comes after it; None for a placeholder."""
    parts = _YEAR_FIRST.fullmatch(written)
    month, number = "m", "d"
    if parts is None:
        named = _NAMED.fullmatch(written)
        in_year = _MONTHS.get(named["m"].casefold()) if named is not None else None
        plain = f"{named['d']}-{in_year}-{named['y']}{named['rest']}" if named is not None and in_year else written
        parts = _YEAR_LAST.fullmatch(plain)
        if parts is None:
            raise ValueError(f"{snippet(written, _SHOWN)} is no date with a time, such as 2026-05-01 20:00")
        if (
            not in_year
            and not (rules.day_first or rules.month_first)
            and not _is_placeholder(*_numbers(parts, "m", "d"))
        ):
            raise ValueError(
                f"{snippet(written, _SHOWN)} does not tell day from month; "
                "--day-first or --month-first says which comes first"
            )
        if rules.month_first and not in_year:
            month, number = "d", "m"
        if len(parts["y"]) == 2 and not rules.short_years:
            raise ValueError(
                f"{snippet(written, _SHOWN)} has a year of two digits; write four, or --short-years reads 00 to 29 as "
                "20xx and the rest as 19xx"
            )
    year, months, days = _numbers(parts, month, number)
    if len(parts["y"]) == 2:
        year += 2000 if year < _FIRST_OF_1900S else 1900
    if _is_placeholder(year, months, days, midnight=not re.search("[1-9]", parts["rest"])):
        _placeholder(written, rules)
        return None, ""
    try:
        return dt.date(year, months, days), parts["rest"]
    except ValueError as error:
        raise ValueError(f"{snippet(written, _SHOWN)} does not exist: {error}") from None


def _numbers(parts: re.Match[str], month: str, number: str) -> tuple[int, int, int]:
    return int(parts["y"]), int(parts[month]), int(parts[number])


def _is_placeholder(year: int, month: int, number: int, *, midnight: bool = True) -> bool:
    if (year, month, number) == _EPOCH_ZERO:
        return midnight
    return (year, month, number) in _PLACEHOLDERS or number == 0 or month == 0 or year in (0, 1, 9999)


def _placeholder(shown: str, rules: ValueRules) -> None:
    if rules.placeholder_dates == "refuse":
        raise ValueError(
            f"{snippet(shown, _SHOWN)} is what programs write for no date; --placeholder-dates empty sends none"
        )


def _at(date: dt.date, rest: str, shown: str) -> dt.datetime:
    """The time of day that stands behind a date."""
    parts = _TIME.fullmatch(rest)
    if parts is None or (parts["min"] is None and not (parts["unit"] or parts["half"])):
        if rest.strip():
            raise ValueError(f"{snippet(shown, _SHOWN)} is no date with a time, such as 2026-05-01 20:00")
        raise ValueError(
            f"{snippet(shown, _SHOWN)} has no time of day; join two columns with: --map 'DATE + TIME=parameter'"
        )
    if parts["offset"] not in (None, "Z", "z") and not _TAKES_OFFSET.fullmatch(shown):
        raise _no_offset(shown)
    hour, minute, second = int(parts["h"]), int(parts["min"] or 0), int(parts["s"] or 0)
    fraction = int((parts["f"] or "0").ljust(6, "0"))
    try:
        if parts["half"]:
            if not 1 <= hour <= 12:
                raise ValueError(f"{hour} is no hour of half a day")
            hour = hour % 12 + (12 if parts["half"][0] in "Pp" else 0)
        if (hour, minute, second, fraction) == (24, 0, 0, 0):  # midnight at the day's end
            date, hour = date + dt.timedelta(days=1), 0
        return dt.datetime(
            date.year, date.month, date.day, hour, minute, second, fraction, tzinfo=_offset(parts["offset"])
        )
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{snippet(shown, _SHOWN)} does not exist: {error}") from None


def _offset(written: str | None) -> dt.timezone | None:
    if written is None:
        return None
    if written in ("Z", "z"):
        return dt.UTC
    hours, minutes = int(written[1:3]), int(written[-2:]) if len(written) > 3 else 0
    if minutes > 59:
        raise ValueError(f"an offset of {minutes} minutes")
    delta = dt.timedelta(hours=hours, minutes=minutes)
    delta = -delta if written[0] == "-" else delta
    if minutes % 15 or not _FARTHEST[0] <= delta <= _FARTHEST[1]:
        raise ValueError(f"no place has an offset of {written}; if it is a range of times, give each a column")
    return dt.timezone(delta)


def _in_zone(found: dt.datetime, shown: str, rules: ValueRules) -> dt.datetime:
    zone = rules.zone
    if zone is None:
        raise ValueError(
            f"{snippet(shown, _SHOWN)} has no offset; --timezone Europe/Amsterdam says where its clock hangs"
        )
    first, second = found.replace(tzinfo=zone, fold=0), found.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    back = first.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None)
    if back != found:
        if rules.clock_change != "refuse":
            return first.astimezone(dt.UTC).astimezone(zone)
        raise ValueError(
            f"{snippet(shown, _SHOWN)} does not exist in {zone.key}: the clock jumps over it; "
            "--clock-change first moves it by the jump"
        )
    if rules.clock_change != "refuse":
        return first if rules.clock_change == "first" else second
    either = f"{_iso(first)} or {_iso(second)}"
    raise ValueError(
        f"{snippet(shown, _SHOWN)} exists twice in {zone.key}; write which it is: {either}, or --clock-change first"
    )


def _iso(found: dt.datetime) -> str:
    offset = found.utcoffset()
    if offset is not None and (offset.seconds % 60 or offset.microseconds):
        # Historic offsets have seconds, which ISO 8601 can't write.
        found = found.astimezone(dt.UTC)
    return found.isoformat()
