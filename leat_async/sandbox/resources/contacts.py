"""The people that take part."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal
from ..paging import BOUNDS, SORT, page_params, viewing_page, within
from ..params import RouteParam
from ..routing import OAUTH, REGISTER, Route
from ..store import Row, Store
from .referrals import refer
from .shapes import full_contact, tier, tier_of

TABLES: dict[str, tuple[str, ...]] = {"contacts": ("email", "referral_code"), "subscription_types": ()}


def new_contact(store: Store, email: str, now: int, *, channel: str = "OAUTH_API", anonymous: bool = False) -> Row:
    """Add a contact without any history."""
    row = store.insert(
        "contacts",
        email=email,
        is_anonymous=anonymous,
        status="ACTIVE",
        channel=channel,
        credits=0,
        previous_credits=0,
        credits_received=0,
        earned=0,
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
    return store["contacts"].update(row, referral_code=row["uuid"][:8].upper())


def _channel(call: Call) -> str:
    return "REGISTER_API" if call.root == "register" else "OAUTH_API"


def by_email(call: Call, email: str) -> Row | None:
    """The contact of an address, however it is written."""
    return call.store["contacts"].first("email", email.lower())


def new(call: Call, email: str) -> Row:
    """A new contact made by this call."""
    return new_contact(call.store, email.lower(), call.now(), channel=_channel(call))


def list_(call: Call) -> SandboxAnswer:
    """Page through contacts, oldest first."""
    rows = within(call.store["contacts"].rows.values(), call.get("created_at"))
    # The deprecated attributes are empty in the list.
    return viewing_page(call, rows, lambda call, row: full_contact(call, row, attributes=False))


def get(call: Call) -> dict[str, Any]:
    """Fetch one contact."""
    return full_contact(call, call.contact(call.path["contact_uuid"]))


def create(call: Call) -> dict[str, Any]:
    """Create a contact from an e-mail address; the code of another makes it a referred one."""
    if by_email(call, call.params["email"]):
        raise Refusal(60005)
    row = new(call, call.params["email"])
    if call.get("referral_code") is not None:
        refer(call, row, call.params["referral_code"])
    return {"uuid": row["uuid"]}


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
    row = by_email(call, call.params["email"])
    if row is None:
        raise Refusal(55031)
    return full_contact(call, row)


def find_or_create(call: Call) -> dict[str, Any]:
    """Find a contact, creating it when missing: a GET that may write."""
    email = call.params["email"]
    return full_contact(call, by_email(call, email) or new(call, email))


def find_or_create_async(call: Call) -> dict[str, Any]:
    """The same, answering the uuid only."""
    email = call.params["email"]
    return {"uuid": (by_email(call, email) or new(call, email))["uuid"]}


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


def get_tier(call: Call) -> dict[str, Any]:
    """The tier of a contact; below the first, one whose values are null."""
    row = tier_of(call, call.contact(call.path["contact_uuid"]))
    if row is None:
        call.note("below the first tier the documentation has null, which the official PHP SDK cannot read")
        return dict.fromkeys(("name", "description", "position", "media", "uuid"))
    return tier(row)


_EMAIL = (RouteParam("email", "email", required=True),)
_CREATE = (*_EMAIL, RouteParam("referral_code"))
_IDENTIFIER = (RouteParam("contact_identifier_value"),)
_LIST = (*page_params(30, 100), SORT, BOUNDS)
_ROOT = "/contacts"
_ONE = "/contacts/{contact_uuid}"

ROUTES = (
    Route("contacts.list", "GET", _ROOT, list_, _LIST),
    Route("contacts.create", "POST", _ROOT, create, _CREATE),
    Route("contacts.create_async", "POST", _ROOT + "/async", create, _CREATE),
    Route("contacts.create_anonymous", "POST", _ROOT + "/anonymous", create_anonymous, _IDENTIFIER),
    Route("contacts.find_one_by", "GET", _ROOT + "/find-one-by", find_one_by, _EMAIL),
    Route("contacts.find_or_create", "GET", _ROOT + "/find-or-create", find_or_create, _EMAIL),
    Route("contacts.find_or_create_async", "GET", _ROOT + "/find-or-create/async", find_or_create_async, _EMAIL),
    Route("contacts.get", "GET", _ONE, get),
    Route(
        "contacts.list_contact_identifiers", "GET", _ONE + "/contact-identifiers", list_contact_identifiers, roots=OAUTH
    ),
    Route("contacts.get_credit_balance", "GET", _ONE + "/credit-balance", get_credit_balance),
    Route("contacts.get_prepaid_balance", "GET", _ONE + "/prepaid-balance", get_prepaid_balance),
    # The register's pages spell it with another slash.
    Route("contacts.get_prepaid_balance", "GET", _ONE + "/prepaid/balance", get_prepaid_balance, roots=REGISTER),
    Route("contacts.get_tier", "GET", _ONE + "/tier", get_tier, roots=OAUTH),
)
