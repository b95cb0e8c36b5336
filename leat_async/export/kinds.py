"""What can be exported, and what its list can do."""

from __future__ import annotations

import hashlib
from typing import Any

import attrs

from .. import models
from .._core.codec import encode, unstructure
from ..models._base import Model
from ..resources.contacts import Contacts
from ..resources.giftcard_transactions import GiftcardTransactions
from ..resources.loyalty_transactions import LoyaltyTransactions
from ..resources.prepaid_transactions import PrepaidTransactions
from ..resources.visits import Visits
from ..resources.vouchers import Vouchers


@attrs.frozen(kw_only=True)
class Kind:
    """A list to export.

    `windowed`: it can be filtered and sorted by `created_at`. `dated`: its rows show `created_at`. `attributes`: the
    field that holds the account's custom attributes; None where they are further keys of the row.
    """

    name: str
    resource: type
    model: type[Model]
    windowed: bool
    dated: bool = True
    attributes: str | None = None


KINDS = (
    Kind(name="visits", resource=Visits, model=models.Visit, windowed=False),
    Kind(name="loyalty_transactions", resource=LoyaltyTransactions, model=models.LoyaltyTransaction, windowed=True),
    Kind(
        name="contacts",
        resource=Contacts,
        model=models.Contact,
        windowed=True,
        dated=False,
        attributes="current_values",
    ),
    Kind(
        name="giftcard_transactions",
        resource=GiftcardTransactions,
        model=models.GiftcardTransaction,
        windowed=True,
        attributes="custom_attributes",
    ),
    Kind(name="prepaid_transactions", resource=PrepaidTransactions, model=models.PrepaidTransaction, windowed=False),
    Kind(
        name="vouchers",
        resource=Vouchers,
        model=models.Voucher,
        windowed=False,
        dated=False,
        attributes="attributes",
    ),
)


def kind_of(resource: object) -> Kind:
    """The kind that a resource lists."""
    for kind in KINDS:
        if isinstance(resource, kind.resource):
            return kind
    names = ", ".join(f"leat.{kind.name}" for kind in KINDS)
    raise TypeError(f"can export {names}, got {type(resource).__name__}")


def keys_of(rows: list[Any]) -> list[str]:
    """What tells each row from all others: its uuid, its id where old rows have none, else its content."""
    return [row.uuid or _other_key(row) for row in rows]


def _other_key(row: Any) -> str:
    number = getattr(row, "id", None)
    if number is not None:
        return f"id:{number}"
    return hashlib.blake2b(encode(unstructure(row)), digest_size=16).hexdigest()
