"""Gift card transactions: money put on gift cards and spent from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Object, Text, Window
from .._core.unset import UNSET, Unset
from ..models import GiftcardTransaction
from ..pagination import Pager
from ._base import Resource
from ._types import CreatedAtSort, MomentBounds

LIST = Operation(
    "giftcard_transactions.list",
    "GET",
    "/giftcard-transactions",
    Effect.SAFE,
    GiftcardTransaction,
    query={
        "perPage": Integer(min=0, max=100),
        "page": Integer(min=1),
        "giftcard_hash": Text(),
        "giftcard_program_uuid": Text(),
        "shop_uuid": Text(),
        "sort": Text(values=("created_at", "-created_at")),
        "created_at": Window(),
    },
    many=True,
    paging=Paging(size="perPage", largest=100),
)
CREATE = Operation(
    "giftcard_transactions.create",
    "POST",
    "/giftcard-transactions",
    Effect.ACTION,
    GiftcardTransaction,
    body={
        "giftcard_uuid": Text(required=True),
        "amount_in_cents": Integer(required=True),
        "shop_uuid": Text(required=True, implied_by_register=True),
        "custom_attributes": Object(),
    },
    apis=("oauth", "register"),
)
GET = Operation(
    "giftcard_transactions.get",
    "GET",
    "/giftcard-transactions/{giftcard_transaction_uuid}",
    Effect.SAFE,
    GiftcardTransaction,
    apis=("oauth", "register"),
)
REVERSE = Operation(
    "giftcard_transactions.reverse",
    "POST",
    "/giftcard-transactions/{giftcard_transaction_uuid}/reverse",
    Effect.ACTION,
    GiftcardTransaction,
    apis=("oauth", "register"),
)
CORRECT = Operation(
    "giftcard_transactions.correct",
    "POST",
    "/giftcard-transactions/{giftcard_transaction_uuid}/correct",
    Effect.ACTION,
    GiftcardTransaction,
    certainty="captured",
    apis=("oauth", "register"),
)


class GiftcardTransactions(Resource):
    """Loading and spending gift cards."""

    def list(
        self,
        *,
        giftcard_hash: str | Unset = UNSET,
        giftcard_program_uuid: str | Unset = UNSET,
        shop_uuid: str | Unset = UNSET,
        sort: CreatedAtSort | Unset = UNSET,
        created_at: MomentBounds | Unset = UNSET,
        per_page: int | Unset = UNSET,
        page: int | Unset = UNSET,
    ) -> Pager[GiftcardTransaction]:
        """List gift card transactions.

        Parameters:
            giftcard_hash: only those of the card with this hash; the API has no filter by the card's uuid.
            giftcard_program_uuid: only those of this program.
            shop_uuid: only those at this shop.
            sort: "created_at" for oldest first, "-created_at" for newest first.
            created_at: bounds such as `{"gte": since, "lt": until}`, each an aware datetime or ISO 8601 text with an
                offset; keys gt, gte, lt, lte.
            per_page: page size, up to 100; left out, 100. The API spells it "perPage".
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every transaction. Old ones have no uuid.

        Raises:
            ApiError: the API refuses; its codes are not documented.

        Repeating: safe. Facts: documented; `lte` is described there as "greater than" and read here by its name;
        older documentation asks for one of the three filters.
        """
        query = {
            "giftcard_hash": giftcard_hash,
            "giftcard_program_uuid": giftcard_program_uuid,
            "shop_uuid": shop_uuid,
            "sort": sort,
            "created_at": created_at,
            "perPage": per_page,
            "page": page,
        }
        return self._list(LIST, query=query)

    async def create(
        self,
        *,
        giftcard_uuid: str,
        amount_in_cents: int,
        shop_uuid: str | Unset = UNSET,
        custom_attributes: Mapping[str, Any] | Unset | None = UNSET,
    ) -> GiftcardTransaction:
        """Put money on a gift card, or spend it.

        Parameters:
            giftcard_uuid: the card.
            amount_in_cents: amount in cents; negative to spend.
            shop_uuid: the shop of the transaction; required, except under the Register API, whose token implies it.
            custom_attributes: values of the account's gift card transaction attributes, by name.

        Returns:
            The transaction.

        Raises:
            ApiError: the card can't be loaded again (5006), would hold too much (5008) or too little (5003), is
                expired (5002), is of a kind that this API may not use (1114), or the API failed (1000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since nothing marks
                a transaction as ours: compare the card's `amount_in_cents`, or `list` by its hash.

        Repeating: not safe, it books again. Facts: documented.
        """
        body = {
            "giftcard_uuid": giftcard_uuid,
            "amount_in_cents": amount_in_cents,
            "shop_uuid": shop_uuid,
            "custom_attributes": custom_attributes,
        }
        return await self._call(CREATE, body=body)

    async def get(self, giftcard_transaction_uuid: str) -> GiftcardTransaction:
        """Fetch one gift card transaction.

        Parameters:
            giftcard_transaction_uuid: the transaction's uuid.

        Returns:
            The transaction.

        Raises:
            NotFoundError: no such transaction (5010).

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET, giftcard_transaction_uuid)

    async def reverse(self, giftcard_transaction_uuid: str) -> GiftcardTransaction:
        """Undo a gift card transaction, by a new one with the negated amount.

        Parameters:
            giftcard_transaction_uuid: the transaction to undo, which must be the last of its card.

        Returns:
            The new transaction.

        Raises:
            NotFoundError: no such transaction (5010).
            ApiError: it is not the card's last transaction (55025), or as for `create`.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, nothing says that a second is refused. Facts: documented, also for the Register API,
        where one client uses GET.
        """
        return await self._call(REVERSE, giftcard_transaction_uuid)

    async def correct(self, giftcard_transaction_uuid: str) -> GiftcardTransaction:
        """Undo a gift card transaction, by an older name; prefer `reverse`.

        Parameters:
            giftcard_transaction_uuid: the transaction to undo.

        Returns:
            The new transaction.

        Raises:
            ApiError: as for `reverse`.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, nothing says that a second is refused. Facts: observed, not documented.
        """
        return await self._call(CORRECT, giftcard_transaction_uuid)
