"""What belongs to the account: shops, units."""

from __future__ import annotations

import attrs

from ._base import Model


@attrs.frozen(kw_only=True)
class Address(Model):
    """Where a shop is; the house number and postal code appear under two names each."""

    id: int | None = None
    shop_id: int | None = None
    street: str | None = None
    housenumber: int | str | None = None
    house_number: int | str | None = None
    postalcode: str | None = None
    postal_code: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    latitude: float | str | None = None
    longitude: float | str | None = None


@attrs.frozen(kw_only=True)
class Shop(Model):
    """A physical or web shop, also called business profile."""

    id: int | None = None
    uuid: str = ""
    type: str | None = None
    name: str | None = None
    reference: str | None = None
    address: Address | None = None


@attrs.frozen(kw_only=True)
class Unit(Model):
    """What credits are earned for: money, calories, visits."""

    id: int | None = None
    name: str | None = None
    label: str | None = None
    prefix: str | None = None
    is_default: bool | None = None
