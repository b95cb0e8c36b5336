"""Loyalty transactions: every change of a credit balance."""

from __future__ import annotations

from .._core.declare import never, operation
from .._core.unset import UNSET, Unset
from ..models import LoyaltyTransaction
from ..pagination import Pager
from ._base import Resource
from ._types import CreatedAtSort, Id, MomentWindow, Positive, TransactionFilter, UpTo100


class LoyaltyTransactions(Resource):
    """Credit receptions and reward receptions together."""

    @operation("GET", "/loyalty-transactions")
    def list(
        self,
        *,
        type: TransactionFilter | Unset = UNSET,
        shop_uuid: Id | Unset = UNSET,
        contact_uuid: Id | Unset = UNSET,
        sort: CreatedAtSort | Unset = UNSET,
        created_at: MomentWindow | Unset = UNSET,
        limit: UpTo100 | Unset = UNSET,
        page: Positive | Unset = UNSET,
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
        never()
