"""A report as tables in the terminal: figures with what they were before, and small bars for the months."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table

from ..reports import MonthlyReport, ShopFigures
from ..reports.language import Writer
from ..reports.rows import FigureRow, change, figure_rows
from ..reports.texts import Language, told
from ..written import has_bars, spark
from .console import Terminal

_FILE_WIDTH = 100
_WIDEST = 500


def show(report: MonthlyReport, language: Language, *, by_shop: bool) -> None:
    """On stdout."""
    console = Terminal()
    console.print(_whole(report, Writer(language), console, by_shop=by_shop, plain=not has_bars(console.encoding)))


def text_of(report: MonthlyReport, language: Language, *, by_shop: bool) -> str:
    """As plain text."""
    out = io.StringIO()
    console = Console(file=out, width=_FILE_WIDTH, highlight=False, no_color=True)
    console.print(_whole(report, Writer(language), console, by_shop=by_shop, plain=False))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _whole(report: MonthlyReport, write: Writer, console: Console, *, by_shop: bool, plain: bool) -> RenderableType:
    parts: list[RenderableType] = [_title(report, write, plain=plain), _figures(report, write, console, plain=plain)]
    if by_shop:
        parts += [_heading(write.word("shops")), _shops(report.shops, write)]
    if any(map(any, report.hours)):
        parts += [_heading(write.word("rhythm")), _rhythm(report, write, plain=plain)]
    if report.best_customers:
        parts += [_heading(write.word("best")), _best(report, write)]
    gaps = [f"  {escape(told(gap, write.language))}" for gap in report.left_out]
    return Group(*parts, _heading(write.word("left_out")), *gaps)


def _title(report: MonthlyReport, write: Writer, *, plain: bool) -> str:
    period = write.period(report.current).replace("–", "-") if plain else write.period(report.current)
    name = f"{escape(report.account)}, " if report.account else ""
    so_far = "" if report.complete else f" ({write.word('so_far')})"
    return f"[bold]{name}{period}[/bold]{so_far}\n{write.word('times')} {report.timezone}"


def _heading(text: str) -> RenderableType:
    return Padding(f"[bold]{escape(text)}[/bold]", (1, 0, 0, 0))


def _figures(report: MonthlyReport, write: Writer, console: Console, *, plain: bool) -> Table:
    """The figures, with as many columns as there is room for: no number is cut."""

    def table(earlier: int, *, trend: bool = False) -> Table:
        return _figure_table(report, write, plain=plain, earlier=earlier, trend=trend)

    wide = console.options.update(max_width=_WIDEST)
    choices = (table(2, trend=True), table(2), table(1))
    fitting = (one for one in choices if Measurement.get(console, wide, one).maximum <= console.width)
    return next(fitting, table(0))


def _figure_table(report: MonthlyReport, write: Writer, *, plain: bool, earlier: int, trend: bool) -> Table:
    table = _table(1)
    table.add_column("", no_wrap=True)
    table.add_column(_two_lines(write.word("this_period")), justify="right", no_wrap=True)
    for name in ("period_before", "year_before")[:earlier]:
        table.add_column(_two_lines(write.word(name)), justify="right", no_wrap=True)
        table.add_column("", justify="right", style="dim", no_wrap=True)
    if trend:
        table.add_column(write.word("trend"), no_wrap=True)
    for row in figure_rows(report, write.language):
        cells = [cell.replace("−", "-") if plain else cell for cell in _cells(row, write)][: 2 + 2 * earlier]
        table.add_row(*cells, *([spark(row.trend, plain=plain)] if trend else ()))
    return table


def _two_lines(text: str) -> str:
    return text.replace(" ", "\n", 1)


def _cells(row: FigureRow, write: Writer) -> list[str]:
    cells = [escape(row.name), write.row(row, row.current)]
    for before in (row.previous, row.year_before):
        cells += [write.row(row, before), write.change(change(row.current, before))]
    return cells


def _shops(shops: Sequence[ShopFigures], write: Writer) -> Table:
    table = _table()
    table.add_column(write.word("shop"))
    for name in ("transactions", "given", "spent", "outstanding", "new", "returning"):
        table.add_column(write.word(name), justify="right")
    for shop in shops:
        found = shop.current
        numbers = (
            *(found.transactions, found.credits_given, found.credits_spent, found.credits_outstanding),
            *(found.new_customers, found.returning_customers),
        )
        table.add_row(escape(shop.name or shop.uuid or write.word("no_shop")), *map(write.amount, numbers))
    return table


def _rhythm(report: MonthlyReport, write: Writer, *, plain: bool) -> Table:
    """A line for each day of the week: its transactions, and a bar for each hour."""
    table = _table()
    table.add_column("")
    table.add_column(write.word("transactions"), justify="right")
    table.add_column("0    6     12    18   ", no_wrap=True, min_width=24)
    most = max(map(max, report.hours))
    for (name, _), hours in zip(write.weekdays(), report.hours, strict=True):
        # All lines to one scale: the largest hour of the week is put behind each, and taken off again.
        table.add_row(name, write.amount(sum(hours)), spark([*hours, most], plain=plain)[:-1])
    return table


def _best(report: MonthlyReport, write: Writer) -> Table:
    table = _table()
    table.add_column(write.word("customer"))
    table.add_column(write.word("credits"), justify="right")
    table.add_column(write.word("transactions"), justify="right")
    for one in report.best_customers:
        table.add_row(escape(one.customer), write.amount(one.credits), write.amount(one.transactions))
    return table


def _table(gap: int = 2) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
