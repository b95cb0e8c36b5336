"""Promotions: the campaigns that vouchers belong to."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..paging import page_params
from ..params import RouteParam
from ..routing import Route
from ..store import Row, Store
from .custom_attributes import add

TABLES: dict[str, tuple[str, ...]] = {"promotions": ()}

DAY = 86_400
_OFFERS = (
    # name, description, voucher_limit, limit_per_contact, days, redemptions_per_voucher, plu
    ("Free Dessert", "A dessert of your choice", 1000, 3, 30, 1, "D-100"),
    ("Ten Coffees", "Ten coffees on one card", None, None, 365, 10, "C-010"),
)
_FACTS = ("uuid", "name", "description", "voucher_limit", "limit_per_contact", "expiration_duration")
# Read by the official PHP SDK, which cannot do without them; in no recorded answer.
_PHP = ("type", "redemptions_per_voucher")


def seed(store: Store, now: int) -> None:
    """Two promotions and an attribute."""
    add(store, now, "promotion", "plu", "text", label="PLU")
    for name, description, limit, own_limit, days, times, plu in _OFFERS:
        offer: dict[str, Any] = {
            "name": name, "description": description, "voucher_limit": limit, "limit_per_contact": own_limit,
            "expiration_duration": days * DAY, "redemptions_per_voucher": times, "attributes": {"plu": plu},
        }  # fmt: skip
        _add(store, now, **offer)


def _add(store: Store, now: int, *, redemptions_per_voucher: int, **fields: Any) -> Row:
    kind = "SINGLE_USE" if redemptions_per_voucher == 1 else "MULTI_USE"
    row = {"type": kind, "redemptions_per_voucher": redemptions_per_voucher, "active": True, "created_at": now}
    return store.insert("promotions", **{**row, **fields})


def attributes_of(call: Call, row: Row) -> dict[str, Any]:
    """The values of a promotion's attributes; null where there is none."""
    names = {definition["name"]: None for definition in call.store["attributes"].find("entity", "promotion")}
    return {**names, **row["attributes"]}


def view(call: Call, row: Row) -> dict[str, Any]:
    """A promotion as the API shows it; no attributes are an empty list, as PHP writes it."""
    return {"attributes": attributes_of(call, row) or [], **{name: row[name] for name in (*_FACTS, *_PHP)}}


def inside(call: Call, row: Row) -> dict[str, Any]:
    """The promotion of a voucher: attribute values are further keys, beside the map of them that clients read."""
    attributes = attributes_of(call, row)
    return {**attributes, "attributes": attributes or [], **{name: row[name] for name in (*_FACTS, *_PHP)}}


def list_(call: Call) -> SandboxAnswer:
    """Promotions, by pages that nothing tells about."""
    limit, page = call.params["limit"], call.params["page"]
    rows = list(call.store["promotions"].rows.values())
    return SandboxAnswer([view(call, row) for row in rows[(page - 1) * limit : page * limit]])


def get(call: Call) -> dict[str, Any]:
    """Fetch one promotion."""
    return view(call, call.row("promotions", call.path["promotion_uuid"], 80002))


def create(call: Call) -> dict[str, Any]:
    """Create a promotion."""
    names = ("name", "description", "voucher_limit", "limit_per_contact", "expiration_duration")
    fields: dict[str, Any] = {name: call.get(name) for name in names}
    if call.get("type") is not None:
        fields["type"] = call.params["type"]
    times = call.get("redemptions_per_voucher") or 1
    return view(call, _add(call.store, call.now(), redemptions_per_voucher=times, attributes={}, **fields))


_CREATE = (
    RouteParam("name", required=True),
    RouteParam("description", required=True),
    RouteParam("voucher_limit", "integer", min=0),
    RouteParam("limit_per_contact", "integer", min=0),
    RouteParam("expiration_duration", "integer", min=0),
    RouteParam("type"),
    RouteParam("redemptions_per_voucher", "integer", min=1),
)
_ROOT = "/promotions"

ROUTES = (
    Route("promotions.list", "GET", _ROOT, list_, page_params(30, 100)),
    Route("promotions.create", "POST", _ROOT, create, _CREATE),
    Route("promotions.get", "GET", _ROOT + "/{promotion_uuid}", get),
)
