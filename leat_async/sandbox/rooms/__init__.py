"""The rooms: one module per resource, each with its tables and its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..routing import Route
from ..store import Store
from . import (
    account,
    automations,
    bookings,
    brand_kit,
    contact_attributes,
    contact_changes,
    contact_identifiers,
    contact_session_tokens,
    contact_subscriptions,
    contact_verification,
    contacts,
    contacts_portal,
    credit_receptions,
    custom_attribute_groups,
    custom_attributes,
    forms,
    loyalty_program,
    loyalty_transaction_attributes,
    loyalty_transactions,
    perks,
    portal_sessions,
    pos_transactions,
    product_categories,
    products,
    shift_teams,
    shift_types,
    shifts,
    shops,
    subscription_types,
    units,
    visits,
    webhook_subscriptions,
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
    custom_attributes,
    custom_attribute_groups,
    contact_attributes,
    loyalty_transaction_attributes,
    product_categories,
    products,
    shift_teams,
    shift_types,
    shifts,
    webhook_subscriptions,
    automations,
    brand_kit,
    contact_session_tokens,
    contact_subscriptions,
    contact_verification,
    contacts_portal,
    forms,
    perks,
    portal_sessions,
    pos_transactions,
    subscription_types,
)

ROUTES: tuple[Route, ...] = tuple(route for room in _ROOMS for route in room.ROUTES)
TABLES: Mapping[str, tuple[str, ...]] = {
    "jobs": (),
    **{name: fields for room in _ROOMS for name, fields in getattr(room, "TABLES", {}).items()},
}
JOBS: Mapping[str, Callable[..., Any]] = {
    name: job for room in _ROOMS for name, job in getattr(room, "JOBS", {}).items()
}
# What a new account holds of these rooms.
FURNISHERS: tuple[Callable[[Store, int], None], ...] = (
    custom_attribute_groups.furnish,
    contact_attributes.furnish,
    subscription_types.furnish,
    forms.furnish,
    automations.furnish,
)
