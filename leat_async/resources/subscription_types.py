"""Subscription types: kinds of mail."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from ..models import SubscriptionType
from ..pagination import Pager
from ._base import Resource

LIST = Operation(
    "subscription_types.list",
    "GET",
    "/subscription-types",
    Effect.SAFE,
    SubscriptionType,
    many=True,
    apis=("oauth", "register"),
)


class SubscriptionTypes(Resource):
    """Kinds of mail that contacts can subscribe to."""

    def list(self) -> Pager[SubscriptionType]:
        """List all subscription types of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        return self._list(LIST)
