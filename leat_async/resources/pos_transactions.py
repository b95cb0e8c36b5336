"""POS transactions: payments at a register."""

from __future__ import annotations

from .._core.declare import REGISTER, never, operation
from .._core.unset import UNSET, Unset
from ..models import PosTransaction
from ._base import Resource
from ._types import Id


class PosTransactions(Resource):
    """Payments at a register; only under the Register API."""

    @operation("POST", "/pos-transactions", apis=REGISTER)
    async def create(
        self,
        *,
        amount_in_cents: int,
        transaction_id: str | int | Unset | None = UNSET,
        terminal_id: str | int | Unset | None = UNSET,
    ) -> PosTransaction:
        """Record a payment.

        Parameters:
            amount_in_cents: the amount, in cents.
            transaction_id: your own identifier of the payment.
            terminal_id: your own identifier of the terminal.

        Returns:
            The POS transaction; `credit_receptions.create` can link it.

        Raises:
            ConfigError: the client does not use the Register API.
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it records a second payment. Facts: documented, with numbers for both identifiers, where
        observed requests and all answers have text; either is sent as given.
        """
        never()

    @operation("POST", "/pos-transactions/{pos_transaction_uuid}/push", apis=REGISTER)
    async def push(self, pos_transaction_uuid: Id) -> None:
        """Send a payment to the device, so that credits can be given there.

        Parameters:
            pos_transaction_uuid: the POS transaction's uuid.

        Returns:
            None.

        Raises:
            ConfigError: the client does not use the Register API.
            NotFoundError: no such POS transaction (1027).
            ApiError: it is linked to a credit reception already (6001).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it is sent to the device again. Facts: documented.
        """
        never()
