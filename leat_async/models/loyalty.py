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
