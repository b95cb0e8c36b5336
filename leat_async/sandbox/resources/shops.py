"""Shops, also called business profiles."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..routing import OAUTH, Route
from .shapes import shop_brief

TABLES: dict[str, tuple[str, ...]] = {"shops": ()}


def list_(call: Call) -> list[dict[str, Any]]:
    """All shops of the account."""
    return [shop_brief(row) for row in call.store["shops"].rows.values()]


def get(call: Call) -> dict[str, Any]:
    """Fetch one shop."""
    return shop_brief(call.shop(call.path["shop_uuid"]))


ROUTES = (
    Route("shops.list", "GET", "/shops", list_, roots=OAUTH),
    Route("shops.get", "GET", "/shops/{shop_uuid}", get, roots=OAUTH),
)
