"""Copies of orders of a shop's own system; processing one gives points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..paging import page_params, viewing_page
from ..params import RouteParam, iso
from ..routing import OAUTH, REGISTER, Route
from ..store import Row
from . import order_parts as parts
from .ledger import book, credits_for, unit_of
from .product_categories import by_identifier, free

TABLES = {"orders": ("external_identifier", "contact_uuid")}

_TABLE = "orders"


def _view(call: Call, row: Row) -> dict[str, Any]:
    contact = call.store["contacts"].get(row["contact_uuid"])
    shop = call.store["shops"].rows[row["shop_uuid"]]
    total = row["total_order_amount"]
    symbol = "€" if row["currency"] == "EUR" else row["currency"]
    return {
        "uuid": row["uuid"],
        "contact": {"uuid": contact["uuid"], "email": contact["email"]} if contact else None,
        "business_profile": {"uuid": shop["uuid"], "name": shop["name"]},
        **{key: row[key] for key in ("external_identifier", "reference", "status", "payment_status", "currency")},
        "formatted_total_order_amount": f"{symbol} {total // 100}.{total % 100:02d}",
        "order_amount": row["order_amount"],
        "total_charges_amount": sum(charge["total_amount"] for charge in row["charges"]),
        "total_discount_amount": row["total_discount_amount"],
        "total_order_amount": total,
        **{key: row[key] for key in ("paid_at", "completed_at", "line_items", "applied_discounts", "charges")},
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def _points(call: Call, order: Mapping[str, Any]) -> int:
    """What an order gives: by the rule that the sandbox was told, or as if its worth were a credit reception."""
    amount = parts.worth(order)
    if call.engine.order_rule is not None:
        return call.engine.order_rule({**order, "amount": amount})
    return credits_for(unit_of(call, None), amount / 100)


def _insert(call: Call) -> Row:
    given = call.params
    contact = call.contact(given["contact"]["uuid"])
    shop = call.shop(given["business_profile"]["uuid"])
    free(call, _TABLE, given["external_identifier"])
    parts.check(call)
    lines = [parts.keep_line(call.store, line) for line in given["line_items"]]
    discounts = [parts.keep_discount(call, item) for item in given.get("applied_discounts") or ()]
    taken_off = sum(line["discount_amount"] for line in parts.all_lines(lines))
    taken_off += sum(item["amount"] for item in discounts if item["applied_to"] == "ORDER")
    computed = {
        "order_amount": sum(line["total_amount"] for line in parts.all_lines(lines)),
        "total_discount_amount": taken_off,
    }
    now = call.now()
    return call.store.insert(
        _TABLE,
        contact_uuid=contact["uuid"],
        shop_uuid=shop["uuid"],
        **{key: given.get(key) for key in _AS_SENT},
        **{key: value if given.get(key) is None else given[key] for key, value in computed.items()},
        line_items=lines,
        applied_discounts=discounts,
        charges=[parts.keep_charge(call.store, charge) for charge in given.get("charges") or ()],
        points=None,  # until it is processed
        created_at=now,
        updated_at=now,
    )


def result(points: int, contact: Row) -> dict[str, Any]:
    """What an order or a return did to the balance."""
    return {"type": "POINTS_TRANSACTION", "data": {"points": points, "new_balance": contact["credits"]}}


def give(call: Call, order: Row, points: int, amount: int) -> dict[str, Any]:
    """Book points of an order, or take them back; nothing is booked for none."""
    contact = call.contact(order["contact_uuid"])
    if points:
        unit = call.store["units"].first("is_default", True)
        book(
            call,
            contact,
            shop_uuid=order["shop_uuid"],
            credits=points,
            unit_value=amount / 100,
            unit_uuid=unit["uuid"] if unit else None,
            identifier_uuid=None,
            extra={},
        )
    return result(points, call.contact(contact["uuid"]))


def _process(call: Call, row: Row) -> tuple[Row, dict[str, Any]]:
    if row["status"] == "CANCELLED":
        raise invalid("status", "A cancelled order cannot be processed.")
    if row["points"] is not None:
        raise invalid("order_uuid", "The order has already been processed.")
    points = _points(call, row)
    program = next(iter(call.store["loyalty_programs"].rows.values()))
    if abs(points) > program["max_amount"]:
        raise Refusal(1015)
    row = call.store[_TABLE].update(row, points=points)
    return row, give(call, row, points, parts.worth(row))


def list_(call: Call) -> SandboxAnswer:
    """Page through orders, oldest first."""
    return viewing_page(call, call.store[_TABLE].rows.values(), _view)


def create(call: Call) -> dict[str, Any]:
    """Create an order without processing it."""
    return _view(call, _insert(call))


def create_and_process(call: Call) -> dict[str, Any]:
    """Create an order and process it."""
    row, given = _process(call, _insert(call))
    return {"order": _view(call, row), "result": given}


def process(call: Call) -> dict[str, Any]:
    """Give the points of an order, once."""
    return _process(call, call.row(_TABLE, call.path["order_uuid"], 60013))[1]


def get(call: Call) -> dict[str, Any]:
    """Fetch one order."""
    return _view(call, call.row(_TABLE, call.path["order_uuid"], 60013))


def find(call: Call) -> dict[str, Any]:
    """Find an order by your own identifier."""
    return _view(call, by_identifier(call, _TABLE))


def update(call: Call) -> dict[str, Any]:
    """Change the state; points that were given stay."""
    row = call.row(_TABLE, call.path["order_uuid"], 60013)
    changes = {name: value for name, value in call.params.items() if value is not None}
    return _view(call, call.store[_TABLE].update(row, updated_at=call.now(), **changes))


def simulate(call: Call) -> dict[str, Any]:
    """What an order would give."""
    call.shop(call.params["business_profile"]["uuid"])
    if call.get("contact"):
        call.contact(call.params["contact"]["uuid"])
    return {"type": "points_transaction", "data": {"points": _points(call, call.params)}}


_BY_UUID = (RouteParam("uuid", required=True),)
_AS_SENT = (
    "external_identifier", "reference", "status", "payment_status", "currency", "total_order_amount", "paid_at",
    "completed_at",
)  # fmt: skip
_SHOP = RouteParam("business_profile", "map", required=True, fields=_BY_UUID)
_SUMS = (
    parts.cents("total_order_amount", required=True),
    parts.cents("order_amount"),
    parts.cents("total_discount_amount"),
    RouteParam("currency", default="EUR"),
)
_CREATE = (
    RouteParam("external_identifier", required=True),
    RouteParam("reference"),
    RouteParam("status", required=True, choices=parts.STATUSES),
    RouteParam("payment_status", required=True, choices=parts.PAYMENTS),
    *_SUMS,
    RouteParam("paid_at", "datetime"),
    RouteParam("completed_at", "datetime"),
    RouteParam("contact", "map", required=True, fields=_BY_UUID),
    _SHOP,
    parts.LINES,
    parts.DISCOUNTS,
    parts.CHARGES,
    parts.PAID_WITH,
)
_UPDATE = (RouteParam("status", choices=parts.STATUSES), RouteParam("payment_status", choices=parts.PAYMENTS))
_SIMULATE = (*_UPDATE, *_SUMS, RouteParam("contact", "map", fields=_BY_UUID), _SHOP, *parts.SIMULATED)
_FIND = (RouteParam("external_identifier", required=True),)
_PAGE = page_params(10, 100)
_ROOT = "/orders"
_ONE = _ROOT + "/{order_uuid}"

ROUTES = (
    Route("orders.list", "GET", _ROOT, list_, _PAGE, certainty="assumed", roots=OAUTH),
    Route("orders.list", "GET", _ROOT, list_, _PAGE, certainty="observed in a client", roots=REGISTER),
    Route("orders.create", "POST", _ROOT, create, _CREATE),
    Route("orders.create_and_process", "POST", _ROOT + "/create-and-process", create_and_process, _CREATE),
    Route("orders.find", "GET", _ROOT + "/find", find, _FIND),
    Route("orders.simulate", "POST", _ROOT + "/simulate", simulate, _SIMULATE),
    Route("orders.get", "GET", _ONE, get, certainty="observed in a client"),
    Route("orders.process", "POST", _ONE + "/process", process),
    Route("orders.update", "PUT", _ONE, update, _UPDATE),
)
