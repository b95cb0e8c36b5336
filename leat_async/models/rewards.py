"""Rewards: what credits can buy, and its claims."""

from __future__ import annotations

import datetime as dt

import attrs

from ._base import Model
from .contacts import ContactReference, Media
from .loyalty import LoyaltyTransaction


@attrs.frozen(kw_only=True)
class Reward(Model):
    """Something that credits can buy. The account's custom reward attributes are in `extra`.

    `type` and `reward_type` say the same, as do `is_active` and `active`; answers differ in which they carry.
    """

    id: int | None = None
    uuid: str = ""
    title: str | None = None
    description: str | None = None
    type: str | None = None
    reward_type: str | None = None
    required_credits: int | None = None
    media: Media | None = None
    is_active: bool | None = None
    active: bool | None = None
    pre_redeemable: bool | None = None
    expiration_duration: int | None = None
    cost_price: int | None = None
    stock: int | None = None


@attrs.frozen(kw_only=True)
class DigitalRewardCode(Model):
    """The code that a digital reward gives out; it does not show in a repr."""

    code: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class RewardReception(LoyaltyTransaction):
    """A claim of a reward. A physical one has `reward`, a digital one `digital_reward` and its code."""

    title: str | None = None
    reward: Reward | None = None
    expires_at: dt.datetime | None = None
    has_been_collected: bool | None = None
    digital_reward: Reward | None = None
    digital_reward_code: DigitalRewardCode | None = None


@attrs.frozen(kw_only=True)
class CollectableReward(Model):
    """A claimed reward to be picked up. Collecting and reversing may answer with `uuid` and `status` alone."""

    uuid: str = ""
    title: str | None = None
    contact: ContactReference | None = None
    reward: Reward | None = None
    created_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    has_been_collected: bool | None = None
    status: str | None = None
