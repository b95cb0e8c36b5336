"""Pages of a list; what comes as no page of it is asked for again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from .._core.pipeline import Pipeline
from .._core.retry import backoff
from ..errors import ApiError, DecodeError
from ..pagination import Page, Pager

T = TypeVar("T")
# What the API says of a request itself, with or without a code of its own.
_OWN_STATUSES = (401, 403, 429)
_DOUBTS = 4
"""How often a page without rows is asked for once more, at most."""


class PageSource(Generic[T]):
    """A list, page by page. `list_of` makes its pager; `loosely` another, for pages with rows that it can't read."""

    def __init__(
        self,
        pipeline: Pipeline,
        list_of: Callable[[Mapping[str, Any]], Pager[T]],
        loosely: Callable[[Mapping[str, Any]], Pager[T]] | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._list_of = list_of
        self._loosely = loosely

    async def pages(
        self,
        query: Mapping[str, Any],
        *,
        start: int = 1,
        ahead: int = 0,
        paged: bool = True,
        check: Callable[[Page[T]], None] | None = None,
    ) -> AsyncGenerator[Page[T], None]:
        """Every page from one on, in order. `check` raises `DecodeError` for a page that is not what was asked for."""
        number, failures, list_of = start, 0, self._list_of
        empty: tuple[int, int | None] | None = None
        doubts = 0
        before: Page[T] | None = None
        while True:
            pages = list_of({**query, "page": number} if paged else query).pages(ahead)
            again = before is not None
            try:
                async with aclosing(pages):
                    async for page in pages:
                        if again and before is not None and (page.items, page.total) == (before.items, before.total):
                            raise DecodeError(f"page {number} repeats page {number - 1}", path="$.data")
                        if check is not None:
                            check(page)
                        if not page.items and empty != (number, page.total) and doubts < _DOUBTS:
                            # That there is nothing has to be said twice: what is no page easily looks like it.
                            empty, doubts = (number, page.total), doubts + 1
                            break
                        yield page
                        before, number, failures, doubts, again = page, number + 1, 0, 0, False
                    else:
                        return
            except (ApiError, DecodeError) as error:
                failures += 1
                odd = isinstance(error, DecodeError) and (error.path or "").startswith("$.data[")
                if odd and self._loosely is not None and list_of is not self._loosely:
                    list_of = self._loosely
                else:
                    await _wait_or_raise(self._pipeline, failures, error)


async def asked_again(pipeline: Pipeline, ask: Callable[[], Awaitable[T]]) -> T:
    """The answer to a question that has no page."""
    failures = 0
    while True:
        try:
            return await ask()
        except (ApiError, DecodeError) as error:
            failures += 1
            await _wait_or_raise(pipeline, failures, error)


async def _wait_or_raise(pipeline: Pipeline, failures: int, error: ApiError | DecodeError) -> None:
    policy = pipeline.retry
    # What the client has asked for so often itself is not asked for as often again.
    asked = max(failures, len(error.attempts))
    if policy is None or asked >= policy.attempts or not _passes(error):
        raise error
    await pipeline.clock.sleep(backoff(policy, failures, pipeline.clock))


def _passes(error: ApiError | DecodeError) -> bool:
    """Whether it may go by: an unreadable answer, or a refusal that a proxy wrote and not the API."""
    if isinstance(error, DecodeError):
        return True
    return error.code is None and error.status not in _OWN_STATUSES and error.status < 500
