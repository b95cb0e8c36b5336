"""Credit receptions: credits given to a contact, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from types import NoneType
from typing import Any

from .._core.operation import Effect, Operation, at_most_one, require_one
from .._core.params import Integer, Number, Text, show
from .._core.unset import UNSET, Unset
from ..models import CalculatedCredits, LoyaltyTransaction
from ._base import Resource, with_attributes

CREATE = Operation(
    "credit_receptions.create",
    "POST",
    "/credit-receptions",
    Effect.ACTION,
    LoyaltyTransaction,
    body={
        "shop_uuid": Text(required=True, implied_by_register=True),
        # A register may name the contact by an identifier alone; the rule below then asks for that.
        "contact_uuid": Text(required=True, implied_by_register=True),
        "credits": Number(),
        "unit_value": Number(),
        "unit_name": Text(),
        "contact_identifier_value": Text(),
        "pos_transaction_uuid": Text(),
    },
    rules=(require_one("credits", "unit_value"), require_one("contact_uuid", "contact_identifier_value")),
    open_body=True,
    apis=("oauth", "register"),
)
REVERSE = Operation(
    "credit_receptions.reverse",
    "POST",
    "/credit-receptions/{credit_reception_uuid}/reverse",
    Effect.ACTION,
    LoyaltyTransaction,
)
REVERSE_AT_REGISTER = Operation(
    "credit_receptions.reverse",
    "GET",
    "/credit-receptions/{credit_reception_uuid}/reverse",
    Effect.ACTION,
    LoyaltyTransaction,
    certainty="captured",
    apis=("register",),
)
CALCULATE = Operation(
    "credit_receptions.calculate",
    "GET",
    "/credit-receptions/calculate",
    Effect.SAFE,
    CalculatedCredits,
    query={
        "shop_uuid": Text(required=True, implied_by_register=True),
        "contact_uuid": Text(),
        "unit_value": Number(required=True),
        "unit_name": Text(),
    },
    apis=("oauth", "register"),
)
CORRECT = Operation(
    "credit_receptions.correct",
    "POST",
    "/credit-receptions/{credit_reception_uuid}/correct",
    Effect.ACTION,
    object,
    certainty="assumed",
)
PUSH = Operation(
    "credit_receptions.push",
    "POST",
    "/credit-receptions/{credit_reception_uuid}/push",
    Effect.ACTION,
    NoneType,
    apis=("register",),
)


class CreditReceptions(Resource):
    """Giving credits to contacts."""

    async def create(
        self,
        *,
        contact_uuid: str | Unset = UNSET,
        shop_uuid: str | Unset = UNSET,
        credits: float | Decimal | Unset | None = UNSET,
        unit_value: float | Decimal | Unset | None = UNSET,
        unit_name: str | Unset | None = UNSET,
        contact_identifier_value: str | Unset | None = UNSET,
        pos_transaction_uuid: str | Unset | None = UNSET,
        attributes: Mapping[str, Any] | Unset = UNSET,
    ) -> LoyaltyTransaction:
        """Give credits to a contact, as a number or for a value.

        Parameters:
            contact_uuid: the contact; required, except under the Register API, where `contact_identifier_value` may
                stand for it.
            shop_uuid: the shop that gives; required, except under the Register API, whose token implies it.
            credits: number of credits, past the loyalty rules; negative takes credits back.
            unit_value: value that the loyalty rules turn into credits, such as 10.40 for an amount paid. One of
                `credits` and `unit_value` is needed; both may be given.
            unit_name: the unit of `unit_value`; left out, the account's default unit.
            contact_identifier_value: the card or code of the contact that was used.
            pos_transaction_uuid: the POS transaction to link.
            attributes: values of the account's loyalty transaction attributes, by name.

        Returns:
            The credit reception; the account's attributes are in its `extra`.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031), shop (1008), identifier (60003), unit (60007) or POS transaction
                (1027).
            ApiError: the most credits allowed are reached (1015), one is being made (60001), no default unit (55046),
                or the POS transaction is linked already (6001).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since nothing marks
                a reception as ours: compare the contact's loyalty transactions.

        Repeating: not safe, it gives credits again. Facts: documented; that attributes are sent as further keys is
        observed, as is the Register API's identifier in place of a contact.
        """
        body = {
            "shop_uuid": shop_uuid,
            "contact_uuid": contact_uuid,
            "credits": credits,
            "unit_value": unit_value,
            "unit_name": unit_name,
            "contact_identifier_value": contact_identifier_value,
            "pos_transaction_uuid": pos_transaction_uuid,
        }
        return await self._call(CREATE, body=with_attributes(body, attributes))

    async def reverse(self, credit_reception_uuid: str) -> LoyaltyTransaction:
        """Undo a credit reception, by a new one with the negated credits.

        Parameters:
            credit_reception_uuid: the reception to undo.

        Returns:
            The new reception; the documented example shows positive credits and looks copied from `create`.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, nothing says that a second is refused. Facts: documented; under the Register API only
        a client shows it, as a GET.
        """
        operation = REVERSE if self._api in REVERSE.apis else REVERSE_AT_REGISTER
        return await self._call(operation, credit_reception_uuid)

    async def calculate(
        self,
        *,
        unit_value: float | Decimal,
        shop_uuid: str | Unset = UNSET,
        contact_uuid: str | Unset = UNSET,
        unit_name: str | Unset = UNSET,
    ) -> CalculatedCredits:
        """Compute how many credits a value would earn, without giving them.

        Parameters:
            unit_value: the value.
            shop_uuid: the shop; required, except under the Register API, whose token implies it.
            contact_uuid: the contact, for rules that depend on it.
            unit_name: the unit of `unit_value`; left out, the account's default unit.

        Returns:
            The credits.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such shop (1008), contact (55031) or unit (60007).

        Repeating: safe. Facts: documented.
        """
        query = {
            "shop_uuid": shop_uuid,
            "contact_uuid": contact_uuid,
            "unit_value": unit_value,
            "unit_name": unit_name,
        }
        return await self._call(CALCULATE, query=query)

    async def correct(self, credit_reception_uuid: str) -> Any:
        """Correct a credit reception; doubtful, only one client's code names this path.

        Parameters:
            credit_reception_uuid: the reception.

        Returns:
            The answer's `data` as it is, of no model: nobody documents the operation.

        Raises:
            ApiError: the API refuses, or does not know the path.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not known to be safe. Facts: assumed; use `reverse` or `refund`.
        """
        return await self._call(CORRECT, credit_reception_uuid)

    async def push(self, credit_reception_uuid: str) -> None:
        """Show a credit reception on the register's end screen; only under the Register API.

        Parameters:
            credit_reception_uuid: the reception.

        Returns:
            None.

        Raises:
            ConfigError: the client does not use the Register API.
            NotFoundError: no such reception (1028).
            ApiError: another shop made it (55024).
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it is shown again. Facts: documented, without a body.
        """
        return await self._call(PUSH, credit_reception_uuid)

    async def refund(
        self,
        credit_reception: LoyaltyTransaction,
        *,
        unit_value: float | Decimal | Unset = UNSET,
        credits: int | Unset = UNSET,
        attributes: Mapping[str, Any] | Unset = UNSET,
    ) -> LoyaltyTransaction:
        """Take back the credits of a reception, all or in part.

        All of them are taken by `reverse`, a part by a new reception with negative credits at the same shop.

        Parameters:
            credit_reception: the reception, as `create` or the list of loyalty transactions gave it.
            unit_value: the part of its `unit_value` that is refunded, such as 2.60 of 10.40; the credits follow in
                proportion, half a credit rounded up.
            credits: the number of credits to take back instead, from 1 to those of the reception. With neither,
                everything.
            attributes: values of the account's loyalty transaction attributes, by name, for a part.

        Returns:
            The new reception, with negative credits.

        Raises:
            TypeError: `credit_reception` is no reception.
            ValueError: the reception lacks what the part is computed from, or the part is larger than it, or too
                small for a single credit.
            ApiError: as for `create` and `reverse`.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it takes credits again; what earlier refunds took is not known here. Facts: documented.
        """
        if not isinstance(credit_reception, LoyaltyTransaction):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"credit_reception must be the reception itself, not {show(credit_reception)}")
        wrong = at_most_one("unit_value", "credits")(
            {name: value for name, value in (("unit_value", unit_value), ("credits", credits)) if value is not UNSET}
        )
        if wrong is not None:
            raise ValueError(f"credit_receptions.refund: {wrong}")
        if credits is UNSET and unit_value is UNSET:
            if attributes is not UNSET:
                raise ValueError("credit_receptions.refund: attributes go with a part; a reversal takes none")
            return await self.reverse(credit_reception.uuid)
        taken = _part(credit_reception, unit_value) if credits is UNSET else credits
        Integer(min=1, max=credit_reception.credits).wire("credits to take back", taken)
        contact, shop = credit_reception.contact, credit_reception.shop
        if contact is None or (shop is None and self._api == "oauth"):
            raise ValueError("the reception names no contact or no shop; use create with negative credits instead")
        return await self.create(
            contact_uuid=contact.uuid,
            shop_uuid=UNSET if shop is None or self._api == "register" else shop.uuid,
            credits=-taken,
            attributes=attributes,
        )


def _part(reception: LoyaltyTransaction, unit_value: float | Decimal | Unset) -> int:
    """The credits that a part of the reception's value earned."""
    if reception.unit_value is None or reception.credits is None or reception.unit_value <= 0:
        raise ValueError("the reception has no unit_value to compute a part of; give credits instead")
    part = Decimal(str(Number(min=0, max=reception.unit_value).wire("unit_value", unit_value)))
    share = reception.credits * part / Decimal(str(reception.unit_value))
    return int(share.quantize(Decimal(1), ROUND_HALF_UP))
