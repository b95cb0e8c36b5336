"""Rewards: what credits can buy."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from .._core.annotations import Mark
from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import Reward
from ..pagination import Pager
from ._base import Resource
from ._types import Id, MaybeEmpty


class Rewards(Resource):
    """Things that credits can buy. The API can't create or delete them."""

    @operation("GET", "/rewards", apis=BOTH)
    def list(self, *, shop_uuid: Id | Unset = UNSET, contact_uuid: Id | Unset = UNSET) -> Pager[Reward]:
        """List rewards.

        Parameters:
            shop_uuid: only rewards of this shop; not for the Register API, whose token implies it.
            contact_uuid: only rewards that this contact can claim; documented as required under the Register API,
                which not every client heeds, so it is not enforced.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            NotFoundError: no such shop (1008) or contact (55031).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("GET", "/rewards/{reward_uuid}", apis=BOTH)
    async def get(self, reward_uuid: Id) -> Reward:
        """Fetch one reward.

        Parameters:
            reward_uuid: the reward's uuid.

        Returns:
            The reward; some fields of `list` are missing here, and others the other way round.

        Raises:
            NotFoundError: no such reward (6003).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("PUT", "/rewards/{reward_uuid}", apis=BOTH, look_up=get)
    async def update(
        self,
        reward_uuid: Id,
        *,
        title: str | Unset | None = UNSET,
        description: MaybeEmpty | Unset | None = UNSET,
        required_credits: float | Decimal | Unset | None = UNSET,
        attributes: Annotated[Mapping[str, Any], Mark.FURTHER_KEYS] | Unset = UNSET,
    ) -> Reward:
        """Change a reward.

        Parameters:
            reward_uuid: the reward's uuid.
            title: new title.
            description: new description.
            required_credits: new price in credits.
            attributes: values of the account's reward attributes, by name.

        Returns:
            The reward as changed; the account's attributes are in its `extra`.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such reward (6003).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the reward as it is.

        Repeating: safe, it sets the same values again. Facts: documented; that the values go into the body is
        observed.
        """
        never()
