"""Benefits that come with tiers."""

from __future__ import annotations

from typing import Any

from ..engine import Bare, Call, SandboxAnswer
from ..errors import invalid
from ..params import RouteParam
from ..routing import Route
from ..store import Row

TABLES = {"perks": ("name", "label")}


def _view(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in ("uuid", "label", "name", "data_type", "options")}


def _perk(call: Call) -> Row:
    return call.row("perks", call.path["perk_uuid"], 110000)


def _free(call: Call, field: str, own: Row | None = None) -> str:
    value: str = call.params[field]
    taken = call.store["perks"].first(field, value)
    if taken is not None and taken is not own:
        raise invalid(field, f"The {field} has already been taken.")
    return value


def _options(call: Call, kind: str) -> list[dict[str, Any]]:
    options: list[dict[str, Any]] = call.params["options"]
    if not any(option["default"] for option in options):
        raise invalid("options", "One of the options must be the default.")
    values = {str(option["value"]).lower() for option in options}
    if kind == "boolean" and not values <= {"true", "false", "1", "0"}:
        raise invalid("options", "The options of a boolean perk are true and false.")
    return options


def list_(call: Call) -> Bare:
    """All perks; this answer has no `meta`."""
    return Bare({"data": [_view(row) for row in call.store["perks"].rows.values()]})


def create(call: Call) -> SandboxAnswer:
    """Create a perk."""
    kind = call.params.get("data_type") or call.params.get("dataType")
    if kind is None:
        raise invalid("data_type", "The data_type field is required.")
    fields = {"label": _free(call, "label"), "name": _free(call, "name")}
    return SandboxAnswer(_view(call.store.insert("perks", data_type=kind, options=_options(call, kind), **fields)), {})


def get(call: Call) -> SandboxAnswer:
    """Fetch one perk."""
    return SandboxAnswer(_view(_perk(call)), {})


def update(call: Call) -> SandboxAnswer:
    """Rename a perk."""
    row = _perk(call)
    return SandboxAnswer(_view(call.store["perks"].update(row, label=_free(call, "label", row))), {})


def delete(call: Call) -> SandboxAnswer:
    """Delete a perk."""
    call.store["perks"].delete(_perk(call))
    return SandboxAnswer(None, {})


_LABEL = RouteParam("label", required=True)
_KINDS = ("single_select", "boolean")
_CREATE = (
    _LABEL,
    RouteParam("name", required=True),
    RouteParam("data_type", choices=_KINDS),
    RouteParam("dataType", choices=_KINDS),  # as the official PHP SDK sends it
    RouteParam("options", "list", required=True, fields=(
        RouteParam("label", required=True),
        RouteParam("value", "any", required=True),
        RouteParam("default", "boolean", required=True),
    )),
)  # fmt: skip
_ROOT = "/perks"
_ONE = _ROOT + "/{perk_uuid}"

ROUTES = (
    Route("perks.list", "GET", _ROOT, list_),
    Route("perks.create", "POST", _ROOT, create, _CREATE),
    Route("perks.get", "GET", _ONE, get),
    Route("perks.update", "PUT", _ONE, update, (_LABEL,)),
    Route("perks.delete", "DELETE", _ONE, delete),
)
