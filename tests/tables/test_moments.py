"""Moments and days: exactly the one that is meant, or refused."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leat_async.tables import moments, values
from leat_async.tables.moments import ValueRules
from leat_async.tables.plan import ColumnUse

AMSTERDAM = ValueRules(zone=ZoneInfo("Europe/Amsterdam"), day_first=True)
PLAIN = ValueRules()


@pytest.mark.parametrize(
    ("cell", "rules", "sent"),
    [
        ("2026-05-01T20:00:00+02:00", PLAIN, "2026-05-01T20:00:00+02:00"),
        ("2026-05-01 20:00Z", PLAIN, "2026-05-01T20:00:00+00:00"),
        ("2026-05-01T20:00:00.123456789-0530", PLAIN, "2026-05-01T20:00:00.123456-05:30"),
        ("2026-05-01 20:00:00+02", PLAIN, "2026-05-01T20:00:00+02:00"),
        ("2026-05-01T20:00-12:00", PLAIN, "2026-05-01T20:00:00-12:00"),
        ("2026-05-01 20:00:00+14:00", PLAIN, "2026-05-01T20:00:00+14:00"),
        ("2026-05-01T20:00:00+02:00", AMSTERDAM, "2026-05-01T20:00:00+02:00"),
        ("01-05-2026 20:00", AMSTERDAM, "2026-05-01T20:00:00+02:00"),
        ("1/12/2026 20.15", AMSTERDAM, "2026-12-01T20:15:00+01:00"),
        ("01.05.2026, 20:00:30", AMSTERDAM, "2026-05-01T20:00:30+02:00"),
        ("2026-05-01 20:00", AMSTERDAM, "2026-05-01T20:00:00+02:00"),
        (dt.datetime(2026, 5, 1, 20), AMSTERDAM, "2026-05-01T20:00:00+02:00"),
        (dt.datetime(2026, 5, 1, 20, tzinfo=dt.UTC), AMSTERDAM, "2026-05-01T20:00:00+00:00"),
        # An offset with seconds, which ISO 8601 can't write.
        ("1971-05-01 20:00", ValueRules(zone=ZoneInfo("Africa/Monrovia")), "1971-05-01T20:44:30+00:00"),
    ],
)
def test_moments(cell: Any, rules: ValueRules, sent: str) -> None:
    assert values.moment(cell, rules) == sent


@pytest.mark.parametrize(
    ("cell", "rules", "said"),
    [
        ("2026-05-01 20:00", PLAIN, "--timezone"),
        ("01-05-2026 20:00", ValueRules(zone=AMSTERDAM.zone), "--day-first"),
        ("25-12-2026 20:00Z", PLAIN, "--day-first"),
        ("01-05-26 20:00", AMSTERDAM, "two digits"),
        ("01 mei 26 20:00", AMSTERDAM, "'01 mei 26 20:00' has a year of two digits"),
        ("31 feb 2026 20:00", AMSTERDAM, "does not exist"),
        ("12 man 2026 20:00", AMSTERDAM, "no date with a time"),
        ("2026-05-01", AMSTERDAM, "no time of day"),
        ("31-04-2026 20:00", AMSTERDAM, "does not exist"),
        ("2026-02-29 20:00", AMSTERDAM, "does not exist"),
        ("2026-05-01 24:01", AMSTERDAM, "does not exist"),
        ("2026-05-01 20:60", AMSTERDAM, "does not exist"),
        ("2026-05-01T20:00+25:00", PLAIN, "does not exist"),
        ("2026-05-01T20:00+02:75", PLAIN, "does not exist"),
        ("2026-05-01 13 pm", AMSTERDAM, "does not exist"),
        ("2026-05-01 20:00 CET", AMSTERDAM, "no date with a time"),
        ("2026-05-0120:00", AMSTERDAM, "no date with a time"),
        ("gisteren", AMSTERDAM, "no date with a time"),
        ("٢٠٢٦-05-01 20:00", AMSTERDAM, "no date with a time"),
        (46143.8125, AMSTERDAM, "no date with a time"),
        (dt.date(2026, 5, 1), AMSTERDAM, "no time of day"),
        ("29-03-2026 02:30", AMSTERDAM, "does not exist in Europe/Amsterdam"),
        ("25-10-2026 02:30", AMSTERDAM, "exists twice in Europe/Amsterdam"),
        ("x" * 1000, AMSTERDAM, "…"),
    ],
)
def test_moments_that_would_be_guesses(cell: Any, rules: ValueRules, said: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        values.moment(cell, rules)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("hours", ["19:30-21:00", "10:00-12:00", "12:00-13:30", "19.30 - 21.00", "19u30\u201321u00",
                                   "19:30 tot 21:00", "7:30 pm-11:00", "19:30:00-21:00"])  # fmt: skip
@pytest.mark.parametrize("day", ["05-03-2026", "2026-03-05", ""])
def test_a_range_of_times_is_no_offset(day: str, hours: str) -> None:
    written = f"{day} {hours}".strip()
    with pytest.raises(ValueError, match="range of times"):
        moments.moment(written, AMSTERDAM)
    use = ColumnUse("starts_at", ("Datum", "Tijd"), reader=values.moment)
    with pytest.raises(ValueError, match="looks like a range of times"):
        use.read({"Datum": day or dt.date(2026, 3, 5), "Tijd": hours}, AMSTERDAM)


@pytest.mark.parametrize("written", ["05-03-2026 19:30+01:00", "2026-03-05 19:30 +01", "2026-03-05 23:30+01",
                                     "2026-03-05T19:30:00-13:00", "2026-03-05T19:30:00+14:15",
                                     "2026-03-05T19:30:00-05:10"])  # fmt: skip
def test_an_offset_stands_behind_a_whole_moment_and_is_one_that_there_is(written: str) -> None:
    with pytest.raises(ValueError, match=r"may be something else|no place has an offset"):
        moments.moment(written, AMSTERDAM)


@pytest.mark.parametrize("hours", ["10:00:00-12:00", "10:00:00+01:00", "10:00 +01"])
def test_a_column_with_a_time_of_day_carries_no_offset(hours: str) -> None:
    use = ColumnUse("starts_at", ("Datum", "Tijd"), reader=values.moment)
    with pytest.raises(ValueError, match=r"range of times|may be something else"):
        use.read({"Datum": "2026-03-05", "Tijd": hours}, AMSTERDAM)
    assert use.read({"Datum": "2026-03-05", "Tijd": "10:00Z"}, AMSTERDAM) == "2026-03-05T10:00:00+00:00"


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
        sent = values.moment(naive.isoformat(), ValueRules(zone=zone))
    except ValueError:
        assert len(moments) != 1
    else:
        assert {dt.datetime.fromisoformat(sent).astimezone(dt.UTC)} == moments


@pytest.mark.parametrize(
    ("written", "told", "sent"),
    [
        ("05/13/2026 7:30 PM", {"month_first": True}, "2026-05-13T19:30:00+02:00"),
        ("12/05/2026 12:05 am", {"month_first": True}, "2026-12-05T00:05:00+01:00"),
        ("13-05-2026 12 p.m.", {"day_first": True}, "2026-05-13T12:00:00+02:00"),
        ("13-05-2026 19u30", {"day_first": True}, "2026-05-13T19:30:00+02:00"),
        ("13-05-2026 19h", {"day_first": True}, "2026-05-13T19:00:00+02:00"),
        ("13-05-2026 19:30 uur", {"day_first": True}, "2026-05-13T19:30:00+02:00"),
        ("12 mei 2026 19:30", {}, "2026-05-12T19:30:00+02:00"),
        ("3-Mrt.-2026 19u30", {"month_first": True}, "2026-03-03T19:30:00+01:00"),
        ("1. März 2026, 7 PM", {}, "2026-03-01T19:00:00+01:00"),
        ("4/dec/26 19:30", {"short_years": True}, "2026-12-04T19:30:00+01:00"),
        ("31-12-2026 24:00", {"day_first": True}, "2027-01-01T00:00:00+01:00"),
        ("31-12-26 19:30", {"day_first": True, "short_years": True}, "2026-12-31T19:30:00+01:00"),
        ("31-12-85 19:30", {"day_first": True, "short_years": True}, "1985-12-31T19:30:00+01:00"),
        ("2026-10-25 02:30", {"clock_change": "first"}, "2026-10-25T02:30:00+02:00"),
        ("2026-10-25 02:30", {"clock_change": "second"}, "2026-10-25T02:30:00+01:00"),
        ("2026-03-29 02:30", {"clock_change": "first"}, "2026-03-29T03:30:00+02:00"),
        ("1970-01-01 12:00", {}, "1970-01-01T12:00:00+01:00"),
    ],
)
def test_what_was_told_is_kept_to(written: str, told: dict[str, Any], sent: str) -> None:
    assert moments.moment(written, ValueRules(zone=AMSTERDAM.zone, **told)) == sent


@pytest.mark.parametrize(
    "cell",
    [
        "0001-01-01 00:00", "0001-01-01T00:00:00Z", "9999-12-31 23:59", "1899-12-30 00:00", "1900-01-00", "0000-00-00",
        "00-00-0000 00:00", "1970-01-01 00:00", dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59),
        dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.date(1899, 12, 30),
    ],
)  # fmt: skip
def test_what_programs_write_for_no_date(cell: Any) -> None:
    with pytest.raises(ValueError, match="what programs write for no date; --placeholder-dates empty sends none"):
        moments.moment(cell, AMSTERDAM)
    assert moments.moment(cell, ValueRules(zone=AMSTERDAM.zone, placeholder_dates="empty")) is None


@pytest.mark.parametrize(
    ("cell", "clock"),
    [("19:30", True), ("19u30", True), ("7 pm", True), (dt.time(19), True), (dt.timedelta(hours=25), True),
     ("1930", False), ("19", False), ("2026-05-01 19:30", False), (dt.datetime(2026, 5, 1, 19), False), ("x", False)],
)  # fmt: skip
def test_times_of_day(cell: Any, clock: bool) -> None:
    assert moments.is_clock(cell) is clock


@pytest.mark.parametrize(
    ("cell", "sent"),
    [
        ("13-05-2026", "2026-05-13"),
        ("2026-05-13T00:00:00", "2026-05-13"),
        (dt.date(2026, 5, 13), "2026-05-13"),
        (dt.datetime(2026, 5, 13), "2026-05-13"),
    ],
)
def test_days(cell: Any, sent: str) -> None:
    assert moments.day(cell, AMSTERDAM) == sent


@pytest.mark.parametrize("cell", ["13-05-2026 10:00", dt.datetime(2026, 5, 13, 10), "x", 46143, dt.time(10)])
def test_what_is_no_day(cell: Any) -> None:
    with pytest.raises(ValueError, match=r"more than a day|no date"):
        moments.day(cell, AMSTERDAM)


@given(st.text(max_size=30) | st.datetimes() | st.dates() | st.integers() | st.timedeltas())
def test_whatever_a_cell_holds_it_is_a_moment_or_refused(cell: Any) -> None:
    for rules in (AMSTERDAM, PLAIN, ValueRules(zone=AMSTERDAM.zone, month_first=True, short_years=True)):
        try:
            sent = moments.moment(cell, rules)
        except ValueError:
            continue
        assert sent is None or dt.datetime.fromisoformat(sent).tzinfo is not None
