"""Numbers, dates and amounts as a language writes them (extra `report`)."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ..errors import ConfigError
from .figures import PeriodFigures
from .rows import Amount, FigureRow, Kind
from .texts import LANGUAGES, Language, label, word


def is_installed() -> bool:
    """Whether the extra is there."""
    return all(map(find_spec, ("babel", "jinja2", "pygal")))


def check_installed() -> None:
    """Refuse, saying what to install, where the extra is missing."""
    if not is_installed():
        raise ConfigError(
            "a report as a table or a page needs an extra: pip install 'leat-async[report]'; JSON does without"
        )


class Writer:
    """Writes what a report says, in one language."""

    def __init__(self, language: Language) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
        self.language: Language = language
        # British, since the report is about Europe: 31 October, not October 31.
        self._locale = "en_GB" if language == "en" else "nl_NL"

    def word(self, name: str) -> str:
        """A word of the report."""
        return word(name, self.language)

    def label(self, figure: str) -> str:
        """The name of a figure."""
        return label(figure, self.language)

    def amount(self, value: Amount, kind: Kind = "count") -> str:
        """A figure; nothing where it is not told."""
        if value is None:
            return ""
        from babel import numbers

        shown, digits = (value / 100, ".00") if kind == "cents" else (value, ".00" if kind == "value" else "")
        return str(numbers.format_decimal(shown, format=f"#,##0{digits}", locale=self._locale))

    def change(self, share: float | None) -> str:
        """By how much something changed, with its sign."""
        if share is None:
            return ""
        from babel import numbers

        return str(numbers.format_percent(share, format="+#,##0%;−#,##0%", locale=self._locale))

    def row(self, row: FigureRow, value: Amount) -> str:
        """A value of a row."""
        return self.amount(value, row.kind)

    def month(self, period: PeriodFigures, *, short: bool = False) -> str:
        """The month in which a period begins."""
        return self._date(_day(period.since), "MMM yy" if short else "MMMM y")

    def day(self, day: str, *, short: bool = False) -> str:
        """A day, "2026-10-01", in words."""
        return self._date(dt.date.fromisoformat(day), "d" if short else "EEE d MMM")

    def period(self, period: PeriodFigures) -> str:
        """A stretch of time: a month by its name, else its first and last day."""
        since, until = dt.datetime.fromisoformat(period.since), dt.datetime.fromisoformat(period.until)
        last = until - dt.timedelta(seconds=1)
        if since.day == 1 and until.day == 1 and until.time() == since.time() == dt.time() and (
            (since.year, since.month) == (last.year, last.month)
        ):  # fmt: skip
            return self.month(period)
        clock = "" if until.time() == dt.time() else until.strftime(" %H:%M")
        return f"{self._date(since, 'd MMM y')} – {self._date(last, 'd MMM y')}{clock}"

    def moment(self, moment: dt.datetime) -> str:
        """A moment, with its clock."""
        return f"{self._date(moment, 'd MMMM y')}, {moment:%H:%M}"

    def weekdays(self) -> list[tuple[str, str]]:
        """The days of the week, Monday first, whole and short."""
        monday = dt.date(2024, 1, 1)
        days = [monday + dt.timedelta(days=day) for day in range(7)]
        return [(self._date(day, "EEEE"), self._date(day, "EEEEEE")) for day in days]

    def _date(self, day: dt.date, format: str) -> str:
        dates: Any = import_module("babel.dates")
        return str(dates.format_date(day, format=format, locale=self._locale))


def _day(text: str) -> dt.date:
    return dt.datetime.fromisoformat(text).date()
