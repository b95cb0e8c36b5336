"""Which mailings a contact gets."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import Refusal
from ..params import RouteParam
from ..routing import Route
from ..store import Row, Store
from .shapes import subscription

_PENDING = "PENDING_CONFIRMATION"


def confirm(store: Store, contact_uuid: str, now: int) -> int:
    """Follow the links in the confirmation mails of a contact; tells how many there were."""
    row = store["contacts"].rows[contact_uuid]
    pending = [uuid for uuid, status in row["subscriptions"].items() if status == _PENDING]
    choices = {**row["subscriptions"], **dict.fromkeys(pending, "SUBSCRIBED")}
    store["contacts"].update(row, subscriptions=choices, updated_at=now)
    return len(pending)


def list_(call: Call) -> list[dict[str, Any]]:
    """Every subscription type, and what the contact chose."""
    row = call.contact(call.path["contact_uuid"])
    return [subscription(row, kind) for kind in call.store["subscription_types"].rows.values()]


def _kind(call: Call) -> Row:
    """The type, by its uuid, or by its number as one recorded request has it."""
    name = str(call.params["subscription_type_uuid"])
    types = call.store["subscription_types"]
    row = types.get(name) or next((kind for kind in types.rows.values() if str(kind["id"]) == name), None)
    if row is None:
        raise Refusal(55030)
    return row


def _choose(call: Call, kind: Row, contact: Row, status: str) -> dict[str, Any]:
    choices = {**contact["subscriptions"], kind["uuid"]: status}
    return subscription(call.store["contacts"].update(contact, subscriptions=choices, updated_at=call.now()), kind)


def subscribe(call: Call) -> dict[str, Any]:
    """Opt in; where that takes two steps, the second is a link in a mail."""
    contact, kind = call.contact(call.path["contact_uuid"]), _kind(call)
    known = contact["subscriptions"].get(kind["uuid"])
    wanted = _PENDING if kind["strategy"] == "DOUBLE_OPT_IN" and known != "SUBSCRIBED" else "SUBSCRIBED"
    return _choose(call, kind, contact, wanted)


def unsubscribe(call: Call) -> dict[str, Any]:
    """Opt out."""
    return _choose(call, _kind(call), call.contact(call.path["contact_uuid"]), "UNSUBSCRIBED")


_KIND = (RouteParam("subscription_type_uuid", "any", required=True),)
_ONE = "/contact-subscriptions/{contact_uuid}"

ROUTES = (
    Route("contact_subscriptions.list", "GET", _ONE, list_),
    Route("contact_subscriptions.subscribe", "PUT", _ONE + "/subscribe", subscribe, _KIND),
    Route("contact_subscriptions.unsubscribe", "PUT", _ONE + "/unsubscribe", unsubscribe, _KIND),
)
