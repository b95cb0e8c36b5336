"""Attributes of contacts by their older name: those of the entity contact."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..params import RouteParam
from ..routing import Route
from ..store import Store
from .custom_attributes import DATA_TYPES, OPTIONS, add, define, options, view
from .shapes import STANDARD_ATTRIBUTES


def seed(store: Store, now: int) -> None:
    """What every contact has."""
    add(store, now, "contact", "email", "email", is_piggy_defined=True)
    for name, (kind, _) in STANDARD_ATTRIBUTES.items():
        add(store, now, "contact", name, kind, is_piggy_defined=True)


def list_(call: Call) -> list[dict[str, Any]]:
    """All attributes of contacts."""
    return [view(call, row) for row in call.store["attributes"].find("entity", "contact")]


def create(call: Call) -> dict[str, Any]:
    """Define an attribute of contacts."""
    return view(call, define(call, "contact", call.params["data_type"], options=options(call)))


_CREATE = (
    RouteParam("name", required=True),
    RouteParam("label", required=True),
    RouteParam("data_type", required=True, choices=DATA_TYPES),
    RouteParam("description"),
    OPTIONS,
)
_ROOT = "/contact-attributes"

ROUTES = (
    Route("contact_attributes.list", "GET", _ROOT, list_, certainty="observed in an answer"),
    Route("contact_attributes.create", "POST", _ROOT, create, _CREATE, certainty="observed in an answer"),
)
