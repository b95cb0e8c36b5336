"""Bookings: that a contact reserved at a shop."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import Booking
from ._base import Resource
from ._types import EchoedContact, EchoedExternalId, Id, ImpliedByRegister, Moment

BookingStatus: TypeAlias = Literal["created", "in progress", "canceled", "completed"] | str


class Bookings(Resource):
    """Reservations of contacts at a shop. The API can't list, fetch or delete them."""

    _makes: Booking  # what an import of them makes; for type checkers only

    @operation("POST", "/bookings", apis=BOTH)
    async def create(
        self,
        *,
        contact_uuid: EchoedContact,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        external_id: EchoedExternalId | Unset | None = UNSET,
        source: str | Unset | None = UNSET,
        starts_at: Moment | Unset | None = UNSET,
        ends_at: Moment | Unset | None = UNSET,
        checked_in_at: Moment | Unset | None = UNSET,
        number_of_people: int | Unset | None = UNSET,
        company_name: str | Unset | None = UNSET,
        status: BookingStatus | Unset | None = UNSET,
        prepaid_amount: int | Unset | None = UNSET,
    ) -> Booking:
        """Create a booking.

        Parameters:
            contact_uuid: the contact who booked.
            shop_uuid: the shop; required, except under the Register API, whose token implies it.
            external_id: your own identifier.
            source: free text naming where the booking came from, such as "Website" or "Widget".
            starts_at: start, an aware datetime or ISO 8601 text with an offset.
            ends_at: end, the same.
            checked_in_at: when the party checked in, the same.
            number_of_people: size of the party.
            company_name: the company that the booking was made for.
            status: for example "created", "in progress", "canceled" or "completed"; an open list.
            prepaid_amount: amount paid beforehand, in cents.

        Returns:
            The booking; no source shows the last four parameters in an answer.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; bookings can't be asked for, so `reconcile()`
                has no answer.

        Repeating: not safe, it makes a second booking. Facts: documented.
        """
        never()

    @operation("PUT", "/bookings/{booking_uuid}", apis=BOTH)
    async def update(
        self,
        booking_uuid: Id,
        *,
        external_id: Id | Unset | None = UNSET,
        source: str | Unset | None = UNSET,
        starts_at: Moment | Unset | None = UNSET,
        ends_at: Moment | Unset | None = UNSET,
        checked_in_at: Moment | Unset | None = UNSET,
        number_of_people: int | Unset | None = UNSET,
        company_name: str | Unset | None = UNSET,
        status: BookingStatus | Unset | None = UNSET,
        prepaid_amount: int | Unset | None = UNSET,
    ) -> Booking:
        """Change a booking; its shop and contact stay as they are.

        Parameters:
            booking_uuid: the booking's uuid.
            external_id, source, starts_at, ends_at, checked_in_at, number_of_people, company_name, status,
                prepaid_amount: as for `create`; left out, a field stays; None clears it.

        Returns:
            The booking as changed.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, it sets the same values again. Facts: documented.
        """
        never()
