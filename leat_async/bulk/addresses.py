"""E-mail addresses to contacts: each address is looked up once, however many rows share it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._core.params import show
from ..errors import NotFoundError
from ..resources.contacts import Contacts
from .identity import Seen, digest
from .jobs import Refused, read

if TYPE_CHECKING:
    from .ledger import Ledger


def normalised(address: object) -> str:
    """An address as the API stores it: trimmed, in lower case."""
    if not isinstance(address, str):
        raise TypeError(f"an e-mail address must be text, got {show(address)}")
    text = address.strip().lower()
    name, at, host = text.rpartition("@")
    if not (name and at and host) or any(c.isspace() for c in text):
        raise ValueError(f"{show(address)} is no e-mail address; correct it, or leave it out and give contact_uuid")
    return text


class Addresses:
    """The contacts that rows name by address."""

    def __init__(self, contacts: Contacts, seen: Seen, ledger: Ledger | None, *, create: bool) -> None:
        self._contacts = contacts
        self._seen = seen
        self._ledger = ledger
        self._create = create
        self._asked: dict[str, asyncio.Future[str]] = {}

    async def contact(self, address: str) -> str:
        """The uuid of the contact with this address; rows that need the same one wait for one answer."""
        who = digest("address", address)
        known = self._seen.contact(who)
        if known is None and self._ledger is not None:
            known = self._ledger.contact(who)
        if known is None:
            asked = self._asked.get(who)
            known = await (self._ask(address, who) if asked is None else asyncio.shield(asked))
        if not known:
            raise Refused(f"there is no contact {address}; create_contacts=True creates those that are missing")
        return known

    async def _ask(self, address: str, who: str) -> str:
        answer = self._asked[who] = asyncio.get_running_loop().create_future()
        # Nobody need be waiting for the answer.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            uuid = await self._look_up(address)
            self._seen.keep_contact(who, uuid)
            if uuid and self._ledger is not None:
                self._ledger.keep_contact(who, uuid)
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
            del self._asked[who]

    async def _look_up(self, address: str) -> str:
        contacts = self._contacts
        try:
            if self._create:
                return (await read(contacts.find_or_create(email=address))).uuid
            return (await read(contacts.find_one_by(email=address))).uuid
        except NotFoundError:
            return ""
