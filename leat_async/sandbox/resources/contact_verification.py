"""Proving that a contact owns an address; the mailed codes are in the table `verification_codes`."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal
from ..params import RouteParam
from ..routing import OAUTH, Route
from ..store import Store
from .contacts import by_email

TABLES = {"verification_codes": ("contact_uuid",)}

LIFETIME = 900  # seconds; assumed
_TABLE = "verification_codes"


def login_token(store: Store) -> str:
    """A token that logs a contact in, of the look that real ones have."""
    digest = hashlib.blake2b(store.new_uuid().encode(), digest_size=48).digest()
    return base64.b64encode(digest).decode()


def send(call: Call) -> dict[str, Any]:
    """Mail a code, which takes the place of an older one."""
    contact = by_email(call, call.params["email"])
    if contact is None:
        raise Refusal(55031)
    for old in call.store[_TABLE].find("contact_uuid", contact["uuid"]):
        call.store[_TABLE].delete(old)
    digest = hashlib.blake2b(call.store.new_uuid().encode(), digest_size=4).digest()
    code = f"{int.from_bytes(digest, 'big') % 1_000_000:06d}"
    now = call.now()
    call.store.insert(
        _TABLE, contact_uuid=contact["uuid"], code=code, created_at=now, expires_at=now + LIFETIME
    )  # fmt: skip
    text = f"An email containing a link to verify your email has been sent to {contact['email']}."
    return {"type": "Success", "message": f"{text} Please check your spam / junk as well."}


def verify(call: Call) -> SandboxAnswer:
    """Check a code, which is then spent."""
    contact = by_email(call, call.params["email"])
    for row in call.store[_TABLE].find("contact_uuid", contact["uuid"] if contact else None):
        if row["code"] == str(call.params["code"]) and row["expires_at"] > call.now():
            call.store[_TABLE].delete(row)
            return SandboxAnswer({"uuid": row["contact_uuid"]}, {})
    raise Refusal(13010)


def get_auth_token(call: Call) -> str:
    """A token to log a contact in with, as bare text."""
    call.contact(call.path["contact_uuid"])
    call.note("the documentation has an object with auth_token; a recorded answer and the PHP SDK have text")
    return login_token(call.store)


_EMAIL = RouteParam("email", "email", required=True)
_VERIFY = (RouteParam("code", "any", required=True), _EMAIL)
_ROOT = "/contact-verification"

ROUTES = (
    Route("contact_verification.send", "POST", _ROOT + "/send", send, (_EMAIL,), roots=OAUTH),
    Route("contact_verification.verify", "POST", _ROOT + "/verify", verify, _VERIFY, roots=OAUTH),
    Route(
        "contact_verification.get_auth_token",
        "GET",
        _ROOT + "/auth-token/{contact_uuid}",
        get_auth_token,
        roots=OAUTH,
        secret=True,
    ),
)
