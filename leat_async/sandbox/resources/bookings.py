"""Bookings (reservations) of contacts at a shop."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..params import RouteParam, iso
from ..routing import Route
from ..store import Row
from .shapes import contact_of

TABLES = {"bookings": ("contact_uuid",)}

_FIELDS = (
    RouteParam("external_id"),
    RouteParam("source"),
    RouteParam("starts_at", "datetime"),
    RouteParam("ends_at", "datetime"),
    RouteParam("checked_in_at", "datetime"),
    RouteParam("number_of_people", "integer"),
    RouteParam("company_name"),
    RouteParam("status"),
    RouteParam("prepaid_amount", "integer"),
)


def view(call: Call, row: Row) -> dict[str, Any]:
    """A booking as the API shows it: what was sent beyond these fields does not come back."""
    shown = {
        "uuid": row["uuid"],
        "contact": contact_of(call, row),
        "external_id": row["external_id"],
        "source": row["source"],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "created_at": iso(row["created_at"]),
    }
    if row["checked_in_at"] is not None:
        shown["checked_in_at"] = row["checked_in_at"]
    return shown


def create(call: Call) -> dict[str, Any]:
    """Create a booking."""
    contact = call.contact(call.params["contact_uuid"])
    shop = call.shop(call.get("shop_uuid"))
    fields = {field.name: call.get(field.name) for field in _FIELDS}
    row = call.store.insert(
        "bookings", contact_uuid=contact["uuid"], shop_uuid=shop["uuid"], created_at=call.now(), **fields
    )
    return view(call, row)


def update(call: Call) -> dict[str, Any]:
    """Change what was sent; shop and contact stay."""
    row = call.row("bookings", call.path["booking_uuid"], 60013)
    return view(call, call.store["bookings"].update(row, **call.params))


_CREATE = (RouteParam("contact_uuid", required=True), RouteParam("shop_uuid", required=True), *_FIELDS)

ROUTES = (
    Route("bookings.create", "POST", "/bookings", create, _CREATE),
    Route("bookings.update", "PUT", "/bookings/{booking_uuid}", update, _FIELDS),
)
