"""Promotions: campaigns that vouchers belong to."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import Promotion
from ..pagination import Pager
from ._base import Resource
from ._types import Id, NotNegative, Positive

PromotionType: TypeAlias = Literal["SINGLE_USE"] | str


class Promotions(Resource):
    """Campaigns that vouchers belong to. The API can't change or delete them."""

    @operation("GET", "/promotions", apis=BOTH, certain_paging=False)
    def list(self, *, limit: NotNegative | Unset = UNSET, page: Positive | Unset = UNSET) -> Pager[Promotion]:
        """List promotions.

        Parameters:
            limit: page size; left out, the API's own, said to be 30.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every promotion. Answers carry no page information,
            so iterating ends at an empty page, or at one that repeats the page before.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented; that the list is paged is observed in one client.
        """
        never()

    @operation("POST", "/promotions", apis=BOTH)
    async def create(
        self,
        *,
        name: str,
        description: str,
        voucher_limit: int | Unset | None = UNSET,
        limit_per_contact: int | Unset | None = UNSET,
        expiration_duration: int | Unset | None = UNSET,
        type: PromotionType | Unset | None = UNSET,
        redemptions_per_voucher: int | Unset | None = UNSET,
    ) -> Promotion:
        """Create a promotion.

        Parameters:
            name: name to show.
            description: description to show.
            voucher_limit: most vouchers of this promotion.
            limit_per_contact: most vouchers of this promotion for one contact.
            expiration_duration: how long its vouchers are valid, in seconds.
            type: kind of promotion, for example "SINGLE_USE"; an open list.
            redemptions_per_voucher: how often one voucher can be redeemed.

        Returns:
            The promotion.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since names need not
                be unique: look through `list`.

        Repeating: not safe, it makes a second promotion. Facts: documented in older documentation; the last two
        parameters are observed in one client.
        """
        never()

    @operation("GET", "/promotions/{promotion_uuid}", apis=BOTH)
    async def get(self, promotion_uuid: Id) -> Promotion:
        """Fetch one promotion.

        Parameters:
            promotion_uuid: the promotion's uuid.

        Returns:
            The promotion.

        Raises:
            NotFoundError: no such promotion (80002).

        Repeating: safe. Facts: documented.
        """
        never()
