"""What comes back of an order, and the points with it, in proportion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ..engine import Call
from ..errors import Refusal, invalid
from ..params import RouteParam
from ..routing import Certainty, Route
from ..store import Row
from .order_parts import all_lines, cents, gross
from .orders import give
from .product_categories import free

TABLES = {"order_returns": ("external_identifier", "order_uuid")}

_TABLE = "order_returns"


def _order(call: Call) -> Row:
    named = call.params["order"]
    orders = call.store["orders"]
    row = orders.get(named.get("uuid")) or orders.first("external_identifier", named.get("external_identifier"))
    if row is None:
        raise Refusal(60013)
    return row


class _Remains:
    """What has not come back of an order yet."""

    def __init__(self, order: Row, before: Iterable[Row]) -> None:
        self.lines = {line["external_identifier"]: line for line in order["line_items"]}
        every = [*all_lines(order["line_items"])]
        self.parts = {line["external_identifier"]: line for line in every if line not in order["line_items"]}
        self.charges = {charge["external_identifier"]: charge["total_amount"] for charge in order["charges"]}
        self.quantity = {line["uuid"]: line["quantity"] for line in every}
        self.amount = {line["uuid"]: line["total_amount"] for line in every}
        for earlier in before:
            for item in earlier["items"]:
                self.quantity[item["line_uuid"]] -= item["quantity"]
                self.amount[item["line_uuid"]] -= item["amount"]
            for identifier, amount in earlier["charges"].items():
                self.charges[identifier] -= amount

    def take(self, call: Call, field: str, given: Mapping[str, Any], index: int) -> Row:
        """One line that comes back, with its amount."""
        line = (self.lines if field == "line_items" else self.parts).get(given["external_identifier"])
        if line is None:
            raise invalid(f"{field}.{index}.external_identifier", "There is no such line in the order.")
        uuid, quantity, amount = line["uuid"], given["quantity"], given.get("total_amount")
        if quantity > self.quantity[uuid]:
            raise invalid(f"{field}.{index}.quantity", "That is more than what is left to return.")
        if amount is None:
            share = Fraction(quantity) / Fraction(self.quantity[uuid]) if self.quantity[uuid] else 0
            amount = round(self.amount[uuid] * share)
        if amount > self.amount[uuid]:
            raise invalid(f"{field}.{index}.total_amount", "That is more than what is left to return.")
        self.quantity[uuid] -= quantity
        self.amount[uuid] -= amount
        return {"uuid": call.store.new_uuid(), "line_uuid": uuid, "quantity": quantity, "amount": amount, "of": field}

    def take_charge(self, given: Mapping[str, Any], index: int) -> tuple[str, int]:
        """One charge that comes back."""
        identifier, amount = given["external_identifier"], given["total_amount"]
        if amount > self.charges.get(identifier, -1):
            raise invalid(f"charges.{index}.total_amount", "There is no such charge, or less is left of it.")
        self.charges[identifier] -= amount
        return identifier, amount


def _returned(row: Row) -> int:
    amounts: list[int] = [*(item["amount"] for item in row["items"]), *row["charges"].values()]
    return sum(amounts)


def _view(row: Row, order: Row) -> dict[str, Any]:
    def shown(field: str, name: str) -> list[dict[str, Any]]:
        return [
            {"uuid": item["uuid"], "quantity": item["quantity"], name: {"uuid": item["line_uuid"]}}
            for item in row["items"]
            if item["of"] == field
        ]

    return {
        "uuid": row["uuid"],
        "status": row["status"],
        "order": {"uuid": order["uuid"]},
        "line_item_returns": shown("line_items", "line_item"),
        "sub_line_item_returns": shown("sub_line_items", "sub_line_item"),
    }


def _insert(call: Call) -> tuple[Row, Row]:
    """A return that is not processed, and its order."""
    order = _order(call)
    free(call, _TABLE, call.params["external_identifier"])
    remains = _Remains(order, call.store[_TABLE].find("order_uuid", order["uuid"]))
    items = [
        remains.take(call, field, given, index)
        for field in ("line_items", "sub_line_items")
        for index, given in enumerate(call.get(field) or ())
    ]
    charges: dict[str, int] = {}
    for index, given in enumerate(call.get("charges") or ()):
        identifier, amount = remains.take_charge(given, index)
        charges[identifier] = charges.get(identifier, 0) + amount
    known = {discount["external_identifier"] for discount in order["applied_discounts"]}
    for index, given in enumerate(call.get("applied_discounts") or ()):
        if given["external_identifier"] not in known:
            raise invalid(f"applied_discounts.{index}.external_identifier", "There is no such discount in the order.")
    if not items and not charges:
        raise invalid("line_items", "The return has neither lines nor charges.")
    row = call.store.insert(
        _TABLE,
        external_identifier=call.params["external_identifier"],
        order_uuid=order["uuid"],
        status=call.params["status"],
        items=items,
        charges=charges,
        points=None,  # until it is processed
        created_at=call.now(),
    )
    return row, order


def _process(call: Call, row: Row, order: Row) -> dict[str, Any]:
    # By the whole that has come back, so that parts and their sum take the same.
    processed = [one for one in call.store[_TABLE].find("order_uuid", order["uuid"]) if one["points"] is not None]
    whole, points = gross(order), order["points"] or 0
    so_far = sum(_returned(one) for one in (*processed, row))
    taken = -sum(one["points"] for one in processed)
    back = (points * so_far // whole if whole else 0) - taken
    call.store[_TABLE].update(row, points=-back)
    return give(call, order, -back, -_returned(row))


def create(call: Call) -> dict[str, Any]:
    """Return parts of an order, and leave the points for later."""
    return _view(*_insert(call))


def create_and_process(call: Call) -> dict[str, Any]:
    """Return parts of an order, and take back the points that they gave."""
    row, order = _insert(call)
    return {"return": _view(row, order), "result": _process(call, row, order)}


def process(call: Call) -> dict[str, Any]:
    """Take back the points of a return, once."""
    row = call.row(_TABLE, call.path["order_return_uuid"], 60013)
    if row["points"] is not None:
        raise invalid("order_return_uuid", "The return has already been processed.")
    return _process(call, row, call.store["orders"].rows[row["order_uuid"]])


_EXTERNAL = RouteParam("external_identifier", required=True)
_LINE = (
    _EXTERNAL,
    RouteParam("quantity", "number", required=True, min=0, max=10**6),
    cents("discount_amount"),
    cents("total_amount"),
    RouteParam("reason"),
)
_CREATE = (
    RouteParam("order", "map", required=True, fields=(RouteParam("uuid"), RouteParam("external_identifier"))),
    _EXTERNAL,
    RouteParam("status", required=True, choices=("PENDING", "COMPLETED")),
    RouteParam("line_items", "list", fields=_LINE),
    RouteParam("sub_line_items", "list", fields=_LINE),
    RouteParam("applied_discounts", "list", fields=(_EXTERNAL, cents("amount", required=True))),
    RouteParam("charges", "list", fields=(
        _EXTERNAL, cents("amount"), cents("discount_amount"), cents("total_amount", required=True),
    )),
)  # fmt: skip

_ROOT = "/order-returns"
_SEEN: Certainty = "observed in a client"

ROUTES = (
    Route("order_returns.create", "POST", _ROOT, create, _CREATE, certainty=_SEEN),
    Route("order_returns.create_and_process", "POST", _ROOT + "/create-and-process", create_and_process, _CREATE),
    Route("order_returns.process", "POST", _ROOT + "/{order_return_uuid}/process", process, certainty=_SEEN),
)
