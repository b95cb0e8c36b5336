"""Reports: what a month came to, from the lists of the API.

`reports.monthly(leat, "2026-10")` reads every loyalty transaction, and what else there is, once, and computes the
figures that owners ask for; `reports.imported(ledger)` tells what became of an import. Both show themselves in
notebooks, and give JSON and a page of HTML. docs/reports.md says what each figure counts.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import overload

from .._core.arguments import check_path
from .._core.params import is_mapping
from ..client import LeatClient
from ..export.request import Seen
from ..export.windows import When
from ..sync.client import LeatClient as SyncLeatClient
from .figures import (
    CustomerFigures,
    DayFigures,
    Figures,
    LeftOut,
    MoneyFigures,
    PeriodFigures,
    ReportData,
    ShopFigures,
    UnitFigures,
    schema,
)
from .import_figures import (
    Advice,
    DoubtFigures,
    FailureFigures,
    ImportData,
    RunFigures,
    StepFigures,
)
from .import_report import ImportReport, import_schema, imported
from .monthly import MonthlyRun, ReportRequest
from .report import MonthlyReport

__all__ = [
    "Advice",
    "CustomerFigures",
    "DayFigures",
    "DoubtFigures",
    "FailureFigures",
    "Figures",
    "ImportData",
    "ImportReport",
    "LeftOut",
    "MoneyFigures",
    "MonthlyReport",
    "PeriodFigures",
    "ReportData",
    "ReportWarning",
    "RunFigures",
    "Seen",
    "ShopFigures",
    "StepFigures",
    "UnitFigures",
    "import_schema",
    "imported",
    "monthly",
    "schema",
]


class ReportWarning(UserWarning):
    """What a report can't promise."""


@overload
def monthly(
    leat: LeatClient,
    month: str | None = None,
    *,
    since: When | None = None,
    until: When | None = None,
    timezone: str = "Europe/Amsterdam",
    shop_timezones: Mapping[str, str] | None = None,
    names: bool = False,
    keep: str | os.PathLike[str] | None = None,
    on_progress: Callable[[Seen], object] | None = None,
    on_warning: Callable[[str], object] | None = None,
) -> Awaitable[MonthlyReport]: ...


@overload
def monthly(
    leat: SyncLeatClient,
    month: str | None = None,
    *,
    since: When | None = None,
    until: When | None = None,
    timezone: str = "Europe/Amsterdam",
    shop_timezones: Mapping[str, str] | None = None,
    names: bool = False,
    keep: str | os.PathLike[str] | None = None,
    on_progress: Callable[[Seen], object] | None = None,
    on_warning: Callable[[str], object] | None = None,
) -> MonthlyReport: ...


def monthly(
    leat: LeatClient | SyncLeatClient,
    month: str | None = None,
    *,
    since: When | None = None,
    until: When | None = None,
    timezone: str = "Europe/Amsterdam",
    shop_timezones: Mapping[str, str] | None = None,
    names: bool = False,
    keep: str | os.PathLike[str] | None = None,
    on_progress: Callable[[Seen], object] | None = None,
    on_warning: Callable[[str], object] | None = None,
) -> Awaitable[MonthlyReport] | MonthlyReport:
    """Compute the figures of a month, beside those of the month before and of the same month a year before.

    Parameters:
        leat: a client, with or without `await`.
        month: such as "2026-10"; left out, the last month that is over. The month that is going on is compared with
            the same days of the others.
        since, until: any other stretch of time instead, as for `export.rows`; until left out, up to now.
        timezone: the clock that months, days and hours are cut by.
        shop_timezones: the time zones of shops that have another one, by their uuid; the API does not tell them.
        names: name the best customers by their e-mail addresses instead of pseudonyms.
        keep: a folder where the transactions read are kept, as Parquet (extra `parquet`) and without names; the next
            report with it reads only new ones from the API.
        on_progress: called with a `Seen` now and then.
        on_warning: called with a sentence for what can't be promised; left out, a `ReportWarning`.

    Returns:
        A `MonthlyReport`, from an asynchronous client by `await`.

    Raises:
        ValueError, TypeError: a month, bound or zone that can't be used.
        ConfigError: the folder to keep rows in can't be used, belongs to another account, or is in use.
        ApiError and the rest, as any list; a list of less weight that the API refuses is left out, and named.

    Repeating: safe. Facts: documented (the lists); assumed (which of their rows are reversals).
    """
    if not isinstance(leat, (LeatClient, SyncLeatClient)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"leat must be a LeatClient, got {type(leat).__name__}")
    if shop_timezones is not None and not is_mapping(shop_timezones):
        raise TypeError(f"shop_timezones must be a mapping of uuids to names, got {type(shop_timezones).__name__}")
    if keep is not None:
        check_path("keep", keep)
    request = ReportRequest(
        month=month,
        since=since,
        until=until,
        timezone=timezone,
        shop_timezones=dict(shop_timezones or {}),
        names=names,
        keep=Path(keep) if keep is not None else None,
        on_progress=on_progress,
        on_warning=on_warning or _warn,
    )
    request.check()
    if isinstance(leat, LeatClient):
        return _monthly(leat, request)
    return leat._bridge.call(_monthly, leat._async, request)  # pyright: ignore[reportPrivateUsage]


async def _monthly(leat: LeatClient, request: ReportRequest) -> MonthlyReport:
    return await MonthlyRun(leat, request).report()


def _warn(text: str) -> None:
    warnings.warn(text, ReportWarning, stacklevel=2)
