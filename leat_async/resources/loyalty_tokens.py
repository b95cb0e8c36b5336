"""Loyalty tokens: addresses that let a contact claim credits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from .._core.operation import Effect, Operation, require_one, require_with
from .._core.params import Integer, Number, Text
from .._core.unset import UNSET, Unset
from ..models import LoyaltyTransaction
from ._base import Resource

TokenVersion: TypeAlias = Literal["v1", "v2", "v3"] | str


def _suits_version(sent: Mapping[str, Any]) -> str | None:
    if sent.get("version") == "v1" and sent.get("credits") is None:
        return "version v1 needs credits"
    if sent.get("version") == "v2" and sent.get("unit_value") is None:
        return "version v2 needs unit_name and unit_value"
    return None


_VERSION = Text(required=True, values=("v1", "v2", "v3"))
_VALUE = {"credits": Integer(), "unit_name": Text(), "unit_value": Number()}
_RULES = (
    require_one("credits", "unit_value"),
    require_with("unit_value", "unit_name"),
    require_with("unit_name", "unit_value"),
    _suits_version,
)
_CLAIM = {
    "version": _VERSION,
    "shop_uuid": Text(required=True),
    "unique_id": Text(required=True),
    "timestamp": Integer(required=True, min=0),
    "hash": Text(required=True),
    "contact_uuid": Text(required=True),
    **_VALUE,
}
CREATE = Operation(
    "loyalty_tokens.create",
    "POST",
    "/loyalty-tokens",
    Effect.REPEATABLE,
    str,
    body={
        "version": _VERSION,
        "shop_uuid": Text(required=True),
        "unique_id": Text(required=True),
        **_VALUE,
    },
    rules=_RULES,
    certainty="captured",
)
CLAIM = Operation(
    "loyalty_tokens.claim",
    "POST",
    "/loyalty-tokens/claim",
    Effect.ACTION,
    LoyaltyTransaction,
    body=_CLAIM,
    rules=_RULES,
    certainty="captured",
)
CLAIM_AT_REGISTER = Operation(
    "loyalty_tokens.claim",
    "POST",
    "/loyalty-tokens",
    Effect.ACTION,
    LoyaltyTransaction,
    body=_CLAIM,
    rules=_RULES,
    certainty="captured",
    apis=("register",),
)


class LoyaltyTokens(Resource):
    """Addresses that let a contact claim credits; `leat_async.loyalty_tokens` makes them without a call."""

    async def create(
        self,
        *,
        version: TokenVersion,
        shop_uuid: str,
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
        observed, not documented; one client sends `shop_id` instead.
        """
        body = {
            "version": version,
            "shop_uuid": shop_uuid,
            "unique_id": unique_id,
            "credits": credits,
            "unit_name": unit_name,
            "unit_value": unit_value,
        }
        return await self._call(CREATE, body=body)

    async def claim(
        self,
        *,
        version: TokenVersion,
        shop_uuid: str,
        unique_id: str,
        timestamp: int,
        hash: str,
        contact_uuid: str,
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

        Repeating: not known to be safe. Facts: observed, not documented.
        """
        body = {
            "version": version,
            "shop_uuid": shop_uuid,
            "unique_id": unique_id,
            "timestamp": timestamp,
            "hash": hash,
            "contact_uuid": contact_uuid,
            "credits": credits,
            "unit_name": unit_name,
            "unit_value": unit_value,
        }
        return await self._call(CLAIM if self._api in CLAIM.apis else CLAIM_AT_REGISTER, body=body)
