"""Whether what the API shows is what a row says, written as it may be."""

from __future__ import annotations

import datetime as dt
from typing import Any

from .._core.kept_text import kept
from .._core.params import is_list


def is_same_moment(given: str | dt.datetime, shown: dt.datetime) -> bool:
    """Whether two moments are the same second: parts of one need not be kept."""
    mine = given if isinstance(given, dt.datetime) else dt.datetime.fromisoformat(given)
    return mine.replace(microsecond=0) == shown.replace(microsecond=0)


def is_shown(given: Any, shown: Any) -> bool:
    """Whether an attribute's value is the one that is shown: a number may come as text, a day with a time of day."""
    if kept(given) == kept(shown):
        return True
    if is_list(given) and is_list(shown):
        return len(given) == len(shown) and all(map(is_shown, given, shown))
    if given is None or shown is None or is_list(given) or is_list(shown):
        return False
    if isinstance(given, bool) or isinstance(shown, bool):
        return {str(given).lower(), str(shown).lower()} in ({"true"}, {"true", "1"}, {"false"}, {"false", "0"})
    mine, theirs = str(given).strip(), str(shown).strip()
    if mine == theirs:
        return True
    try:
        return float(mine) == float(theirs)
    except ValueError:
        return _same_time(mine, theirs)


def _same_time(mine: str, theirs: str) -> bool:
    try:
        one, other = dt.datetime.fromisoformat(mine), dt.datetime.fromisoformat(theirs)
    except ValueError:
        return False
    if (one.tzinfo is None) != (other.tzinfo is None):
        return one.replace(tzinfo=None) == other.replace(tzinfo=None)
    return one.replace(microsecond=0) == other.replace(microsecond=0)
