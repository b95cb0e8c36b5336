"""Cells to values: exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leat_async.tables import values
from leat_async.tables.moments import ValueRules
from leat_async.tables.table import SheetNumber

PLAIN = ValueRules()


@pytest.mark.parametrize(
    ("cell", "sent"),
    [
        ("12,50", 1250),
        ("12.50", 1250),
        ("12,5", 1250),
        ("12", 1200),
        ("€ 1.234,50", 123450),
        ("1,234.50 EUR", 123450),
        ("1.234.567,89", 123456789),
        ("-12,50", -1250),
        ("−0,05", -5),
        ("0,07", 7),
        ("1 234,50", 123450),
        (12.5, 1250),
        (0.07, 7),
        (12, 1200),
        (Decimal("12.50"), 1250),
    ],
)
def test_euros(cell: Any, sent: int) -> None:
    assert values.euros(cell, PLAIN) == sent


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("1.234", "thousands or decimals"),
        ("1,234", "thousands or decimals"),
        ("1.234.567", "thousands or decimals"),
        ("12,505", "thousands or decimals"),
        ("12.3456", "no amount"),
        ("12,34,56", "no amount"),
        ("1.23,45", "no amount"),
        ("$ 12,50", "no amount"),
        ("twaalf", "no amount"),
        ("1e5", "no amount"),
        ("٣", "no amount"),
        (True, "no amount"),
        (0.005, "fraction of a cent"),
        (float("nan"), "no number"),
        (float("inf"), "no number"),
    ],
)
def test_amounts_that_would_be_guesses(cell: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        values.euros(cell, PLAIN)


@given(st.integers(-(10**14), 10**14), st.sampled_from([",", "."]), st.booleans())
def test_every_amount_is_read_to_the_cent(amount: int, mark: str, grouped: bool) -> None:
    whole, cents = divmod(abs(amount), 100)
    other = "." if mark == "," else ","
    written = (f"{whole:,}".replace(",", other) if grouped else str(whole)) + f"{mark}{cents:02}"
    assert values.euros(("-" if amount < 0 else "") + written, PLAIN) == amount


def test_cents_are_whole() -> None:
    assert values.cents("1250", PLAIN) == 1250
    with pytest.raises(ValueError, match="prepaid_euros"):
        values.cents("12,50", PLAIN)


@pytest.mark.parametrize(("cell", "sent"), [("4", 4), (" 4 ", 4), (4.0, 4), (4, 4), ("4,0", 4), ("2.0", 2)])
def test_integers(cell: Any, sent: int) -> None:
    assert values.integer(cell, PLAIN) == sent


@pytest.mark.parametrize("cell", ["4,5", "4.000", 4.5, "vier", "", "1_000", "٤", True, "9" * 19])
def test_what_is_no_integer(cell: Any) -> None:
    with pytest.raises(ValueError, match="no whole number"):
        values.integer(cell, PLAIN)


@pytest.mark.parametrize(
    ("cell", "sent"), [("12", 12), ("12,5", 12.5), ("12.50", 12.5), (12.5, 12.5), (Decimal("3.0"), 3), ("0.125", 0.125)]
)
def test_numbers(cell: Any, sent: float) -> None:
    assert values.number(cell, PLAIN) == sent


@pytest.mark.parametrize("cell", ["1.234", "1,234", "12%", "x", True, "1e5", SheetNumber("50%", None, 0.5)])
def test_what_is_no_number(cell: Any) -> None:
    with pytest.raises(ValueError, match=r"no number|thousands or decimals"):
        values.number(cell, PLAIN)


def test_amounts_of_a_spreadsheet_are_what_is_stored() -> None:
    assert values.euros(SheetNumber("€ 1.234,50", Decimal("1234.5"), 1234.5), PLAIN) == 123450
    assert values.integer(SheetNumber("0004", Decimal(4), 4.0), PLAIN) == 4
    with pytest.raises(ValueError, match="fraction of a cent"):
        values.euros(SheetNumber("12.35", Decimal("12.345"), 12.345), PLAIN)


@pytest.mark.parametrize(("cell", "sent"), [("Ja", True), ("nee", False), (True, True), ("1", True), ("WAAR", True)])
def test_yes_and_no(cell: Any, sent: bool) -> None:
    assert values.boolean(cell, PLAIN) is sent
    with pytest.raises(ValueError, match="neither yes nor no"):
        values.boolean("misschien", PLAIN)


def test_options_by_value_or_label() -> None:
    one = values.OneOf({"red": 1, "rood": 1, "blue": 2})
    assert [one(cell, PLAIN) for cell in ("Red", "rood", "blue")] == [1, 1, 2]
    with pytest.raises(ValueError, match=r"'blu' is no option; did you mean 'blue'\?"):
        one("blu", PLAIN)
    assert values.SeveralOf(one)("red; blue", PLAIN) == [1, 2]


NUMBERS = [("+31 6 (12) 34", True), ("06-1234", True), ("3,16E+10", False), ("geen", False)]


@pytest.mark.parametrize(("cell", "fits"), NUMBERS)
def test_telephone_numbers(cell: str, fits: bool) -> None:
    if fits:
        assert values.phone(cell, PLAIN) == cell
        return
    with pytest.raises(ValueError, match=r"no telephone number|shortened"):
        values.phone(cell, PLAIN)
