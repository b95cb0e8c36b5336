"""Texts as the API keeps them: Laravel trims every text that comes in, and makes null of an empty one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

# Newer versions trim all that PCRE calls space (\s with /u), a byte order mark, a zero-width space and a left-to-right
# mark; older ones ASCII spaces and NUL. Which one answers is not known, and all of it together harms no text.
_SPACES = " \t\n\v\f\r\x85\xa0\u1680\u180e\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_EDGES = _SPACES + "\0\ufeff\u200b\u200e"


def kept_text(text: str) -> str | None:
    """A text as it is stored: without space at its ends; None for an empty one."""
    return text.strip(_EDGES) or None


def kept(value: Any) -> Any:
    """A JSON value as it is stored: its texts trimmed at any depth, empty ones null, keys as they are."""
    if isinstance(value, str):
        return kept_text(value)
    if isinstance(value, Mapping):
        return {key: kept(item) for key, item in cast("Any", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [kept(item) for item in cast("Any", value)]
    return value
