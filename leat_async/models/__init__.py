"""The objects of the API: frozen attrs classes that keep what they don't know in `.extra`."""

from ._base import Model
from .account import Address, Shop, Unit
from .contacts import (
    Attribute,
    AttributeOption,
    Contact,
    ContactAttribute,
    ContactIdentifier,
    ContactReference,
    CreditBalance,
    Media,
    PrepaidBalance,
    Subscription,
    SubscriptionType,
    Tier,
)
from .loyalty import LoyaltyTransaction
from .visits import Booking, Visit

__all__ = [
    "Address",
    "Attribute",
    "AttributeOption",
    "Booking",
    "Contact",
    "ContactAttribute",
    "ContactIdentifier",
    "ContactReference",
    "CreditBalance",
    "LoyaltyTransaction",
    "Media",
    "Model",
    "PrepaidBalance",
    "Shop",
    "Subscription",
    "SubscriptionType",
    "Tier",
    "Unit",
    "Visit",
]
