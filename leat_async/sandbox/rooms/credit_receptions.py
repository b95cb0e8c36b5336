"""Giving credits to a contact."""

from __future__ import annotations

import math
from typing import Any

from ..engine import Answer, Call
from ..errors import Refusal, invalid
from ..params import Param
from ..routing import BOTH, OAUTH, REGISTER, Route
from ..store import Row
from .loyalty_transactions import view

_TABLE = "loyalty_transactions"


def _unit(call: Call, name: str | None) -> Row:
    units = call.store["units"]
    unit = units.first("is_default", True) if name is None else units.first("name", name)
    if unit is None:
        raise Refusal(55046 if name is None else 60007)
    return unit


def _credits(unit: Row, value: float) -> int:
    """The loyalty rule: so many credits per unit, rounded towards zero."""
    rate: float = unit["credits_per_unit"]
    return math.trunc(round(value * rate, 6))


def _give(call: Call, contact: Row, **fields: Any) -> Row:
    """Record a reception and move the balance of its contact."""
    now = call.now()
    row = call.store.insert(
        _TABLE,
        type="credit_reception",
        contact_uuid=contact["uuid"],
        channel="OAUTH_API" if call.root == "oauth" else "REGISTER_API",
        reversed_by=None,
        created_at=now,
        **fields,
    )
    move_balance(call, contact, row)
    return row


def move_balance(call: Call, contact: Row, row: Row) -> None:
    """Bring a contact up to date with a new transaction of his."""
    shop = row["shop_uuid"]
    call.store["contacts"].update(
        contact,
        credits=contact["credits"] + row["credits"],
        previous_credits=contact["credits"],
        credits_received=contact["credits_received"] + max(0, row["credits"]),
        transactions=contact["transactions"] + 1,
        first_transaction=contact["first_transaction"] or row["created_at"],
        last_transaction=row["created_at"],
        shops=contact["shops"] if shop in contact["shops"] else [*contact["shops"], shop],
        updated_at=row["created_at"],
    )


def _receiver(call: Call) -> tuple[Row, Row | None]:
    value = call.get("contact_identifier_value")
    used = call.store["contact_identifiers"].first("value", value) if value is not None else None
    if value is not None and used is None:
        raise Refusal(60003)
    uuid = call.get("contact_uuid") or (used["contact_uuid"] if used and call.root == "register" else None)
    if uuid is None:
        raise invalid("contact_uuid", "The contact_uuid field is required.")
    return call.contact(uuid), used


def _amount(call: Call) -> tuple[int, Row | None]:
    """The credits to give: the number sent wins over the value sent."""
    name = call.get("unit_name") or call.get("unit")
    if call.get("unit_value") is not None:
        unit = _unit(call, name)
        given = call.get("credits")
        return (_credits(unit, call.params["unit_value"]) if given is None else given), unit
    if call.get("credits") is None:
        raise invalid("credits", "The credits field is required when unit_value is not present.")
    # Without a value the unit is only noted, and there may be none.
    return call.params["credits"], _unit(call, name) if name else call.store["units"].first("is_default", True)


def create(call: Call) -> dict[str, Any]:
    """Give credits, as a number or computed from a unit value."""
    shop = call.shop(call.get("shop_uuid"))
    contact, used = _receiver(call)
    amount, unit = _amount(call)
    if call.get("pos_transaction_uuid") is not None:
        raise Refusal(1027)  # POS transactions are made at registers; there are none here yet
    program = next(iter(call.store["loyalty_programs"].rows.values()), None)
    if program is None:
        raise Refusal(1102)
    if abs(amount) > program["max_amount"]:
        raise Refusal(1015)
    row = _give(
        call,
        contact,
        shop_uuid=shop["uuid"],
        credits=amount,
        unit_value=call.get("unit_value"),
        unit_uuid=unit["uuid"] if unit else None,
        identifier_uuid=used["uuid"] if used else None,
        extra=call.extra,
    )
    return view(call, row)


def calculate(call: Call) -> dict[str, Any]:
    """What `create` would give for this value."""
    call.shop(call.get("shop_uuid"))
    if call.get("contact_uuid") is not None:
        call.contact(call.params["contact_uuid"])
    return {"credits": _credits(_unit(call, call.get("unit_name")), call.params["unit_value"])}


def reverse(call: Call) -> dict[str, Any]:
    """Undo a reception, once, by a new one with the negated credits."""
    row = call.row(_TABLE, call.path["credit_reception_uuid"], 1028)
    if row["type"] != "credit_reception":
        raise Refusal(1028)
    if row["reversed_by"] is not None:
        raise invalid("credit_reception_uuid", "The credit reception has already been reversed.")
    kept = ("shop_uuid", "unit_value", "unit_uuid", "identifier_uuid", "extra")
    contact = call.contact(row["contact_uuid"])
    undone = _give(call, contact, credits=-row["credits"], **{name: row[name] for name in kept})
    call.store[_TABLE].update(row, reversed_by=undone["uuid"])
    undone = call.store[_TABLE].update(undone, reversed_by=row["uuid"])
    return view(call, undone)


def push(call: Call) -> Answer:
    """Show a reception on the end screen, if this register's shop made it."""
    row = call.row(_TABLE, call.path["credit_reception_uuid"], 1028)
    if row["shop_uuid"] != call.shop()["uuid"]:
        raise Refusal(55024)
    return Answer([])


_SHOP = Param("shop_uuid", required=True)
_CREATE = (
    _SHOP,
    Param("contact_uuid"),
    Param("credits", "integer"),
    Param("unit_value", "number"),
    Param("unit_name"),
    Param("contact_identifier_value"),
    Param("pos_transaction_uuid"),
)
_CALCULATE = (_SHOP, Param("contact_uuid"), Param("unit_value", "number", required=True), Param("unit_name"))
_ROOT = "/credit-receptions"
_ONE = _ROOT + "/{credit_reception_uuid}"

ROUTES = (
    Route("credit_receptions.create", "POST", _ROOT, create, _CREATE, "captured", OAUTH, extra_keys=True),
    # A register may say `unit`, and an identifier instead of a contact.
    Route(
        "credit_receptions.create",
        "POST",
        _ROOT,
        create,
        (*_CREATE, Param("unit")),
        "captured",
        REGISTER,
        extra_keys=True,
    ),
    Route("credit_receptions.calculate", "GET", _ROOT + "/calculate", calculate, _CALCULATE, "captured", BOTH),
    Route("credit_receptions.reverse", "POST", _ONE + "/reverse", reverse, (), "documented", OAUTH),
    Route("credit_receptions.reverse", "GET", _ONE + "/reverse", reverse, (), "guessed", REGISTER),
    Route("register.credit_receptions.push", "POST", _ONE + "/push", push, (), "documented", REGISTER),
)
