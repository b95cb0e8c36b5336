"""What people take in: numbers as a line of small bars, seconds in words, texts that read as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Control characters, and those that turn the direction of a line, so that it reads otherwise than it is.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BARS = "▁▂▃▄▅▆▇█"
# For terminals that know no other characters.
_PLAIN = "_.-:=+*#"


def spark(values: Sequence[float | None], *, plain: bool = False) -> str:
    """A bar for each value, from 0 to the largest; a space where there is none."""
    bars = _PLAIN if plain else _BARS
    most = max((value for value in values if value is not None), default=0)
    if most <= 0:
        return "".join(" " if value is None else bars[0] for value in values)
    top = len(bars) - 1
    return "".join(" " if value is None else bars[max(0, round(value / most * top))] for value in values)


def has_bars(encoding: str) -> bool:
    """Whether a terminal knows the bars."""
    try:
        _BARS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"


def spelled_out(text: str) -> str:
    """A text for a terminal or a page: what would move the cursor, change colours or turn the line reads `\\x1b`."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
