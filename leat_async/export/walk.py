"""Reading a list whole, while others add to it.

A list is read page after page. Rows that are added only push others to later pages, so a row that is not read yet
can't slip through, and one that was is recognised when it comes again. Rows that are deleted, and pages fetched out
of turn, do let rows slip through. So what was read is compared with the API's own count, and where they differ the
list is read again until a pass finds nothing new.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import attrs

from ..errors import DecodeError
from ..pagination import Page
from .kinds import ExportKind, keys_of
from .pages import PageSource
from .survey import Survey
from .windows import Span, WindowPlan

T = TypeVar("T")
Count: TypeAlias = Callable[[], Awaitable[int | None]]

_MAX_PAGES = 250
"""Pages that a window may have before it is cut in two: what a resumed export reads again at most."""
_PASSES = 4
_MARK_EVERY = 20


@attrs.frozen(kw_only=True)
class WalkMark:
    """How far a walk has come: rows made before `reached`, or the pages before `page`, whose `total` was the most."""

    reached: dt.datetime | None = None
    page: int = 1
    total: int | None = None


@attrs.frozen
class WalkStep(Generic[T]):
    """Rows that were not there before, and the mark that is true once they are kept.

    `recent`: see `WindowPlan`. `undated`: in no window.
    """

    rows: list[T]
    mark: WalkMark | None = None
    recent: bool = False
    undated: bool = False


@attrs.define
class WalkTally:
    """What a walk has seen. `expected`: the rows that the API counts, or None."""

    pages: int = 0
    repeated: int = 0
    expected: int | None = None


class KnownRows(Protocol):
    """Remembers rows by their keys."""

    def fresh(self, rows: list[Any]) -> list[Any]:
        """Those of the rows that were not seen before; now they are."""
        ...

    def __len__(self) -> int: ...


class KnownInMemory:
    """In memory: enough for a window."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def fresh(self, rows: list[Any]) -> list[Any]:
        """Those of the rows that were not seen before; now they are."""
        keys = keys_of(rows)
        if self._keys.isdisjoint(keys):
            before = len(self._keys)
            self._keys.update(keys)
            if len(self._keys) == before + len(rows):
                return rows
            self._keys.difference_update(keys)
        found = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._keys}
        self._keys.update(found)
        return list(found.values())

    def __len__(self) -> int:
        return len(self._keys)


class _TooMany(Exception):
    """A window is too large to be read at once."""


class Walk(Generic[T]):
    """Goes through one list. `warn` is told in a sentence what can't be promised."""

    def __init__(
        self,
        kind: ExportKind,
        source: PageSource[T],
        filters: Mapping[str, Any],
        *,
        ahead: int,
        tally: WalkTally,
        warn: Callable[[str], object],
    ) -> None:
        self._kind = kind
        self._source = source
        self._filters = filters
        self._ahead = ahead
        self._tally = tally
        self._warn = warn
        self._told = False

    async def windows(
        self, plan: WindowPlan, *, survey: Survey | None = None, count: Count | None = None
    ) -> AsyncGenerator[WalkStep[T], None]:
        """Window after window, oldest rows first, and then the rows that are in none.

        `count` asks the API for its rows in all windows, before they are read and after.
        """
        before = None if count is None else await count()
        found = 0
        async with aclosing(self._windows(plan)) as steps:
            async for step in steps:
                found += len(step.rows)
                yield step
        if before is not None and found < before and count is not None:
            after = await count()
            if after is not None and found < after:
                self._tell_missing(before, after, found)
        if survey is not None and survey.undated:
            async with aclosing(self._undated(survey.undated, survey.surely)) as steps:
                async for step in steps:
                    yield step

    async def _windows(self, plan: WindowPlan) -> AsyncGenerator[WalkStep[T], None]:
        waiting = list(reversed(plan.closed))
        while waiting:
            span = waiting.pop()
            halves = span.halves()
            try:
                async with aclosing(self._window(span, plan, splits=halves is not None)) as steps:
                    async for step in steps:
                        yield step
            except _TooMany:
                assert halves is not None
                waiting += reversed(halves)
        if plan.live is not None:
            async with aclosing(self._window(plan.live, plan)) as steps:
                async for step in steps:
                    yield step

    async def _window(self, span: Span, plan: WindowPlan, *, splits: bool = False) -> AsyncGenerator[WalkStep[T], None]:
        bounds = {name: at for name, at in (("gte", span.since), ("lt", span.until)) if at is not None}
        query = {**self._filters, "sort": "created_at", **({"created_at": bounds} if bounds else {})}
        recent = span.since is not None and span.since >= plan.recent
        live = span is plan.live
        pages = self._complete(
            query,
            KnownInMemory(),
            f"{self._kind.name} {span}",
            ahead=0 if live else self._ahead,
            splits=splits,
            check=(lambda page: _check_dates(page.items, span)) if self._kind.dated else None,
        )
        async with aclosing(pages):
            async for rows, _ in pages:
                yield WalkStep(rows, recent=recent)
        if not live:
            yield WalkStep([], WalkMark(reached=span.until))

    async def whole(
        self, seen: KnownRows, mark: WalkMark, count: Count | None = None
    ) -> AsyncGenerator[WalkStep[T], None]:
        """Page after page, in whatever order the API has, from a mark on."""
        before = None if count is None else await count()
        if mark.page > 1:
            # The page before once more: rows that were deleted since moved others onto it.
            mark = attrs.evolve(mark, page=mark.page - 1)
        pages = self._complete(
            self._filters,
            seen,
            self._kind.name,
            mark=mark,
        )
        read, highest = 0, mark.total
        async with aclosing(pages):
            async for rows, page in pages:
                read += 1
                highest = max(highest or 0, page.total or 0) or None
                marked = page.page is not None and page.page == mark.page + read - 1 and not read % _MARK_EVERY
                yield WalkStep(rows, WalkMark(page=mark.page + read, total=highest) if marked else None, recent=True)
        if before is not None and len(seen) < before and count is not None:
            after = await count()
            if after is not None and len(seen) < after:
                self._tell_missing(before, after, len(seen))

    async def at_once(self, seen: KnownRows) -> AsyncGenerator[WalkStep[T], None]:
        """A list that does not come in pages."""
        async with aclosing(self._source.pages(self._filters, paged=False)) as pages:
            async for page in pages:
                self._tally.pages += 1
                self._tally.expected = len(page.items)
                seen.fresh(page.items)
                # It came in one piece, so what looks the same twice is there twice.
                yield WalkStep(page.items, recent=True)

    async def _complete(
        self,
        query: Mapping[str, Any],
        seen: KnownRows,
        what: str,
        *,
        ahead: int = 0,
        splits: bool = False,
        mark: WalkMark = WalkMark(),
        check: Callable[[Page[T]], None] | None = None,
    ) -> AsyncGenerator[tuple[list[T], Page[T]], None]:
        """The new rows of each page, read again until they are all there."""
        before, shrunk = mark.total, False
        for again in range(_PASSES):
            looking = ahead if not again else 0
            found = 0
            totals: set[int] = set()
            # What this pass has read, by short keys: it may be a whole list.
            these: set[int] = set()
            start = mark.page if not again else 1
            async with aclosing(self._source.pages(query, start=start, ahead=looking, check=check)) as pages:
                async for page in pages:
                    if splits and not again and page.last_page is not None and page.last_page > _MAX_PAGES:
                        self._count(page)
                        raise _TooMany
                    splits = False
                    self._tally.pages += 1
                    rows = seen.fresh(page.items)
                    found += len(rows)
                    if again:
                        these.update(map(hash, keys_of(page.items)))
                    if not again:
                        self._count(page)
                        # What a resumed walk reads once more does not count.
                        self._tally.repeated += len(page.items) - len(rows) if mark.page == 1 else 0
                    if page.total is not None:
                        totals.add(page.total)
                        if not looking:
                            shrunk = shrunk or page.total < (before or 0) or len(seen) > page.total
                            before = page.total
                    yield rows, page
                    if again and not shrunk and len(seen) == page.total:
                        return
            if not totals:
                self._say(f"{what}: the API gave no total, so nothing tells whether rows are missing")
                return
            total = max(totals)
            before = max(before or 0, total) if looking else before
            # Pages fetched ahead prove something only if nothing moved meanwhile.
            if not shrunk and len(seen) == total and (not looking or len(totals) == 1):
                return
            if again and len(these) == total and len(totals) == 1:
                # Everything there is, in one pass; what was seen before and is not among it was deleted.
                return
            if again and not found and len(totals) == 1 and not shrunk:
                self._say(f"{what}: the API counts {total:,} rows and gave {len(seen):,}, also when read again")
                return
        self._say(f"{what}: the list kept changing while it was read {_PASSES} times; {len(seen):,} rows were found")

    async def _undated(self, most: int, least: int) -> AsyncGenerator[WalkStep[T], None]:
        """The rows without `created_at`, which no window holds: sorted, the API has them at one of the two ends."""
        seen = KnownInMemory()
        if self._kind.dated:
            for sort in ("created_at", "-created_at"):
                query = {**self._filters, "sort": sort}
                for _ in range(_PASSES):
                    before = len(seen)
                    async with aclosing(self._source.pages(query)) as pages:
                        async for page in pages:
                            self._tally.pages += 1
                            rows = [row for row in page.items if _made(row) is None]
                            if new := seen.fresh(rows):
                                yield WalkStep(new, undated=True)
                            if len(rows) < len(page.items):
                                break
                    if len(seen) == before:
                        break
                if len(seen) >= most:
                    return
        if len(seen) >= least:
            return
        self._say(
            f"{self._kind.name}: {least - len(seen):,} rows have no created_at, so the API lists them in no "
            "stretch of time: they are not here"
        )

    def _say(self, text: str) -> None:
        self._told = True
        self._warn(text)

    def _tell_missing(self, before: int, after: int, found: int) -> None:
        if not self._told:
            self._say(f"{self._kind.name}: the API counted {before:,} rows before, {after:,} after, and gave {found:,}")

    def _count(self, page: Page[T]) -> None:
        if self._tally.expected is None:
            self._tally.expected = page.total


def _made(row: Any) -> dt.datetime | None:
    moment: dt.datetime | None = row.created_at
    return moment


def _check_dates(rows: Sequence[Any], span: Span) -> None:
    made = [moment for moment in map(_made, rows) if moment is not None]
    for moment in (min(made), max(made)) if made else ():
        if not span.holds(moment):
            raise DecodeError(
                f"asked for rows made {span}, got one made at {moment.isoformat()}: the API did not filter",
                path="$.data",
            )
