"""The account ping, the register, and tokens."""

from __future__ import annotations

from typing import Any

from ..engine import Bare, Call
from ..params import Param
from ..routing import Route
from ..store import Row
from .shapes import shop_brief

TABLES: dict[str, tuple[str, ...]] = {"accounts": ()}


def _account(call: Call) -> Row:
    return next(iter(call.store["accounts"].rows.values()))


def ping(call: Call) -> dict[str, Any]:
    """Show which account the token belongs to."""
    account = _account(call)
    return {"company": account["company"], "id": account["id"], "uuid": account["uuid"]}


def register(call: Call) -> dict[str, Any]:
    """Show the register and its shop."""
    shop = call.shop()
    brief = shop_brief(shop)
    return {
        "id": shop["id"],
        "name": f"Register of {shop['name']}",
        "shop": {"uuid": brief["uuid"], "name": brief["name"], "id": shop["id"]},
        "identifier": f"register-{shop['id']}",
    }


def token(call: Call) -> Bare:
    """Exchange client credentials for a token; any credentials will do."""
    if call.params["grant_type"] != "client_credentials":
        message = "The authorization grant type is not supported by the authorization server."
        return Bare({"error": "unsupported_grant_type", "message": message}, 400)
    text, lifetime = call.engine.issue_token()
    return Bare({"token_type": "Bearer", "expires_in": lifetime, "access_token": text})


_TOKEN = (
    Param("grant_type", required=True),
    Param("client_id", "any", required=True),
    Param("client_secret", required=True),
)

ROUTES = (
    Route("system.health_check", "GET", "/", ping, certainty="guessed", roots=("oauth", "ping")),
    Route("register.get", "GET", "/", register, certainty="guessed", roots=("register",)),
    Route("auth.token", "POST", "/oauth/token", token, _TOKEN, roots=("host",)),
)
