"""What the API says of a list before it is read: its own time, the newest row, how many rows there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import attrs

from .._core import answers
from .._core.operation import Operation
from .._core.params import is_mapping
from .._core.pipeline import Pipeline
from .._core.transport import Answer
from ..pagination import integer_of
from .kinds import ExportKind, OddLine
from .pages import asked_again

# Behind every moment that a row can have, so that only rows without one are left out.
_END_OF_TIME = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
_UNKNOWN_CLOCK = dt.timedelta(days=1)
"""How far behind this machine's clock the API's is taken to be where it tells no time."""


@attrs.frozen(kw_only=True)
class Survey:
    """`now`: the API's time. `passed`: rows made before it are there, save the last minute's. `undated`: rows that no
    bound on `created_at` would find, at most; `surely`: at least. `total`: all rows, without bounds, or None."""

    now: dt.datetime
    passed: dt.datetime
    undated: int = 0
    surely: int = 0
    total: int | None = None


@attrs.frozen(kw_only=True)
class _FirstRow:
    row: OddLine | None
    total: int | None
    date: dt.datetime | None


class Surveyor:
    """Asks for the first row of a list, which also tells the API's time and its count."""

    def __init__(
        self, kind: ExportKind, resource: Any, filters: Mapping[str, Any], warn: Callable[[str], object]
    ) -> None:
        self._kind = kind
        self._pipeline: Pipeline = resource._pipeline
        self._filters = filters
        self._warn = warn

    async def survey(self) -> Survey:
        """Look at the list. What the machine's own clock says does not count: it may be wrong."""
        if not self._kind.windowed:
            now, passed = self._time(await self._first({}))
            return Survey(now=now, passed=passed)
        newest_first = {"sort": "-created_at"}
        dated = await self._first({**newest_first, "created_at": {"lt": _END_OF_TIME}})
        now, passed = self._time(dated)
        if dated.row is not None and dated.row.created_at is not None:
            # Rows that come later are not older than it, whatever the clocks of the API's machines say.
            passed = min(passed, dated.row.created_at)
        every = await self._first(newest_first)
        undated = surely = _difference(every.total, dated.total)
        if undated:
            # Rows may have been added between the two questions.
            dated = await self._first({**newest_first, "created_at": {"lt": _END_OF_TIME}})
            surely = _difference(every.total, dated.total)
        return Survey(now=now, passed=passed, undated=undated, surely=surely, total=every.total)

    async def count(self, since: dt.datetime | None, until: dt.datetime | None) -> int | None:
        """How many rows the API has, made within these bounds where it can tell."""
        if not self._kind.windowed:
            return (await self._first({})).total
        bounds = {"lt": until or _END_OF_TIME, **({} if since is None else {"gte": since})}
        return (await self._first({"created_at": bounds})).total

    async def _first(self, query: Mapping[str, Any]) -> _FirstRow:
        operation = attrs.evolve(self._kind.operation, result=OddLine)
        size = {operation.paging.size: 1} if operation.paging is not None else {}
        request = operation.request(self._pipeline.config.api, (), {**self._filters, **query, **size})

        async def ask() -> _FirstRow:
            return await self._pipeline.run_as(request, _first_row)

        first = await asked_again(self._pipeline, ask)
        # That there is nothing is said by what is no answer of the API's as well, and is easily believed.
        return first if first.total else await asked_again(self._pipeline, ask)

    def _time(self, first: _FirstRow) -> tuple[dt.datetime, dt.datetime]:
        if first.date is not None:
            return first.date, first.date
        self._warn(f"{self._kind.name}: the API does not tell its time, so this machine's clock decides what is recent")
        now = dt.datetime.fromtimestamp(self._pipeline.clock.wall(), dt.UTC)
        return now, now - _UNKNOWN_CLOCK


def _first_row(operation: Operation[Any], answer: Answer) -> _FirstRow:
    found = answers.read_list(operation, answer)
    meta: Any = found.meta if is_mapping(found.meta) else {}
    return _FirstRow(
        row=found.items[0] if found.items else None,
        total=integer_of(meta.get("total")),
        date=_moment(answer.headers.get("Date")),
    )


def _difference(every: int | None, dated: int | None) -> int:
    return max(0, every - dated) if every is not None and dated is not None else 0


def _moment(header: str | None) -> dt.datetime | None:
    try:
        found = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return found.astimezone(dt.UTC) if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
