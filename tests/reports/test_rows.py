"""What a table of figures shows, and how its numbers are written."""

from __future__ import annotations

import datetime as dt

import pytest

from leat_async.reports import Figures, MoneyFigures, MonthlyReport, PeriodFigures, UnitFigures
from leat_async.reports.language import Writer
from leat_async.reports.rows import change, figure_rows
from leat_async.reports.texts import LANGUAGES, counts, definition, label, left_out, told
from leat_async.written import spark


def report(*figures: Figures, **more: object) -> MonthlyReport:
    """A report whose periods have these figures; the last three are those that are compared."""
    parts = [
        PeriodFigures(since="2026-10-01T00:00:00", until="2026-11-01T00:00:00", figures=found) for found in figures
    ]
    given = {
        "account": "Krusty Krab", "made_at": "2026-11-12T09:00:00+00:00", "timezone": "UTC", "complete": True,
        "current": parts[-1], "previous": parts[-2], "year_before": parts[-3], "shops": [], "months": parts, "days": [],
        "hours": [[0] * 24] * 7, "best_customers": [], "left_out": [],
    }  # fmt: skip
    return MonthlyReport(**{**given, **more})  # type: ignore[arg-type]


def test_figures_that_nobody_has_are_left_out() -> None:
    empty = Figures()
    assert [row.name for row in figure_rows(report(empty, empty, empty), "en")] == ["Active customers", "Transactions"]
    given = Figures(credits_given=3)
    rows = {row.name: row for row in figure_rows(report(given, empty, empty), "en")}
    assert (rows["Credits given"].current, rows["Credits given"].trend) == (0, (3, 0, 0))


def test_units_and_currencies_have_lines_of_their_own() -> None:
    found = Figures(
        units={"purchase_amount": UnitFigures(value=12.5), "visits": UnitFigures(value=3)},
        prepaid={"€": MoneyFigures(paid_in=500), "£": MoneyFigures(paid_in=700, outstanding=700)},
    )
    rows = {row.name: row for row in figure_rows(report(Figures(), Figures(), found), "en")}
    assert (rows["purchase_amount"].current, rows["visits"].current) == (12.5, 3)
    assert (rows["Prepaid €, paid in"].current, rows["Prepaid £, paid in"].current) == (500, 700)
    assert rows["Prepaid £, outstanding"].kind == "cents"


def test_a_change_is_told_where_it_says_something() -> None:
    assert change(15, 10) == 0.5
    assert [change(*pair) for pair in ((5, 0), (None, 5), (5, None), (5, -5))] == [None] * 4


def test_every_figure_has_a_name_and_a_definition_in_every_language() -> None:
    for language in LANGUAGES:
        assert len({label(name, language) for name in counts()}) == len(counts())
        assert all(definition(name, language) for name in (*counts(), "paid_in", "spent", "outstanding"))
    assert {*counts(), "units", "gift_cards", "prepaid"} == set(Figures.__struct_fields__)


def test_what_cant_be_told_is_told_in_both_languages() -> None:
    gap = left_out("refused", "visits", "403, no")
    assert gap.text == told(gap, "en") == "visits: the API refused (403, no)"
    assert told(gap, "nl") == "visits: de API weigerde (403, no)"


@pytest.mark.parametrize(
    ("language", "count", "cents", "month", "day"),
    [
        ("en", "1,234,567", "12,345.60", "October 2026", "Thu 1 Oct"),
        ("nl", "1.234.567", "12.345,60", "oktober 2026", "do 1 okt"),
    ],
)
def test_numbers_and_dates_are_written_as_the_language_does(
    language: str, count: str, cents: str, month: str, day: str
) -> None:
    write = Writer(language)  # type: ignore[arg-type]
    assert write.amount(1234567) == count
    assert write.amount(1234560, "cents") == cents
    assert write.amount(None) == ""
    assert write.period(report(*[Figures()] * 3).current) == month
    assert write.day("2026-10-01") == day
    assert (write.change(0.256), write.change(-0.5), write.change(None)) == ("+26%", "−50%", "")


def test_a_period_that_is_no_month_tells_its_days() -> None:
    part = PeriodFigures(since="2026-10-05T00:00:00", until="2026-10-12T13:30:00", figures=Figures())
    assert Writer("en").period(part) == "5 Oct 2026 – 12 Oct 2026 13:30"
    assert Writer("en").moment(dt.datetime(2026, 10, 5, 8, 7)) == "5 October 2026, 08:07"
    with pytest.raises(ValueError, match="language must be one of en, nl, got 'de'"):
        Writer("de")  # type: ignore[arg-type]


def test_small_bars() -> None:
    assert spark([0, 1, None, 2, 4]) == "▁▃ ▅█"
    assert spark([0, 1, None, 2, 4], plain=True) == "_- =#"
    assert spark([0, None, 0]) == "▁ ▁"
    assert spark([]) == ""
