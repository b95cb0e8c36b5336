"""Lists to files, whole: nothing missing, nothing twice, while rows are being added.

`rows(leat.loyalty_transactions, since="30d")` yields models; `to_file(…, "transactions.parquet")` writes CSV, JSON
Lines, Parquet or SQLite, and can be resumed after a crash. docs/export.md says what each list allows to promise.
"""

from __future__ import annotations

import datetime as dt
import os
import warnings
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from .._core.params import Integer
from ..pagination import Pager
from .job import Request, Run, Seen, Summary, check_filters, within
from .kinds import KINDS, Kind, kind_of
from .state import Book
from .walk import Mark, Tally, Walk
from .windows import When, moment_of, plan_of, zone_of
from .writers import FORMATS, format_of

__all__ = ["ExportWarning", "FORMATS", "KINDS", "Seen", "Summary", "rows", "to_file"]

T = TypeVar("T")


class Listing(Protocol[T]):
    """A resource whose `list` has nothing but optional parameters."""

    def list(self) -> Pager[T]:
        """List the rows."""
        ...


class ExportWarning(UserWarning):
    """What an export can't promise."""


def rows(
    resource: Listing[T],
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
        resource: `leat.visits`, `.loyalty_transactions`, `.contacts`, `.giftcard_transactions`,
            `.prepaid_transactions` or `.vouchers`.
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
    request = _request(
        resource,
        since=since,
        until=until,
        timezone=timezone,
        ahead=ahead,
        on_warning=on_warning or _warn,
        filters=filters,
    )
    return _rows(request)


async def to_file(
    resource: Listing[Any],
    target: str | os.PathLike[str] | BinaryIO,
    *,
    format: str | None = None,
    since: When | None = None,
    until: When | None = None,
    timezone: str = "UTC",
    attributes: Sequence[str] = (),
    incremental: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    escape: bool = True,
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
        format: "csv", "jsonl", "parquet" or "sqlite"; left out, the ending of the path tells.
        attributes: custom attributes that get a column of their own, `attributes.NAME`, in tables.
        incremental: a state file; only rows that no earlier run with it had are written.
        fresh: start anew, whatever an earlier run left.
        escape: in CSV, put an apostrophe before text that a spreadsheet would run as a formula.
        on_progress: called with a `Seen` now and then.

    Returns:
        A `Summary`; its `warnings` say what can't be promised.

    Raises:
        ConfigError: the target can't be written, is in use, or belongs to another export.
        ValueError, TypeError, DecodeError, ApiError and the rest, as `rows`.

    Repeating: safe. Facts: as for `rows`.
    """
    path = Path(target) if isinstance(target, (str, os.PathLike)) else None
    request = _request(
        resource,
        since=since,
        until=until,
        timezone=timezone,
        ahead=ahead,
        on_warning=on_warning,
        filters=filters,
        format=format_of(path, format),
        attributes=tuple(attributes),
        incremental=Path(incremental) if incremental is not None else None,
        fresh=fresh,
        escape=escape,
        on_progress=on_progress,
    )
    if incremental is not None and until is not None:
        raise ValueError("an incremental export reads up to now; leave until out")
    async with Run(request) as run:
        if isinstance(target, (str, os.PathLike)):
            return await run.to_path(Path(target))
        return await run.to_stream(target)


async def _rows(request: Request) -> AsyncGenerator[Any, None]:
    assert request.on_warning is not None
    walk: Walk[Any] = Walk(
        request.kind,
        lambda query: request.resource.list(**query),
        request.filters,
        ahead=request.ahead,
        tally=Tally(),
        warn=request.on_warning,
    )
    with closing(Book()) as seen:
        if request.kind.windowed:
            steps = walk.windows(plan_of(request.since, request.until, request.now))
        else:
            steps = walk.whole(seen, Mark())
        async with aclosing(steps):
            async for step in steps:
                found = step.rows if request.kind.windowed else within(step.rows, request.since, request.until)
                for row in found:
                    yield row


def _request(
    resource: Any,
    *,
    since: When | None,
    until: When | None,
    timezone: str,
    ahead: int,
    filters: dict[str, Any],
    format: Any = "jsonl",
    **options: Any,
) -> Request:
    kind: Kind = kind_of(resource)
    Integer(min=0).wire("ahead", ahead)
    check_filters(kind, resource, filters, since, until)
    zone = zone_of(timezone)
    now = dt.datetime.now(dt.UTC)
    begin = None if since is None else moment_of("since", since, zone, now)
    end = None if until is None else moment_of("until", until, zone, now)
    if begin is not None and end is not None and begin >= end:
        raise ValueError(f"since must be before until, got {begin.isoformat()} and {end.isoformat()}")
    return Request(
        kind=kind,
        resource=resource,
        filters=filters,
        format=format,
        since=begin,
        until=end,
        asked={"since": str(since), "until": str(until), "timezone": timezone},
        now=now,
        ahead=ahead,
        **options,
    )


def _warn(text: str) -> None:
    warnings.warn(text, ExportWarning, stacklevel=3)
