"""Cells to values: exactly, or not at all."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leat_async.bulk import values
from leat_async.bulk.values import Rules

AMSTERDAM = Rules(zone=ZoneInfo("Europe/Amsterdam"), day_first=True)
PLAIN = Rules()


@pytest.mark.parametrize(
    ("cell", "rules", "sent"),
    [
        ("2026-05-01T20:00:00+02:00", PLAIN, "2026-05-01T20:00:00+02:00"),
        ("2026-05-01 20:00Z", PLAIN, "2026-05-01T20:00:00+00:00"),
        ("2026-05-01T20:00:00.123456789-0530", PLAIN, "2026-05-01T20:00:00.123456-05:30"),
        ("2026/5/1 8:05 +02", PLAIN, "2026-05-01T08:05:00+02:00"),
        ("2026-05-01T20:00:00+02:00", AMSTERDAM, "2026-05-01T20:00:00+02:00"),
        ("01-05-2026 20:00", AMSTERDAM, "2026-05-01T20:00:00+02:00"),
        ("1/12/2026 20.15", AMSTERDAM, "2026-12-01T20:15:00+01:00"),
        ("01.05.2026, 20:00:30", AMSTERDAM, "2026-05-01T20:00:30+02:00"),
        ("2026-05-01 20:00", AMSTERDAM, "2026-05-01T20:00:00+02:00"),
        (dt.datetime(2026, 5, 1, 20), AMSTERDAM, "2026-05-01T20:00:00+02:00"),
        (dt.datetime(2026, 5, 1, 20, tzinfo=dt.UTC), AMSTERDAM, "2026-05-01T20:00:00+00:00"),
        # An offset with seconds, which ISO 8601 can't write.
        ("1971-05-01 20:00", Rules(zone=ZoneInfo("Africa/Monrovia")), "1971-05-01T20:44:30+00:00"),
    ],
)
def test_moments(cell: Any, rules: Rules, sent: str) -> None:
    assert values.moment(cell, rules) == sent


@pytest.mark.parametrize(
    ("cell", "rules", "said"),
    [
        ("2026-05-01 20:00", PLAIN, "--timezone"),
        ("01-05-2026 20:00", Rules(zone=AMSTERDAM.zone), "--day-first"),
        ("25-12-2026 20:00Z", PLAIN, "--day-first"),
        ("01-05-26 20:00", AMSTERDAM, "two digits"),
        ("2026-05-01", AMSTERDAM, "no time of day"),
        ("31-04-2026 20:00", AMSTERDAM, "does not exist"),
        ("2026-02-29 20:00", AMSTERDAM, "does not exist"),
        ("2026-05-01 24:00", AMSTERDAM, "does not exist"),
        ("2026-05-01 20:60", AMSTERDAM, "does not exist"),
        ("2026-05-01 20:00+25:00", PLAIN, "does not exist"),
        ("2026-05-01 20:00+02:75", PLAIN, "does not exist"),
        ("2026-05-01 8 pm", AMSTERDAM, "no date with a time"),
        ("2026-05-01 20:00 CET", AMSTERDAM, "no date with a time"),
        ("2026-05-0120:00", AMSTERDAM, "no date with a time"),
        ("gisteren", AMSTERDAM, "no date with a time"),
        ("٢٠٢٦-05-01 20:00", AMSTERDAM, "no date with a time"),
        (46143.8125, AMSTERDAM, "no date with a time"),
        (dt.date(2026, 5, 1), AMSTERDAM, "no date with a time"),
        ("29-03-2026 02:30", AMSTERDAM, "does not exist in Europe/Amsterdam"),
        ("25-10-2026 02:30", AMSTERDAM, "exists twice in Europe/Amsterdam"),
        ("x" * 1000, AMSTERDAM, "…"),
    ],
)
def test_moments_that_would_be_guesses(cell: Any, rules: Rules, said: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        values.moment(cell, rules)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200


def test_an_ambiguous_time_names_both_readings() -> None:
    with pytest.raises(ValueError, match=r"2026-10-25T02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00"):
        values.moment("25-10-2026 02:30", AMSTERDAM)


@given(
    st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1)),
    st.sampled_from(["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_a_local_time_is_sent_only_if_it_means_one_moment(naive: dt.datetime, name: str) -> None:
    zone = ZoneInfo(name)
    # Counted without fold: the moments whose clock in that zone shows this time.
    guess = naive.replace(tzinfo=dt.UTC)
    moments = {
        moment
        for minutes in range(-14 * 60, 14 * 60 + 1, 15)
        if (moment := guess + dt.timedelta(minutes=minutes)).astimezone(zone).replace(tzinfo=None) == naive
    }
    try:
        sent = values.moment(naive.isoformat(), Rules(zone=zone))
    except ValueError:
        assert len(moments) != 1
    else:
        assert {dt.datetime.fromisoformat(sent).astimezone(dt.UTC)} == moments


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
        (float("nan"), "fraction of a cent"),
        (float("inf"), "fraction of a cent"),
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


@pytest.mark.parametrize(("cell", "sent"), [("4", 4), (" 4 ", 4), (4.0, 4), (4, 4)])
def test_integers(cell: Any, sent: int) -> None:
    assert values.integer(cell, PLAIN) == sent


@pytest.mark.parametrize("cell", ["4,0", "4.5", 4.5, "vier", "", "1_000", "٤", True, "9" * 19])
def test_what_is_no_integer(cell: Any) -> None:
    with pytest.raises(ValueError, match="no whole number"):
        values.integer(cell, PLAIN)


@pytest.mark.parametrize("cell", ["a@b", "a b@c.nl", "a@b.nl; c@d.nl", "a@b@c.nl", "@b.nl", "a@.nl.", "<a@b.nl>", "x"])
def test_what_is_no_address(cell: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        values.email(cell, PLAIN)


def test_addresses_are_normalised() -> None:
    assert values.email("  Zoë.O'Neil+x@Example.CO.UK ", PLAIN) == "zoë.o'neil+x@example.co.uk"


def test_text_is_as_it_would_be_written() -> None:
    assert [values.text(cell, PLAIN) for cell in ("x", 12345.0, 7, Decimal("1.50"))] == ["x", "12345", "7", "1.50"]
    with pytest.raises(ValueError, match="nested"):
        values.text({"a": 1}, PLAIN)


def test_several_columns_are_joined() -> None:
    day = dt.datetime(2026, 5, 1)
    assert values.join([day, dt.time(20, 30)]) == "2026-05-01 20:30:00"
    assert values.join(["01-05-2026", "", "20:30"]) == "01-05-2026 20:30"
    assert values.join(["", None]) is None
    assert values.join([" x "]) == "x"
