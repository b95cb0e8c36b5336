"""The operations of portal sessions."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.operation import Effect, Operation
from .._core.params import Boolean, Integer, Text
from ..models import PortalSession

ScannerType: TypeAlias = Literal["camera", "hand_scanner"] | str
CameraService: TypeAlias = Literal[1, 2, 3] | int
FacingMode: TypeAlias = Literal["user", "environment"] | str
IdentificationMethod: TypeAlias = Literal["email", "identifier"] | str

_CONTACT = {
    "contact_uuid": Text(),
    "scanner_type": Text(values=("camera", "hand_scanner")),
    "enable_email_identification": Boolean(),
    "enable_registration": Boolean(),
    "enable_on_screen_keyboard": Boolean(),
}
_SCREEN = {
    "shop_uuid": Text(required=True, implied_by_register=True),
    **_CONTACT,
    "camera_service": Integer(),
    "facing_mode": Text(values=("user", "environment")),
    "primary_identification_method": Text(values=("email", "identifier")),
}
_PAYMENT = {
    "amount_in_cents": Integer(required=True),
    "allow_multiple_giftcards": Boolean(),
}
_BOTH = ("oauth", "register")
GET = Operation(
    "portal_sessions.get",
    "GET",
    "/portal-sessions/{portal_session_uuid}",
    Effect.SAFE,
    PortalSession,
    apis=_BOTH,
)
CREATE = Operation(
    "portal_sessions.create",
    "POST",
    "/portal-sessions",
    Effect.ACTION,
    PortalSession,
    body=_SCREEN,
    apis=_BOTH,
)
CREATE_CREDIT_RECEPTION = Operation(
    "portal_sessions.create_credit_reception",
    "POST",
    "/portal-sessions/credit-reception",
    Effect.ACTION,
    PortalSession,
    body=_SCREEN,
    apis=_BOTH,
)
CREATE_REDEEM_GIFTCARDS = Operation(
    "portal_sessions.create_redeem_giftcards",
    "POST",
    "/portal-sessions/redeem-giftcards",
    Effect.ACTION,
    PortalSession,
    body={**_SCREEN, **_PAYMENT},
    apis=_BOTH,
)
CREATE_TOP_UP_GIFTCARDS = Operation(
    "portal_sessions.create_top_up_giftcards",
    "POST",
    "/portal-sessions/top-up-giftcards",
    Effect.ACTION,
    PortalSession,
    body=_SCREEN,
    apis=_BOTH,
)
CREATE_PAY_PREPAID = Operation(
    "portal_sessions.create_pay_prepaid",
    "POST",
    "/portal-sessions/pay-prepaid",
    Effect.ACTION,
    PortalSession,
    body=_SCREEN,
    apis=_BOTH,
)
CREATE_TOP_UP_PREPAID = Operation(
    "portal_sessions.create_top_up_prepaid",
    "POST",
    "/portal-sessions/top-up-prepaid",
    Effect.ACTION,
    PortalSession,
    body=_SCREEN,
    apis=_BOTH,
)
CREATE_VOUCHERS = Operation(
    "portal_sessions.create_vouchers",
    "POST",
    "/portal-sessions/vouchers",
    Effect.ACTION,
    PortalSession,
    body=_SCREEN,
    apis=_BOTH,
)
CREATE_PREPAID = Operation(
    "portal_sessions.create_prepaid",
    "POST",
    "/portal-sessions/prepaid",
    Effect.ACTION,
    object,
    body={"shop_uuid": Text(), **_CONTACT},
    apis=_BOTH,
    certainty="assumed",
)
