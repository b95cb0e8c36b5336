"""Prepaid transactions: money that contacts have deposited."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from .._core.operation import require_one
from .._core.unset import UNSET, Unset
from ..models import PrepaidTransaction
from ..pagination import Pager
from ._base import Resource
from ._types import Id, ImpliedByRegister, Positive, UpTo30


class PrepaidTransactions(Resource):
    """Deposits and payments of contacts; `contacts.get_prepaid_balance` gives what is left."""

    @operation(
        "POST", "/prepaid-transactions", apis=BOTH, rules=(require_one("contact_uuid", "contact_identifier_value"),)
    )
    async def create(
        self,
        *,
        contact_uuid: Id | Unset | None = UNSET,
        contact_identifier_value: str | Unset | None = UNSET,
        amount_in_cents: int,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
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
        never()

    @operation("GET", "/prepaid-transactions")
    def list(
        self,
        *,
        contact_uuid: Id | Unset = UNSET,
        shop_uuid: Id | Unset = UNSET,
        limit: UpTo30 | Unset = UNSET,
        page: Positive | Unset = UNSET,
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
        never()

    @operation("POST", "/prepaid-transactions/{prepaid_transaction_uuid}/reverse")
    async def reverse(self, prepaid_transaction_uuid: Id) -> PrepaidTransaction:
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
        never()
