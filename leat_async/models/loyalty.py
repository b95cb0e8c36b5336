"""Loyalty transactions and what they consist of."""

from __future__ import annotations

import datetime as dt

import attrs

from ._base import Model
from .account import Shop, Unit
from .contacts import ContactIdentifier, ContactReference


@attrs.frozen(kw_only=True)
class LoyaltyTransaction(Model):
    """A change of a credit balance: a credit reception or a reward reception, told apart by `type`.

    A credit reception is this wherever it is given, reversed or claimed.

    `type` is singular here ("credit_reception") where the filter takes a plural. The account's custom transaction
    attributes are in `extra`.
    """

    uuid: str = ""
    type: str | None = None
    credits: int | None = None
    created_at: dt.datetime | None = None
    contact: ContactReference | None = None
    contact_identifier: ContactIdentifier | None = None
    shop: Shop | None = None
    unit_value: float | None = None
    unit: Unit | None = None
    channel: str | None = None


@attrs.frozen(kw_only=True)
class CalculatedCredits(Model):
    """The credits that a value would earn."""

    credits: int | None = None


@attrs.frozen(kw_only=True)
class LoyaltyProgram(Model):
    """The settings of the account's loyalty program."""

    id: int | None = None
    name: str | None = None
    max_amount: int | None = None
    custom_credit_name: str | None = None
    unit: Unit | None = None


@attrs.frozen(kw_only=True)
class PerkOption(Model):
    """A choice of a perk; `value` is true or false for boolean perks."""

    label: str | None = None
    value: str | bool | int | None = None
    default: bool | None = None


@attrs.frozen(kw_only=True)
class Perk(Model):
    """A benefit that tiers grant."""

    uuid: str = ""
    label: str | None = None
    name: str | None = None
    data_type: str | None = None
    options: tuple[PerkOption, ...] = ()
