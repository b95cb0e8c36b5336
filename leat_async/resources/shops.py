"""Shops, also called business profiles."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from ..models import Shop
from ..pagination import Pager
from ._base import Resource

LIST = Operation("shops.list", "GET", "/shops", Effect.SAFE, Shop, many=True)
GET = Operation("shops.get", "GET", "/shops/{shop_uuid}", Effect.SAFE, Shop)


class Shops(Resource):
    """Physical and web shops of the account."""

    def list(self) -> Pager[Shop]:
        """List all shops of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        return self._list(LIST)

    async def get(self, shop_uuid: str) -> Shop:
        """Fetch one shop.

        Parameters:
            shop_uuid: the shop's uuid.

        Returns:
            The shop.

        Raises:
            NotFoundError: no such shop (1008).

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET, shop_uuid)
