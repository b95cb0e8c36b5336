"""Which stretches of time are compared."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from leat_async.reports.periods import PeriodPlan, Wall, moment_on, plan_between, plan_of_month, shifted

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 11, 17, 14, 30, tzinfo=dt.UTC)


def walls(plan: PeriodPlan) -> list[str]:
    parts = (plan.current, plan.previous, plan.year_before)
    return [f"{part.since:%Y-%m-%d %H:%M} {part.until:%Y-%m-%d %H:%M}" for part in parts]


def test_the_last_month_that_is_over() -> None:
    plan = plan_of_month(None, AMSTERDAM, NOW)
    assert walls(plan) == [
        "2026-10-01 00:00 2026-11-01 00:00",
        "2026-09-01 00:00 2026-10-01 00:00",
        "2025-10-01 00:00 2025-11-01 00:00",
    ]
    assert plan.complete
    assert [month.since.month for month in plan.months] == [10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert len(plan.days) == 31


def test_on_new_years_eve_it_depends_on_the_zone() -> None:
    now = dt.datetime(2025, 12, 31, 23, 30, tzinfo=dt.UTC)
    assert plan_of_month(None, AMSTERDAM, now).current.since == dt.datetime(2025, 12, 1)
    assert plan_of_month(None, dt.UTC, now).current.since == dt.datetime(2025, 11, 1)


def test_the_month_that_goes_on_is_compared_with_the_same_days() -> None:
    plan = plan_of_month("2026-11", AMSTERDAM, NOW)
    assert walls(plan) == [
        "2026-11-01 00:00 2026-11-17 15:30",
        "2026-10-01 00:00 2026-10-17 15:30",
        "2025-11-01 00:00 2025-11-17 15:30",
    ]
    assert not plan.complete
    assert plan.months[-1] == plan.current
    assert len(plan.days) == 17


def test_days_that_the_other_month_does_not_have() -> None:
    plan = plan_of_month("2026-03", dt.UTC, dt.datetime(2026, 3, 30, 9, tzinfo=dt.UTC))
    assert walls(plan)[1] == "2026-02-01 00:00 2026-03-01 00:00"
    leap = plan_of_month("2028-02", dt.UTC, dt.datetime(2028, 2, 29, 9, tzinfo=dt.UTC))
    assert walls(leap)[2] == "2027-02-01 00:00 2027-03-01 00:00"
    assert shifted(dt.datetime(2026, 5, 31, 8), -1) == dt.datetime(2026, 5, 1)


def test_months_with_a_change_of_clocks_are_an_hour_shorter_or_longer() -> None:
    for month, hours in (("2026-03", 31 * 24 - 1), ("2026-10", 31 * 24 + 1), ("2026-01", 31 * 24)):
        since, until = plan_of_month(month, AMSTERDAM, NOW).current.moments(AMSTERDAM)
        assert (until - since) == dt.timedelta(hours=hours)


def test_a_midnight_that_the_clocks_skip() -> None:
    assert moment_on(dt.datetime(2018, 11, 4), ZoneInfo("America/Sao_Paulo")) == dt.datetime(
        2018, 11, 4, 3, tzinfo=dt.UTC
    )


def test_any_stretch_is_compared_with_as_long_a_one_before() -> None:
    plan = plan_between("2026-02-10", "2026-02-20", AMSTERDAM, NOW)
    assert walls(plan)[1:] == ["2026-01-31 00:00 2026-02-10 00:00", "2025-02-10 00:00 2025-02-20 00:00"]
    quarter = plan_between("2026-01", "2026-04", AMSTERDAM, NOW)
    assert walls(quarter)[1:] == ["2025-10-01 00:00 2026-01-01 00:00", "2025-01-01 00:00 2025-04-01 00:00"]
    assert quarter.complete
    assert not plan_between("2026-11-01", None, AMSTERDAM, NOW).complete
    assert plan_between("2026-11-01", "2027", AMSTERDAM, NOW).current.until == dt.datetime(2026, 11, 17, 15, 30)


def test_buckets_of_a_part_are_those_between_its_ends() -> None:
    plan = plan_of_month("2026-10", AMSTERDAM, NOW)
    first, end = plan.buckets(plan.current)
    assert (plan.walls[first - 1], plan.walls[end - 1]) == (plan.current.since, plan.current.until)
    assert plan.buckets(Wall(plan.current.until, plan.current.until)) == (end, end)


@pytest.mark.parametrize("month", ["2026-13", "26-10", "October", "2026-1", "2026-10-01", "", "1999-01"])
def test_what_is_no_month(month: str) -> None:
    with pytest.raises(ValueError, match="month must be a year and a month"):
        plan_of_month(month, AMSTERDAM, NOW)


def test_what_has_not_begun_or_is_the_wrong_way_round() -> None:
    with pytest.raises(ValueError, match="has not begun; the newest that can be told of is 2026-11"):
        plan_of_month("2026-12", AMSTERDAM, NOW)
    with pytest.raises(ValueError, match="since must be before until"):
        plan_between("2026-10", "2026-09", AMSTERDAM, NOW)
    with pytest.raises(ValueError, match="can't begin in the future"):
        plan_between("2027", None, AMSTERDAM, NOW)
