"""Rewards, their claims, and what is to be picked up."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from leat_async import LeatClient, structure, unstructure
from leat_async.errors import ApiError, NotFoundError
from leat_async.models import LoyaltyTransaction, Reward, RewardReception

from ..conftest import Recorder, answer

REWARD: dict[str, Any] = {"uuid": "r", "title": "Tea", "required_credits": 2, "colour": "green", "plu": None}


async def test_attributes_are_sent_beside_the_fields_and_read_back(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": REWARD})
    reward = await leat.rewards.update("r", title="Tea", attributes={"colour": "green", "plu": None})
    assert recorder.last.json == {"title": "Tea", "colour": "green", "plu": None}
    assert reward.extra == {"colour": "green", "plu": None}


async def test_a_round_trip_through_a_change_loses_nothing(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": REWARD})
    reward = await leat.rewards.get("r")
    changed = attrs.evolve(reward, title="Green tea")
    assert unstructure(changed) == {**REWARD, "title": "Green tea"}
    await leat.rewards.update("r", title=changed.title, attributes=changed.extra)
    assert recorder.last.json == {"title": "Green tea", "colour": "green", "plu": None}


async def test_an_attribute_can_not_hide_a_field(leat: LeatClient, recorder: Recorder) -> None:
    for attributes, problem in (({"title": "x"}, ValueError), (["title"], TypeError), ({"a": object()}, TypeError)):
        with pytest.raises(problem):
            await leat.rewards.update("r", attributes=attributes)  # type: ignore[arg-type]
    assert recorder.requests == []


async def test_a_register_names_the_contact_by_card_or_by_uuid(
    leat: LeatClient, register: LeatClient, recorder: Recorder
) -> None:
    recorder.default = answer({"data": {"uuid": "x", "type": "reward_reception"}})
    await register.reward_receptions.create(reward_uuid="r", contact_identifier_value="card")
    assert recorder.last.json == {"reward_uuid": "r", "contact_identifier_value": "card"}
    await register.reward_receptions.create(reward_uuid="r", contact_uuid="c-1")
    seen = len(recorder.requests)
    with pytest.raises(ValueError, match="contact_uuid or contact_identifier_value"):
        await register.reward_receptions.create(reward_uuid="r")
    with pytest.raises(ValueError, match="contact_uuid is required"):
        await leat.reward_receptions.create(reward_uuid="r", shop_uuid="s", contact_identifier_value="card")
    with pytest.raises(ValueError, match="shop_uuid is required"):
        await leat.reward_receptions.create(reward_uuid="r", contact_uuid="c-1")
    assert len(recorder.requests) == seen


def test_a_digital_claim_has_its_own_fields_and_hides_its_code() -> None:
    claim = structure(
        {
            "type": "digital_reward_reception",
            "uuid": "x",
            "credits": "-5",
            "digital_reward": {"uuid": "d", "reward_type": "DIGITAL", "colour": "red"},
            "digital_reward_code": {"code": "HUSH"},
            "channel": "OAUTH_API",
        },
        RewardReception,
    )
    assert isinstance(claim, LoyaltyTransaction)
    assert claim.credits == -5
    assert claim.reward is None
    assert claim.digital_reward is not None
    assert claim.digital_reward.extra == {"colour": "red"}
    assert claim.digital_reward_code is not None
    assert claim.digital_reward_code.code == "HUSH"
    assert "HUSH" not in repr(claim)


async def test_undoing_a_claim_gives_a_credit_reception(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": {"uuid": "x", "type": "credit_reception", "credits": 10}})
    given = await leat.reward_receptions.reverse("x")
    assert type(given) is LoyaltyTransaction
    assert given.credits == 10


@pytest.mark.parametrize(
    "data",
    [
        {"uuid": "x", "status": "COLLECTED"},
        {"uuid": "x", "title": "Tea", "reward": {"uuid": "r"}, "has_been_collected": True},
    ],
    ids=["short", "whole"],
)
async def test_collecting_answers_short_or_whole(leat: LeatClient, recorder: Recorder, data: dict[str, Any]) -> None:
    recorder.default = answer({"data": data})
    collected = await leat.collectable_rewards.collect("t")
    assert recorder.last.method == "PUT"
    assert collected.uuid == "x"
    assert collected.status == "COLLECTED" or collected.has_been_collected
    assert (collected.reward == Reward(uuid="r")) == ("reward" in data)


async def test_one_code_has_several_meanings(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"message": "Reward not found.", "code": 80300, "status_code": 400}, 400)
    with pytest.raises(NotFoundError):
        await leat.collectable_rewards.collect("t")
    recorder.default = answer({"message": "Reward is expired.", "code": 80300, "status_code": 400}, 400)
    with pytest.raises(ApiError) as caught:
        await leat.collectable_rewards.collect("t")
    assert not isinstance(caught.value, NotFoundError)
