"""Product categories: groups of products."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import TypedDict

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Items, Object, Text
from .._core.unset import UNSET, Unset
from ..models import ProductCategory
from ..pagination import Pager
from ._base import Resource, all_found, or_none


class NewProductCategory(TypedDict):
    """A category to be created."""

    external_identifier: str
    name: str


_NEW = {"external_identifier": Text(required=True), "name": Text(required=True)}
_BOTH = ("oauth", "register")
LIST = Operation(
    "product_categories.list",
    "GET",
    "/product-categories",
    Effect.SAFE,
    ProductCategory,
    query={"page": Integer(min=1), "limit": Integer(min=0)},
    many=True,
    paging=Paging(largest=None),
    apis=_BOTH,
)
CREATE = Operation(
    "product_categories.create",
    "POST",
    "/product-categories",
    Effect.ACTION,
    ProductCategory,
    body=_NEW,
    apis=_BOTH,
)
CREATE_BATCH = Operation(
    "product_categories.create_batch",
    "POST",
    "/product-categories/batch",
    Effect.ACTION,
    list[ProductCategory],
    body={"categories": Items(required=True, of=Object(fields=_NEW))},
    apis=_BOTH,
)
GET = Operation(
    "product_categories.get",
    "GET",
    "/product-categories/{product_category_uuid}",
    Effect.SAFE,
    ProductCategory,
    apis=_BOTH,
)
FIND = Operation(
    "product_categories.find",
    "GET",
    "/product-categories/find",
    Effect.SAFE,
    ProductCategory,
    query={"external_identifier": Text(required=True)},
    apis=_BOTH,
)
FIND_OR_CREATE = Operation(
    "product_categories.find_or_create",
    "POST",
    "/product-categories/find-or-create",
    Effect.REPEATABLE,
    ProductCategory,
    body={"external_identifier": Text(required=True), "name": Text()},
    apis=_BOTH,
)
UPDATE = Operation(
    "product_categories.update",
    "PUT",
    "/product-categories/{product_category_uuid}",
    Effect.REPEATABLE,
    ProductCategory,
    body={"external_identifier": Text(), "name": Text()},
    apis=_BOTH,
)
DELETE = Operation(
    "product_categories.delete",
    "DELETE",
    "/product-categories/{product_category_uuid}",
    Effect.REPEATABLE,
    NoneType,
    apis=_BOTH,
)


class ProductCategories(Resource):
    """Groups of products. Under the Register API only `list`, `get` and `delete` are beyond doubt."""

    def list(self, *, limit: int | Unset = UNSET, page: int | Unset = UNSET) -> Pager[ProductCategory]:
        """List product categories.

        Parameters:
            limit: page size; left out, the API's own, seen to be 10.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every category.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented; that `page` and `limit` can be sent is assumed from the page information
        in the answer.
        """
        return self._list(LIST, query={"limit": limit, "page": page})

    async def create(self, *, external_identifier: str, name: str) -> ProductCategory:
        """Create a product category.

        Parameters:
            external_identifier: your own unique identifier of the category.
            name: its name.

        Returns:
            The category.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `external_identifier`.

        Repeating: not safe, what a taken identifier leads to is not known. Facts: documented.
        """
        body = {"external_identifier": external_identifier, "name": name}
        return await self._call(CREATE, body=body, look_up=lambda: self._find(external_identifier))

    async def create_batch(self, *, categories: Sequence[NewProductCategory]) -> Sequence[ProductCategory]:
        """Create many product categories.

        Parameters:
            categories: the categories, each with `external_identifier` and `name`.

        Returns:
            The categories.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for each
                `external_identifier`, and gives the categories when all are there.

        Repeating: not safe, what a taken identifier leads to is not known. Facts: documented.
        """
        body = {"categories": categories}
        return await self._call(CREATE_BATCH, body=body, look_up=lambda: all_found(categories, self._find))

    async def get(self, product_category_uuid: str) -> ProductCategory:
        """Fetch one product category.

        Parameters:
            product_category_uuid: the category's uuid.

        Returns:
            The category.

        Raises:
            ApiError: the API refuses, also when there is no such category (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET, product_category_uuid)

    async def find(self, *, external_identifier: str) -> ProductCategory:
        """Find a product category by your own identifier.

        Parameters:
            external_identifier: your own identifier of the category.

        Returns:
            The category.

        Raises:
            ApiError: the API refuses, also when there is no such category (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        return await self._call(FIND, query={"external_identifier": external_identifier})

    async def find_or_create(self, *, external_identifier: str, name: str | Unset | None = UNSET) -> ProductCategory:
        """Find a product category by your own identifier, or create one.

        Parameters:
            external_identifier: your own unique identifier of the category.
            name: its name, if it has to be created.

        Returns:
            The category, found or new.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `external_identifier`.

        Repeating: safe, it converges on one category; it is a POST, where contacts have a GET. Facts: documented.
        """
        body = {"external_identifier": external_identifier, "name": name}
        return await self._call(FIND_OR_CREATE, body=body, look_up=lambda: self._find(external_identifier))

    async def update(
        self,
        product_category_uuid: str,
        *,
        external_identifier: str | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
    ) -> ProductCategory:
        """Change a product category.

        Parameters:
            product_category_uuid: the category's uuid.
            external_identifier, name: as for `create`; left out, a field stays.

        Returns:
            The category as changed.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the category as it is.

        Repeating: safe, it sets the same values again. Facts: documented.
        """
        body = {"external_identifier": external_identifier, "name": name}
        uuid = product_category_uuid
        return await self._call(UPDATE, uuid, body=body, look_up=lambda: self.get(uuid))

    async def delete(self, product_category_uuid: str) -> None:
        """Delete a product category.

        Parameters:
            product_category_uuid: the category's uuid.

        Returns:
            None.

        Raises:
            ApiError: the API refuses, also when there is no such category (its code is not documented).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, what is gone stays gone. Facts: documented.
        """
        await self._delete(DELETE, product_category_uuid)

    async def _find(self, external_identifier: str) -> ProductCategory | None:
        return await or_none(self.find(external_identifier=external_identifier))
