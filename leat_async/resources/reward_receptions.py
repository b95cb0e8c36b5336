"""Reward receptions: claims of rewards with credits."""

from __future__ import annotations

from .._core.operation import Effect, Operation, require_one
from .._core.params import Text
from .._core.unset import UNSET, Unset
from ..models import LoyaltyTransaction, RewardReception
from ._base import Resource

CREATE = Operation(
    "reward_receptions.create",
    "POST",
    "/reward-receptions",
    Effect.ACTION,
    RewardReception,
    body={
        # A register may name the contact by an identifier alone; the rule below then asks for that.
        "contact_uuid": Text(required=True, implied_by_register=True),
        "reward_uuid": Text(required=True),
        "contact_identifier_value": Text(),
        "shop_uuid": Text(required=True, implied_by_register=True),
    },
    rules=(require_one("contact_uuid", "contact_identifier_value"),),
    apis=("oauth", "register"),
)
REVERSE = Operation(
    "reward_receptions.reverse",
    "POST",
    "/reward-receptions/{reward_reception_uuid}/reverse",
    Effect.ACTION,
    LoyaltyTransaction,
    apis=("oauth", "register"),
)


class RewardReceptions(Resource):
    """Claims of rewards. `loyalty_transactions.list` lists them, `collectable_rewards.list` those to be picked up."""

    async def create(
        self,
        *,
        contact_uuid: str | Unset = UNSET,
        reward_uuid: str,
        contact_identifier_value: str | Unset | None = UNSET,
        shop_uuid: str | Unset = UNSET,
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
        body = {
            "contact_uuid": contact_uuid,
            "reward_uuid": reward_uuid,
            "contact_identifier_value": contact_identifier_value,
            "shop_uuid": shop_uuid,
        }
        return await self._call(CREATE, body=body)

    async def reverse(self, reward_reception_uuid: str) -> LoyaltyTransaction:
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
        return await self._call(REVERSE, reward_reception_uuid)
