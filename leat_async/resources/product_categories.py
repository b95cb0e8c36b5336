"""Product categories: groups of products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from .._core.declare import BOTH, never, operation
from .._core.operation import Effect
from .._core.unset import UNSET, Unset
from ..models import ProductCategory
from ..pagination import Pager
from ._base import Resource, all_found, or_none
from ._types import Id, NotNegative, Positive


class NewProductCategory(TypedDict):
    """A category to be created."""

    external_identifier: Id
    name: str


class ProductCategories(Resource):
    """Groups of products. Under the Register API only `list`, `get` and `delete` are beyond doubt."""

    _makes: ProductCategory  # what an import of them makes; for type checkers only

    async def _find(self, external_identifier: Id) -> ProductCategory | None:
        return await or_none(self.find(external_identifier=external_identifier))

    async def _find_all(self, categories: Sequence[NewProductCategory]) -> Sequence[ProductCategory] | None:
        return await all_found(categories, self._find)

    @operation("GET", "/product-categories", apis=BOTH)
    def list(self, *, limit: NotNegative | Unset = UNSET, page: Positive | Unset = UNSET) -> Pager[ProductCategory]:
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
        never()

    @operation("POST", "/product-categories", apis=BOTH, look_up=_find)
    async def create(self, *, external_identifier: Id, name: str) -> ProductCategory:
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
        never()

    @operation("POST", "/product-categories/batch", apis=BOTH, look_up=_find_all)
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
        never()

    @operation("GET", "/product-categories/{product_category_uuid}", apis=BOTH)
    async def get(self, product_category_uuid: Id) -> ProductCategory:
        """Fetch one product category.

        Parameters:
            product_category_uuid: the category's uuid.

        Returns:
            The category.

        Raises:
            ApiError: the API refuses, also when there is no such category (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("GET", "/product-categories/find", apis=BOTH)
    async def find(self, *, external_identifier: Id) -> ProductCategory:
        """Find a product category by your own identifier.

        Parameters:
            external_identifier: your own identifier of the category.

        Returns:
            The category.

        Raises:
            ApiError: the API refuses, also when there is no such category (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/product-categories/find-or-create", apis=BOTH, effect=Effect.REPEATABLE, look_up=_find)
    async def find_or_create(self, *, external_identifier: Id, name: str | Unset | None = UNSET) -> ProductCategory:
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
        never()

    @operation("PUT", "/product-categories/{product_category_uuid}", apis=BOTH, look_up=get)
    async def update(
        self,
        product_category_uuid: Id,
        *,
        external_identifier: Id | Unset | None = UNSET,
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
        never()

    @operation("DELETE", "/product-categories/{product_category_uuid}", apis=BOTH)
    async def delete(self, product_category_uuid: Id) -> None:
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
        never()
