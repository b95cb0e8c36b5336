"""The handlers: one module per resource, each with its tables and its routes."""

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
    collectable_rewards,
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
    giftcard_programs,
    giftcard_transactions,
    giftcards,
    loyalty_program,
    loyalty_tokens,
    loyalty_transaction_attributes,
    loyalty_transactions,
    order_returns,
    orders,
    perks,
    portal_sessions,
    pos_transactions,
    prepaid_transactions,
    product_categories,
    products,
    promotion_attributes,
    promotions,
    referrals,
    reward_attributes,
    reward_receptions,
    rewards,
    shift_teams,
    shift_types,
    shifts,
    shops,
    subscription_types,
    tiers,
    units,
    visits,
    voucher_redemptions,
    vouchers,
    webhook_subscriptions,
)

_HANDLERS = (
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
    subscription_types,
    forms,
    automations,
    loyalty_transaction_attributes,
    product_categories,
    products,
    shift_teams,
    shift_types,
    shifts,
    webhook_subscriptions,
    brand_kit,
    contact_session_tokens,
    contact_subscriptions,
    contact_verification,
    contacts_portal,
    perks,
    portal_sessions,
    pos_transactions,
    loyalty_tokens,
    orders,
    order_returns,
    rewards,
    reward_attributes,
    reward_receptions,
    collectable_rewards,
    giftcard_programs,
    giftcards,
    giftcard_transactions,
    prepaid_transactions,
    promotions,
    promotion_attributes,
    vouchers,
    voucher_redemptions,
    tiers,
    referrals,
)

ROUTES: tuple[Route, ...] = tuple(route for module in _HANDLERS for route in module.ROUTES)
OPERATIONS = frozenset(route.operation for route in ROUTES)
TABLES: Mapping[str, tuple[str, ...]] = {
    "jobs": (),
    **{name: fields for module in _HANDLERS for name, fields in getattr(module, "TABLES", {}).items()},
}
JOBS: Mapping[str, Callable[..., Any]] = {
    name: job for module in _HANDLERS for name, job in getattr(module, "JOBS", {}).items()
}
# What a new account holds of these resources.
SEEDERS: tuple[Callable[[Store, int], None], ...] = tuple(
    module.seed for module in _HANDLERS if hasattr(module, "seed")
)
