"""E-mail addresses to contacts: each address is looked up once, however many rows share it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from .._core.kept_text import kept_text
from ..errors import DecodeError, NotFoundError
from ..models import Contact
from ..resources.contacts import Contacts
from .address_book import AddressBook
from .health import Health
from .ledger import Ledger
from .rows import ActiveRow, Passing, Refused
from .seen import SeenKeys, key_of_address


async def contact_of(address: str, ask: Callable[[], Awaitable[Contact]]) -> Contact:
    """The contact with an address, as the API says; the answer to another question is none, and passing."""
    found = await ask()
    if found.email is None and not found.extra:
        # Without an address it may be anything's answer, but not twice.
        again = await ask()
        if again.email is None and not again.extra and again.uuid == found.uuid:
            return again
        found = again
    if found.email is None or (kept_text(found.email) or "").lower() != address:
        raise Passing(DecodeError("$.data.email: not the address that was asked for", path="$.data.email"))
    return found


class Addresses:
    """The contacts that rows name by address."""

    def __init__(
        self,
        contacts: Contacts,
        seen: SeenKeys,
        ledger: Ledger | None,
        health: Health,
        *,
        create: bool,
        book: AddressBook | None = None,
    ) -> None:
        self.book = book
        self._contacts = contacts
        self._seen = seen
        self._ledger = ledger
        self._health = health
        self._create = create
        self._asked: dict[str, asyncio.Future[str]] = {}

    async def contact(self, address: str) -> str:
        """The uuid of the contact with this address; rows that need the same one wait for one answer."""
        key = key_of_address(address)
        # What earlier runs found may be another's by now, and a row must not go to whoever had its address once.
        known = self._seen.contact(key)
        if known is None:
            asked = self._asked.get(key)
            known = await (self._ask(address, key) if asked is None else asyncio.shield(asked))
        if not known:
            raise Refused(f"there is no contact {address}; create_contacts=True creates those that are missing")
        return known

    async def _ask(self, address: str, key: str) -> str:
        answer = self._asked[key] = asyncio.get_running_loop().create_future()
        # There may be nothing that waits for the answer.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            uuid = await self._look_up(address)
            self._seen.keep_contact(key, uuid)
            if uuid and self._ledger is not None:
                self._remember(self._ledger, key, uuid)
        except BaseException as error:
            if isinstance(error, Exception):
                answer.set_exception(error)
            else:
                answer.cancel()
            raise
        else:
            answer.set_result(uuid)
            return uuid
        finally:
            del self._asked[key]

    def _remember(self, ledger: Ledger, key: str, uuid: str) -> None:
        owners = _owners(ledger, key)
        if uuid not in owners[:1]:
            ledger.keep_contact(key, " ".join((uuid, *(owner for owner in owners if owner != uuid))))

    async def found_of(
        self, row: ActiveRow, locate: Callable[[], Awaitable[None]], ask: Callable[[str], Awaitable[Any]]
    ) -> Any:
        """What is found of a row at the contact to which an earlier run may have sent it, or else at that of today.

        `locate` puts that into its body, `ask` looks at a contact.
        """
        earlier: list[str] = []
        if row.was_in_doubt and row.address is not None and self._ledger is not None:
            earlier = _owners(self._ledger, key_of_address(row.address))
        for contact in earlier:
            found = await ask(contact)
            if found is not None:
                return found
        await locate()
        contact = row.body["contact_uuid"]
        return await ask(contact) if contact not in earlier else None

    async def moved_to(self, address: str, contact: str) -> str | None:
        """The contact that has this address by now, if that is another; rows that come later go by that."""
        uuid = await self._asked_for(address, create=False)
        if uuid in ("", contact):
            return None
        key = key_of_address(address)
        self._seen.keep_contact(key, uuid)
        if self._ledger is not None:
            self._remember(self._ledger, key, uuid)
        return uuid

    async def _look_up(self, address: str) -> str:
        if self.book is not None:
            await self.book.wanted()
            listed = self.book.find(address)
            if listed is not None:
                return listed.uuid
        return await self._asked_for(address, create=self._create)

    async def _asked_for(self, address: str, *, create: bool) -> str:
        ask = self._contacts.find_or_create if create else self._contacts.find_one_by
        try:
            return (await contact_of(address, lambda: self._health.read(ask(email=address)))).uuid
        except NotFoundError:
            return ""


def _owners(ledger: Ledger, key: str) -> list[str]:
    """The contacts that had an address when runs asked, the latest first: a row in doubt is with one of them."""
    return (ledger.contact(key) or "").split()
