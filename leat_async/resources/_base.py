"""What all resources share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from .._core.answers import Listing
from .._core.operation import Operation, Request, query_string
from .._core.pipeline import Pipeline
from .._core.unset import UNSET
from ..errors import NotFoundError
from ..pagination import Pager

T = TypeVar("T")


def operation_names(kind: type) -> list[str]:
    """The public methods of a resource."""
    return [name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))]


def of_which_side(resource: object, module: str) -> str:
    """What an error calls a resource that a function doesn't take; for synchronous ones there is another function."""
    kind = type(resource).__name__
    return f"{kind} of leat_async.sync, whose own {module} takes it" if hasattr(resource, "_async") else kind


class Resource:
    """A group of operations; made by the client."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(operation_names(type(self)))}>"

    @property
    def _api(self) -> str:
        return self._pipeline.config.api

    def _list(self, operation: Operation[T], *path: str, query: Mapping[str, Any] | None = None) -> Pager[T]:
        api, given = self._api, dict(query or {})
        paging = operation.paging
        # Checked here and now, so that a bad argument is not found out at the first row.
        request = operation.request(api, path, given)
        start: Any = UNSET
        limit: Any = UNSET
        if paging is not None:
            # What differs from page to page is added to the rest, which stays the same.
            start, limit = given.pop("page", UNSET), given.pop(paging.size, UNSET)
            request = operation.request(api, path, given)

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
            name=operation.id,
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
        one = await find(str(row["external_identifier"]))
        if one is None:
            return None
        found.append(one)
    return found


async def listed_by_name(self: Any, name: str) -> Any:
    """The first row of a resource's list with this name, or None."""
    return await first_where(self.list(), name=name)
