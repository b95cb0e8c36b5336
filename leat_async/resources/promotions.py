"""Promotions: campaigns that vouchers belong to."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Text
from .._core.unset import UNSET, Unset
from ..models import Promotion
from ..pagination import Pager
from ._base import Resource

PromotionType: TypeAlias = Literal["SINGLE_USE"] | str

LIST = Operation(
    "promotions.list",
    "GET",
    "/promotions",
    Effect.SAFE,
    Promotion,
    query={"page": Integer(min=1), "limit": Integer(min=0)},
    many=True,
    paging=Paging(largest=None, certain=False),
    apis=("oauth", "register"),
)
CREATE = Operation(
    "promotions.create",
    "POST",
    "/promotions",
    Effect.ACTION,
    Promotion,
    body={
        "name": Text(required=True),
        "description": Text(required=True),
        "voucher_limit": Integer(),
        "limit_per_contact": Integer(),
        "expiration_duration": Integer(),
        "type": Text(values=("SINGLE_USE",)),
        "redemptions_per_voucher": Integer(),
    },
    apis=("oauth", "register"),
)
GET = Operation(
    "promotions.get",
    "GET",
    "/promotions/{promotion_uuid}",
    Effect.SAFE,
    Promotion,
    apis=("oauth", "register"),
)


class Promotions(Resource):
    """Campaigns that vouchers belong to. The API can't change or delete them."""

    def list(self, *, limit: int | Unset = UNSET, page: int | Unset = UNSET) -> Pager[Promotion]:
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
        return self._list(LIST, query={"limit": limit, "page": page})

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
        body = {
            "name": name,
            "description": description,
            "voucher_limit": voucher_limit,
            "limit_per_contact": limit_per_contact,
            "expiration_duration": expiration_duration,
            "type": type,
            "redemptions_per_voucher": redemptions_per_voucher,
        }
        return await self._call(CREATE, body=body)

    async def get(self, promotion_uuid: str) -> Promotion:
        """Fetch one promotion.

        Parameters:
            promotion_uuid: the promotion's uuid.

        Returns:
            The promotion.

        Raises:
            NotFoundError: no such promotion (80002).

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET, promotion_uuid)
