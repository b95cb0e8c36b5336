"""Kinds of mailings."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..routing import Route
from ..store import Store
from .shapes import subscription_type


def seed(store: Store, now: int) -> None:
    """One that every contact gets that did not say otherwise."""
    fields = {"description": "What belongs to a booking", "active": True, "strategy": "OPT_OUT"}
    store.insert("subscription_types", name="Functional", **fields)


def list_(call: Call) -> list[dict[str, Any]]:
    """All subscription types."""
    return [subscription_type(row) for row in call.store["subscription_types"].rows.values()]


ROUTES = (Route("subscription_types.list", "GET", "/subscription-types", list_),)
