"""The account's contacts, listed once where that takes fewer calls than looking up each."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import msgspec

from .._core.codec import encode
from .._core.kept_text import kept_text
from ..errors import ApiError
from ..models import Contact
from ..resources.contacts import Contacts
from .health import Health
from .seen import SeenKeys, key_of_address

# So many are looked up before anything is foreseen; and listing must be so much cheaper than what is foreseen.
_FEW, _CHEAPER = 16, 2.0


class AddressBook:
    """Contacts by their addresses, on disk. It is `whole` once all of the account's have been listed.

    `rows` is how many rows are to come, 0 if nobody knows; `taken` how many have come.
    """

    def __init__(self, contacts: Contacts, seen: SeenKeys, health: Health, rows: int, taken: Callable[[], int]) -> None:
        self.whole: bool = False
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
        page = await self._health.read(self._contacts.list(sort="created_at", page=self._page).page())
        for contact in page.items:
            address = (kept_text(contact.email or "") or "").lower()
            if address and contact.uuid:
                self._seen.keep_listed(key_of_address(address), contact.uuid, _shown(contact))
        if page.last_page is None:
            self._cost = math.inf
            return True
        self._cost = float(page.last_page)
        last = self._page >= page.last_page
        self.whole = self.whole or last
        self._page += 1
        return last

    def find(self, address: str) -> Contact | None:
        """The contact with an address, as it was listed."""
        found = self._seen.listed(key_of_address(address))
        if found is None:
            return None
        uuid, shown = found
        return Contact(uuid=uuid, email=address, current_values=msgspec.json.decode(shown))


def _shown(contact: Contact) -> bytes:
    """The values that a row may be compared with; login links are nothing to keep."""
    values: dict[str, Any] = {
        name: value
        for name, value in contact.current_values.items()
        if value is not None and not (isinstance(value, str) and "://" in value)
    }
    return encode(values)
