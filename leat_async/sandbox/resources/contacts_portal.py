"""The web app that an account offers to its contacts."""

from __future__ import annotations

from ..engine import Call, SandboxAnswer
from ..params import RouteParam
from ..routing import OAUTH, Route
from .contact_verification import login_token


def get_auth_url(call: Call) -> SandboxAnswer:
    """An address that logs a contact in."""
    call.contact(call.params["contact_uuid"])
    return SandboxAnswer({"url": f"https://leat.com/home?token={login_token(call.store)}"}, {})


_CONTACT = (RouteParam("contact_uuid", required=True),)

_PATH = "/contacts-portal/auth-url"

ROUTES = (Route("contacts_portal.get_auth_url", "GET", _PATH, get_auth_url, _CONTACT, roots=OAUTH),)
