"""Which account a command talks to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..config import DEFAULT_BASE_URL
from .exits import Exit, Stop

if TYPE_CHECKING:
    from ..client import LeatClient


def client_from_env(**options: Any) -> LeatClient:
    """A client with the credentials of the environment; without them the command ends, saying what to set."""
    from ..client import LeatClient
    from ..config import from_env
    from ..errors import ConfigError

    try:
        found = from_env()
    except ConfigError:
        raise Stop(
            "no token: set LEAT_ACCESS_TOKEN, or LEAT_CLIENT_ID and LEAT_CLIENT_SECRET; "
            "to try without an account: --sandbox with import and export, or leat sandbox",
            Exit.AUTHENTICATION,
        ) from None
    try:
        return LeatClient(**{**found, **options})
    except ConfigError as error:
        raise Stop(str(error), Exit.USAGE) from None


def base_url() -> str:
    """The origin that requests go to."""
    return os.environ.get("LEAT_BASE_URL") or DEFAULT_BASE_URL
