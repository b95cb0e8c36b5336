"""What a kind of row has to say, and what all kinds need."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterable, Mapping
from typing import Any, Protocol

import attrs

from ..._core.kept_text import kept
from ..._core.params import is_mapping, show
from ..._core.pipeline import Pipeline
from ..._core.unset import UNSET
from ...errors import ApiError
from ..addresses import Addresses
from ..fingerprints import has_field
from ..health import Health
from ..identity import normalised
from ..rows import ActiveRow, Row
from ..source import advice_for_table

# Where a row is looked for that is found among those of its contact.
AT_A_CONTACT = frozenset(("contact_uuid", "email"))


class KindOptions(Protocol):
    """The options that matter here; see `bulk.create`."""

    @property
    def batch(self) -> str | None: ...
    @property
    def clear_empty(self) -> bool: ...
    @property
    def identity_attribute(self) -> str: ...
    @property
    def ensure_identity(self) -> bool: ...
    @property
    def batch_calls(self) -> bool: ...


@attrs.frozen
class KindSettings:
    """What a kind is made with; `remembers`: there is a ledger."""

    pipeline: Pipeline
    health: Health
    addresses: Addresses
    options: KindOptions
    remembers: bool


class Kind(Protocol):
    """One kind of row."""

    name: str
    # The parameter that identifies a row.
    identifier: str
    # Whether the API can be asked what became of a write; known once the kind has begun.
    can_ask: bool
    # How many rows one call takes.
    together: int
    # What fingerprints of its rows begin with, and the names of the fields that a row may have.
    fingerprinted: bytes
    fields: Collection[str]
    # The fields that the API's update can't change, and those that say where a row is looked for.
    fixed: Collection[str]
    found_by: frozenset[str]

    async def begin(self) -> str | None:
        """Make ready for a run: what its report has to say of how far it can be relied upon, if anything."""

    def prepare(self, index: int, given: Row) -> ActiveRow:
        """Check a row; raises `ValueError` or `TypeError`."""
        ...

    def needs_account(self, row: ActiveRow) -> bool:
        """Whether the account is part of what will be sent."""
        ...

    def identify(self, row: ActiveRow, account: str) -> None:
        """Give a row its identifier, now that its count among equal rows is known."""

    def earlier_keys(self, row: ActiveRow) -> list[bytes]:
        """The keys that a row may have in a ledger of the first version, where those are others than today's."""
        ...

    def write(self, row: ActiveRow) -> Awaitable[Any]:
        """Do what is left of the row's writes: what was made or found, while the row's status says which."""
        ...

    async def find(self, row: ActiveRow) -> Any:
        """What is on the server of this row, or None."""

    def says_taken(self, row: ActiveRow, error: ApiError) -> bool:
        """Whether a refusal says that the row's identifier is taken, perhaps by the row itself."""
        ...

    def says_busy(self, error: ApiError) -> bool:
        """Whether a refusal says that something of the kind is being made, perhaps the row itself."""
        ...

    def resolve(self, row: ActiveRow, found: Any, *, ours: bool) -> bool:
        """Take what was found as the row's first write, made by us or there before; is the row done with that?"""
        ...

    def emptied(self, row: ActiveRow) -> list[str]:
        """The fields that the row says are empty, of those that can be."""
        ...

    def differing(self, row: ActiveRow, found: Any) -> list[str]:
        """The fields in which the row differs from what was found, as far as the API shows them."""
        ...


def emptied_in(names: Iterable[str], row: ActiveRow) -> list[str]:
    """Those of the body's fields that are None."""
    return [name for name in names if row.body.get(name, UNSET) is None]


def changes_of(names: Iterable[str], row: ActiveRow, *, clear_empty: bool) -> dict[str, Any]:
    """The fields that a change is to set: those that were given, and with `clear_empty` those that became empty."""
    had = row.before.content if row.before is not None else b""
    return {
        name: value
        for name in names
        if (value := row.body.get(name, UNSET)) is not UNSET
        and (value is not None or (clear_empty and (not had or has_field(had, name))))
    }


def kept_values(row: Any, known: Mapping[str, Any], what: str) -> dict[str, Any]:
    """A row's values as the API keeps them; raises `ValueError` or `TypeError` for what is no row of this kind."""
    check_names(row, known, what)
    return {name: kept(value) for name, value in row.items()}


def check_names(row: Any, known: Mapping[str, Any], what: str) -> None:
    """Raise `ValueError` or `TypeError` for what is no row of this kind."""
    if not is_mapping(row):
        raise TypeError(f"{what}: a row must be a mapping, got {show(row)}{advice_for_table(row)}")
    if not row.keys() <= known.keys():
        name = next(name for name in row if name not in known)
        raise ValueError(f"{what}: {name!r} is not known; a row may hold {', '.join(known)}")


def address_in(row: Row, what: str) -> str | None:
    """The address that names a row's contact, if that is what names it."""
    named = [name for name in ("contact_uuid", "contact_email", "email") if row.get(name) not in (None, UNSET)]
    if len(named) > 1:
        raise ValueError(f"{what}: {' and '.join(named)} name the contact twice; give one")
    return normalised(row[named[0]]) if named and named[0] != "contact_uuid" else None
