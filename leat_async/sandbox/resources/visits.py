"""Visits of contacts to a shop."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..paging import laravel_page, page_params
from ..params import RouteParam, iso
from ..routing import OAUTH, Route
from ..store import Row
from .shapes import contact_of

TABLES = {"visits": ("contact_uuid", "external_id")}

_FIELDS = (
    RouteParam("external_id"),
    RouteParam("source"),
    RouteParam("starts_at", "datetime"),
    RouteParam("ends_at", "datetime"),
)


def view(call: Call, row: Row) -> dict[str, Any]:
    """A visit as the API shows it."""
    return {
        "uuid": row["uuid"],
        "contact": contact_of(call, row),
        "external_id": row["external_id"],
        "source": row["source"],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "created_at": iso(row["created_at"]),
    }


def _free(call: Call, external_id: str | None, own: Row | None, field: str = "external_id") -> None:
    if external_id is None or not call.engine.unique_external_ids:
        return
    taken = call.store["visits"].first("external_id", external_id)
    if taken is not None and taken is not own:
        raise invalid(field, "The external_id has already been taken.")


def _insert(call: Call, contact: Row, shop: Row, values: dict[str, Any]) -> Row:
    return call.store.insert(
        "visits",
        contact_uuid=contact["uuid"],
        shop_uuid=shop["uuid"],
        external_id=values.get("external_id"),
        source=values.get("source"),
        starts_at=values.get("starts_at"),
        ends_at=values.get("ends_at"),
        created_at=call.now(),
    )


def create(call: Call) -> dict[str, Any]:
    """Create a visit."""
    contact = call.contact(call.params["contact_uuid"])
    shop = call.shop(call.get("shop_uuid"))
    _free(call, call.get("external_id"), None)
    return view(call, _insert(call, contact, shop, call.params))


def update(call: Call) -> dict[str, Any]:
    """Change what was sent; shop and contact stay."""
    row = call.row("visits", call.path["visit_uuid"], 60013)
    _free(call, call.get("external_id"), row)
    return view(call, call.store["visits"].update(row, **call.params))


def get(call: Call) -> dict[str, Any]:
    """Fetch one visit."""
    return view(call, call.row("visits", call.path["visit_uuid"], 60013))


def list_(call: Call) -> SandboxAnswer:
    """Page through visits, oldest first."""
    visits = call.store["visits"]
    uuid = call.get("contact_uuid")
    rows = visits.rows.values() if uuid is None else visits.find("contact_uuid", uuid)
    return laravel_page(call, rows, view)


def batch(call: Call) -> list[dict[str, Any]]:
    """Create many visits, or none when one of them is refused."""
    made: list[Row] = []
    for index, item in enumerate(call.params["visits"]):
        contact = call.store["contacts"].first("email", item["contact_email"].lower())
        if contact is None:
            raise Refusal(55031, {f"visits.{index}.contact_email": ["There is no such contact."]})
        _free(call, item.get("external_id"), None, f"visits.{index}.external_id")
        made.append(_insert(call, contact, call.shop(item["business_profile_uuid"]), item))
    return [view(call, row) for row in made]


_CREATE = (RouteParam("contact_uuid", required=True), *_FIELDS)
_BATCH = RouteParam(
    "visits",
    "list",
    required=True,
    fields=(
        RouteParam("contact_email", "email", required=True),
        RouteParam("business_profile_uuid", required=True),
        *_FIELDS,
    ),
)

ROUTES = (
    Route("visits.list", "GET", "/visits", list_, (*page_params(30, 500), RouteParam("contact_uuid")), roots=OAUTH),
    Route("visits.get", "GET", "/visits/{visit_uuid}", get, roots=OAUTH),
    Route("visits.create", "POST", "/visits", create, (*_CREATE, RouteParam("shop_uuid", required=True))),
    Route("visits.update", "PUT", "/visits/{visit_uuid}", update, _FIELDS),
    Route("visits.batch", "POST", "/visits/batch", batch, (_BATCH,), certainty="assumed", roots=OAUTH),
)
