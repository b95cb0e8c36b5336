"""Reading a list whole, while others add to it.

A list is read page after page. Rows that are added only push others to later pages, so a row that is not read yet
can't slip through, and one that was is recognised when it comes again. Rows that are deleted, and pages fetched out
of turn, do let rows slip through. So what was read is compared with the API's own count, and where they differ the
list is read again until a pass finds nothing new.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar

import attrs

from ..errors import DecodeError
from ..pagination import Page, Pager
from .kinds import Kind, keys_of
from .windows import Plan, Span

T = TypeVar("T")

_MAX_PAGES = 250
"""Pages that a window may have before it is cut in two: what a resumed export reads again at most."""
_PASSES = 4
_MARK_EVERY = 20


@attrs.frozen(kw_only=True)
class Mark:
    """How far a walk has come: rows made before `reached`, or the pages before `page`, whose `total` was the most."""

    reached: dt.datetime | None = None
    page: int = 1
    total: int | None = None


@attrs.frozen
class Step(Generic[T]):
    """Rows that were not there before, and the mark that is true once they are kept. `recent`: see `Plan`."""

    rows: list[T]
    mark: Mark | None = None
    recent: bool = False


@attrs.define
class Tally:
    """What a walk has seen. `expected`: the rows that the API counts, or None."""

    pages: int = 0
    repeated: int = 0
    expected: int | None = None


class Seen(Protocol):
    """Remembers rows by their keys."""

    def fresh(self, rows: list[Any]) -> list[Any]:
        """Those of the rows that were not seen before; now they are."""
        ...

    def __len__(self) -> int: ...


class SeenHere:
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
    """Goes through one list. `list_of` makes its pager; `warn` is told in a sentence what can't be promised."""

    def __init__(
        self,
        kind: Kind,
        list_of: Callable[[Mapping[str, Any]], Pager[T]],
        filters: Mapping[str, Any],
        *,
        ahead: int,
        tally: Tally,
        warn: Callable[[str], object],
    ) -> None:
        self._kind = kind
        self._list_of = list_of
        self._filters = filters
        self._ahead = ahead
        self._tally = tally
        self._warn = warn

    async def windows(self, plan: Plan) -> AsyncGenerator[Step[T], None]:
        """Window after window, oldest rows first."""
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

    async def _window(self, span: Span, plan: Plan, *, splits: bool = False) -> AsyncGenerator[Step[T], None]:
        bounds = {name: at for name, at in (("gte", span.since), ("lt", span.until)) if at is not None}
        query = {**self._filters, "sort": "created_at", **({"created_at": bounds} if bounds else {})}
        recent = span.since is not None and span.since >= plan.recent
        live = span is plan.live
        pages = self._complete(
            lambda _: self._list_of(query),
            SeenHere(),
            f"{self._kind.name} {span}",
            ahead=0 if live else self._ahead,
            splits=splits,
        )
        async with aclosing(pages):
            async for rows, _ in pages:
                if self._kind.dated:
                    _check_dates(rows, span)
                yield Step(rows, recent=recent)
        if not live:
            yield Step([], Mark(reached=span.until))

    async def whole(self, seen: Seen, mark: Mark) -> AsyncGenerator[Step[T], None]:
        """Page after page, in whatever order the API has, from a mark on."""
        if mark.page > 1:
            # The page before once more: rows that were deleted since moved others onto it.
            mark = attrs.evolve(mark, page=mark.page - 1)
        pages = self._complete(
            lambda page: self._list_of({**self._filters, "page": page}),
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
                yield Step(rows, Mark(page=mark.page + read, total=highest) if marked else None, recent=True)

    async def _complete(
        self,
        list_from: Callable[[int], Pager[T]],
        seen: Seen,
        what: str,
        *,
        ahead: int = 0,
        splits: bool = False,
        mark: Mark = Mark(),
    ) -> AsyncGenerator[tuple[list[T], Page[T]], None]:
        """The new rows of each page, read again until they are all there."""
        before, shrunk = mark.total, False
        for again in range(_PASSES):
            looking = ahead if not again else 0
            found = 0
            totals: set[int] = set()
            async with aclosing(list_from(mark.page if not again else 1).pages(looking)) as pages:
                async for page in pages:
                    if splits and not again and page.last_page is not None and page.last_page > _MAX_PAGES:
                        self._count(page)
                        raise _TooMany
                    splits = False
                    self._tally.pages += 1
                    rows = seen.fresh(page.items)
                    found += len(rows)
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
                self._warn(f"{what}: the API gave no total, so nothing tells whether rows are missing")
                return
            total = max(totals)
            before = max(before or 0, total) if looking else before
            # Pages fetched ahead prove something only if nothing moved meanwhile.
            if not shrunk and len(seen) == total and (not looking or len(totals) == 1):
                return
            if again and not found and len(totals) == 1:
                if not shrunk:
                    self._warn(f"{what}: the API counts {total:,} rows and gave {len(seen):,}, also when read again")
                return
        self._warn(f"{what}: the list kept changing while it was read {_PASSES} times; {len(seen):,} rows were found")

    def _count(self, page: Page[T]) -> None:
        if self._tally.expected is None:
            self._tally.expected = page.total


def _check_dates(rows: list[Any], span: Span) -> None:
    made = [row.created_at for row in rows if row.created_at is not None]
    for moment in (min(made), max(made)) if made else ():
        if not span.holds(moment):
            raise DecodeError(
                f"asked for rows made {span}, got one made at {moment.isoformat()}: the API did not filter",
                path="$.data",
            )
