"""Money that contacts have deposited."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import invalid
from ..paging import Rows, laravel_page, page_params
from ..params import RouteParam, iso
from ..routing import OAUTH, Route
from ..store import Row
from .ledger import AMOUNT, receiver
from .shapes import contact_of

TABLES = {"prepaid_transactions": ("contact_uuid",)}


def _view(call: Call, row: Row) -> dict[str, Any]:
    shop = call.store["shops"].rows[row["shop_uuid"]]
    used = call.store["contact_identifiers"].get(row["identifier_uuid"])
    balance = row["balance_in_cents"]
    return {
        "uuid": row["uuid"],
        "amount_in_cents": row["amount_in_cents"],
        "prepaid_balance": {"balance_in_cents": balance, "balance": f"€{balance / 100:.2f}"},
        "created_at": iso(row["created_at"]),
        "shop": {"id": shop["id"], "uuid": shop["uuid"], "reference": shop["reference"], "name": shop["name"]},
        "contact_identifier": {name: used[name] for name in ("name", "value", "active")} if used else None,
    }


def _listed(call: Call, row: Row) -> dict[str, Any]:
    return {**_view(call, row), "contact": contact_of(call, row)}


def _book(call: Call, contact: Row, amount: int, field: str, **fields: Any) -> Row:
    """Record a transaction and move the balance of its contact, which stays above zero."""
    balance = contact["prepaid_cents"] + amount
    if balance < 0:
        raise invalid(field, "The prepaid balance is insufficient.")
    now = call.now()
    call.store["contacts"].update(contact, prepaid_cents=balance, updated_at=now)
    return call.store.insert(
        "prepaid_transactions",
        contact_uuid=contact["uuid"],
        amount_in_cents=amount,
        balance_in_cents=balance,
        created_at=now,
        **fields,
    )


def create(call: Call) -> dict[str, Any]:
    """Deposit (positive) or spend (negative)."""
    shop = call.shop(call.get("shop_uuid"))
    contact, used = receiver(call, by_identifier=True)
    amount = call.params["amount_in_cents"]
    if amount == 0:
        raise invalid("amount_in_cents", "The amount_in_cents must not be 0.")
    fields = {"shop_uuid": shop["uuid"], "identifier_uuid": used["uuid"] if used else None, "reversed_by": None}
    return _view(call, _book(call, contact, amount, "amount_in_cents", **fields))


def reverse(call: Call) -> dict[str, Any]:
    """Undo a transaction, once, by the opposite one."""
    table, field = call.store["prepaid_transactions"], "prepaid_transaction_uuid"
    row = table.get(call.path[field])
    if row is None:
        raise invalid(field, "There is no such prepaid transaction.")
    if row["reversed_by"] is not None:
        raise invalid(field, "The prepaid transaction has already been reversed.")
    contact = call.contact(row["contact_uuid"])
    fields = {"shop_uuid": row["shop_uuid"], "identifier_uuid": row["identifier_uuid"], "reversed_by": row["uuid"]}
    undone = _book(call, contact, -row["amount_in_cents"], field, **fields)
    table.update(row, reversed_by=undone["uuid"])
    return _view(call, undone)


def list_(call: Call) -> SandboxAnswer:
    """Page through transactions, oldest first."""
    table, contact, shop = call.store["prepaid_transactions"], call.get("contact_uuid"), call.get("shop_uuid")
    rows: Rows = table.rows.values()
    if contact is not None:
        rows = table.find("contact_uuid", call.contact(contact)["uuid"])
    if shop is not None:
        call.shop(shop)
        rows = [row for row in rows if row["shop_uuid"] == shop]
    answer = laravel_page(call, rows, _listed)
    first = (call.params["page"] - 1) * call.params["limit"] + 1 if answer.data else None
    answer.meta["from"] = first
    return answer


_CREATE = (
    RouteParam("contact_uuid"),
    RouteParam("contact_identifier_value"),
    AMOUNT,
    RouteParam("shop_uuid", required=True),
)
_ROOT = "/prepaid-transactions"

ROUTES = (
    Route("prepaid_transactions.create", "POST", _ROOT, create, _CREATE),
    Route(
        "prepaid_transactions.list",
        "GET",
        _ROOT,
        list_,
        (*page_params(10, 30), RouteParam("contact_uuid"), RouteParam("shop_uuid")),
        roots=OAUTH,
    ),
    Route("prepaid_transactions.reverse", "POST", _ROOT + "/{prepaid_transaction_uuid}/reverse", reverse, roots=OAUTH),
)
