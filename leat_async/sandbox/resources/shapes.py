"""Objects that are shown inside others, and the full contact."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from ..engine import Call
from ..params import iso
from ..store import Row

# What the system keeps itself; the rest of a contact's values are its attributes.
STANDARD_ATTRIBUTES: dict[str, tuple[str, Any]] = {
    "firstname": ("text", ""), "lastname": ("text", ""), "phonenumber": ("phone", ""), "avatar": ("text", ""),
    "address": ("text", ""), "housenumber": ("number", None), "postalcode": ("text", None),
    "city": ("text", None), "birthdate": ("birth_date", None), "locale": ("text", None),
}  # fmt: skip
SYSTEM_VALUES = frozenset((
    "uuid", "status", "channel", "created_at", "updated_at", "is_anonymous", "tier", "age", "add_to_wallet",
    "loyalty_balance", "previous_loyalty_balance", "prepaid_balance", "custom_app_login_url",
    "custom_app_login_code", "default_contact_identifier", "loyalty_associated_shops",
    "loyalty_last_transaction_date", "loyalty_first_transaction_date", "loyalty_number_of_transactions",
    "loyalty_total_credits_received", "subscription_preferences_url",
))  # fmt: skip


def contact_of(call: Call, row: Row) -> dict[str, Any] | None:
    """The short contact of a row; None when it has been removed."""
    contact = call.store["contacts"].get(row["contact_uuid"])
    return {"uuid": contact["uuid"], "email": contact["email"]} if contact else None


def contact_with_balance(contact: Row) -> dict[str, Any]:
    """The contact inside a loyalty transaction."""
    return {
        "uuid": contact["uuid"],
        "email": contact["email"],
        "credit_balance": {"id": contact["id"], "balance": contact["credits"]},
    }


def shop_brief(row: Row) -> dict[str, Any]:
    """A shop as the list of shops shows it."""
    return {"uuid": row["uuid"], "name": row["name"], "type": row["type"], "reference": row["reference"]}


def shop_with_address(row: Row) -> dict[str, Any]:
    """The shop inside a loyalty transaction."""
    number = row["id"]
    address = {"id": number, "shop_id": number, **row["address"], "latitude": None, "longitude": None}
    return {
        "id": number,
        "uuid": row["uuid"],
        "type": row["type"],
        "name": row["name"],
        "address": {**address, "house_number": None, "postal_code": None},
    }


def unit_with_id(row: Row) -> dict[str, Any]:
    """The unit inside a loyalty transaction."""
    return {
        "id": row["id"],
        "name": row["name"],
        "label": row["label"],
        "prefix": row["prefix"],
        "is_default": row["is_default"],
    }


def tier(row: Row) -> dict[str, Any]:
    """A tier as the API shows it."""
    return {
        "name": row["name"],
        "description": row["description"],
        "position": row["position"],
        "media": None,
        "uuid": row["uuid"],
    }


def tier_of(call: Call, contact: Row) -> Row | None:
    """The highest tier whose threshold a contact has earned: spending credits does not cost the tier."""
    reached = [row for row in call.store["tiers"].rows.values() if row["threshold"] <= contact["earned"]]
    return max(reached, key=lambda row: int(row["position"]), default=None)


def identifier(call: Call, row: Row) -> dict[str, Any]:
    """A contact identifier with the contact it is linked to."""
    return {
        "name": row["name"],
        "value": row["value"],
        "active": row["active"],
        "contact": contact_of(call, row),
    }


def full_contact(call: Call, row: Row, *, attributes: bool = True) -> dict[str, Any]:
    """A contact with its values in the typed, the deprecated and the display form."""
    # Rows are replaced when they change, so the same row shows the same contact.
    shown, types, definitions = call.engine.shown, call.store["subscription_types"], call.store["attributes"]
    version = types.version + definitions.version + call.store["tiers"].version
    default = call.store["contact_identifiers"].first("contact_uuid", row["uuid"])
    known = shown.get(row["uuid"])
    if known is None or known[0] is not row or known[1] is not default or known[2] != version:
        if len(shown) >= 500:
            shown.clear()
        own = [kind for kind in definitions.find("entity", "contact") if not kind["is_piggy_defined"]]
        contact = _full_contact(row, list(types.rows.values()), default, own)
        reached = tier_of(call, row)
        if reached:
            contact["tier"] = tier(reached)
            contact["current_values"]["tier"] = contact["current_display_values"]["tier"] = str(reached["position"])
        known = shown[row["uuid"]] = row, default, version, contact
    return known[3] if attributes else {**known[3], "attributes": []}


def _full_contact(row: Row, types: list[Row], default: Row | None, own: list[Row]) -> dict[str, Any]:
    values = _values(row, types, default, own)
    defined = {kind["name"]: kind for kind in own}
    return {
        "id": row["id"],
        "uuid": row["uuid"],
        "email": row["email"],
        "attributes": [_attribute(name, value, defined.get(name)) for name, value in _own(row, own).items()],
        "tier": None,
        "subscriptions": [subscription(row, kind) for kind in types],
        "credit_balance": {"balance": row["credits"], "id": row["id"]},
        "prepaid_balance": {"balance_in_cents": row["prepaid_cents"]},
        "current_values": values,
        "current_display_values": {name: _display(name, value) for name, value in values.items()},
    }


def subscription_type(row: Row) -> dict[str, Any]:
    """A kind of mailings."""
    return {key: row[key] for key in ("name", "description", "active", "strategy", "uuid", "id")}


def subscription(row: Row, kind: Row) -> dict[str, Any]:
    """What a contact chose of one kind of mailings."""
    status = _choice(row, kind)
    return {
        "is_subscribed": status == "SUBSCRIBED",
        "status": status,
        "subscription_type": subscription_type(kind),
    }


def _choice(row: Row, kind: Row) -> str:
    """What the contact said, or what holds for contacts that said nothing."""
    silent = "SUBSCRIBED" if kind["strategy"] == "OPT_OUT" else "UNSUBSCRIBED"
    return str(row["subscriptions"].get(kind["uuid"], silent))


def _own(row: Row, own: list[Row]) -> dict[str, Any]:
    empty = {name: default for name, (_, default) in STANDARD_ATTRIBUTES.items()}
    return {**empty, **{kind["name"]: None for kind in own}, **row["attributes"]}


def _values(row: Row, types: list[Row], default: Row | None, own: list[Row]) -> dict[str, Any]:
    uuid = row["uuid"]
    digest = hashlib.blake2b(uuid.encode(), digest_size=16).digest()
    prepaid = row["prepaid_cents"] / 100
    first, last = row["first_transaction"], row["last_transaction"]
    values: dict[str, Any] = {
        **_own(row, own),
        "uuid": uuid,
        "email": row["email"],
        "age": None,
        "tier": None,
        "status": row["status"],
        "channel": row["channel"],
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
        "is_anonymous": row["is_anonymous"],
        "add_to_wallet": f"https://leat.com/add-to-wallet/loyalty?uuid={uuid}",
        "loyalty_balance": row["credits"],
        "previous_loyalty_balance": row["previous_credits"],
        "prepaid_balance": int(prepaid) if prepaid.is_integer() else prepaid,
        "custom_app_login_url": f"https://leat.com/home?token={digest.hex()}",
        "custom_app_login_code": 100_000 + int.from_bytes(digest[:4], "big") % 900_000,
        "default_contact_identifier": default["value"] if default else None,
        "loyalty_associated_shops": ";".join(row["shops"]),
        "loyalty_last_transaction_date": iso(last) if last is not None else None,
        "loyalty_first_transaction_date": iso(first) if first is not None else None,
        "loyalty_number_of_transactions": row["transactions"],
        "loyalty_total_credits_received": row["credits_received"],
        "subscription_preferences_url": f"http://piggy.eu/subscription-preferences/{uuid}",
    }
    for kind in types:
        number = kind["id"]
        values[f"subscription_status_{number}"] = _choice(row, kind)
        if kind["strategy"] == "DOUBLE_OPT_IN":
            link = f"http://piggy.eu/double-opt-in-confirmation?contact_uuid={uuid}&subscription_type={number}"
            values[f"double_opt_in_confirmation_url_{number}"] = link
    return values


def _attribute(name: str, value: Any, own: Row | None) -> dict[str, Any]:
    kind = own["type"] if own else STANDARD_ATTRIBUTES.get(name, ("text", None))[0]
    definition: dict[str, Any] = {
        "type": kind,
        "field_type": kind,
        "name": name,
        "label": own["label"] if own else name.capitalize(),
        "options": own["options"] if own else [],
        "is_piggy_defined": name in STANDARD_ATTRIBUTES,
        "is_soft_read_only": False,
        "is_hard_read_only": False,
    }
    return {"value": _as_text(value), "attribute": definition}


def _as_text(value: Any) -> str:
    """A value in the deprecated form, which has texts only."""
    if value is None or isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, list):
        return ";".join(_as_text(item) for item in value)  # pyright: ignore[reportUnknownVariableType] - JSON has no other
    return str(value)


def _display(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        items = cast(list[Any], value)  # type: ignore[redundant-cast] # pyright does not know the items
        *others, last = [_display(name, item) for item in items] or [""]
        return f"{', '.join(others)} and {last}" if others else last
    if isinstance(value, str) and name.endswith(("_at", "_date")) and len(value) == 25:
        return amsterdam(datetime.fromisoformat(value)).strftime("%Y-%m-%d, %H:%M")
    if name == "status" or name.startswith("subscription_status"):
        return str(value).capitalize()
    if name == "channel":
        return "Oauth API" if value == "OAUTH_API" else str(value)
    return str(value)


def amsterdam(moment: datetime) -> datetime:
    """The moment on the clocks of Amsterdam."""
    # By rule instead of a time zone database, which would be a file to read.
    summer, winter = (_last_sunday(moment.year, month) for month in (3, 10))
    return moment.astimezone(UTC) + timedelta(hours=2 if summer <= moment < winter else 1)


def _last_sunday(year: int, month: int) -> datetime:
    day = datetime(year, month, 31, 1, tzinfo=UTC)
    return day - timedelta(days=(day.weekday() + 1) % 7)
