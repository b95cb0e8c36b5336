"""The settings of the loyalty program."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import Refusal
from ..routing import Route

TABLES: dict[str, tuple[str, ...]] = {"loyalty_programs": ()}


def get(call: Call) -> dict[str, Any]:
    """Fetch the settings."""
    program = next(iter(call.store["loyalty_programs"].rows.values()), None)
    if program is None:
        raise Refusal(1103)
    unit = call.store["units"].first("is_default", True)
    return {
        "id": program["id"],
        "name": program["name"],
        "max_amount": program["max_amount"],
        "custom_credit_name": program["custom_credit_name"],
        "unit": {key: unit[key] for key in ("name", "label", "prefix")} if unit else None,
    }


ROUTES = (Route("loyalty_program.get", "GET", "/loyalty-program", get),)
