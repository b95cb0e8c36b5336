"""Exports without `await`: lists out of Leat, whole. The rest is that of `leat_async.export`."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from typing import Any, BinaryIO, Protocol, TypeVar

from ..export import FORMATS, KINDS, ExportWarning, Seen, Summary
from ..export import rows as rows_async
from ..export import table as table_async
from ..export import to_file as to_file_async
from ..export import to_months as to_months_async
from ..export.windows import When
from ._base import SyncResource
from ._pager import SyncPager
from ._pump import iterate

__all__ = ["FORMATS", "KINDS", "ExportWarning", "Seen", "Summary", "rows", "table", "to_file", "to_months"]

T = TypeVar("T")
_ROWS = 500


class SyncListResource(Protocol[T]):
    """A resource whose `list` has nothing but optional parameters."""

    def list(self) -> SyncPager[T]:
        """List the rows."""
        ...


def rows(
    resource: SyncListResource[T],
    *,
    since: When | None = None,
    until: When | None = None,
    timezone: str = "UTC",
    ahead: int = 8,
    on_warning: Callable[[str], object] | None = None,
    **filters: Any,
) -> Generator[T, None, None]:
    """Yield every row of a list once.

    Parameters:
        resource: a resource with a list, such as `leat.visits`, `.loyalty_transactions`, `.contacts` or `.shops`;
            `KINDS` has them all.
        since: only rows made at or after this: an aware datetime, a day (its first moment), a duration back from now,
            or text such as "2026-03", "2026-03-29", "2026-03-29T12:00", "7d", "12h".
        until: only rows made before this, the same.
        timezone: where days, months and text without an offset are, such as "Europe/Amsterdam".
        ahead: pages fetched ahead, where the list can be closed by `created_at`; elsewhere none are.
        on_warning: called with a sentence for what can't be promised, in the client's own thread: it must not use
            the client. Left out, an `ExportWarning`.
        filters: further parameters of the resource's `list`, such as `shop_uuid`.

    Returns:
        A generator of models, oldest first where the list can be sorted by `created_at`. A row that existed at the
        start comes exactly once; one that is added meanwhile comes once or not at all.

    Raises:
        ValueError, TypeError: a bound or filter that can't be used; nothing is sent then.
        DecodeError: the API repeats a page, or does not filter as asked.
        ApiError and the rest, as any list.

    Repeating: safe. Facts: as for `leat_async.export.rows`.
    """
    own = _own(resource)
    found = rows_async(
        own._async,  # pyright: ignore[reportPrivateUsage]
        since=since,
        until=until,
        timezone=timezone,
        ahead=ahead,
        on_warning=on_warning,
        **filters,
    )
    return iterate(own._bridge, lambda: found, _ROWS)  # pyright: ignore[reportPrivateUsage]


def table(
    resource: SyncListResource[Any],
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
    own = _own(resource)
    return own._bridge.call(  # pyright: ignore[reportPrivateUsage]
        table_async,
        own._async,  # pyright: ignore[reportPrivateUsage]
        since=since,
        until=until,
        timezone=timezone,
        attributes=attributes,
        columns=columns,
        ahead=ahead,
        on_warning=on_warning,
        **filters,
    )


def to_file(
    resource: SyncListResource[Any],
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

    Parameters:
        resource, since, until, timezone, ahead, filters: as for `rows`.
        target, format, attributes, columns, incremental, fresh, escape, excel: as for `leat_async.export.to_file`.
        on_progress, on_warning: called in the client's own thread: they must not use the client.

    Returns:
        A `Summary`; its `warnings` say what can't be promised.

    Raises:
        ConfigError: the target can't be written, is in use, or belongs to another export.
        ValueError, TypeError, DecodeError, ApiError and the rest, as `rows`.

    Repeating: safe; the same call again goes on where one that was interrupted ended. Facts: as for `rows`.
    """
    own = _own(resource)
    return own._bridge.call(  # pyright: ignore[reportPrivateUsage]
        to_file_async,
        own._async,  # pyright: ignore[reportPrivateUsage]
        target,
        format=format,
        since=since,
        until=until,
        timezone=timezone,
        attributes=attributes,
        columns=columns,
        incremental=incremental,
        fresh=fresh,
        escape=escape,
        excel=excel,
        ahead=ahead,
        on_progress=on_progress,
        on_warning=on_warning,
        **filters,
    )


def to_months(
    resource: SyncListResource[Any],
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

    Parameters:
        resource, since, timezone, ahead, filters: as for `rows`.
        target, attributes, columns, fresh: as for `leat_async.export.to_months`.
        on_progress, on_warning: called in the client's own thread: they must not use the client.

    Returns:
        A `Summary` of all months: `rows` were read, `known` are in the files of months that are complete.

    Raises:
        ConfigError, ValueError, TypeError, DecodeError, ApiError and the rest, as `leat_async.export.to_months`.

    Repeating: safe. Facts: as for `leat_async.export.rows`.
    """
    own = _own(resource)
    return own._bridge.call(  # pyright: ignore[reportPrivateUsage]
        to_months_async,
        own._async,  # pyright: ignore[reportPrivateUsage]
        target,
        since=since,
        timezone=timezone,
        attributes=attributes,
        columns=columns,
        fresh=fresh,
        ahead=ahead,
        on_progress=on_progress,
        on_warning=on_warning,
        **filters,
    )


def _own(resource: object) -> SyncResource:
    if not isinstance(resource, SyncResource):
        raise TypeError(
            f"give a resource of a leat_async.sync client, such as leat.visits, not {type(resource).__name__}"
        )
    return resource
