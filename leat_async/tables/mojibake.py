"""Cells of UTF-8 in a file that is read in an old encoding of one byte a letter: `CafÃ©` for `Café`."""

from __future__ import annotations

import codecs
import re

# Of western and central Europe. In others, such as cp1251, such bytes make words that exist.
_ENCODINGS = frozenset(("cp1252", "iso8859-1", "cp850", "cp437", "mac-roman", "iso8859-15", "cp1250", "iso8859-2"))
# Letters of Europe, punctuation and currencies, and what takes four bytes: one is enough.
_ONE = re.compile("[\xa0-\u017f\u2000-\u22ff\U00010000-\U0010ffff]")
# Of any other script a word has several letters: Greek, Cyrillic, and what takes three bytes.
_SEVERAL = re.compile("[\u0370-\u047f\u0800-\u1fff\u2300-\uffff]")
# A word in capitals before a sign: `AMANHÃ…` is no Å.
_NATURAL = re.compile("(?<=[A-ZÀ-Þ])[ÂÃÄÅ][…”’–—»\xa0](?![A-Za-z])")
_DEEPEST = 3


def may_hold(encoding: str) -> bool:
    """Whether UTF-8 shows under this encoding."""
    return codecs.lookup(encoding).name in _ENCODINGS


def repaired(text: str, encoding: str) -> str | None:
    """What a text is if its bytes are UTF-8, also if they were made so several times; None if they are not.

    Parameters:
        text: as it was read, not of ASCII alone.
        encoding: what it was read in, one of those that `may_hold` knows.
    """
    found = _once(text, encoding)
    for _ in range(_DEEPEST):
        deeper = _once(found, "cp1252") if found is not None else None
        if deeper is None:
            break
        found = deeper
    return found


def _once(text: str, encoding: str) -> str | None:
    try:
        # Bytes that are not UTF-8 are what nearly all texts have: é stands alone.
        read = text.encode(encoding).decode("utf-8")
    except UnicodeError:
        return None
    plain = len(_ONE.findall(read)) - len(_NATURAL.findall(text))
    return read if plain > 0 or len(_SEVERAL.findall(read)) > 1 else None
