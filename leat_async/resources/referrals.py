"""Referrals: contacts who bring in contacts."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.declare import never, operation
from .._core.unset import UNSET, Unset
from ..models import Referral, ReferralSettings
from ..pagination import Pager
from ._base import Resource
from ._types import Id, Positive, UpTo100

ReferralStatus: TypeAlias = Literal["pending", "completed", "failed"] | str


class Referrals(Resource):
    """Contacts who bring in contacts."""

    @operation("GET", "/referrals", certain_paging=False)
    def list(
        self,
        *,
        referring_contact_uuid: Id | Unset = UNSET,
        status: ReferralStatus | Unset = UNSET,
        limit: UpTo100 | Unset = UNSET,
        page: Positive | Unset = UNSET,
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
        never()

    @operation("GET", "/referrals/settings")
    async def get_settings(self) -> ReferralSettings:
        """Fetch the settings of the referral program.

        Returns:
            The settings.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented; the `data` of incentives only for loyalty points and vouchers.
        """
        never()
