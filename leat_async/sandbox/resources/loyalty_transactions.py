"""Credit and reward receptions together: every change of a credit balance."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..paging import BOUNDS, SORT, Rows, page_params, viewing_page, within
from ..params import RouteParam, iso
from ..routing import OAUTH, REGISTER, Route
from ..store import Row
from .rewards import inside
from .shapes import contact_with_balance, identifier, shop_with_address, unit_with_id

TABLES = {"loyalty_transactions": ("contact_uuid", "shop_uuid", "type")}

# The filter has plural names, the answers singular ones.
REWARD_TYPES = ("reward_reception", "digital_reward_reception")
_TYPES = {"credit_receptions": ("credit_reception",), "reward_receptions": REWARD_TYPES}


def view(call: Call, row: Row) -> dict[str, Any]:
    """A transaction as the API shows it; attribute values are further keys."""
    store = call.store
    contact = store["contacts"].get(row["contact_uuid"])
    used = store["contact_identifiers"].get(row["identifier_uuid"])
    shown = {
        **row["extra"],
        "uuid": row["uuid"],
        "credits": row["credits"],
        "created_at": iso(row["created_at"]),
        "type": row["type"],
        "channel": row["channel"],
        "contact_identifier": identifier(call, used) if used else None,
        "contact": contact_with_balance(contact) if contact else None,
        "shop": shop_with_address(store["shops"].rows[row["shop_uuid"]]),
    }
    if row["type"] in REWARD_TYPES:
        return {**shown, **_claim(call, row)}
    unit = store["units"].get(row["unit_uuid"])
    return {**shown, "unit_value": row["unit_value"], "unit": unit_with_id(unit) if unit else None}


def _claim(call: Call, row: Row) -> dict[str, Any]:
    """What a claimed reward adds; a digital one comes as a code and is not collected."""
    reward = inside(call, call.store["rewards"].rows[row["reward_uuid"]])
    if row["type"] == "digital_reward_reception":
        return {"title": row["title"], "digital_reward": reward, "digital_reward_code": {"code": row["code"]}}
    ends = row["expires_at"]
    return {
        "title": row["title"],
        "reward": reward,
        "expires_at": iso(ends) if ends is not None else None,
        "has_been_collected": row["collected"],
    }


def list_(call: Call) -> SandboxAnswer:
    """Page through transactions, oldest first."""
    table = call.store["loyalty_transactions"]
    shop, kind = call.get("shop_uuid"), call.get("type")
    contact = call.path.get("contact_uuid") or call.get("contact_uuid")
    if contact is not None:
        call.contact(contact)
        rows: Rows = table.find("contact_uuid", contact)
    else:
        rows = table.rows.values()
    if shop is not None:
        call.shop(shop)
        rows = [row for row in rows if row["shop_uuid"] == shop]
    if kind is not None:
        rows = [row for row in rows if row["type"] in _TYPES[kind]]
    return viewing_page(call, within(rows, call.get("created_at")), view)


_TYPE = RouteParam("type", choices=tuple(_TYPES))
_LIST = (*page_params(10, 100), _TYPE, RouteParam("shop_uuid"), SORT, BOUNDS, RouteParam("contact_uuid"))

ROUTES = (
    Route("loyalty_transactions.list", "GET", "/loyalty-transactions", list_, _LIST, roots=OAUTH),
    Route(
        "register.contacts.list_loyalty_transactions",
        "GET",
        "/contacts/{contact_uuid}/loyalty-transactions",
        list_,
        (*page_params(10, 100), _TYPE),
        roots=REGISTER,
    ),
)
