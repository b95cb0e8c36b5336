"""Credit and reward receptions together: every change of a credit balance."""

from __future__ import annotations

from typing import Any

from ..engine import Answer, Call
from ..paging import BOUNDS, SORT, Rows, page_params, viewing_page, within
from ..params import Param, iso
from ..routing import OAUTH, REGISTER, Route
from ..store import Row
from .shapes import contact_with_balance, identifier, shop_with_address, unit_with_id

TABLES = {"loyalty_transactions": ("contact_uuid", "shop_uuid", "type")}

# The filter has plural names, the answers singular ones.
_TYPES = {
    "credit_receptions": ("credit_reception",),
    "reward_receptions": ("reward_reception", "physical_reward_reception", "digital_reward_reception"),
}


def view(call: Call, row: Row) -> dict[str, Any]:
    """A transaction as the API shows it; attribute values are further keys."""
    store = call.store
    contact = store["contacts"].get(row["contact_uuid"])
    unit = store["units"].get(row["unit_uuid"])
    used = store["contact_identifiers"].get(row["identifier_uuid"])
    return {
        **row["extra"],
        "uuid": row["uuid"],
        "credits": row["credits"],
        "created_at": iso(row["created_at"]),
        "type": row["type"],
        "channel": row["channel"],
        "contact_identifier": identifier(call, used) if used else None,
        "contact": contact_with_balance(contact) if contact else None,
        "shop": shop_with_address(store["shops"].rows[row["shop_uuid"]]),
        "unit_value": row["unit_value"],
        "unit": unit_with_id(unit) if unit else None,
    }


def list_(call: Call) -> Answer:
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


_TYPE = Param("type", choices=tuple(_TYPES))
_LIST = (*page_params(10, 100), _TYPE, Param("shop_uuid"), SORT, BOUNDS, Param("contact_uuid"))

ROUTES = (
    Route("loyalty_transactions.list", "GET", "/loyalty-transactions", list_, _LIST, "captured", OAUTH),
    Route(
        "register.contacts.list_loyalty_transactions",
        "GET",
        "/contacts/{contact_uuid}/loyalty-transactions",
        list_,
        (*page_params(10, 100), _TYPE),
        roots=REGISTER,
    ),
)
