"""What the batches of contacts and of visits consist of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

from ._types import Id


class AttributeValue(TypedDict):
    """The value of one attribute, in a batch of contacts."""

    name: str
    value: Any


class SubscriptionChoice(TypedDict):
    """Whether to subscribe to one subscription type, in a batch of contacts."""

    uuid: Id
    enroll: bool


class BatchContact(TypedDict):
    """One contact of a batch."""

    email: str
    custom_attributes: NotRequired[Sequence[AttributeValue]]
    subscription_types: NotRequired[Sequence[SubscriptionChoice]]


class BatchVisit(TypedDict):
    """One visit of a batch: the contact by address, the shop under its newer name."""

    contact_email: str
    business_profile_uuid: Id
    external_id: NotRequired[Id]
