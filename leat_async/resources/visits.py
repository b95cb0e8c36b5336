"""Visits: that a contact came to a shop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from .._core.declare import BOTH, OAUTH, never, operation
from .._core.kept_text import kept_text
from .._core.unset import UNSET, Unset
from ..models import Visit
from ..pagination import Pager
from ._base import Resource, first_where
from ._batches import BatchVisit
from ._types import EchoedContact, EchoedExternalId, Id, ImpliedByRegister, Moment, Positive, UpTo500


class Visits(Resource):
    """That contacts came to a shop. The API knows no way to delete a visit."""

    _makes: Visit  # what an import of them makes; for type checkers only

    async def _find(self, contact_uuid: Id, external_id: Id) -> Visit | None:
        return await first_where(self.list(contact_uuid=contact_uuid), external_id=kept_text(str(external_id)))

    @operation("GET", "/visits")
    def list(
        self, *, contact_uuid: Id | Unset = UNSET, limit: UpTo500 | Unset = UNSET, page: Positive | Unset = UNSET
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
        never()

    @operation("GET", "/visits/{visit_uuid}")
    async def get(self, visit_uuid: Id) -> Visit:
        """Fetch one visit.

        Parameters:
            visit_uuid: the visit's uuid.

        Returns:
            The visit.

        Raises:
            ApiError: the API refuses, also when there is no such visit (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/visits", apis=BOTH, look_up=_find, look_up_apis=OAUTH)
    async def create(
        self,
        *,
        contact_uuid: EchoedContact,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
        external_id: EchoedExternalId | Unset | None = UNSET,
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
        never()

    @operation("PUT", "/visits/{visit_uuid}", apis=BOTH, look_up=get)
    async def update(
        self,
        visit_uuid: Id,
        *,
        external_id: EchoedExternalId | Unset | None = UNSET,
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
        never()

    @operation("POST", "/visits/batch", certainty="assumed")
    async def create_batch(self, *, visits: Annotated[Sequence[BatchVisit], Meta(min_length=1)]) -> Any:
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

        Repeating: not known to be safe. Facts: assumed from one request in an example; for a safe import of many
        rows use `bulk`.
        """
        never()
