"""The web app that an account offers to its contacts."""

from __future__ import annotations

from ..engine import Answer, Call
from ..params import Param
from ..routing import OAUTH, Route
from .contact_verification import login_token


def get_auth_url(call: Call) -> Answer:
    """An address that logs a contact in."""
    call.contact(call.params["contact_uuid"])
    return Answer({"url": f"https://leat.com/home?token={login_token(call.store)}"}, {})


_CONTACT = (Param("contact_uuid", required=True),)

_PATH = "/contacts-portal/auth-url"

ROUTES = (Route("contacts_portal.get_auth_url", "GET", _PATH, get_auth_url, _CONTACT, "captured", OAUTH),)
