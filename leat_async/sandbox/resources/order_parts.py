"""What an order is made of: the parameters of its parts, how they are kept, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..engine import Call
from ..errors import invalid
from ..params import RouteParam
from ..store import Row, Store
from . import products

_MOST = 10**12  # of any amount, in cents
STATUSES = ("CREATED", "PENDING", "COMPLETED", "CANCELLED")
PAYMENTS = ("UNPAID", "PENDING", "PAID")
# Payments, and what a line may have produced: where it is kept, and the code when it is not there.
_KEPT_IN = {
    "GIFTCARD_TRANSACTION": ("giftcard_transactions", 5010),
    "PREPAID_TRANSACTION": ("prepaid_transactions", 60013),
    "VOUCHER": ("vouchers", 80004),
}


def cents(name: str, *, required: bool = False) -> RouteParam:
    """An amount in cents."""
    return RouteParam(name, "integer", required, 0, _MOST)


_EXTERNAL = RouteParam("external_identifier", required=True)
_NAME = RouteParam("name", required=True)
_COUNTED = (
    _NAME,
    RouteParam("quantity", "number", required=True, min=0, max=10**6),
    cents("price", required=True),
    cents("total_amount", required=True),
    cents("discount_amount"),
)
_PRODUCT = RouteParam("product", "map", fields=(_EXTERNAL,))
_ANY_PRODUCT = RouteParam("product", "map", fields=(RouteParam("uuid"), RouteParam("external_identifier")))
_RESULT = RouteParam("result", "map", fields=(RouteParam("uuid", required=True), RouteParam("type", required=True)))
_NAMED = (_EXTERNAL,)
_AMOUNTS = (cents("amount"), cents("discount_amount"), cents("total_amount", required=True))
_DISCOUNT = (
    _NAME,
    cents("amount", required=True),
    RouteParam("type", choices=("PERCENTAGE", "ABSOLUTE")),
    RouteParam("value", "number"),
    RouteParam("applied_to", required=True),  # its values differ from page to page
)
LINES = RouteParam("line_items", "list", required=True, fields=(
    _EXTERNAL, *_COUNTED, _PRODUCT, _RESULT,
    RouteParam("sub_line_items", "list", fields=(_EXTERNAL, *_COUNTED, _PRODUCT)),
))  # fmt: skip
DISCOUNTS = RouteParam("applied_discounts", "list", fields=(
    _EXTERNAL, *_DISCOUNT,
    RouteParam("line_items", "list", fields=_NAMED),
    RouteParam("sub_line_items", "list", fields=_NAMED),
    RouteParam("charges", "list", fields=_NAMED),
    RouteParam("offer", "map", fields=(RouteParam("uuid", required=True), RouteParam("type", required=True))),
))  # fmt: skip
CHARGES = RouteParam("charges", "list", fields=(
    _EXTERNAL, _NAME, RouteParam("type"), *_AMOUNTS, RouteParam("charge_definition", "map", fields=_NAMED),
))  # fmt: skip
PAID_WITH = RouteParam("payments", "list", fields=(
    RouteParam("uuid", required=True),
    RouteParam("type", required=True, choices=("GIFTCARD_TRANSACTION", "PREPAID_TRANSACTION")),
))  # fmt: skip
# A simulated order has no identifiers of its own.
SIMULATED = (
    RouteParam("line_items", "list", required=True, fields=(
        *_COUNTED, _ANY_PRODUCT, RouteParam("sub_line_items", "list", fields=(*_COUNTED, _ANY_PRODUCT)),
    )),
    RouteParam("applied_discounts", "list", fields=_DISCOUNT),
    RouteParam("charges", "list", fields=(
        _NAME, *_AMOUNTS,
        RouteParam("charge_definition", "map", fields=(RouteParam("uuid"), RouteParam("external_identifier"))),
    )),
)  # fmt: skip


def all_lines(lines: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Lines and their parts: both are worth their own total."""
    for line in lines:
        yield line
        yield from line.get("sub_line_items") or ()


def gross(order: Mapping[str, Any]) -> int:
    """Lines, their parts and charges, in cents, with the discounts of each already taken off."""
    parts = (*all_lines(order["line_items"]), *(order.get("charges") or ()))
    amounts: list[int] = [part["total_amount"] for part in parts]
    return sum(amounts)


def worth(order: Mapping[str, Any]) -> int:
    """What points are computed from, in cents: the gross amount less the discounts of the whole order."""
    discounts = order.get("applied_discounts") or ()
    taken_off: list[int] = [item["amount"] for item in discounts if item["applied_to"] == "ORDER"]
    return max(0, gross(order) - sum(taken_off))


def check(call: Call) -> None:
    """Every identifier stands for one line, and what is referred to is there."""
    lines = [line["external_identifier"] for line in all_lines(call.params["line_items"])]
    if len(set(lines)) < len(lines):
        raise invalid("line_items", "The external_identifier of each line must be unique within the order.")
    for discount in call.get("applied_discounts") or ():
        for key in ("line_items", "sub_line_items"):
            for named in discount.get(key) or ():
                if named["external_identifier"] not in lines:
                    raise invalid("applied_discounts", f"There is no line {named['external_identifier']}.")
    produced = [line["result"] for line in call.params["line_items"] if line.get("result")]
    for reference in (*produced, *(call.get("payments") or ())):
        kept = _KEPT_IN.get(reference["type"])
        if kept is None:
            raise invalid("line_items", f"The result type {reference['type']} is unknown.")
        call.row(kept[0], reference["uuid"], kept[1])


def keep_line(store: Store, line: Mapping[str, Any]) -> Row:
    """A line with its parts as it is kept and shown; an unknown product is made."""
    return {
        **_keep_part(store, line),
        "sub_line_items": [_keep_part(store, part) for part in line.get("sub_line_items") or ()],
    }


def _keep_part(store: Store, line: Mapping[str, Any]) -> Row:
    kept: Row = {
        "uuid": store.new_uuid(),
        **{key: line[key] for key in ("external_identifier", "name", "quantity", "price", "total_amount")},
        "discount_amount": line.get("discount_amount") or 0,
    }
    if line.get("product"):
        identifier = line["product"]["external_identifier"]
        product = store["products"].first("external_identifier", identifier)
        if product is None:
            product = products.add(store, identifier, line["name"])
        kept["product"] = {"external_identifier": identifier, "name": product["name"]}
    return kept


def keep_discount(call: Call, discount: Mapping[str, Any]) -> Row:
    """A discount as it is kept and shown."""
    return {
        "uuid": call.store.new_uuid(),
        **{key: discount.get(key) for key in ("external_identifier", "name", "amount", "type", "value", "applied_to")},
        **{key: discount.get(key) or [] for key in ("line_items", "sub_line_items")},
        **{key: discount[key] for key in ("charges", "offer") if discount.get(key)},
    }


def keep_charge(store: Store, charge: Mapping[str, Any]) -> Row:
    """A charge as it is kept and shown."""
    definition: Mapping[str, Any] = charge.get("charge_definition") or {}
    discount, total = charge.get("discount_amount") or 0, charge["total_amount"]
    amount = charge.get("amount")
    return {
        "uuid": store.new_uuid(),
        "external_identifier": charge["external_identifier"],
        "type": charge.get("type") or definition.get("external_identifier"),
        "name": charge["name"],
        "amount": total + discount if amount is None else amount,
        "discount_amount": discount,
        "total_amount": total,
    }
