"""Credit receptions: credits given to a contact, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from .._core.annotations import Echoed, KeyNamedBy, Mark
from .._core.declare import BOTH, OAUTH, REGISTER, AtRegister, never, operation
from .._core.kept_text import kept_text
from .._core.operation import at_most_one, require_one
from .._core.params import Integer, Number, show
from .._core.unset import UNSET, Unset
from ..errors import ConfigError, DecodeError
from ..models import CalculatedCredits, LoyaltyTransaction
from ..pagination import Pager
from ._base import Resource, listed_by_name
from ._types import Id, ImpliedByRegister
from .loyalty_transaction_attributes import LoyaltyTransactionAttributes
from .loyalty_transactions import LoyaltyTransactions

IDENTITY_ATTRIBUTE = "external_id"
"""The loyalty transaction attribute that identities are kept in, unless another is named."""


class CreditReceptions(Resource):
    """Giving credits to contacts."""

    _makes: LoyaltyTransaction  # what an import of them makes; for type checkers only

    async def _find(self, contact_uuid: Id, identity: str, identity_attribute: str) -> LoyaltyTransaction | None:
        listed = LoyaltyTransactions(self._pipeline).list(
            type="credit_receptions", contact_uuid=contact_uuid, sort="-created_at"
        )
        found = await reception_of(listed, str(contact_uuid), identity, identity_attribute)
        if found is None:
            attributes = LoyaltyTransactionAttributes(self._pipeline)
            if await listed_by_name(attributes, identity_attribute) is None:
                raise ConfigError(
                    f"the account has no loyalty transaction attribute {show(identity_attribute)}, so nothing tells "
                    "whether the credits were given: compare the contact's loyalty transactions, and make the "
                    "attribute with leat.loyalty_transaction_attributes.ensure(…) before more are given"
                )
        return found

    @operation(
        "POST",
        "/credit-receptions",
        apis=BOTH,
        look_up=_find,
        look_up_apis=OAUTH,
        rules=(require_one("credits", "unit_value"), require_one("contact_uuid", "contact_identifier_value")),
    )
    async def create(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        # A register may name the contact by an identifier alone; the rule then asks for that.
        contact_uuid: Annotated[ImpliedByRegister, Echoed("contact.uuid")] | Unset = UNSET,
        credits: float | Decimal | Unset | None = UNSET,
        unit_value: float | Decimal | Unset | None = UNSET,
        unit_name: str | Unset | None = UNSET,
        contact_identifier_value: str | Unset | None = UNSET,
        pos_transaction_uuid: Id | Unset | None = UNSET,
        attributes: Annotated[Mapping[str, Any], Mark.FURTHER_KEYS] | Unset = UNSET,
        identity: Annotated[str, KeyNamedBy("identity_attribute")] | Unset | None = UNSET,
        identity_attribute: str = IDENTITY_ATTRIBUTE,
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
            identity: a text of your own that no other reception has, such as the number of a receipt: what makes the
                reception one that can be found again. It is sent as a loyalty transaction attribute, which the account
                must have: `leat.loyalty_transaction_attributes.ensure(name="external_id", data_type="text")`.
            identity_attribute: the name of that attribute.

        Returns:
            The credit reception; the account's attributes are in its `extra`.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031), shop (1008), identifier (60003), unit (60007) or POS transaction
                (1027).
            ApiError: the most credits allowed are reached (1015), one is being made (60001), no default unit (55046),
                or the POS transaction is linked already (6001).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the `identity` among the
                contact's receptions, and raises `ConfigError` if the account does not keep it. Without an `identity`,
                and under the Register API, it has no answer: compare the contact's loyalty transactions.

        Repeating: not safe, it gives credits again. Facts: documented; that attributes are sent as further keys, and
        come back as such, is observed, as is the Register API's identifier in place of a contact.
        """
        never()

    @operation(
        "POST",
        "/credit-receptions/{credit_reception_uuid}/reverse",
        at_register=AtRegister("GET", "/credit-receptions/{credit_reception_uuid}/reverse", "observed in a client"),
    )
    async def reverse(self, credit_reception_uuid: Id) -> LoyaltyTransaction:
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
        never()

    @operation("GET", "/credit-receptions/calculate", apis=BOTH)
    async def calculate(
        self,
        *,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        contact_uuid: Id | Unset = UNSET,
        unit_value: float | Decimal,
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
        never()

    @operation("POST", "/credit-receptions/{credit_reception_uuid}/correct", certainty="assumed")
    async def correct(self, credit_reception_uuid: Id) -> Any:
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
        never()

    @operation("POST", "/credit-receptions/{credit_reception_uuid}/push", apis=REGISTER)
    async def push(self, credit_reception_uuid: Id) -> None:
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
        never()

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


async def reception_of(
    listed: Pager[LoyaltyTransaction],
    contact_uuid: str,
    identity: str,
    attribute: str,
    look_at: Callable[[LoyaltyTransaction], object] = lambda _: None,
) -> LoyaltyTransaction | None:
    """The reception with this identity among a contact's, which come newest first; those on the way are looked at.

    So what is added meanwhile pushes none behind a page that was read. A reversal repeats the attributes of what it
    reverses, and is the younger of the two.
    """
    wanted = kept_text(identity)
    strangers = others = 0
    async for page in listed.pages():
        found = None
        for each in page.items:
            whose = each.contact.uuid if each.contact is not None else contact_uuid
            if whose.casefold() != contact_uuid.casefold():
                strangers += 1
                continue
            others += 1
            look_at(each)
            if identity_of(each, attribute) == wanted:
                found = each
        if found is not None:
            return found
    if strangers and not others:
        raise DecodeError("$.data: the receptions of another contact than was asked for", path="$.data")
    return None


def identity_of(reception: LoyaltyTransaction, attribute: str) -> str | None:
    """The identity that a reception shows."""
    shown = reception.extra.get(attribute)
    return kept_text(shown) if isinstance(shown, str) else None


def _part(reception: LoyaltyTransaction, unit_value: float | Decimal | Unset) -> int:
    """The credits that a part of the reception's value earned."""
    if reception.unit_value is None or reception.credits is None or reception.unit_value <= 0:
        raise ValueError("the reception has no unit_value to compute a part of; give credits instead")
    part = Decimal(str(Number(min=0, max=reception.unit_value).wire("unit_value", unit_value)))
    share = reception.credits * part / Decimal(str(reception.unit_value))
    return int(share.quantize(Decimal(1), ROUND_HALF_UP))
