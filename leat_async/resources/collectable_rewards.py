"""Collectable rewards: claimed rewards that are still to be picked up."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from .._core.operation import Effect
from ..models import CollectableReward
from ..pagination import Pager
from ._base import Resource
from ._types import Id


class CollectableRewards(Resource):
    """Physical rewards that were claimed and wait to be handed out."""

    @operation("GET", "/collectable-rewards", apis=BOTH)
    def list(self, *, contact_uuid: Id) -> Pager[CollectableReward]:
        """List the rewards that a contact has not picked up yet.

        Parameters:
            contact_uuid: the contact.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("PUT", "/collectable-rewards/collect/{loyalty_transaction_uuid}", apis=BOTH, effect=Effect.ACTION)
    async def collect(self, loyalty_transaction_uuid: Id) -> CollectableReward:
        """Hand out a claimed reward.

        Parameters:
            loyalty_transaction_uuid: the loyalty transaction that the claim made.

        Returns:
            `uuid` (of the redemption) and `status`; older answers have the whole reward instead.

        Raises:
            NotFoundError: no such reward (6003, 80300).
            ApiError: the reward is expired (80300 as well; the message tells).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer: see whether
                `list` still has the reward.

        Repeating: not safe, handing out is for once. Facts: documented.
        """
        never()

    @operation("POST", "/collectable-rewards/{collectable_reward_redemption_uuid}/reverse", apis=BOTH)
    async def reverse(self, collectable_reward_redemption_uuid: Id) -> CollectableReward:
        """Undo that a reward was handed out.

        Parameters:
            collectable_reward_redemption_uuid: the redemption, which `collect` names.

        Returns:
            `uuid` and `status`.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, nothing says that a second is refused. Facts: documented; under the Register API
        doubtful.
        """
        never()
