"""Gift cards, and the money on cards and contacts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from ._base import EMPTY, Model
from .account import Shop
from .contacts import ContactIdentifier, ContactReference, PrepaidBalance


@attrs.frozen(kw_only=True)
class GiftcardProgram(Model):
    """A kind of gift card; gift cards name theirs with a part of this."""

    shared = True

    id: int | None = None
    uuid: str = ""
    name: str | None = None
    active: bool | str | None = None
    card_count: int | None = None
    settles: int | None = None
    expiration_days: int | None = None
    min_amount_in_cents: int | None = None
    max_amount_in_cents: int | None = None
    calculator_flow: str | None = None


@attrs.frozen(kw_only=True)
class Giftcard(Model):
    """A gift card. `hash` is what its QR code holds: it spends the card's money, so it and `url` show in no repr.

    `type` is a name ("DIGITAL") where creating takes a number. `amount_in_cents` is exact, `amount` the same in whole
    currency, `display_amount` and `formatted_expiration_date` are text for people.
    """

    id: int | None = None
    uuid: str = ""
    type: str | int | None = None
    hash: str | None = attrs.field(default=None, repr=False)
    active: bool | None = None
    upgradeable: bool | None = None
    amount_in_cents: int | None = None
    amount: float | None = None
    display_amount: str | None = None
    expiration_date: dt.datetime | None = None
    formatted_expiration_date: str | None = None
    giftcard_program: GiftcardProgram | None = None
    url: str | None = attrs.field(default=None, repr=False)
    giftcard_recipients: tuple[Any, ...] = attrs.field(default=(), repr=False, hash=False)


@attrs.frozen(kw_only=True)
class GiftcardMailResult(Model):
    """What mailing a gift card answers; some answers are the bare text of `data`."""

    bare_field: ClassVar[str | None] = "data"

    message: str | None = None
    data: str | None = None


@attrs.frozen(kw_only=True)
class GiftcardReference(Model):
    """A gift card as its transactions name it; `uuid` is null for old ones."""

    id: int | None = None
    uuid: str | None = None


@attrs.frozen(kw_only=True)
class Settlement(Model):
    """A settlement that a gift card transaction is part of."""

    id: int | None = None


@attrs.frozen(kw_only=True)
class GiftcardTransaction(Model):
    """Money put on a gift card (positive) or spent from it (negative). `uuid` is null for old ones.

    Some answers have `card_id` and `shop_id` instead of `card` and `shop`.
    """

    id: int | None = None
    uuid: str | None = None
    amount_in_cents: int | None = None
    type: str | None = None
    settled: bool | None = None
    card: GiftcardReference | None = None
    card_id: int | None = None
    shop: Shop | None = None
    shop_id: int | None = None
    settlements: tuple[Settlement, ...] = ()
    created_at: dt.datetime | None = None
    custom_attributes: Mapping[str, Any] = attrs.field(default=EMPTY, hash=False)


@attrs.frozen(kw_only=True)
class PrepaidTransaction(Model):
    """Money that a contact deposited (positive) or spent (negative), and the balance after it."""

    uuid: str = ""
    amount_in_cents: int | None = None
    prepaid_balance: PrepaidBalance | None = None
    created_at: dt.datetime | None = None
    shop: Shop | None = None
    contact_identifier: ContactIdentifier | None = None
    contact: ContactReference | None = None
