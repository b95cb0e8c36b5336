"""Products, which order lines name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypeAlias, TypedDict

from .._core.annotations import Mark
from .._core.declare import BOTH, never, operation
from .._core.operation import Effect
from .._core.unset import UNSET, Unset
from ..models import Product
from ..pagination import Pager
from ._base import Resource, all_found, or_none
from ._types import Id, MaybeEmpty, NotNegative, Positive


class CategoryReference(TypedDict, total=False):
    """A category, named by one of its keys."""

    uuid: Id
    external_identifier: Id


KnownCategory: TypeAlias = Annotated[CategoryReference, Mark.ONE_OF_ITS_KEYS]


class NewProduct(TypedDict):
    """A product to be created."""

    external_identifier: Id
    name: str
    description: NotRequired[MaybeEmpty | None]
    categories: NotRequired[Sequence[KnownCategory]]


class Products(Resource):
    """What order lines name. Under the Register API only `list`, `get` and `delete` are beyond doubt."""

    _makes: Product  # what an import of them makes; for type checkers only

    async def _find(self, external_identifier: Id) -> Product | None:
        return await or_none(self.find(external_identifier=external_identifier))

    async def _find_all(self, products: Sequence[NewProduct]) -> Sequence[Product] | None:
        return await all_found(products, self._find)

    @operation("GET", "/products", apis=BOTH)
    def list(self, *, limit: NotNegative | Unset = UNSET, page: Positive | Unset = UNSET) -> Pager[Product]:
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
        never()

    @operation("POST", "/products", apis=BOTH, look_up=_find)
    async def create(
        self,
        *,
        external_identifier: Id,
        name: str,
        description: MaybeEmpty | Unset | None = UNSET,
        categories: Sequence[KnownCategory] | Unset | None = UNSET,
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
        never()

    @operation("POST", "/products/batch", apis=BOTH, look_up=_find_all)
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
        never()

    @operation("GET", "/products/{product_uuid}", apis=BOTH)
    async def get(self, product_uuid: Id) -> Product:
        """Fetch one product.

        Parameters:
            product_uuid: the product's uuid.

        Returns:
            The product.

        Raises:
            ApiError: the API refuses, also when there is no such product (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("GET", "/products/find", apis=BOTH)
    async def find(self, *, external_identifier: Id) -> Product:
        """Find a product by your own identifier.

        Parameters:
            external_identifier: your own identifier of the product.

        Returns:
            The product.

        Raises:
            ApiError: the API refuses, also when there is no such product (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/products/find-or-create", apis=BOTH, effect=Effect.REPEATABLE, look_up=_find)
    async def find_or_create(
        self,
        *,
        external_identifier: Id,
        name: str | Unset | None = UNSET,
        description: MaybeEmpty | Unset | None = UNSET,
        categories: Sequence[KnownCategory] | Unset | None = UNSET,
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
        never()

    @operation("PUT", "/products/{product_uuid}", apis=BOTH, look_up=get)
    async def update(
        self,
        product_uuid: Id,
        *,
        external_identifier: Id | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        description: MaybeEmpty | Unset | None = UNSET,
        categories: Sequence[KnownCategory] | Unset | None = UNSET,
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
        never()

    @operation("DELETE", "/products/{product_uuid}", apis=BOTH)
    async def delete(self, product_uuid: Id) -> None:
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
        never()
