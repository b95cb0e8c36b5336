"""From a cell to a value, exactly or not at all.

Each reader takes a cell that is not empty and the rules, and returns what is sent or raises `ValueError` that says what
is wrong with it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from .readers import cell_text

_YEAR_FIRST = re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?P<rest>.*)", re.ASCII | re.DOTALL)
_YEAR_LAST = re.compile(
    r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4}|\d{2})(?!\d)(?P<rest>.*)", re.ASCII | re.DOTALL
)
_TIME = re.compile(
    r"(?:[T,]|\s)\s*(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<f>\d{1,6})\d*)?)?\s*"
    r"(?P<offset>Z|z|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII,
)
_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\".]+")
_GROUPED = {
    ",": re.compile(r"\d{1,3}(?:\.\d{3})*,\d{1,2}|\d+,\d{1,2}", re.ASCII),
    ".": re.compile(r"\d{1,3}(?:,\d{3})*\.\d{1,2}|\d+\.\d{1,2}", re.ASCII),
}
_SHOWN = 40


@attrs.frozen(kw_only=True)
class Rules:
    """What the user has said about values: the zone of times without an offset, and the order of dates."""

    zone: ZoneInfo | None = None
    day_first: bool = False


Reader = Callable[[Any, Rules], Any]


def join(cells: Sequence[Any]) -> Any:
    """The value of a parameter that may come from several columns; None when all of them are empty."""
    if len(cells) == 1:
        cell = cells[0]
        return cell.strip() if isinstance(cell, str) else cell
    texts = [_part(cell) for cell in cells]
    return " ".join(text for text in texts if text) or None


def _part(cell: Any) -> str:
    if isinstance(cell, dt.datetime) and cell.time() == dt.time() and cell.tzinfo is None:
        cell = cell.date()  # a spreadsheet's day
    return cell_text(cell).strip()


def text(cell: Any, rules: Rules) -> str:
    """Text; a number as it would be written."""
    if isinstance(cell, (dict, list)):
        raise ValueError("expected text, got a nested value")
    return cell_text(cell)


def email(cell: Any, rules: Rules) -> str:
    """One address, trimmed and in lower case, as the API keeps them."""
    address = text(cell, rules).strip().lower()
    if not _EMAIL.fullmatch(address):
        raise ValueError(f"{_show(address)} is no e-mail address")
    return address


def integer(cell: Any, rules: Rules) -> int:
    """A whole number."""
    written = text(cell, rules).strip()
    if not re.fullmatch(r"[+-]?\d{1,18}", written, re.ASCII):
        raise ValueError(f"{_show(written)} is no whole number")
    return int(written)


def cents(cell: Any, rules: Rules) -> int:
    """An amount that is in cents already."""
    try:
        return integer(cell, rules)
    except ValueError as error:
        raise ValueError(f"{error} of cents; for euros map the column to prepaid_euros") from None


def euros(cell: Any, rules: Rules) -> int:
    """An amount in euros, in whole cents. An amount that can be read two ways, such as 1.234, is refused."""
    if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        amount = Decimal(str(cell))
    else:
        written = re.sub(r"[\s€]|EUR", "", text(cell, rules), flags=re.IGNORECASE)
        sign, digits = ("-", written[1:]) if written[:1] in ("-", "−") else ("", written)
        amount = Decimal(sign + _decimal(digits, text(cell, rules)))
    exact = amount * 100
    if not exact.is_finite() or exact != exact.to_integral_value():
        raise ValueError(f"{_show(cell_text(cell))} has a fraction of a cent")
    return int(exact)


def _decimal(digits: str, shown: str) -> str:
    if re.fullmatch(r"\d{1,15}", digits, re.ASCII):
        return digits
    # The last sign is the decimal one, if one or two digits follow it; the other may group thousands.
    for mark, pattern in _GROUPED.items():
        if len(digits) <= 24 and pattern.fullmatch(digits):
            return digits.replace("." if mark == "," else ",", "").replace(",", ".")
    if re.fullmatch(r"\d{1,3}([.,])\d{3}(\1\d{3})*", digits, re.ASCII):
        raise ValueError(f"{_show(shown)} could mean thousands or decimals; write it with cents, such as 1234,00")
    raise ValueError(f"{_show(shown)} is no amount")


def moment(cell: Any, rules: Rules) -> str:
    """A moment as ISO 8601 with offset; a time of a zone must exist there, and only once."""
    if isinstance(cell, dt.datetime):
        found, shown = cell, cell_text(cell)
    elif isinstance(cell, str):
        found, shown = _parse(cell.strip(), rules), cell.strip()
    else:
        raise ValueError(f"{_show(cell_text(cell))} is no date with a time")
    if found.tzinfo is None:
        found = _in_zone(found, shown, rules.zone)
    return _iso(found)


def _parse(written: str, rules: Rules) -> dt.datetime:
    parts = _YEAR_FIRST.fullmatch(written)
    if parts is None:
        parts = _YEAR_LAST.fullmatch(written)
        if parts is None:
            raise ValueError(f"{_show(written)} is no date with a time, such as 2026-05-01 20:00")
        if len(parts["y"]) == 2:
            raise ValueError(f"{_show(written)} has a year of two digits; write four")
        if not rules.day_first:
            raise ValueError(f"{_show(written)} does not tell day from month; --day-first says that days come first")
    time = _TIME.fullmatch(parts["rest"])
    if time is None:
        if parts["rest"].strip():
            raise ValueError(f"{_show(written)} is no date with a time, such as 2026-05-01 20:00")
        raise ValueError(f"{_show(written)} has no time of day; join two columns with: --map 'DATE + TIME=parameter'")
    try:
        found = dt.datetime(
            int(parts["y"]), int(parts["m"]), int(parts["d"]),
            int(time["h"]), int(time["min"]), int(time["s"] or 0), int((time["f"] or "0").ljust(6, "0")),
            tzinfo=_offset(time["offset"]),
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"{_show(written)} does not exist: {error}") from None
    return found


def _offset(written: str | None) -> dt.timezone | None:
    if written is None:
        return None
    if written in ("Z", "z"):
        return dt.UTC
    hours, minutes = int(written[1:3]), int(written[-2:]) if len(written) > 3 else 0
    if minutes > 59:
        raise ValueError(f"an offset of {minutes} minutes")
    delta = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-delta if written[0] == "-" else delta)


def _in_zone(found: dt.datetime, shown: str, zone: ZoneInfo | None) -> dt.datetime:
    if zone is None:
        raise ValueError(f"{_show(shown)} has no offset; --timezone Europe/Amsterdam says where its clock hangs")
    first, second = found.replace(tzinfo=zone, fold=0), found.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    back = first.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None)
    if back != found:
        raise ValueError(f"{_show(shown)} does not exist in {zone.key}: the clock jumps over it")
    either = f"{_iso(first)} or {_iso(second)}"
    raise ValueError(f"{_show(shown)} exists twice in {zone.key}; write which it is: {either}")


def _iso(found: dt.datetime) -> str:
    offset = found.utcoffset()
    if offset is not None and (offset.seconds % 60 or offset.microseconds):
        # Historic offsets have seconds, which ISO 8601 can't write.
        found = found.astimezone(dt.UTC)
    return found.isoformat()


def _show(written: str) -> str:
    return repr(written if len(written) <= _SHOWN else written[: _SHOWN - 1] + "…")
