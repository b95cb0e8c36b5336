"""An export as it was asked for, checked before anything is sent."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from .._core.arguments import is_flag, is_function, texts_of
from .._core.params import Integer
from .formats import Format
from .kinds import ExportKind, kind_of
from .windows import When, moment_of, zone_of

RESERVED = ("sort", "created_at", "limit", "per_page", "page")


def _attributes(given: Sequence[str]) -> tuple[str, ...]:
    return texts_of("attributes", given)


def _columns(given: Sequence[str]) -> tuple[str, ...]:
    return texts_of("columns", given)


@attrs.frozen(kw_only=True)
class Seen:
    """How far an export is: rows written, pages read, and the rows that the API counts (None: it does not)."""

    rows: int
    pages: int
    expected: int | None


@attrs.frozen(kw_only=True)
class ExportRequest:
    """An export as it was asked for, checked.

    `part`: for one of several parts of a list, which has no rows without a moment: what its file says of itself, given
    up to when the rows had come.
    """

    kind: ExportKind
    resource: Any
    filters: Mapping[str, Any]
    format: Format
    since: When | None
    until: When | None
    timezone: str
    attributes: tuple[str, ...] = attrs.field(default=(), converter=_attributes)
    columns: tuple[str, ...] = attrs.field(default=(), converter=_columns)
    escape: bool = attrs.field(default=True, validator=is_flag)
    excel: bool = attrs.field(default=False, validator=is_flag)
    ahead: int = 8
    fresh: bool = attrs.field(default=False, validator=is_flag)
    incremental: Path | None = None
    on_progress: Callable[[Seen], object] | None = attrs.field(default=None, validator=is_function)
    on_warning: Callable[[str], object] | None = attrs.field(default=None, validator=is_function)
    part: Callable[[str], Mapping[bytes, bytes]] | None = None

    def bounds(self, now: dt.datetime) -> tuple[dt.datetime | None, dt.datetime | None]:
        """The moments that `since` and `until` mean."""
        zone = zone_of(self.timezone)
        begin = None if self.since is None else moment_of("since", self.since, zone, now)
        end = None if self.until is None else moment_of("until", self.until, zone, now)
        if begin is not None and end is not None and begin >= end:
            raise ValueError(f"since must be before until, got {begin.isoformat()} and {end.isoformat()}")
        return begin, end

    @property
    def bounded(self) -> bool:
        """Whether there are bounds."""
        return self.since is not None or self.until is not None


def check_filters(kind: ExportKind, resource: Any, filters: Mapping[str, Any], *bounds: object) -> None:
    """Refuse what the list does not take, before anything is sent."""
    for name in RESERVED:
        if name in filters:
            raise TypeError(f"an export decides {name} itself; bound it with since and until")
    if any(bound is not None for bound in bounds) and not (kind.windowed or kind.dated):
        raise ValueError(f"{kind.name} don't tell when they were made, so since and until can't be applied")
    resource.list(**filters)


def request_of(
    resource: Any,
    *,
    since: When | None,
    until: When | None,
    timezone: str,
    ahead: int,
    filters: dict[str, Any],
    format: Any = "jsonl",
    **options: Any,
) -> ExportRequest:
    """Check everything that can be checked without the API."""
    kind: ExportKind = kind_of(resource)
    Integer(min=0).wire("ahead", ahead)
    check_filters(kind, resource, filters, since, until)
    # What it asks goes after the calls that somebody waits for.
    background = copy.copy(resource)
    background._pipeline = attrs.evolve(resource._pipeline, later=True)
    request = ExportRequest(
        kind=kind,
        resource=background,
        filters=filters,
        format=format,
        since=since,
        until=until,
        timezone=timezone,
        ahead=ahead,
        **options,
    )
    # What is wrong with a bound is wrong at any time; from when they count, the API's clock tells later.
    request.bounds(dt.datetime.now(dt.UTC))
    return request
