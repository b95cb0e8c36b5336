"""Contacts and what hangs on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from ._base import EMPTY, Model
from .account import User


@attrs.frozen(kw_only=True)
class CreditBalance(Model):
    """Credits that a contact can spend."""

    id: int | None = None
    balance: int | None = None


@attrs.frozen(kw_only=True)
class PrepaidBalance(Model):
    """Money that a contact has paid in; `balance_in_cents` is exact, `balance` the same as text."""

    balance_in_cents: int | None = None
    balance: str | None = None


@attrs.frozen(kw_only=True)
class ContactReference(Model):
    """A contact as other objects name it."""

    uuid: str = ""
    email: str | None = None
    credit_balance: CreditBalance | None = None


@attrs.frozen(kw_only=True)
class Media(Model):
    """A picture; `value` is its address."""

    type: str | None = None
    value: str | None = None


@attrs.frozen(kw_only=True)
class Tier(Model):
    """A level of the loyalty program."""

    shared = True

    uuid: str = ""
    name: str | None = None
    description: str | None = None
    position: int | None = None
    media: Media | None = None


@attrs.frozen(kw_only=True)
class SubscriptionType(Model):
    """A kind of mail that contacts can subscribe to. `uuid` is null for some."""

    shared = True

    uuid: str | None = None
    id: int | None = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    strategy: str | None = None


@attrs.frozen(kw_only=True)
class Subscription(Model):
    """Whether a contact is subscribed; `status` is a number in one documented answer, text in the others."""

    is_subscribed: bool | None = None
    status: str | int | None = None
    subscription_type: SubscriptionType | None = None


@attrs.frozen(kw_only=True)
class AttributeOption(Model):
    """A choice of a select attribute. `name` is an older key of `label`."""

    id: int | str | None = None
    value: str | int | None = None
    label: str | None = None
    name: str | None = None
    description: str | None = None
    media: Media | None = None
    disabled: bool | None = None
    group_name: str | None = None


@attrs.frozen(kw_only=True)
class AttributeGroup(Model):
    """A group that bundles attributes of one kind of object."""

    id: int | None = None
    entity: str | None = None
    name: str | None = None
    label: str | None = None
    position: int | None = None
    created_at: dt.datetime | None = None
    created_by_user: User | None = None


@attrs.frozen(kw_only=True)
class Attribute(Model):
    """The definition of an attribute of contacts, transactions, rewards, promotions and other objects.

    Answers differ in how much of it they carry. `options` is a mapping of value to label where loyalty transaction
    attributes are defined, otherwise a tuple.
    """

    id: int | None = None
    entity: str | None = None
    name: str | None = None
    label: str | None = None
    description: str | None = None
    placeholder: str | None = None
    type: str | None = None
    field_type: str | None = attrs.field(default=None, metadata={"also": ("fieldType",)})
    options: tuple[AttributeOption, ...] | Mapping[str, Any] = attrs.field(default=(), hash=False)
    group: AttributeGroup | None = None
    group_name: str | None = None
    position: int | None = None
    is_piggy_defined: bool | None = attrs.field(default=None, metadata={"also": ("isPiggyDefined",)})
    is_soft_read_only: bool | None = attrs.field(default=None, metadata={"also": ("isSoftReadOnly",)})
    is_hard_read_only: bool | None = attrs.field(default=None, metadata={"also": ("isHardReadOnly",)})
    has_unique_value: bool | None = None
    can_be_deleted: bool | None = None
    created_at: dt.datetime | None = None
    created_by_user: User | None = None
    last_used_date: Mapping[str, Any] | str | None = attrs.field(default=None, hash=False)
    meta: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True)
class ContactAttribute(Model):
    """An attribute's value as text, deprecated by the API: read typed values from `Contact.current_values`."""

    value: Any = attrs.field(default=None, repr=False, hash=False)
    attribute: Attribute | None = None


@attrs.frozen(kw_only=True)
class Contact(Model):
    """A person who takes part.

    `current_values` holds the system's and the account's attributes, typed; among them are login links, so neither
    it nor `current_display_values` (the same as localised text) shows in a repr.
    """

    id: int | None = None
    uuid: str = ""
    email: str | None = None
    tier: Tier | None = None
    attributes: tuple[ContactAttribute, ...] = attrs.field(default=(), repr=False)
    subscriptions: tuple[Subscription, ...] = ()
    credit_balance: CreditBalance | None = None
    prepaid_balance: PrepaidBalance | None = None
    current_values: Mapping[str, Any] = attrs.field(default=EMPTY, repr=False, hash=False)
    current_display_values: Mapping[str, Any] = attrs.field(default=EMPTY, repr=False, hash=False)


@attrs.frozen(kw_only=True)
class ContactIdentifier(Model):
    """A card, a tag or a code that stands for a contact."""

    name: str | None = None
    value: str | None = None
    active: bool | None = None
    default: bool | None = None
    contact: ContactReference | None = None


@attrs.frozen(kw_only=True)
class ContactSessionToken(Model):
    """A short-lived token that stands for a contact; it does not show in a repr. `status`: "active" or "used"."""

    token: str | None = attrs.field(default=None, repr=False)
    contact: ContactReference | None = None
    status: str | None = None


@attrs.frozen(kw_only=True)
class VerificationSent(Model):
    """That a login code was mailed."""

    type: str | None = None
    message: str | None = None


@attrs.frozen(kw_only=True)
class AuthToken(Model):
    """A token that logs a contact in; it does not show in a repr. Some answers give it as bare text."""

    bare_field: ClassVar[str | None] = "auth_token"

    auth_token: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class AuthUrl(Model):
    """An address that logs a contact in; it does not show in a repr."""

    url: str | None = attrs.field(default=None, repr=False)
