"""What belongs to the account: shops, units, users, and what the dashboard sets up."""

from __future__ import annotations

import datetime as dt

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

    shared = True

    id: int | None = None
    uuid: str = ""
    type: str | None = None
    name: str | None = None
    reference: str | None = None
    address: Address | None = None


@attrs.frozen(kw_only=True)
class Unit(Model):
    """What credits are earned for: money, calories, visits.

    The last four fields come only in the answer to its creation.
    """

    shared = True

    id: int | None = None
    name: str | None = None
    label: str | None = None
    prefix: str | None = None
    is_default: bool | None = None
    loyalty_program_id: int | None = None
    format: str | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class User(Model):
    """Somebody who works with the business dashboard."""

    id: int | None = None
    email: str | None = None
    firstname: str | None = None
    lastname: str | None = None


@attrs.frozen(kw_only=True)
class Register(Model):
    """A point of sale, bound to one shop, whose token the Register API takes."""

    id: int | None = None
    name: str | None = None
    shop: Shop | None = None
    identifier: str | None = None


@attrs.frozen(kw_only=True)
class PosTransaction(Model):
    """A payment at a register."""

    uuid: str = ""
    transaction_id: str | int | None = None
    terminal_id: str | int | None = None
    amount_in_cents: int | None = None
    created_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class BrandKit(Model):
    """Logos, colours and font of the account; the fourth colour is spelled "quarternary" by the API."""

    small_logo_url: str | None = None
    large_logo_url: str | None = None
    cover_image_url: str | None = None
    primary_color: str | None = None
    secondary_color: str | None = None
    tertiary_color: str | None = None
    quarternary_color: str | None = attrs.field(default=None, metadata={"also": ("quaternary_color",)})
    font_color: str | None = None
    font_family: str | None = None
    description: str | None = None
    corner_theme: str | None = None


@attrs.frozen(kw_only=True)
class Form(Model):
    """A form that contacts fill in."""

    uuid: str = ""
    name: str | None = None
    status: str | None = None
    type: str | None = None
    url: str | None = None


@attrs.frozen(kw_only=True)
class Automation(Model):
    """Something that happens by itself when `event` does; some answers leave out `uuid`."""

    uuid: str = ""
    event: str | None = None
    name: str | None = None
    status: str | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
