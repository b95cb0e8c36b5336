"""Payments at a register, to give credits for."""

from __future__ import annotations

from typing import Any

from ..engine import Bare, Call
from ..errors import Refusal
from ..params import RouteParam, iso
from ..routing import REGISTER, Route
from ..store import Row

TABLES: dict[str, tuple[str, ...]] = {"pos_transactions": ()}

_TABLE = "pos_transactions"


def unlinked(call: Call, uuid: str) -> Row:
    """A payment that no credits were given for yet."""
    row = call.row(_TABLE, uuid, 1027)
    if row["credit_reception_uuid"] is not None:
        raise Refusal(6001)
    return row


def link(call: Call, row: Row, reception: Row) -> None:
    """Note the credits that were given for a payment."""
    call.store[_TABLE].update(row, credit_reception_uuid=reception["uuid"])


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def create(call: Call) -> Bare:
    """Record a payment; this answer has no `meta`."""
    row = call.store.insert(
        _TABLE,
        shop_uuid=call.shop()["uuid"],
        amount_in_cents=call.params["amount_in_cents"],
        transaction_id=_text(call.get("transaction_id")),
        terminal_id=_text(call.get("terminal_id")),
        credit_reception_uuid=None,
        created_at=call.now(),
    )
    shown = {key: row[key] for key in ("uuid", "transaction_id", "terminal_id", "amount_in_cents")}
    return Bare({"data": {**shown, "created_at": iso(row["created_at"])}})


def push(call: Call) -> list[Any]:
    """Show a payment on the device, to give credits there."""
    unlinked(call, call.path["pos_transaction_uuid"])
    return []


_CREATE = (
    RouteParam("amount_in_cents", "integer", required=True),
    RouteParam("transaction_id", "any"),
    RouteParam("terminal_id", "any"),
)
_ROOT = "/pos-transactions"

ROUTES = (
    Route("register.pos_transactions.create", "POST", _ROOT, create, _CREATE, roots=REGISTER),
    Route("register.pos_transactions.push", "POST", _ROOT + "/{pos_transaction_uuid}/push", push, roots=REGISTER),
)
