"""Texts as the API keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from leat_async._core.kept_text import kept, kept_text


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("A1 ", "A1"),
        ("\t A1\r\n", "A1"),
        ("a  b", "a  b"),
        ("", None),
        (" \t", None),
        ("\u00a0A1\u2003\u3000", "A1"),
        ("\ufeffA1\u200b\u200e", "A1"),
        ("\x00A1\x0b\x0c\x85\u180e", "A1"),
        ("\u1680A1\u2028\u2029\u202f\u205f", "A1"),
        # Neither space to PCRE nor to PHP.
        ("\x1cA1\x1f", "\x1cA1\x1f"),
        ("\u200dA1\u2060", "\u200dA1\u2060"),
        ("0", "0"),
    ],
)
def test_a_text_is_kept_without_space_at_its_ends(given: str, stored: str | None) -> None:
    assert kept_text(given) == stored


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"a": " x ", "b ": ["", " y", 1, None, True]}, {"a": "x", "b ": [None, "y", 1, None, True]}),
        ({"a": {"b": {"c": "\t"}}}, {"a": {"b": {"c": None}}}),
        (("a ", 1.5), ["a", 1.5]),
        (0, 0),
    ],
)
def test_texts_at_any_depth(given: Any, stored: Any) -> None:
    assert kept(given) == stored
