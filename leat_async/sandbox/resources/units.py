"""Units: what credits are counted from."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import Refusal
from ..params import RouteParam, iso
from ..routing import Route

TABLES = {"units": ("name", "is_default")}


def list_(call: Call) -> list[dict[str, Any]]:
    """All units of the account."""
    keys = ("name", "label", "prefix", "is_default")
    return [{key: row[key] for key in keys} for row in call.store["units"].rows.values()]


def create(call: Call) -> dict[str, Any]:
    """Create a unit; a new default takes the place of the old one."""
    units = call.store["units"]
    name = call.params["name"]
    if units.first("name", name):
        raise Refusal(55045)
    if call.params["is_default"]:
        for other in units.find("is_default", True):
            units.update(other, is_default=False)
    row = call.store.insert(
        "units",
        name=name,
        label=call.params["label"],
        prefix=call.get("prefix") or name[0],
        is_default=call.params["is_default"],
        credits_per_unit=1,
        created_at=call.now(),
    )
    # The one answer with another form of timestamps.
    moment = iso(row["created_at"]).replace("+00:00", ".000000Z")
    program = next(iter(call.store["loyalty_programs"].rows.values()))
    return {
        "loyalty_program_id": program["id"],
        "name": name,
        "label": row["label"],
        "is_default": row["is_default"],
        "prefix": row["prefix"],
        "format": "int",
        "updated_at": moment,
        "created_at": moment,
        "id": row["id"],
    }


_CREATE = (
    RouteParam("name", required=True),
    RouteParam("label", required=True),
    RouteParam("is_default", "boolean", default=False),
    RouteParam("prefix"),
)

ROUTES = (
    Route("units.list", "GET", "/units", list_),
    Route("units.create", "POST", "/units", create, _CREATE),
)
