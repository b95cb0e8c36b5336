"""The credit ledger: every change of a balance is a row, and a balance is the sum of its rows."""

from __future__ import annotations

import math
from typing import Any

from ..engine import Call
from ..errors import Refusal, invalid
from ..params import RouteParam
from ..store import Row
from .referrals import completed

TABLE = "loyalty_transactions"
# Ten billion euros at once ought to be enough, and their sum has to fit into JSON.
AMOUNT = RouteParam("amount_in_cents", "integer", required=True, min=-1e12, max=1e12)


def unit_of(call: Call, name: str | None) -> Row:
    """The unit of this name, or the default one."""
    units = call.store["units"]
    unit = units.first("is_default", True) if name is None else units.first("name", name)
    if unit is None:
        raise Refusal(55046 if name is None else 60007)
    return unit


def credits_for(unit: Row, value: float) -> int:
    """The loyalty rule: so many credits per unit, rounded towards zero."""
    rate: float = unit["credits_per_unit"]
    return math.trunc(round(value * rate, 6))


def receiver(call: Call, *, by_identifier: bool) -> tuple[Row, Row | None]:
    """The contact of the call and the identifier that was used, which may stand for the contact."""
    value = call.get("contact_identifier_value")
    used = call.store["contact_identifiers"].first("value", value) if value is not None else None
    if value is not None and used is None:
        raise Refusal(60003)
    if used is not None and not used["active"]:
        raise Refusal(60004)
    uuid = call.get("contact_uuid")
    if uuid is None and used is not None and by_identifier:
        uuid = used["contact_uuid"]
        if uuid is None:
            raise Refusal(60011)
    if uuid is None:
        raise invalid("contact_uuid", "The contact_uuid field is required.")
    return call.contact(uuid), used


def book(call: Call, contact: Row, *, kind: str = "credit_reception", counts: bool = True, **fields: Any) -> Row:
    """Record a transaction and move the balance of its contact; `counts`: towards what was ever received."""
    row = call.store.insert(
        TABLE,
        type=kind,
        contact_uuid=contact["uuid"],
        channel=fields.pop("channel", "OAUTH_API" if call.root == "oauth" else "REGISTER_API"),
        reversed_by=None,
        created_at=call.now(),
        **fields,
    )
    contact = move_balance(call, contact, row, counts=counts)
    bonus = completed(call, contact["uuid"]) if counts and row["credits"] > 0 else None
    if bonus is not None:
        points, shop_uuid = bonus
        book(call, contact, channel="REFERRAL", shop_uuid=shop_uuid, credits=points, **PLAIN)
    return row


PLAIN: dict[str, Any] = {"unit_value": None, "unit_uuid": None, "identifier_uuid": None, "extra": {}}


def move_balance(call: Call, contact: Row, row: Row, *, counts: bool = True) -> Row:
    """Bring a contact up to date with a new transaction of its own."""
    shop = row["shop_uuid"]
    counted = row["credits"] if counts else 0
    return call.store["contacts"].update(
        contact,
        credits=contact["credits"] + row["credits"],
        previous_credits=contact["credits"],
        credits_received=contact["credits_received"] + max(0, counted),
        earned=contact["earned"] + counted,
        transactions=contact["transactions"] + 1,
        first_transaction=contact["first_transaction"] or row["created_at"],
        last_transaction=row["created_at"],
        shops=contact["shops"] if shop in contact["shops"] else [*contact["shops"], shop],
        updated_at=row["created_at"],
    )


def undo(call: Call, row: Row, field: str, *, counts: bool = True) -> Row:
    """Book the opposite of a transaction, which only happens once; `field` names it."""
    if row["reversed_by"] is not None:
        raise invalid(field, "The transaction has already been reversed.")
    kept = ("shop_uuid", "unit_value", "unit_uuid", "identifier_uuid", "extra")
    contact = call.contact(row["contact_uuid"])
    undone = book(call, contact, credits=-row["credits"], counts=counts, **{name: row[name] for name in kept})
    call.store[TABLE].update(row, reversed_by=undone["uuid"])
    return call.store[TABLE].update(undone, reversed_by=row["uuid"])
