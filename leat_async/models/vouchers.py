"""Promotions and their vouchers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from ._base import EMPTY, Model
from .contacts import ContactReference


@attrs.frozen(kw_only=True)
class Promotion(Model):
    """A campaign that vouchers belong to; `expiration_duration` is in seconds.

    The account's custom attributes are in `attributes`, or in `extra` where a voucher names its promotion.
    """

    uuid: str = ""
    name: str | None = None
    description: str | None = None
    type: str | None = None
    voucher_limit: int | None = None
    limit_per_contact: int | None = None
    expiration_duration: int | None = None
    redemptions_per_voucher: int | None = None
    attributes: Mapping[str, Any] = attrs.field(default=EMPTY, hash=False)


@attrs.frozen(kw_only=True)
class VoucherRedemption(Model):
    """One use of a voucher; its `uuid` is what undoing it takes."""

    uuid: str = ""
    created_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Voucher(Model):
    """A redeemable code of a promotion. The account's custom attributes are in `attributes`.

    The three counts of redemptions are missing in lists and after creation; `voucher_redemption` comes with the
    answer to a redemption only.
    """

    uuid: str = ""
    code: str | None = None
    status: str | None = None
    name: str | None = None
    description: str | None = None
    activation_date: dt.datetime | None = None
    expiration_date: dt.datetime | None = None
    redeemed_at: dt.datetime | None = None
    is_redeemed: bool | None = None
    redemptions_remaining: int | None = None
    times_redeemed: int | None = None
    total_redemptions_allowed: int | None = None
    contact: ContactReference | None = None
    promotion: Promotion | None = None
    attributes: Mapping[str, Any] = attrs.field(default=EMPTY, hash=False)
    voucher_redemption: VoucherRedemption | None = None


@attrs.frozen(kw_only=True)
class VoucherBatch(Model):
    """Vouchers that are being created in the background; `created_at` is text such as "2023-11-27, 17:59"."""

    uuid: str = ""
    type: str | None = None
    quantity: int | None = None
    status: str | None = None
    created_at: str | None = None


@attrs.frozen(kw_only=True)
class Lock(Model):
    """A reservation; its `release_key` redeems or releases what is reserved, and shows in no repr."""

    release_key: str | None = attrs.field(default=None, repr=False)
    locked_at: dt.datetime | None = None
    unlocked_at: dt.datetime | None = None
    system_release_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class VoucherLock(Model):
    """A voucher (its uuid and status) with its reservation."""

    voucher: Voucher | None = None
    lock: Lock | None = None


@attrs.frozen(kw_only=True)
class VoucherMultiRedemption(Model):
    """A voucher redeemed several times at once, and each of the redemptions."""

    voucher: Voucher | None = None
    voucher_redemptions: tuple[VoucherRedemption, ...] = ()
