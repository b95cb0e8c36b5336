"""Which events a change of the state is, and what a delivery of each says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .engine import Call, SandboxEngine
from .params import iso
from .resources.loyalty_transactions import view as credit_reception
from .resources.promotions import view as promotion
from .resources.shapes import contact_of, shop_brief
from .resources.vouchers import counted_view as voucher
from .store import Change, Row

View = Callable[[Call, Row], Any]

# The kind under whose name the entity stands in `data`, its table, and how it is shown. Which event is of which kind
# is the part of its name before the last underscore.
_KINDS: Mapping[str, tuple[str, View]] = {
    "contact": ("contacts", lambda call, row: {"uuid": row["uuid"], "email": row["email"]}),
    "credit_reception": ("loyalty_transactions", credit_reception),
    "prepaid_transaction": ("prepaid_transactions", lambda call, row: _by_uuid(call, row, "amount_in_cents")),
    "voucher": ("vouchers", voucher),
    "form_submission": ("forms", lambda call, row: {"uuid": row["uuid"], "form": {"uuid": row["uuid"]}}),
    "referral": ("referrals", lambda call, row: _by_uuid(call, row, "status")),
    "contact_identifier": ("contact_identifiers", lambda call, row: _by_uuid(call, row, "value", "name", "active")),
    "reward": ("rewards", lambda call, row: _by_uuid(call, row, "title", "required_credits", "stock")),
    "promotion": ("promotions", promotion),
}
# Seen in a receiver that exists; of the others no source tells the shape.
_SEEN = frozenset({"contact_updated", "voucher_created", "voucher_updated", "voucher_redeemed"})
_INSERTED = {
    "contacts": "contact_created", "prepaid_transactions": "prepaid_transaction_created",
    "vouchers": "voucher_created", "contact_identifiers": "contact_identifier_created",
}  # fmt: skip
_UPDATED = {"contacts": "contact_updated", "rewards": "reward_updated", "promotions": "promotion_updated"}


def events_of(changes: Iterable[Change]) -> list[tuple[str, Row, Row | None]]:
    """The events, each with its row and the row before."""
    found: list[tuple[str, Row, Row | None]] = []
    for table, before, after in changes:
        if after is None:
            continue
        name: str | None
        if before is None:
            name = _INSERTED.get(table)
            if table == "loyalty_transactions" and after["type"] == "credit_reception":
                name = "credit_reception_created"
        elif table == "vouchers":
            name = "voucher_redeemed" if after["times_redeemed"] > before["times_redeemed"] else "voucher_updated"
        elif table == "referrals":
            name = "referral_completed" if after["status"] == "completed" != before["status"] else None
        else:
            name = _UPDATED.get(table)
        if name is not None:
            found.append((name, after, before))
    return found


def is_watched(names: list[str], before: Row | None, after: Row) -> bool:
    """Did one of the contact attributes change that a subscription to `contact_updated` names?"""
    if before is None or not names:
        return True
    old, new = ({**row["attributes"], "email": row["email"]} for row in (before, after))
    return any(old.get(name) != new.get(name) for name in names)


def row_for(engine: SandboxEngine, event: str, uuid: str | None) -> Row:
    """The row of this uuid, or the newest one, that an event can be about."""
    table, _ = _kind(event)[1]
    if uuid is not None:
        row = engine.store[table].get(uuid)
        if row is None:
            raise ValueError(f"there is no row {uuid[:100]!r} in {table}")
        return row
    rows = [*engine.store[table].rows.values()]
    if table == "loyalty_transactions":
        rows = [row for row in rows if row["type"] == "credit_reception"]
    if not rows:
        raise ValueError(f"there is nothing that a {event} could be about; give the data of the event")
    return rows[-1]


def payload(engine: SandboxEngine, event: str, row: Row) -> dict[str, Any]:
    """The `data` of an event about a row."""
    name, (_, view) = _kind(event)
    return {name: view(Call(engine, "oauth", {}, {}, {}, None), row)}


def certainty(event: str) -> str:
    """How certain the shape of a payload is."""
    return "observed in a client" if event in _SEEN else "assumed"


def body(event: str, data: Any) -> bytes:
    """A delivery as PHP's json_encode writes it: slashes and all beyond ASCII are escaped, and it is over these bytes
    that deliveries are signed. Raises `ValueError` for what JSON can't hold."""
    try:
        text = json.dumps({"type": event, "data": data}, separators=(",", ":"), allow_nan=False)
    except (ValueError, TypeError, RecursionError) as problem:
        raise ValueError(f"data must be what JSON can hold: {problem}") from None
    return text.replace("/", "\\/").encode("ascii")


def _kind(event: str) -> tuple[str, tuple[str, View]]:
    name = event.rpartition("_")[0]
    return name, _KINDS[name]


def _by_uuid(call: Call, row: Row, *names: str) -> dict[str, Any]:
    """A row of which no source tells the shape: its own values, and related entities with little more than a uuid."""
    shown: dict[str, Any] = {"uuid": row["uuid"], **{name: row[name] for name in names}}
    if "contact_uuid" in row:
        shown["contact"] = contact_of(call, row)
    shop = call.store["shops"].get(row.get("shop_uuid"))
    if shop is not None:
        shown["shop"] = shop_brief(shop)
    if row.get("created_at") is not None:
        shown["created_at"] = iso(row["created_at"])
    return shown
