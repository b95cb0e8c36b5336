"""Lists: a `Pager` is awaited for its first page, or iterated over every row of every page."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

import attrs

from ._core.answers import Listing
from ._core.params import Integer, is_mapping
from .errors import DecodeError
from .models._base import Model, cells
from .models._html import table

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """One page. `page`, `last_page` and `total` are None where the API does not page; `meta` is as sent.

    Not iterable: iterating the pager gives every row, so nobody stops at page one by accident.
    """

    items: list[T]
    page: int | None = None
    last_page: int | None = None
    total: int | None = None
    meta: Any = attrs.field(default=None)

    def __repr__(self) -> str:
        kind = f" {type(self.items[0]).__name__}" if self.items else ""
        of = f" of {self.last_page}" if self.last_page is not None else ""
        place = f"{self.page}{of}: " if self.page is not None else ""
        total = f", {self.total} in all" if self.total is not None else ""
        return f"<Page {place}{len(self.items)}{kind} in .items{total}>"

    def _repr_html_(self) -> str:
        """A table of its first rows, for notebooks."""
        rows = [cells(item) if isinstance(item, Model) else {"": item} for item in self.items]
        return table(rows, repr(self).strip("<>"))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """How pydantic takes and gives a page; asked for by pydantic only."""
        from ._core.travel import pydantic_page_schema

        return pydantic_page_schema(cls, source, handler)

    if not TYPE_CHECKING:  # hidden from type checkers, which miss the method and say so

        def __iter__(self) -> NoReturn:
            raise TypeError("a page is not iterable: take page.items, or iterate the pager for the rows of every page")

        # `async for row in await pager`: the pager without `await` is what was meant.
        __aiter__ = __iter__


class Pager(Generic[T]):
    """A list that has not been asked for yet.

    `await pager` or `await pager.page()` gives the first `Page`; `async for row in pager` every row; `async for page
    in pager.pages()` every page. Rows that are added while you read shift the offsets behind them, so a row can
    appear twice or be missed unless the list is sorted by `created_at` and closed by a `created_at` bound.
    """

    __slots__ = ("_certain", "_fetch", "_limit", "_name", "_paged", "_start")

    def __init__(
        self,
        fetch: Callable[[int | None, int | None], Awaitable[Listing[T]]],
        *,
        start: int | None = None,
        limit: int | None = None,
        paged: bool = True,
        certain: bool = True,
        name: str = "a list",
    ) -> None:
        self._fetch = fetch
        self._start = start
        self._limit = limit
        self._paged = paged
        self._certain = certain
        self._name = name

    def __repr__(self) -> str:
        return f"<Pager of {self._name}: await it for the first page, or iterate it with async for>"

    if not TYPE_CHECKING:  # hidden from type checkers, which miss the method and say so

        def __iter__(self) -> NoReturn:
            raise TypeError(
                f"{self._name} is read asynchronously: write 'async for row in …', or 'rows = await ….collect()'; "
                "for plain 'for' use leat_async.sync"
            )

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self.page().__await__()

    async def page(self) -> Page[T]:
        """Fetch the first page (or the one that `page` named)."""
        return await self._get(self._start, self._limit)

    async def first(self) -> T | None:
        """The first row, or None if there is none."""
        single = self._paged and self._limit is None
        page = await self._get(self._start, 1 if single else self._limit)
        return page.items[0] if page.items else None

    async def collect(self, limit: int | None = None) -> list[T]:
        """All rows in a list, or the first `limit` of them."""
        if limit is not None:
            Integer(min=0).wire("limit", limit)
        rows: list[T] = []
        if limit == 0:
            return rows
        async for page in self.pages():
            rows += page.items
            if limit is not None and len(rows) >= limit:
                return rows[:limit]
        return rows

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for row in page.items:
                yield row

    def pages(self, ahead: int = 0) -> AsyncGenerator[Page[T], None]:
        """Every page in order; `ahead` pages are fetched before they are asked for.

        Look ahead only where the list can't shift while you read it: sorted by `created_at`, with an upper bound.
        """
        Integer(min=0).wire("ahead", ahead)
        if self._limit == 0:
            raise ValueError("limit=0 gives no rows to iterate; await the pager for its page information instead")
        return self._ahead(ahead) if ahead and self._paged else self._one_by_one()

    async def _one_by_one(self) -> AsyncGenerator[Page[T], None]:
        number = self._start or 1
        before: Page[T] | None = None
        # The first request names no page unless the caller did; the API starts at one by itself.
        page = await self._get(self._start, self._limit)
        while True:
            self._check(page, number, before)
            yield page
            if not self._paged or self._ended(page, number):
                return
            before, number = page, number + 1
            page = await self._get(number, self._limit)
            if self._repeats(page, before):
                return

    async def _ahead(self, ahead: int) -> AsyncGenerator[Page[T], None]:
        number = self._start or 1
        page = await self._get(self._start, self._limit)
        self._check(page, number, None)
        coming: deque[asyncio.Task[Page[T]]] = deque()
        asked = number
        try:
            while True:
                while len(coming) < ahead and asked < (page.last_page or asked + 1):
                    asked += 1
                    coming.append(asyncio.create_task(self._get(asked, self._limit)))
                yield page
                if self._ended(page, number):
                    return
                before, number = page, number + 1
                page = await coming.popleft()
                if self._repeats(page, before):
                    return
                self._check(page, number, before)
        finally:
            for task in coming:
                task.cancel()
            await asyncio.gather(*coming, return_exceptions=True)

    async def _get(self, number: int | None, limit: int | None) -> Page[T]:
        listing = await self._fetch(number, limit)
        meta: Any = listing.meta if is_mapping(listing.meta) else {}
        return Page(
            listing.items,
            page=integer_of(meta.get("current_page", meta.get("page"))),
            last_page=integer_of(meta.get("last_page")),
            total=integer_of(meta.get("total")),
            meta=listing.meta,
        )

    def _ended(self, page: Page[T], number: int) -> bool:
        if page.last_page is not None:
            return number >= page.last_page
        # Without page information only an empty page ends the list: a server may give less than was asked for.
        return not page.items

    def _repeats(self, page: Page[T], before: Page[T]) -> bool:
        """Where paging is not certain, the same rows again mean that the API does not page this list after all."""
        return not self._certain and page.page is None and page.last_page is None and page.items == before.items

    def _check(self, page: Page[T], number: int, before: Page[T] | None) -> None:
        """A server that ignores `page` would repeat itself for ever."""
        if page.page is not None and page.page != number:
            raise DecodeError(f"asked for page {number}, got page {page.page}", path="$.meta.page")
        # With as many new rows as fit on a page a list moves on by a page, and then its total tells.
        if before is not None and page.items and page.items == before.items and page.total == before.total:
            raise DecodeError(f"page {number} repeats page {number - 1}", path="$.data")


def integer_of(value: Any) -> int | None:
    """A whole number of an answer's page information, which may be text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isdecimal():
        return int(value[:18])
    return value if isinstance(value, int) else None
