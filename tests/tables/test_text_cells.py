"""Texts: what may be sent as one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leat_async.tables import text_cells, values
from leat_async.tables.moments import ValueRules
from leat_async.tables.table import BadCell, SheetNumber

PLAIN = ValueRules()


def test_text_is_as_it_would_be_written() -> None:
    assert [values.text(cell, PLAIN) for cell in ("x", 12345.0, 7, Decimal("1.50"))] == ["x", "12345", "7", "1.50"]
    with pytest.raises(ValueError, match="nested"):
        values.text({"a": 1}, PLAIN)


def test_several_columns_are_joined() -> None:
    day = dt.datetime(2026, 5, 1)
    assert text_cells.join([day, dt.time(20, 30)]) == "2026-05-01 20:30:00"
    assert text_cells.join(["01-05-2026", "", "20:30"]) == "01-05-2026 20:30"
    assert text_cells.join(["", None]) is None
    assert text_cells.join([" x "]) == "x"


@pytest.mark.parametrize(
    "written",
    ["#N/A", "#n/b", "#VERW!", "#WERT!", "#¡VALOR!", "#ССЫЛКА!", "Err:502", "#####", "#DIV/0!", "#NENÍ_K_DISPOZICI"],
)
def test_errors_of_spreadsheets_are_no_texts(written: str) -> None:
    with pytest.raises(ValueError, match="error of a spreadsheet"):
        text_cells.text(written)


@pytest.mark.parametrize("written", ["#1", "# 1", "#winter", "Err", "N/A", "#Hallo!"])
def test_texts_that_begin_alike_are_texts(written: str) -> None:
    assert text_cells.text(written) == written


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("a\0b", r"U\+0000"),
        ("\x7f", r"U\+007F \(|U\+007F"),
        ("\ud800", r"U\+D800 \(half of a character\)"),
        ("\uffff", r"U\+FFFF"),
        (float("nan"), "no number"),
        (1e16, "more than 15 digits"),
        (BadCell("D17 is the error #N/A"), "D17"),
    ],
)
def test_what_is_never_sent(cell: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        text_cells.text(cell)


@pytest.mark.parametrize(
    ("written", "read"),
    [('="000417"', "000417"), ('="say ""hi"""', 'say "hi"'), ('="a"&"b"', '="a"&"b"'), ("=1", "=1")],
)
def test_what_keeps_spreadsheets_from_reading_numbers_goes(written: str, read: str) -> None:
    assert text_cells.text(written) == read


@pytest.mark.parametrize(
    "cell",
    [
        "2,026E+11",
        "2.026e+11",
        "1E-05",
        SheetNumber("2.03E+11", None, 2.026e11),
        SheetNumber("20.26E10", None, 2.026e11),
    ],
)
def test_shortened_numbers_name_nothing(cell: Any) -> None:
    with pytest.raises(ValueError, match="shortened"):
        text_cells.identifier(cell)


@pytest.mark.parametrize("cell", [dt.date(2026, 2, 3), dt.time(3, 2), dt.datetime(2026, 3, 2), dt.timedelta(hours=3)])
def test_dates_name_nothing(cell: Any) -> None:
    with pytest.raises(ValueError, match="a date or time to the spreadsheet"):
        text_cells.identifier(cell)


@pytest.mark.parametrize("written", ["12E45", "R-1", "000417", "E+1", "1e5"])
def test_what_looks_like_numbers_may_be_names(written: str) -> None:
    assert text_cells.identifier(f"\u200b {written}\xa0") == written


@given(st.lists(st.text("ab|\\ ", min_size=1, max_size=4).filter(str.strip), min_size=2, max_size=2))
def test_composed_identifiers_tell_their_parts(parts: list[str]) -> None:
    other = [" ".join(parts), parts[-1]]
    same = [part.strip() for part in parts] == [part.strip() for part in other]
    assert (text_cells.composed(parts) == text_cells.composed(other)) == same
