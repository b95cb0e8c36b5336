"""Shops, also called business profiles."""

from __future__ import annotations

from .._core.declare import never, operation
from ..models import Shop
from ..pagination import Pager
from ._base import Resource
from ._types import Id


class Shops(Resource):
    """Physical and web shops of the account."""

    @operation("GET", "/shops")
    def list(self) -> Pager[Shop]:
        """List all shops of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("GET", "/shops/{shop_uuid}")
    async def get(self, shop_uuid: Id) -> Shop:
        """Fetch one shop.

        Parameters:
            shop_uuid: the shop's uuid.

        Returns:
            The shop.

        Raises:
            NotFoundError: no such shop (1008).

        Repeating: safe. Facts: documented.
        """
        never()
