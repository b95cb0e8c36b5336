"""Products and their categories, many in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from ..._core.codec import encode
from ..._core.declare import operation_of
from ..._core.operation import Operation, Request
from ..._core.params import is_list
from ...resources._base import Resource
from ...resources.product_categories import ProductCategories
from ...resources.products import Products
from ..outcomes import Status
from ..rows import ActiveRow
from .keyed import KeyedKind
from .kind import KindSettings
from .together import MOST_ROWS, Together


class _BatchedKind(KeyedKind):
    """What is made many at a time: `batches` is the method that does, `listed_as` its parameter."""

    batches: Callable[..., Any]
    listed_as: str
    together: int = MOST_ROWS

    def __init__(self, settings: KindSettings) -> None:
        super().__init__(settings)
        batch: Operation[Any] = operation_of(type(self).batches)
        self._together = Together(
            self._pipeline,
            self._health,
            # Each row has been checked by itself.
            request=lambda rows: Request(batch, batch.path, encode({self.listed_as: rows})),
            alone=super()._make,
            find=self.find,
            told=self._told_by,
        )

    async def _told_by(self, answer: Any, rows: list[ActiveRow]) -> list[Any]:
        found = {self._identifier_in(one): one for one in answer or ()}
        return [found.get(row.own) for row in rows]

    async def _make(self, row: ActiveRow) -> Any:
        made = await self._together.send(row, row.body)
        # An answer shows no more than these fields.
        if not self._left_out(made, KeyedKind.differing(self, row, made)):
            return made
        return await self._set(row, made)

    async def _set(self, row: ActiveRow, made: Any) -> Any:
        """Give what was made what it lacks of its row."""
        row.stage, row.status, row.result = "update", Status.CREATED, made
        return await self._change(row)

    async def _there(self, row: ActiveRow) -> Any:
        """What it made, which need not be asked for if it was answered or found just now."""
        return row.result if row.result is not None else await super()._there(row)

    def resolve(self, row: ActiveRow, found: Any, *, ours: bool) -> bool:
        """There is only the one write, unless a call of many left out some of what the row says."""
        done = super().resolve(row, found, ours=ours)
        if not ours or row.altered or not self._left_out(found, self.differing(row, found)):
            return done
        row.stage = "update"
        return False

    def _left_out(self, found: Any, differing: list[str]) -> bool:
        """Whether it differs in that it has nothing where the row has something; not where it has something else."""
        return bool(differing) and not any(getattr(found, name, None) for name in differing)


class ProductKind(_BatchedKind):
    """Products, each by its external identifier."""

    name: str = "products"
    resource: type[Resource] = Products
    identifier: str = "external_identifier"
    creates: Callable[..., Any] = Products.create
    updates: Callable[..., Any] | None = Products.update
    batches: Callable[..., Any] = Products.create_batch
    listed_as: str = "products"
    finds: Callable[..., Any] | None = Products.find
    shown: Mapping[str, str] = {"name": "name", "description": "description"}
    looks_first: bool = True

    def __init__(self, settings: KindSettings) -> None:
        super().__init__(settings)
        # Whether calls of many pass over categories, which their answers don't show; None until somebody has looked.
        self._drops: bool | None = None
        self._looking = asyncio.Lock()

    async def _make(self, row: ActiveRow) -> Any:
        made = await super()._make(row)
        if self._drops is False or row.stage == "update" or not row.body.get("categories") or made.categories:
            return made
        async with self._looking if self._drops is None else nullcontext():
            if self._drops is None:
                return await self._look(row, made)
        return await self._set(row, made) if self._drops else made

    async def _look(self, row: ActiveRow, made: Any) -> Any:
        """See of one whether it has its categories, and otherwise whether they show at all once they are set."""
        # Whatever hinders that, to set them is safe.
        row.stage, row.status, row.result = "update", Status.CREATED, made
        found = await self.find(row)
        if found is not None and found.categories:
            self._drops = False
            return found
        made = await self._change(row)
        found = await self.find(row)
        self._drops = found is not None and bool(found.categories)
        return made

    def differing(self, row: ActiveRow, found: Any) -> list[str]:
        """What was given and is shown otherwise, the categories in any order."""
        given = row.body.get("categories")
        names = super().differing(row, found)
        if not is_list(given):
            return names
        there = [{each.uuid, each.external_identifier} for each in found.categories]
        wanted = [each.get("external_identifier") or each.get("uuid") for each in given]
        alike = len(there) == len(wanted) and all(any(name in each for each in there) for name in wanted)
        return names if alike else [*names, "categories"]


class ProductCategoryKind(_BatchedKind):
    """Categories of products, each by its external identifier."""

    name: str = "product_categories"
    resource: type[Resource] = ProductCategories
    identifier: str = "external_identifier"
    creates: Callable[..., Any] = ProductCategories.create
    updates: Callable[..., Any] | None = ProductCategories.update
    batches: Callable[..., Any] = ProductCategories.create_batch
    listed_as: str = "categories"
    finds: Callable[..., Any] | None = ProductCategories.find
    shown: Mapping[str, str] = {"name": "name"}
    looks_first: bool = True
