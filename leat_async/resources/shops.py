"""Shops, also called business profiles."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from ..models import Shop
from ..pagination import Pager
from ._base import Resource

LIST = Operation("shops.list", "GET", "/shops", Effect.SAFE, Shop, many=True)


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
