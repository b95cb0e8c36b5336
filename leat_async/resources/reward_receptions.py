"""Reward receptions: claims of rewards with credits."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from .._core.operation import require_one
from .._core.unset import UNSET, Unset
from ..models import LoyaltyTransaction, RewardReception
from ._base import Resource
from ._types import Id, ImpliedByRegister


class RewardReceptions(Resource):
    """Claims of rewards. `loyalty_transactions.list` lists them, `collectable_rewards.list` those to be picked up."""

    @operation(
        "POST", "/reward-receptions", apis=BOTH, rules=(require_one("contact_uuid", "contact_identifier_value"),)
    )
    async def create(
        self,
        *,
        # A register may name the contact by an identifier alone; the rule then asks for that.
        contact_uuid: ImpliedByRegister | Unset = UNSET,
        reward_uuid: Id,
        contact_identifier_value: str | Unset | None = UNSET,
        shop_uuid: ImpliedByRegister | Unset = UNSET,
    ) -> RewardReception:
        """Let a contact claim a reward for credits.

        Parameters:
            contact_uuid: the contact who claims; required, except under the Register API, where
                `contact_identifier_value` may stand for it.
            reward_uuid: the reward.
            contact_identifier_value: the card or code of the contact that was used.
            shop_uuid: the shop of the claim; required, except under the Register API, whose token implies it.

        Returns:
            The claim: a physical reward in `reward`, a digital one in `digital_reward`.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031), shop (1008) or reward (6003).
            ApiError: not enough credits (1017), out of stock (1018), claimed too often (1019), or the reward is
                inactive (1052).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since nothing marks
                a claim as ours: compare the contact's loyalty transactions.

        Repeating: not safe, it claims again. Facts: documented; the shape of digital rewards, and the Register API's
        identifier in place of a contact, are observed.
        """
        never()

    @operation("POST", "/reward-receptions/{reward_reception_uuid}/reverse", apis=BOTH)
    async def reverse(self, reward_reception_uuid: Id) -> LoyaltyTransaction:
        """Undo a claim, by a credit reception that gives the credits back.

        Parameters:
            reward_reception_uuid: the claim to undo.

        Returns:
            The credit reception.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, nothing says that a second is refused. Facts: documented; under the Register API
        observed.
        """
        never()
