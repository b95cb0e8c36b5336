"""What all resources share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from .._core.answers import Listing
from .._core.operation import Operation, Request, query_string
from .._core.params import Object
from .._core.pipeline import LookUp, Pipeline
from .._core.unset import UNSET, Unset
from ..errors import NotFoundError, OutcomeUnknownError
from ..pagination import Pager

T = TypeVar("T")


class Resource:
    """A group of operations; made by the client."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    @property
    def _api(self) -> str:
        return self._pipeline.config.api

    def _call(
        self,
        operation: Operation[T],
        *path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        look_up: LookUp | None = None,
    ) -> Coroutine[Any, Any, T]:
        return self._pipeline.run(operation.request(self._api, path, query, body), look_up)

    async def _delete(self, operation: Operation[T], *path: str, body: Mapping[str, Any] | None = None) -> T | None:
        """Delete. Finding nothing after an attempt that went unanswered means that the attempt was applied."""
        try:
            return await self._call(operation, *path, body=body)
        except OutcomeUnknownError as error:
            if not isinstance(error.__cause__, NotFoundError):
                raise
            return None

    def _list(self, operation: Operation[T], *path: str, query: Mapping[str, Any] | None = None) -> Pager[T]:
        given = dict(query or {})
        paging = operation.paging
        # Checked here and now, so that a bad argument is not found out at the first row.
        request = operation.request(self._api, path, given)
        start: Any = UNSET
        limit: Any = UNSET
        if paging is not None:
            # What differs from page to page is added to the rest, which stays the same.
            start, limit = given.pop("page", UNSET), given.pop(paging.size, UNSET)
            request = operation.request(self._api, path, given)

        async def fetch(page: int | None, size: int | None) -> Listing[T]:
            if paging is None:
                return await self._pipeline.run_list(request)
            size = paging.largest if size is None else size
            asked = {} if size is None else {paging.size: size}
            if page is not None:
                asked["page"] = page
            more = query_string(asked, "&" if "?" in request.target else "?")
            return await self._pipeline.run_list(Request(operation, request.target + more))

        return Pager(
            fetch,
            start=None if start is UNSET else start,
            limit=None if limit is UNSET else limit,
            paged=paging is not None,
            certain=paging is None or paging.certain,
        )


async def or_none(asked: Awaitable[T]) -> T | None:
    """What was asked for, or None if the API does not find it."""
    try:
        return await asked
    except NotFoundError:
        return None


async def first_where(rows: Pager[T], **wanted: object) -> T | None:
    """The first row whose fields are as wanted, or None."""
    async for row in rows:
        if all(getattr(row, name) == value for name, value in wanted.items()):
            return row
    return None


async def all_found(rows: Iterable[Mapping[str, Any]], find: Callable[[str], Awaitable[T | None]]) -> list[T] | None:
    """What each row's `external_identifier` finds, or None if one finds nothing."""
    found: list[T] = []
    for row in rows:
        one = await find(row["external_identifier"])
        if one is None:
            return None
        found.append(one)
    return found


def with_attributes(body: Mapping[str, Any], attributes: Mapping[str, Any] | Unset) -> dict[str, Any]:
    """A body with custom attributes as further top-level keys; one that would hide a parameter is refused."""
    if attributes is UNSET:
        return dict(body)
    own = Object().wire("attributes", attributes)
    for name in own:
        if name in body:
            raise ValueError(f"attributes can't hold {name!r}, which is a parameter of its own")
    return {**body, **own}
