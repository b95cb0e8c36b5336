"""The account's contacts, listed once where that takes fewer calls than looking up each."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from .._core.codec import encode
from .._core.kept_text import kept_text
from .._core.unset import UNSET
from ..errors import ApiError
from ..models import Contact
from ..resources.contacts import Contacts
from .health import Health
from .ledger import Ledger
from .seen import SeenKeys, key_of_address
from .store import LISTED_UNTIL

# So many are looked up before anything is foreseen; and listing must be so much cheaper than what is foreseen.
_FEW, _CHEAPER = 16, 2.0
# By how much the clocks of the API's own machines may differ, amply.
_CLOCKS = dt.timedelta(minutes=5)


class AddressBook:
    """Contacts by their addresses, on disk. It is `whole` once all of the account's have been listed.

    `rows` is how many rows are to come, 0 if nobody knows; `taken` how many have come. With a `ledger`, all that were
    listed are remembered there, and a later run lists those that were made since; see `remembers`.
    """

    def __init__(
        self,
        contacts: Contacts,
        seen: SeenKeys,
        health: Health,
        rows: int,
        taken: Callable[[], int],
        ledger: Ledger | None,
    ) -> None:
        self.whole: bool = False
        self._ledger = ledger
        # When the newest of those that were listed was made.
        self._newest: dt.datetime | None = None
        self._contacts = contacts
        self._seen = seen
        self._health = health
        self._rows, self._taken = rows, taken
        self._wanted = 0
        # The calls that listing takes, once the first page has told.
        self._cost: float | None = None
        self._page = 1
        # Readings of what was made since.
        self._begun = 0
        self._turn = asyncio.Lock()

    @cached_property
    def _since(self) -> dt.datetime | None:
        """From when on it is listed, if an earlier run listed what was made before."""
        until = self._ledger.contact(LISTED_UNTIL) if self._ledger is not None else None
        return dt.datetime.fromisoformat(until) if until is not None else None

    async def wanted(self) -> None:
        """An address is about to be looked up: list all instead, if that is cheaper. Raises `Passing`."""
        self._wanted += 1
        if self.whole or self._wanted < _FEW or (self._cost is not None and self._foreseen() <= self._cost):
            return
        async with self._turn:
            while not self.whole and (self._cost is None or self._foreseen() > self._cost):
                try:
                    await self._read()
                except ApiError:
                    # A refusal of the list says nothing about contacts, which can be looked up all the same.
                    self._cost = math.inf

    def _foreseen(self) -> float:
        """How many look-ups there will be: those so far, or twice as many fewer of what the rows to come suggest."""
        return max(self._wanted, self._wanted / max(self._taken(), self._wanted) * self._rows / _CHEAPER)

    async def catch_up(self) -> None:
        """List the contacts that were made since. Raises `Passing` and `ApiError`."""
        asked = self._begun
        async with self._turn:
            if self._begun > asked:  # meanwhile, for another who waited
                return
            self._begun += 1
            self._page = max(1, self._page - 1)  # the last one may have been filled up
            while not await self._read():
                pass

    async def _read(self) -> bool:
        """Read a page; whether it was the last."""
        self._newest = self._newest or self._since
        window: Any = UNSET if self._since is None else {"gte": self._since - _CLOCKS}
        listed = self._contacts.list(sort="created_at", created_at=window, page=self._page)
        page = await self._health.read(listed.page())
        for contact in page.items:
            self._keep(contact)
        if page.last_page is None:
            self._cost = math.inf
            return True
        self._cost = float(page.last_page)
        last = self._page >= page.last_page
        self.whole = self.whole or last
        self._page += 1
        if last and self._ledger is not None and self._newest is not None:
            self._ledger.keep_contact(LISTED_UNTIL, self._newest.isoformat())
        return last

    def _keep(self, contact: Contact) -> None:
        address = (kept_text(contact.email or "") or "").lower()
        if not address or not contact.uuid:
            return
        key = key_of_address(address)
        self._seen.keep_listed(key, contact.uuid, _shown(contact))
        if self._ledger is not None:
            self._ledger.keep_contact(key, contact.uuid)
            made = _moment(contact.current_values.get("created_at"))
            if made is not None and (self._newest is None or made > self._newest):
                self._newest = made

    def remembers(self, address: str) -> bool:
        """Whether a contact had this address when an earlier run listed it.

        It may be gone by now or have another, which no list tells: what narrows a list is when contacts were made, not
        when they changed.
        """
        if self._since is None or self._ledger is None:
            return False
        return self._ledger.contact(key_of_address(address)) is not None

    def was_elsewhere(self, address: str, contact: Contact) -> bool:
        """Whether a contact that has this address now was there under another, or none, when all were listed."""
        made = _moment(contact.current_values.get("created_at"))
        until = self._newest if self.whole else self._since
        if made is None or until is None or made >= until - _CLOCKS:
            return False
        key = key_of_address(address)
        listed = self._seen.listed(key)
        had = listed[0] if listed is not None else self._ledger.contact(key) if self._ledger is not None else None
        return had != contact.uuid

    def find(self, address: str) -> Contact | None:
        """The contact with an address, as it was listed."""
        found = self._seen.listed(key_of_address(address))
        if found is None:
            return None
        uuid, shown = found
        return Contact(uuid=uuid, email=address, current_values=msgspec.json.decode(shown))


def _moment(shown: Any) -> dt.datetime | None:
    """A moment that the API shows, None for anything else."""
    try:
        moment = dt.datetime.fromisoformat(shown)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else None


def _shown(contact: Contact) -> bytes:
    """The values that a row may be compared with; login links are nothing to keep."""
    values: dict[str, Any] = {
        name: value
        for name, value in contact.current_values.items()
        if value is not None and not (isinstance(value, str) and "://" in value)
    }
    return encode(values)
