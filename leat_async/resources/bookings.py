"""Bookings: that a contact reserved at a shop."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.operation import Effect, Operation
from .._core.params import Instant, Integer, Text
from .._core.unset import UNSET, Unset
from ..models import Booking
from ._base import Resource
from ._types import Moment

BookingStatus: TypeAlias = Literal["created", "in progress", "canceled", "completed"] | str

_FIELDS = {
    "external_id": Text(),
    "source": Text(),
    "starts_at": Instant(),
    "ends_at": Instant(),
    "checked_in_at": Instant(),
    "number_of_people": Integer(),
    "company_name": Text(),
    "status": Text(values=("created", "in progress", "canceled", "completed")),
    "prepaid_amount": Integer(),
}
CREATE = Operation(
    "bookings.create",
    "POST",
    "/bookings",
    Effect.ACTION,
    Booking,
    body={
        "contact_uuid": Text(required=True),
        "shop_uuid": Text(required=True, implied_by_register=True),
        **_FIELDS,
    },
    apis=("oauth", "register"),
)
UPDATE = Operation(
    "bookings.update",
    "PUT",
    "/bookings/{booking_uuid}",
    Effect.REPEATABLE,
    Booking,
    body=_FIELDS,
    apis=("oauth", "register"),
)


class Bookings(Resource):
    """Reservations of contacts at a shop. The API can't list, fetch or delete them."""

    async def create(
        self,
        *,
        contact_uuid: str,
        shop_uuid: str | Unset = UNSET,
        external_id: str | Unset | None = UNSET,
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
        body = {
            "contact_uuid": contact_uuid,
            "shop_uuid": shop_uuid,
            "external_id": external_id,
            "source": source,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "checked_in_at": checked_in_at,
            "number_of_people": number_of_people,
            "company_name": company_name,
            "status": status,
            "prepaid_amount": prepaid_amount,
        }
        return await self._call(CREATE, body=body)

    async def update(
        self,
        booking_uuid: str,
        *,
        external_id: str | Unset | None = UNSET,
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
        body = {
            "external_id": external_id,
            "source": source,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "checked_in_at": checked_in_at,
            "number_of_people": number_of_people,
            "company_name": company_name,
            "status": status,
            "prepaid_amount": prepaid_amount,
        }
        return await self._call(UPDATE, booking_uuid, body=body)
