"""Contacts: changing, claiming, merging and removing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..engine import Call
from ..errors import Refusal, invalid
from ..params import RouteParam, is_email
from ..routing import OAUTH, Route
from ..store import Row, Store
from .contacts import by_email, new
from .custom_attributes import typed
from .shapes import SYSTEM_VALUES, full_contact

REMOVAL_DELAY = 120.0  # the docs say "some minutes" for deleting and merging
_OWNERS = frozenset(("contact_uuid", "referring_contact_uuid", "referred_contact_uuid"))


def update(call: Call) -> dict[str, Any]:
    """Change values; those that the system keeps cannot be changed."""
    row = call.contact(call.path["contact_uuid"])
    return full_contact(call, _set_attributes(call, row, call.params["attributes"]))


def _set_attributes(call: Call, row: Row, values: Mapping[str, Any]) -> Row:
    kept = {f"attributes.{name}": [f"The {name} cannot be changed."] for name in values if name in SYSTEM_VALUES}
    if kept:
        raise Refusal(1003, kept)
    changes: dict[str, Any] = {"updated_at": call.now()}
    attributes = {**row["attributes"], **typed(call, "contact", values)}
    email = attributes.pop("email", None)
    if email is not None:
        changes["email"] = _changed_email(call, row, email)
    return call.store["contacts"].update(row, attributes=attributes, **changes)


def _changed_email(call: Call, row: Row, email: Any) -> str:
    if not is_email(email):
        raise invalid("attributes.email", "The email must be an e-mail address.")
    if email != email.lower():
        raise invalid("attributes.email", "The email must be lower case.")
    other = by_email(call, email)
    if other is not None and other["uuid"] != row["uuid"]:
        raise invalid("attributes.email", "The email has already been taken.")
    return email


def delete(call: Call) -> None:
    """Plan the removal of a contact."""
    row = call.contact(call.path["contact_uuid"])
    call.engine.defer(REMOVAL_DELAY, "remove_contact", row["uuid"])


def claim_anonymous(call: Call) -> dict[str, Any]:
    """Give an anonymous contact a real address; merge when that one exists."""
    row = call.contact(call.path["anonymous_contact_uuid"])
    if not row["is_anonymous"]:
        raise Refusal(60016)
    email = call.params["email"].lower()
    other = by_email(call, email)
    if other is None:
        return full_contact(call, call.store["contacts"].update(row, email=email, is_anonymous=False))
    merge_contacts(call.store, row["uuid"], other["uuid"])
    return full_contact(call, call.store["contacts"].rows[other["uuid"]])


def merge(call: Call) -> None:
    """Plan merging one contact into another."""
    source = call.contact(call.params["source_contact_uuid"])
    destination = call.contact(call.params["destination_contact_uuid"])
    if source is destination:
        raise invalid("destination_contact_uuid", "A contact cannot be merged into itself.")
    call.engine.defer(REMOVAL_DELAY, "merge_contacts", source["uuid"], destination["uuid"])


def remove_contact(store: Store, uuid: str) -> None:
    """Remove a contact and its identifiers; what it did stays, without it."""
    row = store["contacts"].get(uuid)
    if row is None:
        return
    for identifier in store["contact_identifiers"].find("contact_uuid", uuid):
        store["contact_identifiers"].delete(identifier)
    store["contacts"].delete(row)


def merge_contacts(store: Store, source_uuid: str, destination_uuid: str) -> None:
    """Move everything of one contact to another, and remove it."""
    contacts = store["contacts"]
    source, destination = contacts.get(source_uuid), contacts.get(destination_uuid)
    if source is None or destination is None:
        return
    for table in store.tables.values():
        for field in table.indexed & _OWNERS:
            for row in table.find(field, source_uuid):
                table.update(row, **{field: destination_uuid})
    sums = ("credits", "credits_received", "earned", "prepaid_cents", "transactions")
    contacts.update(
        destination,
        previous_credits=destination["credits"],
        shops=list(dict.fromkeys([*destination["shops"], *source["shops"]])),
        **{name: destination[name] + source[name] for name in sums},
    )
    contacts.delete(source)


def batch(call: Call) -> list[dict[str, Any]]:
    """Create or update many contacts."""
    answer: list[dict[str, Any]] = []
    known = call.store["subscription_types"]
    for item in call.params["contacts"]:
        row = by_email(call, item["email"]) or new(call, item["email"])
        attributes = {value["name"]: value.get("value") for value in item.get("custom_attributes") or ()}
        if attributes:
            row = _set_attributes(call, row, attributes)
        choices: dict[str, str] = {}
        for choice in item.get("subscription_types") or ():
            if known.get(choice["uuid"]) is None:
                raise Refusal(55030)
            choices[choice["uuid"]] = "SUBSCRIBED" if choice["enroll"] else "UNSUBSCRIBED"
        if choices:
            row = call.store["contacts"].update(row, subscriptions={**row["subscriptions"], **choices})
        answer.append({"uuid": row["uuid"], "email": row["email"]})
    return answer


JOBS: dict[str, Callable[..., Any]] = {"remove_contact": remove_contact, "merge_contacts": merge_contacts}

_EMAIL = (RouteParam("email", "email", required=True),)
_ATTRIBUTES = (RouteParam("attributes", "map", required=True),)
_DELETE = (RouteParam("type", required=True, choices=("DEFAULT", "GDPR")),)
_MERGE = (RouteParam("source_contact_uuid", required=True), RouteParam("destination_contact_uuid", required=True))
_VALUES = (RouteParam("name", required=True), RouteParam("value", "any"))
_CHOICES = (RouteParam("uuid", required=True), RouteParam("enroll", "boolean", required=True))
_BATCH = RouteParam("contacts", "list", required=True, fields=(
    *_EMAIL,
    RouteParam("custom_attributes", "list", fields=_VALUES),
    RouteParam("subscription_types", "list", fields=_CHOICES),
))  # fmt: skip
_ONE = "/contacts/{contact_uuid}"

ROUTES = (
    Route("contacts.update", "PUT", _ONE, update, _ATTRIBUTES),
    Route("contacts.delete", "POST", _ONE + "/delete", delete, _DELETE),
    Route("contacts.claim_anonymous", "PUT", "/contacts/{anonymous_contact_uuid}/claim", claim_anonymous, _EMAIL),
    Route("contacts.merge", "POST", "/contacts/merge", merge, _MERGE, roots=OAUTH),
    Route("contacts.batch", "POST", "/contacts/batch", batch, (_BATCH,), certainty="assumed"),
)
