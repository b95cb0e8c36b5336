"""Referrals: contacts who bring in contacts."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Text
from .._core.unset import UNSET, Unset
from ..models import Referral, ReferralSettings
from ..pagination import Pager
from ._base import Resource

ReferralStatus: TypeAlias = Literal["pending", "completed", "failed"] | str

LIST = Operation(
    "referrals.list",
    "GET",
    "/referrals",
    Effect.SAFE,
    Referral,
    query={
        "referring_contact_uuid": Text(),
        "status": Text(values=("pending", "completed", "failed")),
        "limit": Integer(min=0, max=100),
        "page": Integer(min=1),
    },
    many=True,
    paging=Paging(largest=100, certain=False),
)
GET_SETTINGS = Operation("referrals.get_settings", "GET", "/referrals/settings", Effect.SAFE, ReferralSettings)


class Referrals(Resource):
    """Contacts who bring in contacts."""

    def list(
        self,
        *,
        referring_contact_uuid: str | Unset = UNSET,
        status: ReferralStatus | Unset = UNSET,
        limit: int | Unset = UNSET,
        page: int | Unset = UNSET,
    ) -> Pager[Referral]:
        """List referrals.

        Parameters:
            referring_contact_uuid: only those made by this contact.
            status: only those in this state, "pending", "completed" or "failed".
            limit: page size, 0 to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every referral. The answers carry no page
            information, so iterating ends at an empty page, or at one that repeats the page before.

        Raises:
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented; the least limit is assumed.
        """
        query = {
            "referring_contact_uuid": referring_contact_uuid,
            "status": status,
            "limit": limit,
            "page": page,
        }
        return self._list(LIST, query=query)

    async def get_settings(self) -> ReferralSettings:
        """Fetch the settings of the referral program.

        Returns:
            The settings.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented; the `data` of incentives only for loyalty points and vouchers.
        """
        return await self._call(GET_SETTINGS)
