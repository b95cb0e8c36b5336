"""Lists, without `await`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

from ..pagination import Page, Pager
from ._bridge import Bridge

T = TypeVar("T")


class SyncPager(Generic[T]):
    """A list that has not been asked for yet.

    `pager.page()` gives the first `Page`; `for row in pager` every row; `for page in pager.pages()` every page. Rows
    that are added while you read shift the offsets behind them, so a row can appear twice or be missed unless the
    list is sorted by `created_at` and closed by a `created_at` bound.
    """

    __slots__ = ("_bridge", "_name", "_pager")

    def __init__(self, pager: Pager[T], bridge: Bridge) -> None:
        self._pager = pager
        self._bridge = bridge
        self._name = pager._name  # pyright: ignore[reportPrivateUsage] - its own twin

    def __repr__(self) -> str:
        return f"<SyncPager of {self._name}: iterate it for every row, or take .page() for the first page>"

    def page(self) -> Page[T]:
        """Fetch the first page (or the one that `page` named)."""
        return self._bridge.call(self._pager.page)

    def first(self) -> T | None:
        """The first row, or None if there is none."""
        return self._bridge.call(self._pager.first)

    def collect(self, limit: int | None = None) -> list[T]:
        """All rows in a list, or the first `limit` of them."""
        return self._bridge.call(self._pager.collect, limit)

    if not TYPE_CHECKING:  # hidden from type checkers, which miss the method and say so

        def __await__(self) -> NoReturn:
            raise TypeError(f"{self._name} is read without await: write {self._name}(…).page()")

        def __aiter__(self) -> NoReturn:
            raise TypeError(f"{self._name} is read without async: write 'for row in …', or use leat_async.LeatClient")

    def __iter__(self) -> Iterator[T]:
        return self._rows(self.pages())

    def pages(self, ahead: int = 0) -> Generator[Page[T], None, None]:
        """Every page in order; `ahead` pages are fetched before they are asked for.

        Look ahead only where the list can't shift while you read it: sorted by `created_at`, with an upper bound.
        """
        return self._step(self._pager.pages(ahead))

    def _rows(self, pages: Generator[Page[T], None, None]) -> Generator[T, None, None]:
        with closing(pages):
            for page in pages:
                yield from page.items

    def _step(self, pages: AsyncGenerator[Page[T], None]) -> Generator[Page[T], None, None]:
        # A page is asked for only when the one before has been used up: reading ahead is the caller's to decide.
        async def step() -> Page[T] | None:
            return await anext(pages, None)

        async def close() -> None:
            # After a second Ctrl-C in a row the step may still be ending, and will end the generator itself.
            with suppress(RuntimeError):
                await pages.aclose()

        try:
            while (page := self._bridge.call(step)) is not None:
                yield page
        finally:
            # Where this can't be done, the loop closes the generator by itself.
            self._bridge.tidy(close)
