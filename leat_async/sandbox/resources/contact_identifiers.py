"""Alternative unique keys of a contact, such as loyalty cards."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import Refusal
from ..params import RouteParam
from ..routing import OAUTH, Route
from ..store import Row
from .shapes import identifier

TABLES = {"contact_identifiers": ("value", "contact_uuid")}


def _find(call: Call, *, active: bool = True) -> Row:
    row = call.store["contact_identifiers"].first("value", call.params["contact_identifier_value"])
    if row is None:
        raise Refusal(60003)
    if active and not row["active"]:
        raise Refusal(60004)
    return row


def find(call: Call) -> dict[str, Any]:
    """Find an identifier by its value."""
    return identifier(call, _find(call))


def create(call: Call) -> dict[str, Any]:
    """Create an identifier, linked at once when a contact is given."""
    value = call.params["contact_identifier_value"]
    uuid = call.get("contact_uuid")
    if uuid is not None:
        call.contact(uuid)
    if call.store["contact_identifiers"].first("value", value):
        raise Refusal(60006)
    name = call.get("contact_identifier_name") or value
    row = call.store.insert("contact_identifiers", value=value, name=name, active=True, contact_uuid=uuid)
    return identifier(call, row)


def link(call: Call) -> dict[str, Any]:
    """Link an unlinked identifier to a contact."""
    row = _find(call)
    contact = call.contact(call.params["contact_uuid"])
    if row["contact_uuid"] is not None:
        raise Refusal(60014)
    return identifier(call, call.store["contact_identifiers"].update(row, contact_uuid=contact["uuid"]))


def unlink(call: Call) -> dict[str, Any]:
    """Detach the contact from an identifier."""
    return identifier(call, call.store["contact_identifiers"].update(_find(call), contact_uuid=None))


def update(call: Call) -> dict[str, Any]:
    """Change name or active state; the value is fixed."""
    row = _find(call, active=False)
    changes: dict[str, Any] = {}
    if call.get("contact_identifier_name") is not None:
        changes["name"] = call.params["contact_identifier_name"]
    if call.get("contact_identifier_active") is not None:
        changes["active"] = call.params["contact_identifier_active"]
    return identifier(call, call.store["contact_identifiers"].update(row, **changes))


def delete(call: Call) -> None:
    """Delete an identifier."""
    call.store["contact_identifiers"].delete(_find(call, active=False))


_VALUE = RouteParam("contact_identifier_value", required=True)
_NAME = RouteParam("contact_identifier_name")
_CONTACT = RouteParam("contact_uuid")
_ACTIVE = RouteParam("contact_identifier_active", "boolean")
_LINK = (_VALUE, RouteParam("contact_uuid", required=True))
_ROOT = "/contact-identifiers"

ROUTES = (
    Route("contact_identifiers.find", "GET", _ROOT + "/find", find, (_VALUE,)),
    Route("contact_identifiers.create", "POST", _ROOT, create, (_VALUE, _CONTACT, _NAME)),
    Route("contact_identifiers.link", "PUT", _ROOT + "/link", link, _LINK),
    Route("contact_identifiers.unlink", "PUT", _ROOT + "/unlink", unlink, (_VALUE,)),
    Route("contact_identifiers.update", "PUT", _ROOT, update, (_VALUE, _NAME, _ACTIVE), roots=OAUTH),
    Route("contact_identifiers.delete", "DELETE", _ROOT, delete, (_VALUE,)),
)
