"""The kinds of rows that can be imported: what differs between them, a file for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs

from ..._core.declare import operation_of
from ..._core.operation import Operation
from ..._core.pipeline import Pipeline
from ...resources._base import Resource
from ...resources.bookings import Bookings
from ...resources.contacts import Contacts
from ...resources.visits import Visits
from ..addresses import Addresses
from ..health import Health
from .contact_identifiers import IdentifierKind
from .contacts import ContactKind
from .credit_receptions import ReceptionKind
from .credit_reversals import ReversalKind
from .kind import Kind, KindOptions, KindSettings
from .orders import OrderKind
from .products import ProductCategoryKind, ProductKind
from .visits import VisitKind
from .vouchers import VoucherKind

__all__ = ["BATCH_CALLS", "Kind", "KindSettings", "KINDS", "UNDOING", "KnownKind", "creates", "kind_of"]


@attrs.frozen
class KnownKind:
    """A kind that there is.

    `resource` makes its rows, by the method `creates`; `made_by` makes the kind for a run. `together`: rows in a call.
    """

    resource: type[Resource]
    creates: Callable[..., Any]
    made_by: Callable[[KindSettings], Kind]
    together: int = 1


KINDS: Mapping[str, KnownKind] = {
    "visits": KnownKind(Visits, Visits.create, partial(VisitKind, "visits")),
    "bookings": KnownKind(Bookings, Bookings.create, partial(VisitKind, "bookings")),
    "contacts": KnownKind(Contacts, Contacts.create, ContactKind),
    **{
        kind.name: KnownKind(kind.resource, kind.creates, kind, kind.together)
        for kind in (
            ReceptionKind, IdentifierKind, ProductKind, ProductCategoryKind, VoucherKind, OrderKind,
        )
    },
}  # fmt: skip


# The kinds whose calls of many are only made when asked for.
BATCH_CALLS = ("contacts", "visits")
# What undoes rows of a kind; its own rows are made of a ledger's.
UNDOING: Mapping[str, type[ReversalKind]] = {"credit_receptions": ReversalKind}
_ALL: Mapping[str, Callable[[KindSettings], Kind]] = {
    **{name: kind.made_by for name, kind in KINDS.items()},
    **{kind.name: kind for kind in UNDOING.values()},
}


def kind_of(
    name: str, pipeline: Pipeline, health: Health, addresses: Addresses, options: KindOptions, *, remembers: bool
) -> Kind:
    """The kind by its name, for one run; `remembers`: there is a ledger."""
    return _ALL[name](KindSettings(pipeline, health, addresses, options, remembers))


def creates(name: str) -> Operation[Any]:
    """What makes rows of a kind."""
    return operation_of(KINDS[name].creates)
