"""The account ping, the register, and tokens."""

from __future__ import annotations

from typing import Any

from ..engine import Bare, Call
from ..params import RouteParam
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


def partner_credentials(call: Call) -> dict[str, Any]:
    """Make up credentials; what the API answers is not known."""
    identifier = call.store.new_uuid()
    return {"client_id": identifier, "client_secret": call.engine.issue_token()[0], **call.params}


def partner_token(call: Call) -> dict[str, Any]:
    """A token that works; what the API answers is not known."""
    text, lifetime = call.engine.issue_token()
    return {"token_type": "Bearer", "expires_in": lifetime, "access_token": text}


_PARTNER = (RouteParam("email", "email", required=True), RouteParam("name", required=True))
_TOKEN = (
    RouteParam("grant_type", required=True),
    RouteParam("client_id", "any", required=True),
    RouteParam("client_secret", required=True),
)

ROUTES = (
    Route("system.health_check", "GET", "/", ping, certainty="observed in a client", roots=("oauth", "ping")),
    Route("register.get", "GET", "/", register, certainty="observed in a client", roots=("register",)),
    Route("auth.token", "POST", "/oauth/token", token, _TOKEN, roots=("host",)),
    # Of these paths only the end is known.
    Route(
        "auth.partner_credentials",
        "POST",
        "/api/v3/partners",
        partner_credentials,
        _PARTNER,
        certainty="assumed",
        roots=("host",),
    ),
    Route("auth.partner_token", "POST", "/api/v3/partners/token", partner_token, certainty="assumed", roots=("host",)),
)
