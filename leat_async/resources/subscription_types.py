"""Subscription types: kinds of mail."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from ..models import SubscriptionType
from ..pagination import Pager
from ._base import Resource


class SubscriptionTypes(Resource):
    """Kinds of mail that contacts can subscribe to."""

    @operation("GET", "/subscription-types", apis=BOTH)
    def list(self) -> Pager[SubscriptionType]:
        """List all subscription types of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()
