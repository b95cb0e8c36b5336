"""Giving credits to a contact."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..params import RouteParam
from ..routing import BOTH, OAUTH, REGISTER, Route
from ..store import Row
from . import pos_transactions
from .custom_attributes import typed
from .ledger import TABLE, book, credits_for, receiver, undo, unit_of
from .loyalty_transactions import view


def _amount(call: Call) -> tuple[int, Row | None]:
    """The credits to give: the number sent wins over the value sent."""
    name = call.get("unit_name") or call.get("unit")
    if call.get("unit_value") is not None:
        unit = unit_of(call, name)
        given = call.get("credits")
        return (credits_for(unit, call.params["unit_value"]) if given is None else given), unit
    if call.get("credits") is None:
        raise invalid("credits", "The credits field is required when unit_value is not present.")
    # Without a value the unit is only noted, and there may be none.
    return call.params["credits"], unit_of(call, name) if name else call.store["units"].first("is_default", True)


def create(call: Call) -> dict[str, Any]:
    """Give credits, as a number or computed from a unit value."""
    shop = call.shop(call.get("shop_uuid"))
    contact, used = receiver(call, by_identifier=call.root == "register")
    amount, unit = _amount(call)
    payment = call.get("pos_transaction_uuid")
    paid = pos_transactions.unlinked(call, payment) if payment is not None else None
    program = next(iter(call.store["loyalty_programs"].rows.values()), None)
    if program is None:
        raise Refusal(1102)
    if abs(amount) > program["max_amount"]:
        raise Refusal(1015)
    row = book(
        call,
        contact,
        shop_uuid=shop["uuid"],
        credits=amount,
        unit_value=call.get("unit_value"),
        unit_uuid=unit["uuid"] if unit else None,
        identifier_uuid=used["uuid"] if used else None,
        extra=typed(call, "loyalty_transaction", call.extra),
    )
    if paid is not None:
        pos_transactions.link(call, paid, row)
    return view(call, row)


def calculate(call: Call) -> dict[str, Any]:
    """What `create` would give for this value."""
    call.shop(call.get("shop_uuid"))
    if call.get("contact_uuid") is not None:
        call.contact(call.params["contact_uuid"])
    return {"credits": credits_for(unit_of(call, call.get("unit_name")), call.params["unit_value"])}


def reverse(call: Call) -> dict[str, Any]:
    """Undo a reception, once, by a new one with the negated credits."""
    row = call.row(TABLE, call.path["credit_reception_uuid"], 1028)
    if row["type"] != "credit_reception":
        raise Refusal(1028)
    return view(call, undo(call, row, "credit_reception_uuid"))


def push(call: Call) -> SandboxAnswer:
    """Show a reception on the end screen, if this register's shop made it."""
    row = call.row(TABLE, call.path["credit_reception_uuid"], 1028)
    if row["shop_uuid"] != call.shop()["uuid"]:
        raise Refusal(55024)
    return SandboxAnswer([])


_SHOP = RouteParam("shop_uuid", required=True)
_CREATE = (
    _SHOP,
    RouteParam("contact_uuid"),
    RouteParam("credits", "integer"),
    RouteParam("unit_value", "number"),
    RouteParam("unit_name"),
    RouteParam("contact_identifier_value"),
    RouteParam("pos_transaction_uuid"),
)
_CALCULATE = (
    _SHOP,
    RouteParam("contact_uuid"),
    RouteParam("unit_value", "number", required=True),
    RouteParam("unit_name"),
)
_ROOT = "/credit-receptions"
_ONE = _ROOT + "/{credit_reception_uuid}"

ROUTES = (
    Route("credit_receptions.create", "POST", _ROOT, create, _CREATE, roots=OAUTH, extra_keys=True),
    # A register may say `unit`, and an identifier instead of a contact.
    Route(
        "credit_receptions.create",
        "POST",
        _ROOT,
        create,
        (*_CREATE, RouteParam("unit")),
        roots=REGISTER,
        extra_keys=True,
    ),
    Route("credit_receptions.calculate", "GET", _ROOT + "/calculate", calculate, _CALCULATE, roots=BOTH),
    Route("credit_receptions.reverse", "POST", _ONE + "/reverse", reverse, roots=OAUTH),
    Route(
        "credit_receptions.reverse", "GET", _ONE + "/reverse", reverse, certainty="observed in a client", roots=REGISTER
    ),
    # Nobody but one client's code knows it; taken for the older name of `reverse`.
    Route("credit_receptions.correct", "POST", _ONE + "/correct", reverse, certainty="assumed", roots=OAUTH),
    Route("register.credit_receptions.push", "POST", _ONE + "/push", push, roots=REGISTER),
)
