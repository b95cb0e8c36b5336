"""The figures of a report, line by line: what a table of them shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import attrs

from .figures import Figures, MoneyFigures, ReportData, UnitFigures
from .texts import Language, counts, definition, label, word

Amount: TypeAlias = "int | float | None"
Kind: TypeAlias = Literal["count", "cents", "value"]


@attrs.frozen(kw_only=True)
class FigureRow:
    """One figure: now, in the period before, the year before, and in each of thirteen months; None: not told.

    `kind`: a count, cents of money (its name says of which currency) or a value in a unit of the account's.
    """

    name: str
    counts: str
    kind: Kind
    current: Amount
    previous: Amount
    year_before: Amount
    trend: tuple[Amount, ...]


def figure_rows(report: ReportData, language: Language) -> list[FigureRow]:
    """All figures of a report that say something: what no period has any of is left out."""
    rows = [_row(report, label(name, language), definition(name, language), "count", _plain(name)) for name in counts()]
    units = sorted({name for figures in _all(report) for name in figures.units})
    rows += [_row(report, unit, definition_of_unit(language), "value", _unit(unit)) for unit in units]
    for which in ("gift_cards", "prepaid"):
        for sign in sorted({sign for figures in _all(report) for sign in getattr(figures, which)}):
            for part in ("paid_in", "spent", "outstanding"):
                name = f"{word(which, language)}{sign and f' {sign}'}, {label(part, language)}"
                rows.append(_row(report, name, definition(part, language), "cents", _money(which, sign, part)))
    always = {label(name, language) for name in ("active_customers", "transactions")}
    return [row for row in rows if row.name in always or any((*row.trend, row.current, row.previous, row.year_before))]


def definition_of_unit(language: Language) -> str:
    """What the values of a unit count."""
    if language == "nl":
        return "Waarvoor punten zijn gegeven, in deze eenheid; teruggenomen punten gaan eraf"
    return "What credits were given for, in this unit; those that take credits back count off"


def change(now: Amount, before: Amount) -> float | None:
    """By which share a figure changed; None where that says nothing."""
    if now is None or not before or before < 0:
        return None
    return now / before - 1


def _row(report: ReportData, name: str, counted: str, kind: Kind, take: Callable[[Figures], Amount]) -> FigureRow:
    return FigureRow(
        name=name,
        counts=counted,
        kind=kind,
        current=take(report.current.figures),
        previous=take(report.previous.figures),
        year_before=take(report.year_before.figures),
        trend=tuple(take(month.figures) for month in report.months),
    )


def _all(report: ReportData) -> list[Figures]:
    parts = (report.current, report.previous, report.year_before, *report.months)
    return [part.figures for part in parts]


def _plain(name: str) -> Callable[[Figures], Amount]:
    def take(figures: Figures) -> Amount:
        found: Amount = getattr(figures, name)
        return found

    return take


def _unit(name: str) -> Callable[[Figures], Amount]:
    return lambda figures: figures.units.get(name, UnitFigures()).value


def _money(which: str, sign: str, part: str) -> Callable[[Figures], Amount]:
    def take(figures: Figures) -> Amount:
        sums: dict[str, MoneyFigures] = getattr(figures, which)
        found: Amount = getattr(sums.get(sign, MoneyFigures()), part)
        return found

    return take
