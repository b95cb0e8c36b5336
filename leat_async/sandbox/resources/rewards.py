"""Rewards: what credits can buy. The API can neither make nor remove them."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal
from ..params import RouteParam
from ..routing import Route
from ..store import Row, Store
from .custom_attributes import add, typed

TABLES: dict[str, tuple[str, ...]] = {"rewards": ()}

_CHOICE: tuple[dict[str, Any], ...] = (
    {"title": "Coffee", "required_credits": 25, "pre_redeemable": True, "expiration_duration": 73 * 86_400},
    {"title": "Dinner for Two", "required_credits": 500, "stock": 10, "claim_limit": 1, "cost_price": 40},
    {"title": "Kitchen Playlist", "required_credits": 40, "reward_type": "DIGITAL"},
    {"title": "Garden Tour", "required_credits": 100},  # at one shop only
    {"title": "Last Year's Mug", "required_credits": 10, "is_active": False},
)


def seed(store: Store, now: int) -> None:
    """Five rewards, one of them no longer to be had, and an attribute."""
    add(store, now, "reward", "allergens", "text")
    garden = list(store["shops"].rows)[1]
    for number, own in enumerate(_CHOICE):
        row: dict[str, Any] = {
            "title": "", "description": None, "reward_type": "PHYSICAL", "required_credits": 0,
            "media": {"type": "image", "value": f"https://sandbox.invalid/rewards/{number + 1}.jpg"},
            "is_active": True, "cost_price": None, "stock": None, "claim_limit": None, "pre_redeemable": False,
            "expiration_duration": None, "shop_uuids": [garden] if own["title"] == "Garden Tour" else None,
            "attributes": {}, "created_at": now,
        }  # fmt: skip
        store.insert("rewards", **{**row, **own})


def _attributes(call: Call, row: Row) -> dict[str, Any]:
    names = {definition["name"]: None for definition in call.store["attributes"].find("entity", "reward")}
    return {**names, **row["attributes"]}


def _listed(call: Call, row: Row) -> dict[str, Any]:
    shown = {
        **_attributes(call, row),
        "id": row["id"],
        "uuid": row["uuid"],
        "title": row["title"],
        "type": row["reward_type"],
        "is_active": row["is_active"],
        "reward_type": row["reward_type"],
        "description": row["description"],
        "required_credits": row["required_credits"],
        "media": row["media"],
    }
    if row["reward_type"] == "PHYSICAL":
        shown |= {"pre_redeemable": row["pre_redeemable"], "expiration_duration": row["expiration_duration"]}
    return shown


def _view(call: Call, row: Row) -> dict[str, Any]:
    """One reward has other keys than in the list."""
    return {
        **_attributes(call, row),
        "uuid": row["uuid"],
        "title": row["title"],
        "description": row["description"],
        "cost_price": row["cost_price"],
        "required_credits": row["required_credits"],
        "media": row["media"],
        "is_active": row["is_active"],
        "active": row["is_active"],
        "reward_type": row["reward_type"],
        "stock": row["stock"],
    }


def inside(call: Call, row: Row) -> dict[str, Any]:
    """The reward of a claim."""
    shown = _view(call, row)
    del shown["active"]
    kept = {name: row[name] for name in ("id", "pre_redeemable", "expiration_duration")}
    return {**shown, **kept}


def refusal_of(call: Call, row: Row, contact: Row) -> int | None:
    """The code of what keeps a contact from claiming a reward."""
    if not row["is_active"]:
        return 1052
    if row["stock"] is not None and row["stock"] <= 0:
        return 1018
    if row["claim_limit"] is not None:
        claims = call.store["loyalty_transactions"].find("contact_uuid", contact["uuid"])
        used = sum(claim.get("reward_uuid") == row["uuid"] and claim["reversed_by"] is None for claim in claims)
        if used >= row["claim_limit"]:
            return 1019
    return 1017 if contact["credits"] < row["required_credits"] else None


def list_(call: Call) -> SandboxAnswer:
    """Rewards: all, those of a shop, or those that a contact could claim now."""
    rows = list(call.store["rewards"].rows.values())
    if call.get("shop_uuid") is not None or call.shop_uuid is not None:
        shop = call.shop(call.get("shop_uuid"))["uuid"]
        rows = [row for row in rows if row["shop_uuids"] is None or shop in row["shop_uuids"]]
    if call.get("contact_uuid") is not None:
        contact = call.contact(call.params["contact_uuid"])
        rows = [row for row in rows if refusal_of(call, row, contact) is None]
    return SandboxAnswer([_listed(call, row) for row in rows], {})


def get(call: Call) -> SandboxAnswer:
    """Fetch one reward."""
    return SandboxAnswer(_view(call, call.row("rewards", call.path["reward_uuid"], 6003)), {})


def update(call: Call) -> SandboxAnswer:
    """Change what was sent; further keys are attributes."""
    row = call.row("rewards", call.path["reward_uuid"], 6003)
    for name in ("title", "required_credits"):
        if name in call.params and call.params[name] is None:
            raise Refusal(1003, {name: [f"The {name} field must have a value."]})
    extra = {name: value for name, value in call.extra.items() if name not in row and name not in ("type", "active")}
    own = typed(call, "reward", extra)
    changes = {**call.params, "attributes": {**row["attributes"], **own}}
    return SandboxAnswer(_view(call, call.store["rewards"].update(row, **changes)), {})


_UPDATE = (RouteParam("title"), RouteParam("description"), RouteParam("required_credits", "integer", min=0))
_ONE = "/rewards/{reward_uuid}"

ROUTES = (
    Route("rewards.list", "GET", "/rewards", list_, (RouteParam("shop_uuid"), RouteParam("contact_uuid"))),
    Route("rewards.get", "GET", _ONE, get),
    Route("rewards.update", "PUT", _ONE, update, _UPDATE, extra_keys=True),
)
