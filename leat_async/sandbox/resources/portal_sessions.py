"""Hosted screens; a session lasts an hour here, which is assumed."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import invalid
from ..params import RouteParam, iso
from ..routing import Route
from ..store import Row

TABLES: dict[str, tuple[str, ...]] = {"portal_sessions": ()}

LIFETIME = 3600  # seconds


def _view(call: Call, row: Row) -> dict[str, Any]:
    shop = call.store["shops"].get(row["shop_uuid"])
    contact = call.store["contacts"].get(row["contact_uuid"])
    return {
        "uuid": row["uuid"],
        "url": f"https://api.piggy.eu/portal-sessions?uuid={row['uuid']}",
        "contact": {"uuid": contact["uuid"]} if contact else None,
        "shop": {key: shop[key] for key in ("id", "uuid", "reference", "name")} if shop else None,
        "created_at": iso(row["created_at"]),
    }


def get(call: Call) -> dict[str, Any]:
    """Fetch a session while it lasts."""
    row = call.store["portal_sessions"].get(call.path["portal_session_uuid"])
    if row is None or row["created_at"] + LIFETIME <= call.now():
        raise invalid("portal_session_uuid", "There is no such session, or it has ended.")
    return _view(call, row)


def create(call: Call) -> dict[str, Any]:
    """Open a session, whatever it is for."""
    shop = call.shop(call.get("shop_uuid"))
    uuid = call.get("contact_uuid")
    row = call.store.insert(
        "portal_sessions",
        shop_uuid=shop["uuid"],
        contact_uuid=call.contact(uuid)["uuid"] if uuid is not None else None,
        settings={name: value for name, value in call.params.items() if not name.endswith("_uuid")},
        created_at=call.now(),
    )
    return {**_view(call, row), "events": []}


_SHOP = RouteParam("shop_uuid", required=True)
_SETTINGS = (
    RouteParam("contact_uuid"),
    RouteParam("scanner_type", choices=("camera", "hand_scanner"), default="camera"),
    RouteParam("enable_email_identification", "boolean", default=False),
    RouteParam("enable_registration", "boolean", default=False),
    RouteParam("enable_on_screen_keyboard", "boolean", default=False),
    RouteParam("camera_service", "integer", min=1, max=3, default=3),
    RouteParam("facing_mode", choices=("user", "environment"), default="user"),
    RouteParam("primary_identification_method", choices=("email", "identifier"), default="identifier"),
)
_CREATE = (_SHOP, *_SETTINGS)
_REDEEM = (
    *_CREATE,
    RouteParam("amount_in_cents", "integer", required=True, min=0),
    RouteParam("allow_multiple_giftcards", "boolean", default=True),
)
_ROOT = "/portal-sessions"

ROUTES = (
    Route("portal_sessions.get", "GET", _ROOT + "/{portal_session_uuid}", get),
    Route("portal_sessions.create", "POST", _ROOT, create, _CREATE, status=201),
    Route("portal_sessions.create_credit_reception", "POST", _ROOT + "/credit-reception", create, _CREATE),
    Route("portal_sessions.create_redeem_giftcards", "POST", _ROOT + "/redeem-giftcards", create, _REDEEM),
    Route("portal_sessions.create_top_up_giftcards", "POST", _ROOT + "/top-up-giftcards", create, _CREATE),
    Route("portal_sessions.create_pay_prepaid", "POST", _ROOT + "/pay-prepaid", create, _CREATE),
    Route("portal_sessions.create_top_up_prepaid", "POST", _ROOT + "/top-up-prepaid", create, _CREATE),
    Route("portal_sessions.create_vouchers", "POST", _ROOT + "/vouchers", create, _CREATE),
    Route(
        "portal_sessions.create_prepaid",
        "POST",
        _ROOT + "/prepaid",
        create,
        (RouteParam("shop_uuid"), *_SETTINGS),
        certainty="assumed",
    ),
)
