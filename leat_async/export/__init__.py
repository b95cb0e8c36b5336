"""Lists out of Leat, whole: nothing missing, nothing twice, while rows are being added.

`rows(leat.loyalty_transactions, since="30d")` yields models; `table(…)` gives an Arrow table; `to_file(…,
"transactions.parquet")` writes CSV, JSON Lines, Parquet, SQLite or a workbook, and can be resumed after a crash;
`to_months` writes a file for each month, and reads each but once.
docs/export.md says what each list allows to promise.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar, cast

from .._core.arguments import check_path
from ..pagination import Pager
from .formats import FORMATS, format_of
from .kinds import KINDS
from .monthly import MonthlyExport, check_monthly
from .pages import PageSource
from .reading import batches
from .request import ExportRequest, Seen, request_of
from .run import ExportRun, ExportSummary
from .windows import When

__all__ = ["ExportWarning", "FORMATS", "KINDS", "Seen", "Summary", "rows", "table", "to_file", "to_months"]

T = TypeVar("T")
Summary = ExportSummary


class ListResource(Protocol[T]):
    """A resource whose `list` has nothing but optional parameters."""

    def list(self) -> Pager[T]:
        """List the rows."""
        ...


class ExportWarning(UserWarning):
    """What an export can't promise."""


def rows(
    resource: ListResource[T],
    *,
    since: When | None = None,
    until: When | None = None,
    timezone: str = "UTC",
    ahead: int = 8,
    on_warning: Callable[[str], object] | None = None,
    **filters: Any,
) -> AsyncGenerator[T, None]:
    """Yield every row of a list once.

    Parameters:
        resource: a resource with a list, such as `leat.visits`, `.loyalty_transactions`, `.contacts` or `.shops`;
            `KINDS` has them all.
        since: only rows made at or after this: an aware datetime, a day (its first moment), a duration back from now,
            or text such as "2026-03", "2026-03-29", "2026-03-29T12:00", "7d", "12h".
        until: only rows made before this, the same.
        timezone: where days, months and text without an offset are, such as "Europe/Amsterdam".
        ahead: pages fetched ahead, where the list can be closed by `created_at`; elsewhere none are.
        on_warning: called with a sentence for what can't be promised; left out, an `ExportWarning`.
        filters: further parameters of the resource's `list`, such as `shop_uuid`.

    Returns:
        An async generator of models, oldest first where the list can be sorted by `created_at`. A row that existed
        at the start comes exactly once; one that is added meanwhile comes once or not at all.

    Raises:
        ValueError, TypeError: a bound or filter that can't be used; nothing is sent then.
        DecodeError: the API repeats a page, or does not filter as asked.
        ApiError and the rest, as any list.

    Repeating: safe. Facts: documented (the filters); assumed (new rows don't change the order of the others).
    """
    request = request_of(
        resource,
        since=since,
        until=until,
        timezone=timezone,
        ahead=ahead,
        on_warning=on_warning or _warn,
        filters=filters,
    )
    source = PageSource(request.resource._pipeline, lambda query: request.resource.list(**query))
    return _rows(request, source)


async def table(
    resource: ListResource[Any],
    *,
    since: When | None = None,
    until: When | None = None,
    timezone: str = "UTC",
    attributes: Sequence[str] = (),
    columns: Sequence[str] = (),
    ahead: int = 8,
    on_warning: Callable[[str], object] | None = None,
    **filters: Any,
) -> Any:
    """Read a list into an Arrow table, for pandas, Polars and DuckDB (extra `parquet`).

    Parameters:
        resource, since, until, timezone, ahead, on_warning, filters: as for `rows`.
        attributes: custom attributes that get a column of their own, `attributes.NAME`.
        columns: only these columns, in this order; left out, all of them.

    Returns:
        A `pyarrow.Table` with the columns and types that `to_file` gives a Parquet file, also where there are no rows.
        All of it is in memory.

    Raises:
        ConfigError: pyarrow is not installed.
        ValueError, TypeError: a bound, a filter or a column that can't be used; nothing is sent then.
        DecodeError, ApiError and the rest, as `rows`.

    Repeating: safe. Facts: as for `rows`.
    """
    request = request_of(
        resource,
        since=since,
        until=until,
        timezone=timezone,
        ahead=ahead,
        on_warning=on_warning or _warn,
        filters=filters,
        format="parquet",
        attributes=attributes,
        columns=columns,
    )
    async with ExportRun(request) as run:
        return await run.to_table()


async def to_file(
    resource: ListResource[Any],
    target: str | os.PathLike[str] | BinaryIO,
    *,
    format: str | None = None,
    since: When | None = None,
    until: When | None = None,
    timezone: str = "UTC",
    attributes: Sequence[str] = (),
    columns: Sequence[str] = (),
    incremental: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    escape: bool = True,
    excel: bool = False,
    ahead: int = 8,
    on_progress: Callable[[Seen], object] | None = None,
    on_warning: Callable[[str], object] | None = None,
    **filters: Any,
) -> Summary:
    """Write a list to a file, which takes its name only when it is complete.

    What is not complete is in `TARGET.part`, with `TARGET.checkpoint` beside it; the same call again goes on from
    there. All files can be read by their owner only.

    Parameters:
        resource, since, until, timezone, ahead, on_warning, filters: as for `rows`.
        target: a path, or a binary stream (CSV and JSON Lines only, not resumable).
        format: "csv", "jsonl", "parquet", "sqlite" or "xlsx"; left out, the ending of the path tells.
        attributes: custom attributes that get a column of their own, `attributes.NAME`, in tables.
        columns: in tables, only these columns, in this order; left out, all of them.
        incremental: a state file; only rows that no earlier run with it had are written.
        fresh: start anew, whatever an earlier run left.
        escape: in CSV, put an apostrophe before text that a spreadsheet would run as a formula.
        excel: in CSV, as spreadsheets in Europe open it: a mark for UTF-8, semicolons, decimal commas, moments on the
            clock of `timezone`.
        on_progress: called with a `Seen` now and then.

    Returns:
        A `Summary`; its `warnings` say what can't be promised.

    Raises:
        ConfigError: the target can't be written, is in use, or belongs to another export.
        ValueError, TypeError, DecodeError, ApiError and the rest, as `rows`.

    Repeating: safe. Facts: as for `rows`.
    """
    path = None
    if not callable(getattr(cast("object", target), "write", None)):
        check_path("target", target)
        path = Path(cast("str | os.PathLike[str]", target))
    if incremental is not None:
        check_path("incremental", incremental)
    request = request_of(
        resource,
        since=since,
        until=until,
        timezone=timezone,
        ahead=ahead,
        on_warning=on_warning,
        filters=filters,
        format=format_of(path, format),
        attributes=attributes,
        columns=columns,
        incremental=Path(incremental) if incremental is not None else None,
        fresh=fresh,
        escape=escape,
        excel=excel,
        on_progress=on_progress,
    )
    if excel and request.format != "csv":
        raise ValueError(f"excel is a way to write csv, got the format {request.format!r}")
    if columns and request.format == "jsonl":
        raise ValueError("jsonl keeps every key as it came; choose columns in csv, parquet, sqlite or xlsx")
    if incremental is not None and until is not None:
        raise ValueError("an incremental export reads up to now; leave until out")
    async with ExportRun(request) as run:
        return await (run.to_stream(cast("BinaryIO", target)) if path is None else run.to_path(path))


async def to_months(
    resource: ListResource[Any],
    target: str | os.PathLike[str],
    *,
    since: When,
    timezone: str = "UTC",
    attributes: Sequence[str] = (),
    columns: Sequence[str] = (),
    fresh: bool = False,
    ahead: int = 8,
    on_progress: Callable[[Seen], object] | None = None,
    on_warning: Callable[[str], object] | None = None,
    **filters: Any,
) -> Summary:
    """Write a list to a Parquet file for each month in which rows were made, and read each month but once.

    A month is complete when its file was read an hour or more after its end, by what the API shows of its own time.
    Until then, and when rows showed up late, it is read again; so the same call every night reads the present month.
    Each file takes its name only when it is complete.

    Parameters:
        resource: a list that can be bounded by `created_at` and shows it: `leat.loyalty_transactions` or
            `.giftcard_transactions`.
        target: a path with "{month}" in it, which becomes "2026-03", such as
            "lake/account=amsterdam/month={month}/part.parquet". Folders are made.
        since: when the first month is, as for `rows`; a moment stands for its month.
        timezone: where the months are, such as "Europe/Amsterdam".
        attributes, columns, ahead, on_progress, on_warning, filters: as for `to_file`. With other columns or filters,
            all months are read again.
        fresh: read all months again.

    Returns:
        A `Summary` of all months: `rows` were read, `known` are in the files of months that are complete.

    Raises:
        ConfigError: a file can't be written, or is in use.
        ValueError: a list that can't be had by the month, or a target without it; nothing is sent then.
        TypeError, DecodeError, ApiError and the rest, as `rows`.

    Repeating: safe. Facts: as for `rows`.
    """
    check_path("target", target)
    if cast("object", since) is None:
        raise ValueError("since must say which month is the first, such as '2024-01', got None")
    request = request_of(
        resource,
        since=since,
        until=None,
        timezone=timezone,
        ahead=ahead,
        on_warning=on_warning,
        filters=filters,
        format="parquet",
        attributes=attributes,
        columns=columns,
        fresh=fresh,
        on_progress=on_progress,
    )
    check_monthly(request.kind.name, os.fspath(target))
    return await MonthlyExport(request, os.fspath(target)).run()


async def _rows(request: ExportRequest, source: PageSource[T]) -> AsyncGenerator[T, None]:
    async with aclosing(batches(request, source)) as found:
        async for rows in found:
            for row in rows:
                yield row


def _warn(text: str) -> None:
    warnings.warn(text, ExportWarning, stacklevel=3)
