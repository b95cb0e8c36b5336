"""The people who take part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine import Answer, Call
from ..errors import Refusal, invalid
from ..paging import BOUNDS, SORT, page_params, viewing_page, within
from ..params import Param
from ..routing import OAUTH, Route
from ..store import Row, Store
from .shapes import SYSTEM_VALUES, full_contact

TABLES: dict[str, tuple[str, ...]] = {"contacts": ("email",), "subscription_types": ()}

REMOVAL_DELAY = 120.0  # the docs say "some minutes" for deleting and merging


def new_contact(store: Store, email: str, now: int, *, channel: str = "OAUTH_API", anonymous: bool = False) -> Row:
    """Add a contact without any history."""
    return store.insert(
        "contacts",
        email=email,
        is_anonymous=anonymous,
        status="ACTIVE",
        channel=channel,
        credits=0,
        previous_credits=0,
        credits_received=0,
        prepaid_cents=0,
        transactions=0,
        first_transaction=None,
        last_transaction=None,
        shops=[],
        subscriptions={},
        attributes={},
        created_at=now,
        updated_at=now,
    )


def _channel(call: Call) -> str:
    return "REGISTER_API" if call.root == "register" else "OAUTH_API"


def _by_email(call: Call, email: str) -> Row | None:
    return call.store["contacts"].first("email", email.lower())


def _new(call: Call, email: str) -> Row:
    return new_contact(call.store, email.lower(), call.now(), channel=_channel(call))


def list_(call: Call) -> Answer:
    """Page through contacts, oldest first."""
    rows = within(list(call.store["contacts"].rows.values()), call.get("created_at"))
    # The deprecated attributes are empty in the list.
    return viewing_page(call, rows, lambda call, row: full_contact(call, row, attributes=False))


def get(call: Call) -> dict[str, Any]:
    """Fetch one contact."""
    return full_contact(call, call.contact(call.path["contact_uuid"]))


def create(call: Call) -> dict[str, Any]:
    """Create a contact from an e-mail address."""
    if _by_email(call, call.params["email"]):
        raise Refusal(60005)
    return {"uuid": _new(call, call.params["email"])["uuid"]}


def create_anonymous(call: Call) -> dict[str, Any]:
    """Create a contact with an invented address, to be claimed later."""
    value = call.get("contact_identifier_value")
    identifiers = call.store["contact_identifiers"]
    used = identifiers.first("value", value) if value is not None else None
    if used is not None and used["contact_uuid"] is not None:
        raise Refusal(60014)
    address = f"anonymous-{call.store.new_uuid()}@sandbox.invalid"
    row = new_contact(call.store, address, call.now(), channel=_channel(call), anonymous=True)
    if used is not None:
        identifiers.update(used, contact_uuid=row["uuid"])
    elif value is not None:
        link = {"value": value, "name": value, "active": True, "contact_uuid": row["uuid"]}
        call.store.insert("contact_identifiers", **link)
    return {"uuid": row["uuid"]}


def find_one_by(call: Call) -> dict[str, Any]:
    """Find a contact by e-mail address."""
    row = _by_email(call, call.params["email"])
    if row is None:
        raise Refusal(55031)
    return full_contact(call, row)


def find_or_create(call: Call) -> dict[str, Any]:
    """Find a contact, creating it when missing: a GET that may write."""
    email = call.params["email"]
    return full_contact(call, _by_email(call, email) or _new(call, email))


def find_or_create_async(call: Call) -> dict[str, Any]:
    """The same, answering the uuid only."""
    email = call.params["email"]
    return {"uuid": (_by_email(call, email) or _new(call, email))["uuid"]}


def update(call: Call) -> dict[str, Any]:
    """Change values; those that the system keeps cannot be changed."""
    row = call.contact(call.path["contact_uuid"])
    return full_contact(call, _set_attributes(call, row, call.params["attributes"]))


def _set_attributes(call: Call, row: Row, values: Mapping[str, Any]) -> Row:
    kept = {f"attributes.{name}": [f"The {name} cannot be changed."] for name in values if name in SYSTEM_VALUES}
    if kept:
        raise Refusal(1003, kept)
    changes: dict[str, Any] = {"updated_at": call.now()}
    attributes = {**row["attributes"], **values}
    email = attributes.pop("email", None)
    if email is not None:
        changes["email"] = _new_email(call, row, email)
    return call.store["contacts"].update(row, attributes=attributes, **changes)


def _new_email(call: Call, row: Row, email: Any) -> str:
    if not isinstance(email, str) or "@" not in email[1:-1]:
        raise invalid("attributes.email", "The email must be an e-mail address.")
    if email != email.lower():
        raise invalid("attributes.email", "The email must be lower case.")
    other = _by_email(call, email)
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
    other = _by_email(call, email)
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
    """Remove a contact and his identifiers; what he did stays, without him."""
    row = store["contacts"].get(uuid)
    if row is None:
        return
    for identifier in store["contact_identifiers"].find("contact_uuid", uuid):
        store["contact_identifiers"].delete(identifier)
    store["contacts"].delete(row)


def merge_contacts(store: Store, source_uuid: str, destination_uuid: str) -> None:
    """Move everything of one contact to another, and remove him."""
    contacts = store["contacts"]
    source, destination = contacts.get(source_uuid), contacts.get(destination_uuid)
    if source is None or destination is None:
        return
    for name in ("contact_identifiers", "visits", "bookings", "loyalty_transactions"):
        for row in store[name].find("contact_uuid", source_uuid):
            store[name].update(row, contact_uuid=destination_uuid)
    sums = ("credits", "credits_received", "prepaid_cents", "transactions")
    contacts.update(
        destination,
        previous_credits=destination["credits"],
        shops=list(dict.fromkeys([*destination["shops"], *source["shops"]])),
        **{name: destination[name] + source[name] for name in sums},
    )
    contacts.delete(source)


def list_contact_identifiers(call: Call) -> list[dict[str, Any]]:
    """All identifiers of a contact; the oldest is the default."""
    uuid = call.contact(call.path["contact_uuid"])["uuid"]
    rows = call.store["contact_identifiers"].find("contact_uuid", uuid)
    return [
        {
            "name": row["name"],
            "value": row["value"],
            "active": row["active"],
            "default": index == 0,
            "contact": {"uuid": uuid},
        }
        for index, row in enumerate(rows)
    ]


def get_credit_balance(call: Call) -> dict[str, Any]:
    """The credit balance of a contact."""
    return {"balance": call.contact(call.path["contact_uuid"])["credits"]}


def get_prepaid_balance(call: Call) -> dict[str, Any]:
    """The prepaid balance of a contact, as a number and as text."""
    cents = call.contact(call.path["contact_uuid"])["prepaid_cents"]
    return {"balance_in_cents": cents, "balance": f"€{cents / 100:.2f}"}


def get_tier(call: Call) -> None:
    """The tier of a contact; nobody has one here."""
    call.contact(call.path["contact_uuid"])


def batch(call: Call) -> list[dict[str, Any]]:
    """Create or update many contacts."""
    answer: list[dict[str, Any]] = []
    known = call.store["subscription_types"]
    for item in call.params["contacts"]:
        row = _by_email(call, item["email"]) or _new(call, item["email"])
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


JOBS = {"remove_contact": remove_contact, "merge_contacts": merge_contacts}

_EMAIL = (Param("email", "email", required=True),)
_CREATE = (*_EMAIL, Param("referral_code"))
_IDENTIFIER = (Param("contact_identifier_value"),)
_ATTRIBUTES = (Param("attributes", "map", required=True),)
_DELETE = (Param("type", required=True, choices=("DEFAULT", "GDPR")),)
_MERGE = (Param("source_contact_uuid", required=True), Param("destination_contact_uuid", required=True))
_VALUES = (Param("name", required=True), Param("value", "any"))
_CHOICES = (Param("uuid", required=True), Param("enroll", "boolean", required=True))
_BATCH = Param("contacts", "list", required=True, fields=(
    *_EMAIL,
    Param("custom_attributes", "list", fields=_VALUES),
    Param("subscription_types", "list", fields=_CHOICES),
))  # fmt: skip
_LIST = (*page_params(30, 100), SORT, BOUNDS)
_ROOT = "/contacts"
_ONE = "/contacts/{contact_uuid}"

ROUTES = (
    Route("contacts.list", "GET", _ROOT, list_, _LIST, "captured"),
    Route("contacts.create", "POST", _ROOT, create, _CREATE, "captured"),
    Route("contacts.create_async", "POST", _ROOT + "/async", create, _CREATE),
    Route("contacts.create_anonymous", "POST", _ROOT + "/anonymous", create_anonymous, _IDENTIFIER, "captured"),
    Route("contacts.find_one_by", "GET", _ROOT + "/find-one-by", find_one_by, _EMAIL, "captured"),
    Route("contacts.find_or_create", "GET", _ROOT + "/find-or-create", find_or_create, _EMAIL, "captured"),
    Route(
        "contacts.find_or_create_async", "GET", _ROOT + "/find-or-create/async", find_or_create_async, _EMAIL,
        "captured",
    ),
    Route("contacts.get", "GET", _ONE, get, (), "captured"),
    Route("contacts.update", "PUT", _ONE, update, _ATTRIBUTES, "captured"),
    Route("contacts.delete", "POST", _ONE + "/delete", delete, _DELETE, "captured"),
    Route(
        "contacts.claim_anonymous", "PUT", "/contacts/{anonymous_contact_uuid}/claim", claim_anonymous, _EMAIL,
        "captured",
    ),
    Route("contacts.merge", "POST", _ROOT + "/merge", merge, _MERGE, "guessed", OAUTH),
    Route(
        "contacts.list_contact_identifiers", "GET", _ONE + "/contact-identifiers", list_contact_identifiers,
        roots=OAUTH,
    ),
    Route("contacts.get_credit_balance", "GET", _ONE + "/credit-balance", get_credit_balance, (), "captured"),
    Route("contacts.get_prepaid_balance", "GET", _ONE + "/prepaid-balance", get_prepaid_balance, (), "captured"),
    Route("contacts.get_tier", "GET", _ONE + "/tier", get_tier, (), "guessed", OAUTH),
    Route("contacts.batch", "POST", _ROOT + "/batch", batch, (_BATCH,), "guessed"),
)  # fmt: skip
