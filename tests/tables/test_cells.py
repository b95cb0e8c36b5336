"""Cells that a spreadsheet opens without harm, and that come back as they were."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leat_async.tables.cells import csv_writer, harmless, restored

TEXTS = st.text(st.sampled_from("'=+-@＝\t\r\n;,a1 .(|\"") | st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBER = re.compile(r"[+-][0-9 ().-]*")


@given(TEXTS)
def test_escaped_cells_come_back(text: str) -> None:
    assert restored(harmless(text)) == text


@given(TEXTS)
def test_escaped_cells_are_no_formulas(text: str) -> None:
    safe = harmless(text)
    assert not safe.startswith(("\t", "\r", "\n"))
    for piece in re.split("[;,\t\r\n]", safe):
        assert NUMBER.fullmatch(piece) or not piece.startswith(("=", "+", "-", "@", "＝"))


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("+31 6 (12) 34-5", "+31 6 (12) 34-5"),
        ("'+31 6", "'+31 6"),
        ("+31 kiosk", "'+31 kiosk"),
        ("a;=1+1", "a;'=1+1"),
        ("€ 12,-", "€ 12,-"),
        ("a\n@x", "a\n'@x"),
        ("\t=1", "'\t'=1"),
        ("a=b-c", "a=b-c"),
        ("'s Hertogenbosch", "'s Hertogenbosch"),
    ],
)
def test_what_is_escaped(text: str, safe: str) -> None:
    assert harmless(text) == safe


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_line_breaks_inside_a_cell_do_not_end_its_row(rows: list[list[str]], newline: str) -> None:
    file = io.StringIO(newline="")
    csv_writer(file, delimiter=";", newline=newline).writerows(rows)
    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=";")) == rows


def test_lines_end_as_asked() -> None:
    file = io.StringIO(newline="")
    csv_writer(file).writerow(["a", "b\rc"])
    assert file.getvalue() == 'a,"b\rc"\n'
