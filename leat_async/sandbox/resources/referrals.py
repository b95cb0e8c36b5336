"""Referrals: contacts that bring in others, and what both get for it."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import invalid
from ..paging import page_params
from ..params import RouteParam
from ..routing import OAUTH, Route
from ..store import Row, Store
from .vouchers import allows, issue

TABLES: dict[str, tuple[str, ...]] = {
    "referrals": ("referring_contact_uuid", "referred_contact_uuid", "status"),
    "referral_settings": (),
}


def seed(store: Store, now: int) -> None:
    """Fifty credits for a newcomer's third reception, and a voucher for the contact that brought the newcomer."""
    store.insert(
        "referral_settings",
        number_of_transactions=3,
        limit_per_contact=10,
        points=50,
        shop_uuid=next(iter(store["shops"].rows)),
        promotion_uuid=next(iter(store["promotions"].rows)),
        created_at=now,
    )


def settings_of(call: Call) -> Row:
    """The settings of the referral program."""
    return next(iter(call.store["referral_settings"].rows.values()))


def refer(call: Call, referred: Row, code: str) -> None:
    """Note that a new contact came by the code of another; beyond the limit it comes to nothing."""
    referring = call.store["contacts"].first("referral_code", code.upper())
    if referring is None or referring["uuid"] == referred["uuid"]:
        raise invalid("referral_code", "There is no contact with this referral_code.")
    before = call.store["referrals"].find("referring_contact_uuid", referring["uuid"])
    limit = settings_of(call)["limit_per_contact"]
    full = limit is not None and sum(row["status"] != "failed" for row in before) >= limit
    call.store.insert(
        "referrals",
        referring_contact_uuid=referring["uuid"],
        referred_contact_uuid=referred["uuid"],
        status="failed" if full else "pending",
        created_at=call.now(),
    )


def completed(call: Call, contact_uuid: str) -> tuple[int, str] | None:
    """Complete the referral of a contact that has done enough: the voucher of the referring contact is made here.

    Returns the credits for the referred contact and the shop that gives them.
    """
    referral = call.store["referrals"].first("referred_contact_uuid", contact_uuid)
    if referral is None or referral["status"] != "pending":
        return None
    settings = settings_of(call)
    given = sum(
        row["type"] == "credit_reception" and row["credits"] > 0 and row["reversed_by"] is None
        for row in call.store["loyalty_transactions"].find("contact_uuid", contact_uuid)
    )
    if given < settings["number_of_transactions"]:
        return None
    call.store["referrals"].update(referral, status="completed")
    referring = call.store["contacts"].get(referral["referring_contact_uuid"])
    promotion = call.store["promotions"].rows[settings["promotion_uuid"]]
    if referring is not None and allows(call.store, promotion, referring["uuid"], 1):
        issue(call.store, promotion, call.now(), contact_uuid=referring["uuid"])
    return settings["points"], settings["shop_uuid"]


def _person(call: Call, uuid: str) -> dict[str, Any] | None:
    contact = call.store["contacts"].get(uuid)
    return {"uuid": contact["uuid"], "email": contact["email"]} if contact else None


def _view(call: Call, row: Row) -> dict[str, Any]:
    return {
        "uuid": row["uuid"],
        "referring_contact": _person(call, row["referring_contact_uuid"]),
        "referred_contact": _person(call, row["referred_contact_uuid"]),
        "status": row["status"],
    }


def list_(call: Call) -> SandboxAnswer:
    """Referrals, by pages that nothing tells about."""
    table = call.store["referrals"]
    referring, status = call.get("referring_contact_uuid"), call.get("status")
    limit, page = call.params["limit"], call.params["page"]
    rows = list(table.rows.values()) if referring is None else table.find("referring_contact_uuid", referring)
    if status is not None:
        rows = [row for row in rows if row["status"] == status]
    return SandboxAnswer([_view(call, row) for row in rows[(page - 1) * limit : page * limit]])


def get_settings(call: Call) -> SandboxAnswer:
    """What completes a referral, and the incentives."""
    settings = settings_of(call)
    shop = call.shop(settings["shop_uuid"])
    promotion = call.store["promotions"].rows[settings["promotion_uuid"]]
    profile = {"uuid": shop["uuid"], "name": shop["name"]}
    shown = {
        "completion_event": {
            "type": "loyalty_transaction",
            "data": {"number_of_transactions": settings["number_of_transactions"]},
        },
        "limit_per_contact": settings["limit_per_contact"],
        "referred_contact_incentive": {
            "type": "loyalty_points",
            "data": {"points": settings["points"], "business_profile": profile},
        },
        "referring_contact_incentive": {
            "type": "voucher",
            "data": {"promotion": {"uuid": promotion["uuid"], "name": promotion["name"]}},
        },
    }
    return SandboxAnswer(shown, {})


_LIST = (
    *page_params(30, 100),
    RouteParam("referring_contact_uuid"),
    RouteParam("status", choices=("pending", "completed", "failed")),
)

ROUTES = (
    Route("referrals.list", "GET", "/referrals", list_, _LIST, roots=OAUTH),
    Route("referrals.get_settings", "GET", "/referrals/settings", get_settings, roots=OAUTH),
)
