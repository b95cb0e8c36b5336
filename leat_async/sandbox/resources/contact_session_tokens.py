"""Short-lived tokens that stand for a contact, as an app shows them; no operation makes one."""

from __future__ import annotations

import hashlib
from typing import Any

from ..engine import Call
from ..errors import Refusal, invalid
from ..routing import Route
from ..store import Row, Store
from .shapes import contact_of

TABLES = {"contact_session_tokens": ("token", "contact_uuid")}

_TABLE = "contact_session_tokens"


def issue(store: Store, contact_uuid: str, now: int, lifetime: float) -> str:
    """Make a token for a contact, as its app would."""
    token = hashlib.blake2b(store.new_uuid().encode(), digest_size=12).hexdigest()
    store.insert(_TABLE, token=token, contact_uuid=contact_uuid, used=False, created_at=now, expires_at=now + lifetime)
    return token


def _token(call: Call) -> Row:
    row = call.store[_TABLE].first("token", call.path["contact_session_token"])
    if row is None or call.store["contacts"].get(row["contact_uuid"]) is None:
        raise Refusal(60013)
    return row


def _status(call: Call, row: Row) -> str:
    if row["used"]:
        return "used"
    return "expired" if row["expires_at"] <= call.now() else "active"


def _view(call: Call, row: Row) -> dict[str, Any]:
    return {"token": row["token"], "contact": contact_of(call, row), "status": _status(call, row)}


def get(call: Call) -> dict[str, Any]:
    """Look a token up."""
    return _view(call, _token(call))


def use(call: Call) -> dict[str, Any]:
    """Use a token, once and while it lasts."""
    row = _token(call)
    status = _status(call, row)
    if status == "expired":
        raise Refusal(3000)
    if status == "used":
        raise invalid("contact_session_token", "The token has already been used.")
    return _view(call, call.store[_TABLE].update(row, used=True))


_ONE = "/contact-session-tokens/{contact_session_token}"

ROUTES = (
    Route("contact_session_tokens.get", "GET", _ONE, get),
    Route("contact_session_tokens.use", "POST", _ONE + "/use", use),
)
