"""The rooms: one module per resource, each with its tables and its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..routing import Route
from . import (
    account,
    bookings,
    contact_changes,
    contact_identifiers,
    contacts,
    credit_receptions,
    loyalty_program,
    loyalty_transactions,
    shops,
    units,
    visits,
)

_ROOMS = (
    account,
    shops,
    loyalty_program,
    units,
    contacts,
    contact_changes,
    contact_identifiers,
    visits,
    bookings,
    credit_receptions,
    loyalty_transactions,
)

ROUTES: tuple[Route, ...] = tuple(route for room in _ROOMS for route in room.ROUTES)
TABLES: Mapping[str, tuple[str, ...]] = {
    "jobs": (),
    **{name: fields for room in _ROOMS for name, fields in getattr(room, "TABLES", {}).items()},
}
JOBS: Mapping[str, Callable[..., Any]] = {
    name: job for room in _ROOMS for name, job in getattr(room, "JOBS", {}).items()
}
