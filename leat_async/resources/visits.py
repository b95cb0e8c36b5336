"""Visits: that a contact came to a shop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

from .._core.operation import Effect, Operation, Paging
from .._core.params import Instant, Integer, Items, Object, Text
from .._core.unset import UNSET, Unset
from ..models import Visit
from ..pagination import Pager
from ._base import Resource
from ._types import Moment


class BatchVisit(TypedDict):
    """One visit of a batch: the contact by address, the shop under its newer name."""

    contact_email: str
    business_profile_uuid: str
    external_id: NotRequired[str]


_FIELDS = {
    "external_id": Text(),
    "source": Text(),
    "starts_at": Instant(),
    "ends_at": Instant(),
}
LIST = Operation(
    "visits.list",
    "GET",
    "/visits",
    Effect.SAFE,
    Visit,
    query={"limit": Integer(min=0, max=500), "page": Integer(min=1), "contact_uuid": Text()},
    many=True,
    paging=Paging(largest=500),
)
GET = Operation("visits.get", "GET", "/visits/{visit_uuid}", Effect.SAFE, Visit)
CREATE = Operation(
    "visits.create",
    "POST",
    "/visits",
    Effect.ACTION,
    Visit,
    body={
        "contact_uuid": Text(required=True),
        "shop_uuid": Text(required=True, implied_by_register=True),
        **_FIELDS,
    },
    apis=("oauth", "register"),
)
UPDATE = Operation(
    "visits.update",
    "PUT",
    "/visits/{visit_uuid}",
    Effect.REPEATABLE,
    Visit,
    body=_FIELDS,
    apis=("oauth", "register"),
)
CREATE_BATCH = Operation(
    "visits.create_batch",
    "POST",
    "/visits/batch",
    Effect.ACTION,
    object,
    body={
        "visits": Items(
            required=True,
            min=1,
            of=Object(
                fields={
                    "contact_email": Text(required=True),
                    "business_profile_uuid": Text(required=True),
                    "external_id": Text(),
                }
            ),
        )
    },
    certainty="captured",
)


class Visits(Resource):
    """That contacts came to a shop. The API knows no way to delete a visit."""

    def list(
        self,
        *,
        contact_uuid: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        page: int | Unset = UNSET,
    ) -> Pager[Visit]:
        """List visits, those of one contact or all.

        Parameters:
            contact_uuid: only visits of this contact.
            limit: page size, 0 to 500; left out, 500.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every visit. The order is not documented, and
            visits can't be filtered by time, so rows added meanwhile may shift a row out of sight.

        Raises:
            ApiError: when a page is asked for and refused.

        Repeating: safe. Facts: documented.
        """
        return self._list(LIST, query={"contact_uuid": contact_uuid, "limit": limit, "page": page})

    async def get(self, visit_uuid: str) -> Visit:
        """Fetch one visit.

        Parameters:
            visit_uuid: the visit's uuid.

        Returns:
            The visit.

        Raises:
            ApiError: the API refuses, also when there is no such visit (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET, visit_uuid)

    async def create(
        self,
        *,
        contact_uuid: str,
        shop_uuid: str | Unset = UNSET,
        external_id: str | Unset | None = UNSET,
        source: str | Unset | None = UNSET,
        starts_at: Moment | Unset | None = UNSET,
        ends_at: Moment | Unset | None = UNSET,
    ) -> Visit:
        """Create a visit.

        Parameters:
            contact_uuid: the visiting contact.
            shop_uuid: the shop that is visited; required, except under the Register API, whose token implies it.
            external_id: your own identifier, unique among visits; give one, or the visit can't be found again.
            source: free text naming where the visit came from, such as "Website" or "Kiosk".
            starts_at: start, an aware datetime or ISO 8601 text with an offset.
            ends_at: end, the same.

        Returns:
            The visit.

        Raises:
            InvalidInputError: code 1003; a taken `external_id` is reported so.
            NotFoundError: no such contact (55031) or shop (1008).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `external_id` among the
                contact's visits.

        Repeating: not safe, it makes a second visit. Facts: documented; the uniqueness of `external_id` only in
        newer documentation.
        """
        body = {
            "contact_uuid": contact_uuid,
            "shop_uuid": shop_uuid,
            "external_id": external_id,
            "source": source,
            "starts_at": starts_at,
            "ends_at": ends_at,
        }
        askable = isinstance(external_id, str) and self._api in LIST.apis
        look_up = (lambda: self._find(contact_uuid, external_id)) if askable else None
        return await self._call(CREATE, body=body, look_up=look_up)

    async def update(
        self,
        visit_uuid: str,
        *,
        external_id: str | Unset | None = UNSET,
        source: str | Unset | None = UNSET,
        starts_at: Moment | Unset | None = UNSET,
        ends_at: Moment | Unset | None = UNSET,
    ) -> Visit:
        """Change a visit; its shop and contact stay as they are.

        Parameters:
            visit_uuid: the visit's uuid.
            external_id, source, starts_at, ends_at: as for `create`; left out, a field stays; None clears it.

        Returns:
            The visit as changed.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the visit as it is.

        Repeating: safe, it sets the same values again. Facts: documented.
        """
        body = {"external_id": external_id, "source": source, "starts_at": starts_at, "ends_at": ends_at}
        return await self._call(UPDATE, visit_uuid, body=body, look_up=lambda: self.get(visit_uuid))

    async def create_batch(self, *, visits: Sequence[BatchVisit]) -> Any:
        """Create many visits in one call.

        Parameters:
            visits: at least one, each with `contact_email`, `business_profile_uuid` (the shop) and, where wanted,
                `external_id`; whether a visit's other fields are taken here is not known.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            ApiError: the API refuses; whether it then creates none or some is not known.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, look for the
                `external_id`s among the contacts' visits.

        Repeating: not known to be safe. Facts: observed in one request, not documented; for a safe import of many
        rows use `bulk`.
        """
        return await self._call(CREATE_BATCH, body={"visits": visits})

    async def _find(self, contact_uuid: str, external_id: object) -> Visit | None:
        async for visit in self.list(contact_uuid=contact_uuid):
            if visit.external_id == external_id:
                return visit
        return None
