"""Credit receptions: found again by a loyalty transaction attribute that holds their identity."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from ..._core.declare import operation_of
from ..._core.params import Object, show
from ..._core.unset import UNSET
from ...errors import ApiError, ConfigError, NotFoundError
from ...models import LoyaltyTransaction
from ...resources._base import Resource, listed_by_name
from ...resources.credit_receptions import CreditReceptions, identity_of, reception_of
from ...resources.loyalty_transaction_attributes import LoyaltyTransactionAttributes
from ...resources.loyalty_transactions import LoyaltyTransactions
from ..rows import ActiveRow, Refused
from .keyed import KeyedKind
from .kind import AT_A_CONTACT, KindSettings

# "Credit reception creating in progress."
_BEING_MADE = 60001
# By how much the clocks of the API's own machines may differ, amply.
_CLOCKS = dt.timedelta(hours=1)
# The kinds of attribute that keep any text.
_TEXTS = ("text", "long_text", "rich_text", "identifier")


class ReceptionKind(KeyedKind):
    """Credits given and taken back. The API has no key for them, so each carries one as an attribute."""

    name: str = "credit_receptions"
    resource: type[Resource] = CreditReceptions
    identifier: str = "identity"
    creates: Callable[..., Any] = CreditReceptions.create
    shown: Mapping[str, str] = {
        "contact_uuid": "contact.uuid",
        "shop_uuid": "shop.uuid",
        "credits": "credits",
        "unit_value": "unit_value",
    }
    names_contact: bool = True
    needs_identifier: bool = False
    looks_first: bool = True
    found_by: frozenset[str] = AT_A_CONTACT

    def __init__(self, settings: KindSettings) -> None:
        super().__init__(settings)
        self._attribute = settings.options.identity_attribute
        self._ensure = settings.options.ensure_identity
        self._attributes = LoyaltyTransactionAttributes(settings.pipeline)
        self._transactions = LoyaltyTransactions(settings.pipeline)
        self._since: dt.datetime | None = None
        # Whether a reception has shown an identity in this run.
        self._shows = False
        self.can_ask: bool = self._api in operation_of(LoyaltyTransactions.list).apis

    def _rows_may_hold(self) -> dict[str, None]:
        return {**super()._rows_may_hold(), "identity": None, "attributes": None}

    async def begin(self) -> str | None:
        """Look whether the account keeps identities, and from when on receptions of this run can be."""
        if not self.can_ask:
            return f"credits are given at most once: under api={self._api!r} the API can't be asked for them"
        self.can_ask = await self._keeps_identities()
        if not self.can_ask:
            return (
                f"credits are given at most once: the account has no loyalty transaction attribute "
                f"{show(self._attribute)}, by which they would be found again; ensure_identity makes it"
            )
        newest = self._transactions.list(type="credit_receptions", sort="-created_at", limit=1)
        for latest in (await self._health.read(newest.page())).items:
            self._shows = self._identifier_in(latest) is not None
            if latest.created_at is not None:
                # The API's own moment: what the clock of this machine says does not matter.
                self._since = latest.created_at - _CLOCKS
        return None

    async def _keeps_identities(self) -> bool:
        name = self._attribute
        found = await self._health.read(listed_by_name(self._attributes, name))
        if found is None and self._ensure:
            ensured = self._attributes.ensure(name=name, data_type="text", label="External id")
            found = await self._health.read(ensured)
        kind = None if found is None else found.type or found.field_type
        if kind is not None and kind not in _TEXTS:
            raise ConfigError(
                f"the loyalty transaction attribute {show(name)} is of the type {kind}, and identities are texts: "
                "name another with identity_attribute=…"
            )
        return found is not None

    def _parameters(self, values: dict[str, Any], address: str | None) -> dict[str, Any]:
        body = super()._parameters(values, address)
        for name in ("credits", "unit_value"):
            value = body[name]
            # The same number is written the same, or it would be another row.
            if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
                body[name] = int(value)
        further = values.get("attributes")
        if further in (None, UNSET):
            return body
        own = Object().wire("attributes", further)
        for key in own:
            if key in body or key == self._attribute:
                use = "holds the identity" if key == self._attribute else "is a parameter of its own"
                raise ValueError(f"{self._create.id}: attributes can't hold {show(key)}, which {use}")
        return {**body, **own}

    def identify(self, row: ActiveRow, account: str) -> None:
        """Give a row its identity, and say whether it is sent with it."""
        super().identify(row, account)
        row.unasked = not self.can_ask

    async def _make(self, row: ActiveRow) -> Any:
        if not row.attempts:
            row.since = self._since
        if not row.unasked:
            row.body[self._attribute] = row.own
        return await super()._make(row)

    def _check_answer(self, made: Any, row: ActiveRow) -> None:
        super()._check_answer(made, row)
        if row.unasked:
            return
        if self._identifier_in(made) is not None:
            self._shows = True
        elif self.can_ask:
            self.can_ask = False
            self._health.note(
                f"credits are given at most once: the API does not show {show(self._attribute)}, by which they would "
                "be found again"
            )

    def _identifier_in(self, found: Any) -> str | None:
        return identity_of(found, self._attribute)

    async def find(self, row: ActiveRow) -> Any:
        """The reception with this row's identity among those of its contact, or None."""
        if row.unasked:
            return None
        if not self.can_ask:
            row.unasked = True
            raise Refused("sent, and the API does not show what it was to be known by, so it can't be asked for")
        row.unsure = False
        found = await self._addresses.found_of(row, partial(self._locate, row), partial(self._reception_of, row))
        row.unsure = row.unsure and not self._shows
        return found

    def _look_at(self, row: ActiveRow, reception: LoyaltyTransaction) -> None:
        if self._identifier_in(reception) is not None:
            self._shows = True
        elif not self.differing(row, reception):
            row.unsure = True

    async def _reception_of(self, row: ActiveRow, contact: str) -> Any:
        window: Any = UNSET if row.since is None else {"gte": row.since}
        listed = self._transactions.list(
            type="credit_receptions", contact_uuid=contact, sort="-created_at", created_at=window
        )
        asked = (listed, contact, row.own or "", self._attribute, partial(self._look_at, row))
        try:
            return await self._health.read(reception_of(*asked))
        except NotFoundError:  # no such contact, so no such reception either
            return None

    def says_taken(self, row: ActiveRow, error: ApiError) -> bool:
        """The API knows no identities."""
        return False

    def says_busy(self, error: ApiError) -> bool:
        """That a reception is being made."""
        return error.code == _BEING_MADE
