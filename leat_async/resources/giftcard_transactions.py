"""Gift card transactions: money put on gift cards and spent from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from .._core.annotations import Named
from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import GiftcardTransaction
from ..pagination import Pager
from ._base import Resource
from ._types import CreatedAtSort, Id, ImpliedByRegister, MomentWindow, Positive


class GiftcardTransactions(Resource):
    """Loading and spending gift cards."""

    @operation("GET", "/giftcard-transactions")
    def list(
        self,
        *,
        giftcard_hash: str | Unset = UNSET,
        giftcard_program_uuid: Id | Unset = UNSET,
        shop_uuid: Id | Unset = UNSET,
        sort: CreatedAtSort | Unset = UNSET,
        created_at: MomentWindow | Unset = UNSET,
        per_page: Annotated[int, Meta(ge=0, le=100), Named("perPage")] | Unset = UNSET,
        page: Positive | Unset = UNSET,
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
        never()

    @operation("POST", "/giftcard-transactions", apis=BOTH)
    async def create(
        self,
        *,
        giftcard_uuid: Id,
        amount_in_cents: int,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
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
        never()

    @operation("GET", "/giftcard-transactions/{giftcard_transaction_uuid}", apis=BOTH)
    async def get(self, giftcard_transaction_uuid: Id) -> GiftcardTransaction:
        """Fetch one gift card transaction.

        Parameters:
            giftcard_transaction_uuid: the transaction's uuid.

        Returns:
            The transaction.

        Raises:
            NotFoundError: no such transaction (5010).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/giftcard-transactions/{giftcard_transaction_uuid}/reverse", apis=BOTH)
    async def reverse(self, giftcard_transaction_uuid: Id) -> GiftcardTransaction:
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
        never()

    @operation(
        "POST",
        "/giftcard-transactions/{giftcard_transaction_uuid}/correct",
        apis=BOTH,
        certainty="observed in an answer",
    )
    async def correct(self, giftcard_transaction_uuid: Id) -> GiftcardTransaction:
        """Undo a gift card transaction, by an older name; prefer `reverse`.

        Parameters:
            giftcard_transaction_uuid: the transaction to undo.

        Returns:
            The new transaction.

        Raises:
            ApiError: as for `reverse`.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, nothing says that a second is refused. Facts: observed in an answer, not documented.
        """
        never()
