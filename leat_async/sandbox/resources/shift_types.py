"""Kinds of shifts."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..paging import counted_page, page_params
from ..params import RouteParam, iso
from ..routing import OAUTH, Route
from ..store import Row

TABLES = {"shift_types": ("name",)}


def view(call: Call, row: Row) -> dict[str, Any]:
    """A shift type as the API shows it."""
    return {
        "uuid": row["uuid"],
        "name": row["name"],
        "description": row["description"],
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def _values(call: Call, own: Row | None = None) -> dict[str, Any]:
    taken = call.store["shift_types"].first("name", call.params["name"])
    if taken is not None and taken is not own:
        raise invalid("name", "The name has already been taken.")
    return {"name": call.params["name"], "description": call.params["description"], "updated_at": call.now()}


def list_(call: Call) -> SandboxAnswer:
    """Page through shift types, oldest first."""
    return counted_page(call, call.store["shift_types"].rows.values(), view)


def create(call: Call) -> SandboxAnswer:
    """Create a shift type."""
    return SandboxAnswer(view(call, call.store.insert("shift_types", created_at=call.now(), **_values(call))), {})


def find(call: Call) -> SandboxAnswer:
    """Find a shift type by its name."""
    row = call.store["shift_types"].first("name", call.params["name"])
    if row is None:
        raise Refusal(80550)
    return SandboxAnswer(view(call, row), {})


def get(call: Call) -> SandboxAnswer:
    """Fetch one shift type."""
    return SandboxAnswer(view(call, call.row("shift_types", call.path["shift_type_uuid"], 80550)), {})


def update(call: Call) -> SandboxAnswer:
    """Change name and description."""
    row = call.row("shift_types", call.path["shift_type_uuid"], 80550)
    return SandboxAnswer(view(call, call.store["shift_types"].update(row, **_values(call, row))), {})


_NAME = RouteParam("name", required=True)
_BOTH = (_NAME, RouteParam("description", required=True))
_ROOT = "/shift-types"
_ONE = _ROOT + "/{shift_type_uuid}"

ROUTES = (
    Route("shift_types.list", "GET", _ROOT, list_, page_params(30, 100), roots=OAUTH),
    Route("shift_types.create", "POST", _ROOT, create, _BOTH, roots=OAUTH),
    Route("shift_types.find", "GET", _ROOT + "/find", find, (_NAME,), roots=OAUTH),
    Route("shift_types.get", "GET", _ONE, get, roots=OAUTH),
    Route("shift_types.update", "PUT", _ONE, update, _BOTH, roots=OAUTH),
)
