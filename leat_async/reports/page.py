"""A month's report as a page (extra `report`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from ..written import spark
from .charts import ChartSeries, across, bars, lines
from .figures import ReportData
from .frame import card, drawing, rendered, whole
from .language import Writer, check_installed
from .rows import Amount, change, figure_rows
from .texts import WORDS, Language, label, told

_CARDS = (
    *("active_customers", "new_customers", "transactions", "credits_given"),
    *("credits_spent", "credits_outstanding", "rewards_redeemed", "registrations"),
)
_MOST_DAYS = 62


def page(report: ReportData, language: Language) -> str:
    """The whole page."""
    write = Writer(language)
    check_installed()
    title = f"{write.word('title')}: {', '.join(filter(None, (report.account, write.period(report.current))))}"
    return whole(write, title, fragment(report, language))


def fragment(report: ReportData, language: Language) -> str:
    """What the page shows."""
    write = Writer(language)
    return rendered(
        "monthly.html",
        w=write,
        account=report.account,
        period=write.period(report.current),
        complete=report.complete,
        timezone=report.timezone,
        made=write.moment(dt.datetime.fromisoformat(report.made_at).astimezone(_zone(report.timezone))),
        cards=_cards(report, write),
        figures=_figures(report, write),
        months=_months(report, write),
        days=_days(report, write),
        heat=_heat(report, write),
        shops=_shops(report, write),
        best=[
            (one.customer, write.amount(one.credits), write.amount(one.transactions)) for one in report.best_customers
        ],
        left_out=[told(gap, language) for gap in report.left_out],
    )


def _zone(name: str) -> dt.tzinfo:
    from ..export.windows import zone_of

    return zone_of(name)


def _cards(report: ReportData, write: Writer) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for name in _CARDS:
        now, before = (getattr(part.figures, name) for part in (report.current, report.previous))
        if now is None:
            continue
        share = change(now, before)
        way = "down" if share is not None and share < 0 else "up"
        title = write.word(name) if name in WORDS else write.label(name)
        found.append(card(write, title, write.amount(now), share, way))
    return found


def _figures(report: ReportData, write: Writer) -> list[dict[str, str]]:
    return [
        {
            "name": row.name,
            "counts": row.counts,
            "now": write.row(row, row.current),
            "previous": write.row(row, row.previous),
            "previous_change": write.change(change(row.current, row.previous)),
            "year": write.row(row, row.year_before),
            "year_change": write.change(change(row.current, row.year_before)),
            "bars": spark(row.trend),
        }
        for row in figure_rows(report, write.language)
    ]


def _months(report: ReportData, write: Writer) -> list[dict[str, Any]]:
    labels = [write.month(month, short=True) for month in report.months]
    drawn = ((write.word("customers"), True, (("returning", "returning_customers"), ("new", "new_customers"))),
             (write.word("credits"), False, (("given", "credits_given"), ("spent", "credits_spent"))))  # fmt: skip
    found: list[dict[str, Any]] = []
    for title, stacked, figures in drawn:
        series = _monthly(report, [(write.word(word), name) for word, name in figures])
        svg = bars(title, labels, series, write.amount, stacked=stacked, every=3)
        found.append(drawing(write, title, svg, write.word("month"), labels, series))
    title = write.label("credits_outstanding")
    series = _monthly(report, [(write.word("outstanding"), "credits_outstanding")])
    svg = lines(title, labels, series, write.amount, every=3)
    found.append(drawing(write, title, svg, write.word("month"), labels, series))
    title = write.label("transactions")
    series = _monthly(report, [(title, "transactions")])
    svg = bars(title, labels, series, write.amount, every=3)
    return [*found, drawing(write, title, svg, write.word("month"), labels, series)]


def _monthly(report: ReportData, figures: Sequence[tuple[str, str]]) -> list[ChartSeries]:
    return [
        ChartSeries(name=name, values=[getattr(month.figures, figure) for month in report.months])
        for name, figure in figures
    ]


def _days(report: ReportData, write: Writer) -> list[dict[str, Any]]:
    days = report.days
    if not 1 < len(days) <= _MOST_DAYS:
        return []
    short, long = ([write.day(day.day, short=brief) for day in days] for brief in (True, False))
    title = f"{write.word('days')}: {write.word('transactions').lower()}"
    series = [ChartSeries(name=write.word("transactions"), values=[day.transactions for day in days])]
    svg = bars(title, short, series, write.amount, every=max(1, len(days) // 6))
    return [drawing(write, title, svg, write.word("day"), long, series)]


def _heat(report: ReportData, write: Writer) -> dict[str, Any] | None:
    """Transactions by hour and weekday; the hours from the first in which there were any to the last."""
    busy = [hour for hour in range(24) if any(day[hour] for day in report.hours)]
    if not busy:
        return None
    most = max(map(max, report.hours))

    def cell(count: int) -> dict[str, Any]:
        return {"share": round(count / most, 2), "text": write.amount(count) if count else ""}

    return {
        "head": [{"name": name, "short": short} for name, short in write.weekdays()],
        "rows": [
            {"hour": f"{hour}:00", "cells": [cell(day[hour]) for day in report.hours]}
            for hour in range(busy[0], busy[-1] + 1)
        ],
    }


def _shops(report: ReportData, write: Writer) -> dict[str, Any] | None:
    shops = report.shops
    if len(shops) < 2:
        return None
    names = [shop.name or shop.uuid or write.word("no_shop") for shop in shops]
    title = write.label("transactions")
    series = [ChartSeries(name=title, values=[shop.current.transactions for shop in shops])]
    columns = ("active_customers", "credits_given", "credits_spent", "credits_outstanding")
    rows: list[list[str]] = []
    for name, shop in zip(names, shops, strict=True):
        numbers: list[Amount] = [getattr(shop.current, column) for column in columns]
        rows.append([name, *map(write.amount, numbers)])
    return {
        "chart": drawing(write, title, across(title, names, series, write.amount), write.word("shop"), names, series),
        "head": [write.word("shop"), *(label(column, write.language) for column in columns)],
        "rows": rows,
    }
