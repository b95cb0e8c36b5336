"""Visits and bookings."""

from __future__ import annotations

import datetime as dt

import attrs

from ._base import Model
from .contacts import ContactReference


@attrs.frozen(kw_only=True)
class Visit(Model):
    """A contact's visit to a shop."""

    uuid: str = ""
    contact: ContactReference | None = None
    external_id: str | None = None
    source: str | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    created_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Booking(Model):
    """A contact's reservation at a shop.

    `number_of_people`, `company_name`, `status` and `prepaid_amount` (cents) can be sent; no source shows them in
    an answer, so they are usually None.
    """

    uuid: str = ""
    contact: ContactReference | None = None
    external_id: str | None = None
    source: str | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    checked_in_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    number_of_people: int | None = None
    company_name: str | None = None
    status: str | None = None
    prepaid_amount: int | None = None
