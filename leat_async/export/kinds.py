"""What can be exported, and what its list can do."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from .._core.codec import encode, structure, unstructure
from .._core.declare import operation_of
from .._core.operation import Operation
from ..errors import DecodeError
from ..models import Order
from ..models._base import Model
from ..pagination import Pager
from ..resources._base import Resource, of_which_side
from ..resources.automations import Automations
from ..resources.collectable_rewards import CollectableRewards
from ..resources.contact_attributes import ContactAttributes
from ..resources.contacts import Contacts
from ..resources.custom_attribute_groups import CustomAttributeGroups
from ..resources.custom_attributes import CustomAttributes
from ..resources.forms import Forms
from ..resources.giftcard_programs import GiftcardPrograms
from ..resources.giftcard_transactions import GiftcardTransactions
from ..resources.giftcards import Giftcards
from ..resources.loyalty_transaction_attributes import LoyaltyTransactionAttributes
from ..resources.loyalty_transactions import LoyaltyTransactions
from ..resources.orders import Orders
from ..resources.perks import Perks
from ..resources.prepaid_transactions import PrepaidTransactions
from ..resources.product_categories import ProductCategories
from ..resources.products import Products
from ..resources.promotion_attributes import PromotionAttributes
from ..resources.promotions import Promotions
from ..resources.referrals import Referrals
from ..resources.reward_attributes import RewardAttributes
from ..resources.rewards import Rewards
from ..resources.shift_teams import ShiftTeams
from ..resources.shift_types import ShiftTypes
from ..resources.shifts import Shifts
from ..resources.shops import Shops
from ..resources.subscription_types import SubscriptionTypes
from ..resources.tiers import Tiers
from ..resources.units import Units
from ..resources.visits import Visits
from ..resources.vouchers import Vouchers
from ..resources.webhook_subscriptions import WebhookSubscriptions


@attrs.frozen(kw_only=True)
class Line(Model):
    """A row of which no more is read than what finds it again; the rest waits, as JSON, until it is written.

    That is four times as fast, and keeps the garbage collector from walking over rows that only pass through.
    """

    uuid: str = ""
    id: int | str | None = None
    created_at: dt.datetime | None = None

    @property
    def source(self) -> bytes:
        """The row as JSON."""
        return self._raw if type(self._raw) is bytes else encode(self._raw)


@attrs.frozen(kw_only=True)
class OddLine(Model):
    """A row of a page with a row that is no `Line`: what finds it again is taken as far as it can be read."""

    given_uuid: Any = attrs.field(default=None, metadata={"key": "uuid"})
    id: Any = None
    given_created_at: Any = attrs.field(default=None, metadata={"key": "created_at"})

    @property
    def uuid(self) -> str:
        """The uuid, if it is text."""
        return self.given_uuid if isinstance(self.given_uuid, str) else ""

    @property
    def created_at(self) -> dt.datetime | None:
        """When it was made, if that can be read."""
        try:
            return structure(self.given_created_at, dt.datetime)
        except DecodeError:
            return None

    @property
    def source(self) -> bytes:
        """The row as JSON."""
        return self._raw if type(self._raw) is bytes else encode(self._raw)


@attrs.frozen(kw_only=True)
class ExportKind:
    """A list to export, and the operation behind it.

    `windowed`: it can be filtered and sorted by `created_at`. `dated`: its rows show `created_at`. `attributes`: the
    field that holds the account's custom attributes; None where they are further keys of the row.
    """

    name: str
    resource: type[Resource]
    model: type[Model]
    operation: Operation[Any]
    windowed: bool
    dated: bool = True
    attributes: str | None = None

    @property
    def paged(self) -> bool:
        """Whether it comes page by page; else all at once."""
        return self.operation.paging is not None


# Where a kind of row keeps the account's custom attributes, unless they are further keys of it.
_ATTRIBUTES = {
    "contacts": "current_values",
    "giftcard_transactions": "custom_attributes",
    "vouchers": "attributes",
}
# What the rows of a list are taken for that is documented nowhere: what the API answers to one of them.
_TAKEN_FOR: dict[str, type[Model]] = {"orders": Order}


def _kind(resource: type[Any]) -> ExportKind:
    """What the declaration of a list says of it."""
    operation: Operation[Any] = operation_of(resource.list)
    name = operation.id.removesuffix(".list")
    model = _TAKEN_FOR.get(name, operation.result)
    return ExportKind(
        name=name,
        resource=resource,
        model=model,
        operation=operation,
        windowed={"sort", "created_at"} <= operation.query.keys(),
        dated="created_at" in {field.name for field in attrs.fields(model)},
        attributes=_ATTRIBUTES.get(name),
    )


# Every list that belongs to the account, and not to one row of another list.
KINDS = tuple(
    _kind(resource)
    for resource in (
        Visits,
        LoyaltyTransactions,
        Contacts,
        GiftcardTransactions,
        PrepaidTransactions,
        Vouchers,
        Automations,
        CollectableRewards,
        ContactAttributes,
        CustomAttributeGroups,
        CustomAttributes,
        Forms,
        GiftcardPrograms,
        Giftcards,
        LoyaltyTransactionAttributes,
        Orders,
        Perks,
        ProductCategories,
        Products,
        PromotionAttributes,
        Promotions,
        Referrals,
        RewardAttributes,
        Rewards,
        ShiftTeams,
        ShiftTypes,
        Shifts,
        Shops,
        SubscriptionTypes,
        Tiers,
        Units,
        WebhookSubscriptions,
    )
)


def kind_of(resource: object) -> ExportKind:
    """The kind that a resource lists."""
    for kind in KINDS:
        if isinstance(resource, kind.resource):
            return kind
    names = ", ".join(f"leat.{kind.name}" for kind in KINDS)
    raise TypeError(f"can export {names}, got {of_which_side(resource, 'export')}")


def keys_of(rows: list[Any]) -> list[str]:
    """What tells each row from all others: its uuid, its id where old rows have none, else its content."""
    return [row.uuid or _other_key(row) for row in rows]


def _other_key(row: Any) -> str:
    number = getattr(row, "id", None)
    if number is not None:
        return f"id:{number}"
    return hashlib.blake2b(encode(unstructure(row)), digest_size=16).hexdigest()


def lines(kind: ExportKind, resource: Any, query: Mapping[str, Any], model: type[Any] = Line) -> Pager[Any]:
    """The list of a resource, its rows read no further than a walk needs."""
    pager: Pager[Any] = resource._list(attrs.evolve(kind.operation, result=model), query=query)
    return pager


def models_of(kind: ExportKind, sources: Iterable[bytes]) -> list[Model]:
    """The models that these are the JSON of."""
    raw: Any = [msgspec.Raw(source) for source in sources]
    # A type made at run time, which checkers can't follow.
    return structure(raw, list[kind.model])  # type: ignore[name-defined]
