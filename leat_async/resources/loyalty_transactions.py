"""Loyalty transactions: every change of a credit balance."""

from __future__ import annotations

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Text, Window
from .._core.unset import UNSET, Unset
from ..models import LoyaltyTransaction
from ..pagination import Pager
from ._base import Resource
from ._types import CreatedAtSort, MomentBounds, TransactionFilter

LIST = Operation(
    "loyalty_transactions.list",
    "GET",
    "/loyalty-transactions",
    Effect.SAFE,
    LoyaltyTransaction,
    query={
        "limit": Integer(min=0, max=100),
        "page": Integer(min=1),
        "type": Text(values=("credit_receptions", "reward_receptions")),
        "shop_uuid": Text(),
        "contact_uuid": Text(),
        "sort": Text(values=("created_at", "-created_at")),
        "created_at": Window(),
    },
    many=True,
    paging=Paging(largest=100),
)


class LoyaltyTransactions(Resource):
    """Credit receptions and reward receptions together."""

    def list(
        self,
        *,
        type: TransactionFilter | Unset = UNSET,
        shop_uuid: str | Unset = UNSET,
        contact_uuid: str | Unset = UNSET,
        sort: CreatedAtSort | Unset = UNSET,
        created_at: MomentBounds | Unset = UNSET,
        limit: int | Unset = UNSET,
        page: int | Unset = UNSET,
    ) -> Pager[LoyaltyTransaction]:
        """List loyalty transactions.

        Parameters:
            type: only one kind, "credit_receptions" or "reward_receptions"; the answer's own `type` is singular.
            shop_uuid: only those at this shop.
            contact_uuid: only those of this contact.
            sort: "created_at" for oldest first, "-created_at" for newest first.
            created_at: bounds such as `{"gte": since, "lt": until}`, each an aware datetime or ISO 8601 text with an
                offset; keys gt, gte, lt, lte.
            limit: page size, 0 to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every transaction.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031) or shop (1008).

        Repeating: safe. Facts: documented; `contact_uuid` and the least limit only in older documentation; `lte` is
        described there as "greater than" and read here by its name.
        """
        query = {
            "type": type,
            "shop_uuid": shop_uuid,
            "contact_uuid": contact_uuid,
            "sort": sort,
            "created_at": created_at,
            "limit": limit,
            "page": page,
        }
        return self._list(LIST, query=query)
