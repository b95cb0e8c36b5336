"""Subscriptions to events."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import Refusal, invalid
from ..params import RouteParam, iso
from ..routing import OAUTH, Route
from ..store import Row

TABLES = {"webhook_subscriptions": ("event_type",)}

EVENTS = (
    "contact_created", "contact_updated", "credit_reception_created", "prepaid_transaction_created",
    "voucher_created", "voucher_updated", "voucher_redeemed", "form_submission_completed", "referral_completed",
    "contact_identifier_created", "reward_updated", "promotion_updated",
)  # fmt: skip


def _brief(row: Row) -> dict[str, Any]:
    return {
        **{key: row[key] for key in ("uuid", "name", "event_type", "url", "status")},
        "version": "V1",
        "created_at": iso(row["created_at"]),
    }


def _view(row: Row) -> dict[str, Any]:
    """With the watched attributes, which only `get` and `update` show."""
    return {**_brief(row), "properties": row["attributes"]}


def _subscription(call: Call) -> Row:
    row = call.store["webhook_subscriptions"].get(call.path["webhook_subscription_uuid"])
    if row is None:
        raise Refusal(80300, message="Webhook subscription not found.")
    return row


def _attributes(call: Call) -> list[str]:
    names: list[Any] = call.get("attributes") or []
    if not all(isinstance(name, str) for name in names):
        raise invalid("attributes", "The attributes must be a list of strings.")
    return names


def _url(call: Call) -> str:
    url: str = call.params["url"]
    if not url.startswith(("http://", "https://")):
        raise invalid("url", "The url format is invalid.")
    return url


def list_(call: Call) -> list[dict[str, Any]]:
    """All subscriptions, of one event or in one state when asked."""
    event, status = call.get("event_type"), call.get("status")
    return [
        _brief(row)
        for row in call.store["webhook_subscriptions"].rows.values()
        if event in (None, row["event_type"]) and status in (None, row["status"])
    ]


def create(call: Call) -> dict[str, Any]:
    """Subscribe to an event."""
    row = call.store.insert(
        "webhook_subscriptions",
        name=call.params["name"],
        event_type=call.params["event_type"],
        url=_url(call),
        secret=call.get("secret"),
        attributes=_attributes(call),
        status="ACTIVE",
        created_at=call.now(),
    )
    return _brief(row)


def get(call: Call) -> dict[str, Any]:
    """Fetch one subscription."""
    return _view(_subscription(call))


def update(call: Call) -> dict[str, Any]:
    """Change what was sent; event and secret stay."""
    row = _subscription(call)
    if row["event_type"] == "contact_updated" and not call.get("attributes"):
        raise invalid("attributes", "The attributes field is required when event_type is contact_updated.")
    changes = {name: call.params[name] for name in ("name", "status") if call.get(name) is not None}
    if call.get("url") is not None:
        changes["url"] = _url(call)
    if call.get("attributes") is not None:
        changes["attributes"] = _attributes(call)
    return _view(call.store["webhook_subscriptions"].update(row, **changes))


def delete(call: Call) -> list[Any]:
    """Remove a subscription."""
    call.store["webhook_subscriptions"].delete(_subscription(call))
    return []


_STATUS = RouteParam("status", choices=("ACTIVE", "INACTIVE"))
_LIST = (RouteParam("event_type", choices=EVENTS), _STATUS)
_ATTRIBUTES = RouteParam("attributes", "list")
_CREATE = (
    RouteParam("name", required=True),
    RouteParam("event_type", required=True, choices=EVENTS),
    RouteParam("url", required=True),
    RouteParam("secret"),
    _ATTRIBUTES,
)
_UPDATE = (RouteParam("name"), RouteParam("url"), _STATUS, _ATTRIBUTES)
_ROOT = "/webhook-subscriptions"
_ONE = _ROOT + "/{webhook_subscription_uuid}"

ROUTES = (
    Route("webhook_subscriptions.list", "GET", _ROOT, list_, _LIST, roots=OAUTH),
    Route("webhook_subscriptions.create", "POST", _ROOT, create, _CREATE, roots=OAUTH, status=201),
    Route("webhook_subscriptions.get", "GET", _ONE, get, roots=OAUTH),
    Route("webhook_subscriptions.update", "PUT", _ONE, update, _UPDATE, roots=OAUTH),
    Route("webhook_subscriptions.delete", "DELETE", _ONE, delete, roots=OAUTH),
)
