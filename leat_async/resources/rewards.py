"""Rewards: what credits can buy."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .._core.operation import Effect, Operation
from .._core.params import Number, Text
from .._core.unset import UNSET, Unset
from ..models import Reward
from ..pagination import Pager
from ._base import Resource, with_attributes

LIST = Operation(
    "rewards.list",
    "GET",
    "/rewards",
    Effect.SAFE,
    Reward,
    query={"shop_uuid": Text(), "contact_uuid": Text()},
    many=True,
    apis=("oauth", "register"),
)
GET = Operation("rewards.get", "GET", "/rewards/{reward_uuid}", Effect.SAFE, Reward, apis=("oauth", "register"))
UPDATE = Operation(
    "rewards.update",
    "PUT",
    "/rewards/{reward_uuid}",
    Effect.REPEATABLE,
    Reward,
    body={"title": Text(), "description": Text(empty=True), "required_credits": Number()},
    open_body=True,
    apis=("oauth", "register"),
)


class Rewards(Resource):
    """Things that credits can buy. The API can't create or delete them."""

    def list(self, *, shop_uuid: str | Unset = UNSET, contact_uuid: str | Unset = UNSET) -> Pager[Reward]:
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
        return self._list(LIST, query={"shop_uuid": shop_uuid, "contact_uuid": contact_uuid})

    async def get(self, reward_uuid: str) -> Reward:
        """Fetch one reward.

        Parameters:
            reward_uuid: the reward's uuid.

        Returns:
            The reward; some fields of `list` are missing here, and others the other way round.

        Raises:
            NotFoundError: no such reward (6003).

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET, reward_uuid)

    async def update(
        self,
        reward_uuid: str,
        *,
        title: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        required_credits: float | Decimal | Unset | None = UNSET,
        attributes: Mapping[str, Any] | Unset = UNSET,
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
        body = {"title": title, "description": description, "required_credits": required_credits}
        sent = with_attributes(body, attributes)
        return await self._call(UPDATE, reward_uuid, body=sent, look_up=lambda: self.get(reward_uuid))
