"""Addresses that let a contact claim credits; a token is computed, and only its claim is kept."""

from __future__ import annotations

import hashlib
from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..params import RouteParam
from ..routing import OAUTH, REGISTER, Route
from ..store import Row
from .ledger import book, credits_for, unit_of
from .loyalty_transactions import view

TABLES = {"loyalty_token_claims": ("unique_id",)}

ACCOUNT_SECRET = "sandbox-account-secret"  # noqa: S105 - of an account that does not exist


def _shop(call: Call) -> Row:
    """The shop in the token: by uuid, by number in the older versions, or that of the register."""
    named = call.raw.get("shop_uuid") or call.raw.get("shop_id")
    shops = call.store["shops"]
    for shop in shops.rows.values():
        if str(named) in (shop["uuid"], str(shop["id"])):
            return shop
    return call.shop(str(named) if named else None)


def _pairs(call: Call, shop: Row, timestamp: int) -> list[tuple[str, Any]]:
    """What a token says, in the order of its version."""
    version = call.params["version"]
    uses_value = call.get("unit_value") is not None and version != "v1"
    if version == "v2" and not uses_value:
        raise Refusal(60019)
    if not uses_value and call.get("credits") is None:
        raise Refusal(60018) if version == "v1" else invalid("credits", "The credits or the unit_value are required.")
    place = ("shop_uuid", shop["uuid"]) if version == "v3" else ("shop_id", shop["id"])
    moment = [("unique_id", call.params["unique_id"]), ("timestamp", timestamp)]
    if uses_value:
        unit = unit_of(call, call.get("unit_name"))["name"]
        value = call.raw["unit_value"]  # as it was written: 10 and 10.00 are two tokens
        return [("version", version), place, *moment, ("unit_name", unit), ("unit_value", value)]
    return [("version", version), place, ("credits", call.params["credits"]), *moment]


def _signed(pairs: list[tuple[str, Any]]) -> tuple[str, str]:
    """The pairs as text, and their hash."""
    text = "&".join(f"{name}={value}" for name, value in pairs)
    signed = f"{text}&secret={ACCOUNT_SECRET}".encode("utf-8", "replace")
    return text, hashlib.sha1(signed, usedforsecurity=False).hexdigest()


def create(call: Call) -> SandboxAnswer:
    """Make the address of a token."""
    text, digest = _signed(_pairs(call, _shop(call), call.now()))
    return SandboxAnswer(f"https://leat.com/l?{text}&hash={digest}", {})


def claim(call: Call) -> SandboxAnswer:
    """Give the credits of a token, once."""
    shop = _shop(call)
    contact = call.contact(call.params["contact_uuid"])
    pairs = _pairs(call, shop, call.params["timestamp"])
    if _signed(pairs)[1] != call.params["hash"]:
        raise invalid("hash", "The hash does not fit the token.")
    claims = call.store["loyalty_token_claims"]
    if claims.first("unique_id", call.params["unique_id"]):
        raise Refusal(1034)
    value = call.get("unit_value") if "unit_value" in dict(pairs) else None
    unit = unit_of(call, call.get("unit_name")) if value is not None else call.store["units"].first("is_default", True)
    given = credits_for(unit, value) if unit and value is not None else call.params["credits"]
    program = next(iter(call.store["loyalty_programs"].rows.values()))
    if abs(given) > program["max_amount"]:
        raise Refusal(1015)
    row = book(
        call,
        contact,
        channel="TOKEN",
        shop_uuid=shop["uuid"],
        credits=given,
        unit_value=value,
        unit_uuid=unit["uuid"] if unit else None,
        identifier_uuid=None,
        extra={},
    )
    call.store.insert("loyalty_token_claims", unique_id=call.params["unique_id"], transaction_uuid=row["uuid"])
    return SandboxAnswer(view(call, row), {})


_TOKEN = (
    RouteParam("version", required=True, choices=("v1", "v2", "v3")),
    RouteParam("shop_uuid"),
    RouteParam("shop_id", "any"),
    RouteParam("unique_id", required=True),
    RouteParam("credits", "integer"),
    RouteParam("unit_name"),
    RouteParam("unit_value", "number"),
)
_CLAIM = (
    *_TOKEN,
    RouteParam("timestamp", "integer", required=True),
    RouteParam("hash", required=True),
    RouteParam("contact_uuid", required=True),
)
_ROOT = "/loyalty-tokens"

ROUTES = (
    Route("loyalty_tokens.create", "POST", _ROOT, create, _TOKEN, certainty="observed in an answer", roots=OAUTH),
    Route(
        "loyalty_tokens.claim", "POST", _ROOT + "/claim", claim, _CLAIM, certainty="observed in an answer", roots=OAUTH
    ),
    Route(
        "loyalty_tokens.claim", "POST", _ROOT, claim, _CLAIM, certainty="observed in an answer", roots=REGISTER
    ),  # spelled so there
)
