"""Products, which order lines name."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import NotRequired, TypedDict

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Items, Object, Text
from .._core.unset import UNSET, Unset
from ..models import Product
from ..pagination import Pager
from ._base import Resource, all_found, or_none


class CategoryReference(TypedDict, total=False):
    """A category, named by one of its keys."""

    uuid: str
    external_identifier: str


class NewProduct(TypedDict):
    """A product to be created."""

    external_identifier: str
    name: str
    description: NotRequired[str | None]
    categories: NotRequired[Sequence[CategoryReference]]


_CATEGORY = Object(fields={"uuid": Text(), "external_identifier": Text()}, one_of=("uuid", "external_identifier"))
_DETAILS = {"description": Text(empty=True), "categories": Items(of=_CATEGORY)}
_NEW = {"external_identifier": Text(required=True), "name": Text(required=True), **_DETAILS}
_BOTH = ("oauth", "register")
LIST = Operation(
    "products.list",
    "GET",
    "/products",
    Effect.SAFE,
    Product,
    query={"page": Integer(min=1), "limit": Integer(min=0)},
    many=True,
    paging=Paging(largest=None),
    apis=_BOTH,
)
CREATE = Operation(
    "products.create",
    "POST",
    "/products",
    Effect.ACTION,
    Product,
    body=_NEW,
    apis=_BOTH,
)
CREATE_BATCH = Operation(
    "products.create_batch",
    "POST",
    "/products/batch",
    Effect.ACTION,
    list[Product],
    body={"products": Items(required=True, of=Object(fields=_NEW))},
    apis=_BOTH,
)
GET = Operation(
    "products.get",
    "GET",
    "/products/{product_uuid}",
    Effect.SAFE,
    Product,
    apis=_BOTH,
)
FIND = Operation(
    "products.find",
    "GET",
    "/products/find",
    Effect.SAFE,
    Product,
    query={"external_identifier": Text(required=True)},
    apis=_BOTH,
)
FIND_OR_CREATE = Operation(
    "products.find_or_create",
    "POST",
    "/products/find-or-create",
    Effect.REPEATABLE,
    Product,
    body={"external_identifier": Text(required=True), "name": Text(), **_DETAILS},
    apis=_BOTH,
)
UPDATE = Operation(
    "products.update",
    "PUT",
    "/products/{product_uuid}",
    Effect.REPEATABLE,
    Product,
    body={"external_identifier": Text(), "name": Text(), **_DETAILS},
    apis=_BOTH,
)
DELETE = Operation(
    "products.delete",
    "DELETE",
    "/products/{product_uuid}",
    Effect.REPEATABLE,
    NoneType,
    apis=_BOTH,
)


class Products(Resource):
    """What order lines name. Under the Register API only `list`, `get` and `delete` are beyond doubt."""

    def list(self, *, limit: int | Unset = UNSET, page: int | Unset = UNSET) -> Pager[Product]:
        """List products.

        Parameters:
            limit: page size; left out, the API's own, seen to be 10.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every product.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented; that `page` and `limit` can be sent is assumed from the page information
        in the answer.
        """
        return self._list(LIST, query={"limit": limit, "page": page})

    async def create(
        self,
        *,
        external_identifier: str,
        name: str,
        description: str | Unset | None = UNSET,
        categories: Sequence[CategoryReference] | Unset | None = UNSET,
    ) -> Product:
        """Create a product.

        Parameters:
            external_identifier: your own unique identifier of the product.
            name: its name.
            description: its description.
            categories: the categories it belongs to, each named by its `uuid` or its `external_identifier`.

        Returns:
            The product.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `external_identifier`.

        Repeating: not safe, what a taken identifier leads to is not known. Facts: documented.
        """
        body = {
            "external_identifier": external_identifier,
            "name": name,
            "description": description,
            "categories": categories,
        }
        return await self._call(CREATE, body=body, look_up=lambda: self._find(external_identifier))

    async def create_batch(self, *, products: Sequence[NewProduct]) -> Sequence[Product]:
        """Create many products.

        Parameters:
            products: the products, each with `external_identifier` and `name`, and what else `create` takes.

        Returns:
            The products.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for each
                `external_identifier`, and gives the products when all are there.

        Repeating: not safe, what a taken identifier leads to is not known. Facts: documented.
        """
        body = {"products": products}
        return await self._call(CREATE_BATCH, body=body, look_up=lambda: all_found(products, self._find))

    async def get(self, product_uuid: str) -> Product:
        """Fetch one product.

        Parameters:
            product_uuid: the product's uuid.

        Returns:
            The product.

        Raises:
            ApiError: the API refuses, also when there is no such product (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET, product_uuid)

    async def find(self, *, external_identifier: str) -> Product:
        """Find a product by your own identifier.

        Parameters:
            external_identifier: your own identifier of the product.

        Returns:
            The product.

        Raises:
            ApiError: the API refuses, also when there is no such product (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        return await self._call(FIND, query={"external_identifier": external_identifier})

    async def find_or_create(
        self,
        *,
        external_identifier: str,
        name: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        categories: Sequence[CategoryReference] | Unset | None = UNSET,
    ) -> Product:
        """Find a product by your own identifier, or create one.

        Parameters:
            external_identifier: your own unique identifier of the product.
            name, description, categories: as for `create`, if it has to be created.

        Returns:
            The product, found or new.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `external_identifier`.

        Repeating: safe, it converges on one product; it is a POST, where contacts have a GET. Facts: documented.
        """
        body = {
            "external_identifier": external_identifier,
            "name": name,
            "description": description,
            "categories": categories,
        }
        return await self._call(FIND_OR_CREATE, body=body, look_up=lambda: self._find(external_identifier))

    async def update(
        self,
        product_uuid: str,
        *,
        external_identifier: str | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        categories: Sequence[CategoryReference] | Unset | None = UNSET,
    ) -> Product:
        """Change a product.

        Parameters:
            product_uuid: the product's uuid.
            external_identifier, name, description, categories: as for `create`; left out, a field stays.

        Returns:
            The product as changed.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the product as it is.

        Repeating: safe, it sets the same values again. Facts: documented.
        """
        body = {
            "external_identifier": external_identifier,
            "name": name,
            "description": description,
            "categories": categories,
        }
        uuid = product_uuid
        return await self._call(UPDATE, uuid, body=body, look_up=lambda: self.get(uuid))

    async def delete(self, product_uuid: str) -> None:
        """Delete a product.

        Parameters:
            product_uuid: the product's uuid.

        Returns:
            None.

        Raises:
            ApiError: the API refuses, also when there is no such product (its code is not documented).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, what is gone stays gone. Facts: documented.
        """
        await self._delete(DELETE, product_uuid)

    async def _find(self, external_identifier: str) -> Product | None:
        return await or_none(self.find(external_identifier=external_identifier))
