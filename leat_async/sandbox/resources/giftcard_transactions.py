"""Loading and spending giftcards."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..paging import BOUNDS, SORT, Rows, viewing_page, within
from ..params import RouteParam, iso
from ..routing import OAUTH, REGISTER, Route
from ..store import Row
from .custom_attributes import typed
from .ledger import AMOUNT

TABLES = {"giftcard_transactions": ("card_uuid",)}
DAY = 86_400


def _view(call: Call, row: Row) -> dict[str, Any]:
    card = call.store["giftcards"].rows[row["card_uuid"]]
    shop = call.store["shops"].rows[row["shop_uuid"]]
    # The day's transactions of a program that settles are settled when the day ends.
    day = row["created_at"] // DAY
    settled = call.store["giftcard_programs"].rows[card["program_uuid"]]["settles"] and call.now() // DAY > day
    shown = {
        "id": row["id"],
        "uuid": row["uuid"],
        "amount_in_cents": row["amount_in_cents"],
        "type": "STANDARD",
        "settled": settled,
        "card": {"id": card["id"], "uuid": card["uuid"]},
        "shop": {"id": shop["id"], "uuid": shop["uuid"], "name": shop["name"]},
        "settlements": [{"id": day}] if settled else [],
        "created_at": iso(row["created_at"]),
    }
    if row["custom_attributes"]:
        shown["custom_attributes"] = row["custom_attributes"]
    return shown


def book(call: Call, card: Row, shop: Row, amount: int, *, reverses: str | None = None, **fields: Any) -> Row:
    """Record a transaction and move the balance of its card, unless its rules are against it."""
    now = call.now()
    if not card["active"]:
        raise Refusal(7010)
    if card["expires_at"] is not None and card["expires_at"] <= now:
        raise Refusal(5002)
    balance = card["amount_in_cents"] + amount
    if balance < 0:
        raise Refusal(5003)
    limit = call.store["giftcard_programs"].rows[card["program_uuid"]]["max_amount_in_cents"]
    if amount > 0 and limit is not None and balance > limit:
        raise Refusal(5008)
    call.store["giftcards"].update(card, amount_in_cents=balance)
    return call.store.insert(
        "giftcard_transactions",
        card_uuid=card["uuid"],
        shop_uuid=shop["uuid"],
        amount_in_cents=amount,
        custom_attributes=fields.get("custom_attributes") or {},
        reversed_by=reverses,
        created_at=now,
    )


def create(call: Call) -> dict[str, Any]:
    """Load a card (positive) or pay with it (negative)."""
    card = call.row("giftcards", call.params["giftcard_uuid"], 5001)
    shop = call.shop(call.get("shop_uuid"))
    amount = call.params["amount_in_cents"]
    if amount == 0:
        raise invalid("amount_in_cents", "The amount_in_cents must not be 0.")
    if amount > 0 and not card["upgradeable"] and _loaded(call, card):
        raise Refusal(5006)
    attributes = typed(call, "giftcard_transaction", call.get("custom_attributes") or {})
    return _view(call, book(call, card, shop, amount, custom_attributes=attributes))


def _loaded(call: Call, card: Row) -> bool:
    rows = call.store["giftcard_transactions"].find("card_uuid", card["uuid"])
    return any(row["amount_in_cents"] > 0 and row["reversed_by"] is None for row in rows)


def reverse(call: Call) -> dict[str, Any]:
    """Undo the last transaction of a card by the opposite one, which itself stays."""
    table = call.store["giftcard_transactions"]
    row = call.row("giftcard_transactions", call.path["giftcard_transaction_uuid"], 5010)
    if table.find("card_uuid", row["card_uuid"])[-1] is not row or row["reversed_by"] is not None:
        raise Refusal(55025)
    card = call.store["giftcards"].rows[row["card_uuid"]]
    shop = call.store["shops"].rows[row["shop_uuid"]]
    undone = book(call, card, shop, -row["amount_in_cents"], reverses=row["uuid"])
    table.update(row, reversed_by=undone["uuid"])
    return _view(call, undone)


def get(call: Call) -> dict[str, Any]:
    """Fetch one transaction."""
    return _view(call, call.row("giftcard_transactions", call.path["giftcard_transaction_uuid"], 5010))


def list_(call: Call) -> SandboxAnswer:
    """Page through transactions, oldest first."""
    table, cards = call.store["giftcard_transactions"], call.store["giftcards"]
    code, program, shop = (call.get(name) for name in ("giftcard_hash", "giftcard_program_uuid", "shop_uuid"))
    rows: Rows = table.rows.values()
    if code is not None:
        card = cards.first("hash", code)
        rows = table.find("card_uuid", card["uuid"]) if card else []
    if program is not None:
        rows = [row for row in rows if cards.rows[row["card_uuid"]]["program_uuid"] == program]
    if shop is not None:
        rows = [row for row in rows if row["shop_uuid"] == shop]
    # The page size has another name here, and an official client uses the common one nevertheless.
    size = next((call.params[name] for name in ("perPage", "limit") if call.get(name) is not None), 10)
    call.params["limit"] = size
    return viewing_page(call, within(rows, call.get("created_at")), _view)


_LIST = (
    RouteParam("perPage", "integer", min=0, max=100), RouteParam("limit", "integer", min=0, max=100),
    RouteParam("page", "integer", min=1, default=1), RouteParam("giftcard_hash"), RouteParam("giftcard_program_uuid"),
    RouteParam("shop_uuid"), SORT, BOUNDS,
)  # fmt: skip
_CREATE = (
    RouteParam("giftcard_uuid", required=True), AMOUNT,
    RouteParam("shop_uuid", required=True), RouteParam("custom_attributes", "map"),
)  # fmt: skip
_ROOT = "/giftcard-transactions"
_ONE = _ROOT + "/{giftcard_transaction_uuid}"

ROUTES = (
    Route("giftcard_transactions.list", "GET", _ROOT, list_, _LIST, roots=OAUTH),
    Route("giftcard_transactions.create", "POST", _ROOT, create, _CREATE),
    Route("giftcard_transactions.get", "GET", _ONE, get),
    Route("giftcard_transactions.reverse", "POST", _ONE + "/reverse", reverse),
    Route("giftcard_transactions.reverse", "GET", _ONE + "/reverse", reverse, roots=REGISTER),
    Route("giftcard_transactions.correct", "POST", _ONE + "/correct", reverse, certainty="observed in an answer"),
)
