"""Referrals: contacts who bring in contacts."""

from __future__ import annotations

import attrs

from ._base import Model
from .account import Shop
from .contacts import ContactReference
from .vouchers import Promotion


@attrs.frozen(kw_only=True)
class Referral(Model):
    """That one contact brought in another."""

    uuid: str = ""
    referring_contact: ContactReference | None = None
    referred_contact: ContactReference | None = None
    status: str | None = None


@attrs.frozen(kw_only=True)
class ReferralTerms(Model):
    """What completes or rewards a referral; which fields there are depends on the type of the rule."""

    number_of_transactions: int | None = None
    points: int | None = None
    business_profile: Shop | None = None
    promotion: Promotion | None = None


@attrs.frozen(kw_only=True)
class ReferralRule(Model):
    """An event that completes a referral, or an incentive for a contact."""

    type: str | None = None
    data: ReferralTerms | None = None


@attrs.frozen(kw_only=True)
class ReferralSettings(Model):
    """How the account's referral program works."""

    completion_event: ReferralRule | None = None
    limit_per_contact: int | None = None
    referred_contact_incentive: ReferralRule | None = None
    referring_contact_incentive: ReferralRule | None = None
