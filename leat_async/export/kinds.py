"""What can be exported, and what its list can do."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from .. import models
from .._core.codec import encode, structure, unstructure
from .._core.operation import Operation
from ..models._base import Model
from ..pagination import Pager
from ..resources import _contacts, _vouchers, giftcard_transactions, loyalty_transactions, prepaid_transactions, visits
from ..resources._base import Resource
from ..resources.contacts import Contacts
from ..resources.giftcard_transactions import GiftcardTransactions
from ..resources.loyalty_transactions import LoyaltyTransactions
from ..resources.prepaid_transactions import PrepaidTransactions
from ..resources.visits import Visits
from ..resources.vouchers import Vouchers


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
class Kind:
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


KINDS = (
    Kind(name="visits", resource=Visits, model=models.Visit, operation=visits.LIST, windowed=False),
    Kind(
        name="loyalty_transactions",
        resource=LoyaltyTransactions,
        model=models.LoyaltyTransaction,
        operation=loyalty_transactions.LIST,
        windowed=True,
    ),
    Kind(
        name="contacts",
        resource=Contacts,
        model=models.Contact,
        operation=_contacts.LIST,
        windowed=True,
        dated=False,
        attributes="current_values",
    ),
    Kind(
        name="giftcard_transactions",
        resource=GiftcardTransactions,
        model=models.GiftcardTransaction,
        operation=giftcard_transactions.LIST,
        windowed=True,
        attributes="custom_attributes",
    ),
    Kind(
        name="prepaid_transactions",
        resource=PrepaidTransactions,
        model=models.PrepaidTransaction,
        operation=prepaid_transactions.LIST,
        windowed=False,
    ),
    Kind(
        name="vouchers",
        resource=Vouchers,
        model=models.Voucher,
        operation=_vouchers.LIST,
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


def lines(kind: Kind, resource: Any, query: Mapping[str, Any]) -> Pager[Line]:
    """The list of a resource, its rows read no further than a walk needs."""
    operation: Operation[Line] = attrs.evolve(kind.operation, result=Line)
    pager: Pager[Line] = resource._list(operation, query=query)
    return pager


def models_of(kind: Kind, sources: Iterable[bytes]) -> list[Model]:
    """The models that these are the JSON of."""
    raw: Any = [msgspec.Raw(source) for source in sources]
    # A type made at run time, which checkers can't follow.
    return structure(raw, list[kind.model])  # type: ignore[name-defined]
