"""The operations of `contacts`, apart from their methods for the size of both."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from .._core.operation import Effect, Operation, Paging
from .._core.params import Boolean, Integer, Items, Json, Object, Text, Window
from ..models import (
    Contact,
    ContactIdentifier,
    ContactReference,
    CreditBalance,
    LoyaltyTransaction,
    PrepaidBalance,
    Tier,
)

DeleteType: TypeAlias = Literal["DEFAULT", "GDPR"] | str


class AttributeValue(TypedDict):
    """The value of one attribute, in a batch of contacts."""

    name: str
    value: Any


class SubscriptionChoice(TypedDict):
    """Whether to subscribe to one subscription type, in a batch of contacts."""

    uuid: str
    enroll: bool


class BatchContact(TypedDict):
    """One contact of a batch."""

    email: str
    custom_attributes: NotRequired[Sequence[AttributeValue]]
    subscription_types: NotRequired[Sequence[SubscriptionChoice]]


_BOTH = ("oauth", "register")
_EMAIL = {"email": Text(required=True)}
LIST = Operation(
    "contacts.list",
    "GET",
    "/contacts",
    Effect.SAFE,
    Contact,
    query={
        "limit": Integer(min=0, max=100),
        "page": Integer(min=1),
        "sort": Text(values=("created_at", "-created_at")),
        "created_at": Window(),
    },
    many=True,
    paging=Paging(largest=100),
    apis=_BOTH,
)
CREATE = Operation(
    "contacts.create",
    "POST",
    "/contacts",
    Effect.ACTION,
    ContactReference,
    body={**_EMAIL, "referral_code": Text()},
    apis=_BOTH,
)
CREATE_ASYNC = Operation(
    "contacts.create_async",
    "POST",
    "/contacts/async",
    Effect.ACTION,
    ContactReference,
    body={**_EMAIL, "referral_code": Text()},
    apis=_BOTH,
)
CREATE_ANONYMOUS = Operation(
    "contacts.create_anonymous",
    "POST",
    "/contacts/anonymous",
    Effect.ACTION,
    ContactReference,
    body={"contact_identifier_value": Text()},
    apis=_BOTH,
)
FIND_ONE_BY = Operation(
    "contacts.find_one_by", "GET", "/contacts/find-one-by", Effect.SAFE, Contact, query=_EMAIL, apis=_BOTH
)
FIND_OR_CREATE = Operation(
    "contacts.find_or_create",
    "GET",
    "/contacts/find-or-create",
    Effect.REPEATABLE,
    Contact,
    query=_EMAIL,
    apis=_BOTH,
)
FIND_OR_CREATE_ASYNC = Operation(
    "contacts.find_or_create_async",
    "GET",
    "/contacts/find-or-create/async",
    Effect.REPEATABLE,
    ContactReference,
    query=_EMAIL,
    apis=_BOTH,
)
GET = Operation("contacts.get", "GET", "/contacts/{contact_uuid}", Effect.SAFE, Contact, apis=_BOTH)
UPDATE = Operation(
    "contacts.update",
    "PUT",
    "/contacts/{contact_uuid}",
    Effect.REPEATABLE,
    Contact,
    body={"attributes": Object(required=True)},
    apis=_BOTH,
)
DELETE = Operation(
    "contacts.delete",
    "POST",
    "/contacts/{contact_uuid}/delete",
    Effect.REPEATABLE,
    NoneType,
    body={"type": Text(required=True, values=("DEFAULT", "GDPR"))},
    apis=_BOTH,
)
CLAIM_ANONYMOUS = Operation(
    "contacts.claim_anonymous",
    "PUT",
    "/contacts/{anonymous_contact_uuid}/claim",
    Effect.ACTION,
    Contact,
    body=_EMAIL,
    apis=_BOTH,
)
MERGE = Operation(
    "contacts.merge",
    "POST",
    "/contacts/merge",
    Effect.ACTION,
    object,
    body={"source_contact_uuid": Text(required=True), "destination_contact_uuid": Text(required=True)},
)
LIST_CONTACT_IDENTIFIERS = Operation(
    "contacts.list_contact_identifiers",
    "GET",
    "/contacts/{contact_uuid}/contact-identifiers",
    Effect.SAFE,
    ContactIdentifier,
    many=True,
)
LIST_LOYALTY_TRANSACTIONS = Operation(
    "contacts.list_loyalty_transactions",
    "GET",
    "/contacts/{contact_uuid}/loyalty-transactions",
    Effect.SAFE,
    LoyaltyTransaction,
    query={
        "limit": Integer(min=0, max=100),
        "page": Integer(min=1),
        "type": Text(values=("credit_receptions", "reward_receptions")),
        "shop_uuid": Text(),
    },
    many=True,
    paging=Paging(largest=100),
    apis=("register",),
)
GET_CREDIT_BALANCE = Operation(
    "contacts.get_credit_balance",
    "GET",
    "/contacts/{contact_uuid}/credit-balance",
    Effect.SAFE,
    CreditBalance,
    apis=_BOTH,
)
GET_PREPAID_BALANCE = Operation(
    "contacts.get_prepaid_balance",
    "GET",
    "/contacts/{contact_uuid}/prepaid-balance",
    Effect.SAFE,
    PrepaidBalance,
    apis=_BOTH,
)
GET_TIER = Operation("contacts.get_tier", "GET", "/contacts/{contact_uuid}/tier", Effect.SAFE, Tier, nullable=True)
CREATE_BATCH = Operation(
    "contacts.create_batch",
    "POST",
    "/contacts/batch",
    Effect.ACTION,
    object,
    body={
        "contacts": Items(
            required=True,
            min=1,
            of=Object(
                fields={
                    **_EMAIL,
                    "custom_attributes": Items(
                        of=Object(fields={"name": Text(required=True), "value": Json(required=True)})
                    ),
                    "subscription_types": Items(
                        of=Object(fields={"uuid": Text(required=True), "enroll": Boolean(required=True)})
                    ),
                }
            ),
        )
    },
    certainty="captured",
    apis=_BOTH,
)
