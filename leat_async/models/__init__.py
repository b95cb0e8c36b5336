"""The objects of the API: frozen attrs classes that keep what they don't know in `.extra`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._base import Model
    from .account import Address, Automation, BrandKit, Form, PosTransaction, Register, Shop, Unit, User
    from .auth import AccessToken
    from .contacts import (
        Attribute,
        AttributeGroup,
        AttributeOption,
        AuthToken,
        AuthUrl,
        Contact,
        ContactAttribute,
        ContactIdentifier,
        ContactReference,
        ContactSessionToken,
        CreditBalance,
        Media,
        PrepaidBalance,
        Subscription,
        SubscriptionType,
        Tier,
        VerificationSent,
    )
    from .giftcards import (
        Giftcard,
        GiftcardMailResult,
        GiftcardProgram,
        GiftcardReference,
        GiftcardTransaction,
        PrepaidTransaction,
        Settlement,
    )
    from .loyalty import CalculatedCredits, LoyaltyProgram, LoyaltyTransaction, Perk, PerkOption
    from .orders import (
        AppliedDiscount,
        Charge,
        ChargeDefinition,
        LineItem,
        LineItemReturn,
        ObjectReference,
        Order,
        OrderPoints,
        OrderResult,
        OrderReturn,
        OrderReturnWithResult,
        OrderWithResult,
        Product,
        ProductCategory,
        SubLineItem,
    )
    from .portal import PortalSession
    from .referrals import Referral, ReferralRule, ReferralSettings, ReferralTerms
    from .rewards import CollectableReward, DigitalRewardCode, Reward, RewardReception
    from .shifts import Shift, ShiftTeam, ShiftType
    from .visits import Booking, Visit
    from .vouchers import Lock, Promotion, Voucher, VoucherBatch, VoucherLock, VoucherMultiRedemption, VoucherRedemption
    from .webhook_subscriptions import WebhookSubscription

__all__ = [
    "AccessToken",
    "Address",
    "AppliedDiscount",
    "Attribute",
    "AttributeGroup",
    "AttributeOption",
    "AuthToken",
    "AuthUrl",
    "Automation",
    "Booking",
    "BrandKit",
    "CalculatedCredits",
    "Charge",
    "ChargeDefinition",
    "CollectableReward",
    "Contact",
    "ContactAttribute",
    "ContactIdentifier",
    "ContactReference",
    "ContactSessionToken",
    "CreditBalance",
    "DigitalRewardCode",
    "Form",
    "Giftcard",
    "GiftcardMailResult",
    "GiftcardProgram",
    "GiftcardReference",
    "GiftcardTransaction",
    "LineItem",
    "LineItemReturn",
    "Lock",
    "LoyaltyProgram",
    "LoyaltyTransaction",
    "Media",
    "Model",
    "ObjectReference",
    "Order",
    "OrderPoints",
    "OrderResult",
    "OrderReturn",
    "OrderReturnWithResult",
    "OrderWithResult",
    "Perk",
    "PerkOption",
    "PortalSession",
    "PosTransaction",
    "PrepaidBalance",
    "PrepaidTransaction",
    "Product",
    "ProductCategory",
    "Promotion",
    "Referral",
    "ReferralRule",
    "ReferralSettings",
    "ReferralTerms",
    "Register",
    "Reward",
    "RewardReception",
    "Settlement",
    "Shift",
    "ShiftTeam",
    "ShiftType",
    "Shop",
    "SubLineItem",
    "Subscription",
    "SubscriptionType",
    "Tier",
    "Unit",
    "User",
    "VerificationSent",
    "Visit",
    "Voucher",
    "VoucherBatch",
    "VoucherLock",
    "VoucherMultiRedemption",
    "VoucherRedemption",
    "WebhookSubscription",
]

# Each family is imported on first use: a program needs few of them, and making the classes takes time.
_FAMILIES = {
    "_base": ("Model",),
    "account": ("Address", "Automation", "BrandKit", "Form", "PosTransaction", "Register", "Shop", "Unit", "User"),
    "auth": ("AccessToken",),
    "contacts": (
        "Attribute",
        "AttributeGroup",
        "AttributeOption",
        "AuthToken",
        "AuthUrl",
        "Contact",
        "ContactAttribute",
        "ContactIdentifier",
        "ContactReference",
        "ContactSessionToken",
        "CreditBalance",
        "Media",
        "PrepaidBalance",
        "Subscription",
        "SubscriptionType",
        "Tier",
        "VerificationSent",
    ),
    "giftcards": (
        "Giftcard",
        "GiftcardMailResult",
        "GiftcardProgram",
        "GiftcardReference",
        "GiftcardTransaction",
        "PrepaidTransaction",
        "Settlement",
    ),
    "loyalty": ("CalculatedCredits", "LoyaltyProgram", "LoyaltyTransaction", "Perk", "PerkOption"),
    "orders": (
        "AppliedDiscount",
        "Charge",
        "ChargeDefinition",
        "LineItem",
        "LineItemReturn",
        "ObjectReference",
        "Order",
        "OrderPoints",
        "OrderResult",
        "OrderReturn",
        "OrderReturnWithResult",
        "OrderWithResult",
        "Product",
        "ProductCategory",
        "SubLineItem",
    ),
    "portal": ("PortalSession",),
    "referrals": ("Referral", "ReferralRule", "ReferralSettings", "ReferralTerms"),
    "rewards": ("CollectableReward", "DigitalRewardCode", "Reward", "RewardReception"),
    "shifts": ("Shift", "ShiftTeam", "ShiftType"),
    "visits": ("Booking", "Visit"),
    "vouchers": (
        "Lock",
        "Promotion",
        "Voucher",
        "VoucherBatch",
        "VoucherLock",
        "VoucherMultiRedemption",
        "VoucherRedemption",
    ),
    "webhook_subscriptions": ("WebhookSubscription",),
}
_WHERE = {name: family for family, names in _FAMILIES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
