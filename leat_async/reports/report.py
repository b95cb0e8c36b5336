"""A month's report, and its page."""

from __future__ import annotations

from .figures import ReportData
from .handed import HandedOn
from .texts import Language


class MonthlyReport(ReportData, HandedOn, frozen=True, kw_only=True):
    """What a month came to; `schema()` says what each field holds. Notebooks show it as a page."""

    def to_html(self, language: Language = "en") -> str:
        """The report as one page of HTML, which needs nothing from anywhere else (extra `report`).

        Parameters:
            language: of its words, numbers and dates: "en" or "nl".

        Raises:
            ValueError: another language.
            ConfigError: the extra is missing.
        """
        from .page import page

        return page(self, language)

    def _fragment(self) -> str:
        from .page import fragment

        return fragment(self, "en")

    def __repr__(self) -> str:
        about = f"{self.account}, " if self.account else ""
        return f"<MonthlyReport {about}{self.current.since[:10]} to {self.current.until[:10]}>"
