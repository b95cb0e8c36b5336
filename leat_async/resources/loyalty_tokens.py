"""Loyalty tokens: addresses that let a contact claim credits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from .._core.declare import AtRegister, never, operation
from .._core.operation import Effect, require_one, require_with
from .._core.unset import UNSET, Unset
from ..models import LoyaltyTransaction
from ._base import Resource
from ._types import Id, NotNegative

TokenVersion: TypeAlias = Literal["v1", "v2", "v3"] | str


def _suits_version(sent: Mapping[str, Any]) -> str | None:
    if sent.get("version") == "v1" and sent.get("credits") is None:
        return "version v1 needs credits"
    if sent.get("version") == "v2" and sent.get("unit_value") is None:
        return "version v2 needs unit_name and unit_value"
    return None


_RULES = (
    require_one("credits", "unit_value"),
    require_with("unit_value", "unit_name"),
    require_with("unit_name", "unit_value"),
    _suits_version,
)


class LoyaltyTokens(Resource):
    """Addresses that let a contact claim credits; `leat_async.loyalty_tokens` makes them without a call."""

    @operation("POST", "/loyalty-tokens", effect=Effect.REPEATABLE, certainty="observed in an answer", rules=_RULES)
    async def create(
        self,
        *,
        version: TokenVersion,
        shop_uuid: Id,
        unique_id: str,
        credits: int | Unset | None = UNSET,
        unit_name: str | Unset | None = UNSET,
        unit_value: float | Decimal | Unset | None = UNSET,
    ) -> str:
        """Let the API make a token.

        Parameters:
            version: "v3"; or "v1" for credits and "v2" for units, which are older.
            shop_uuid: the shop that gives the credits.
            unique_id: your own unique identifier of the token, such as that of an order.
            credits: number of credits; needed without `unit_name` and `unit_value`.
            unit_name: the unit of `unit_value`, such as "purchase_amount".
            unit_value: value that the loyalty rules turn into credits.

        Returns:
            The address. Whoever has it can claim the credits.

        Raises:
            InvalidInputError: code 1003.
            ApiError: version v1 without credits (60018), v2 without a unit (60019).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe as far as is known: a token is computed, not stored, and claimed once per `unique_id`. Facts:
        observed in an answer, not documented; one client sends `shop_id` instead.
        """
        never()

    @operation(
        "POST",
        "/loyalty-tokens/claim",
        at_register=AtRegister("POST", "/loyalty-tokens", "observed in an answer"),
        certainty="observed in an answer",
        rules=_RULES,
    )
    async def claim(
        self,
        *,
        version: TokenVersion,
        shop_uuid: Id,
        unique_id: str,
        timestamp: NotNegative,
        hash: str,
        contact_uuid: Id,
        credits: int | Unset | None = UNSET,
        unit_name: str | Unset | None = UNSET,
        unit_value: float | Decimal | Unset | None = UNSET,
    ) -> LoyaltyTransaction:
        """Claim a token for a contact.

        Parameters:
            version, shop_uuid, unique_id, credits, unit_name, unit_value: as in the token.
            timestamp: as in the token, Unix time in seconds.
            hash: as in the token.
            contact_uuid: the contact who claims.

        Returns:
            The credit reception.

        Raises:
            ApiError: the API refuses, also a token that was claimed before (its code is not documented).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer: compare the
                contact's loyalty transactions.

        Repeating: not known to be safe. Facts: observed in an answer, not documented.
        """
        never()
