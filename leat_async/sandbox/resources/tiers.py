"""Tiers: a contact is in the highest one whose threshold it has earned."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..routing import OAUTH, Route
from ..store import Store
from .shapes import tier

TABLES: dict[str, tuple[str, ...]] = {"tiers": ()}


def seed(store: Store, now: int) -> None:
    """Three tiers."""
    for position, (name, threshold) in enumerate((("Silver", 250), ("Gold", 1000), ("Platinum", 5000)), 1):
        description = f"From {threshold} credits on"
        store.insert(
            "tiers", name=name, description=description, position=position, threshold=threshold, created_at=now
        )


def list_(call: Call) -> list[dict[str, Any]]:
    """All tiers."""
    return [tier(row) for row in call.store["tiers"].rows.values()]


ROUTES = (Route("tiers.list", "GET", "/tiers", list_, roots=OAUTH),)
