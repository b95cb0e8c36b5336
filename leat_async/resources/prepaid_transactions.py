"""Prepaid transactions: money that contacts have deposited."""

from __future__ import annotations

from .._core.operation import Effect, Operation, Paging, require_one
from .._core.params import Integer, Text
from .._core.unset import UNSET, Unset
from ..models import PrepaidTransaction
from ..pagination import Pager
from ._base import Resource

CREATE = Operation(
    "prepaid_transactions.create",
    "POST",
    "/prepaid-transactions",
    Effect.ACTION,
    PrepaidTransaction,
    body={
        "contact_uuid": Text(),
        "contact_identifier_value": Text(),
        "amount_in_cents": Integer(required=True),
        "shop_uuid": Text(required=True, implied_by_register=True),
    },
    rules=(require_one("contact_uuid", "contact_identifier_value"),),
    apis=("oauth", "register"),
)
LIST = Operation(
    "prepaid_transactions.list",
    "GET",
    "/prepaid-transactions",
    Effect.SAFE,
    PrepaidTransaction,
    query={
        "contact_uuid": Text(),
        "shop_uuid": Text(),
        "limit": Integer(min=0, max=30),
        "page": Integer(min=1),
    },
    many=True,
    paging=Paging(largest=30),
)
REVERSE = Operation(
    "prepaid_transactions.reverse",
    "POST",
    "/prepaid-transactions/{prepaid_transaction_uuid}/reverse",
    Effect.ACTION,
    PrepaidTransaction,
)


class PrepaidTransactions(Resource):
    """Deposits and payments of contacts; `contacts.get_prepaid_balance` gives what is left."""

    async def create(
        self,
        *,
        contact_uuid: str | Unset | None = UNSET,
        contact_identifier_value: str | Unset | None = UNSET,
        amount_in_cents: int,
        shop_uuid: str | Unset = UNSET,
    ) -> PrepaidTransaction:
        """Deposit money of a contact, or spend it.

        Parameters:
            contact_uuid: the contact; this or `contact_identifier_value` is needed.
            contact_identifier_value: a card or code of the contact.
            amount_in_cents: amount in cents; negative to spend.
            shop_uuid: the shop of the transaction; required, except under the Register API, whose token implies it.

        Returns:
            The transaction, with the balance after it.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031), identifier (60003) or shop (1008).
            ApiError: the identifier is inactive (60004).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since nothing marks
                a transaction as ours: compare the contact's balance.

        Repeating: not safe, it books again. Facts: documented; clients treat `contact_uuid` as required.
        """
        body = {
            "contact_uuid": contact_uuid,
            "contact_identifier_value": contact_identifier_value,
            "amount_in_cents": amount_in_cents,
            "shop_uuid": shop_uuid,
        }
        return await self._call(CREATE, body=body)

    def list(
        self,
        *,
        contact_uuid: str | Unset = UNSET,
        shop_uuid: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        page: int | Unset = UNSET,
    ) -> Pager[PrepaidTransaction]:
        """List prepaid transactions.

        Parameters:
            contact_uuid: only those of this contact.
            shop_uuid: only those at this shop.
            limit: page size, up to 30; left out, 30.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every transaction.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031) or shop (1008).

        Repeating: safe. Facts: documented.
        """
        query = {"contact_uuid": contact_uuid, "shop_uuid": shop_uuid, "limit": limit, "page": page}
        return self._list(LIST, query=query)

    async def reverse(self, prepaid_transaction_uuid: str) -> PrepaidTransaction:
        """Undo a prepaid transaction, by a new one with the negated amount.

        Parameters:
            prepaid_transaction_uuid: the transaction to undo.

        Returns:
            The new transaction.

        Raises:
            InvalidInputError: code 1003.
            ApiError: as for `create`.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, nothing says that a second is refused. Facts: documented.
        """
        return await self._call(REVERSE, prepaid_transaction_uuid)
