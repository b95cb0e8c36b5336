"""Contact identifiers: cards and codes, made for a contact, or linked to one where they are there and free."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..._core.declare import operation_of
from ...errors import ApiError
from ...resources._base import Resource
from ...resources.contact_identifiers import ContactIdentifiers
from ..outcomes import Status
from ..rows import ActiveRow
from .keyed import KeyedKind

# "Contact identifier is already linked."
_LINKED = 60014


class IdentifierKind(KeyedKind):
    """Cards. One that belongs to nobody yet is linked; one of another contact is a change that the API can't make."""

    name: str = "contact_identifiers"
    resource: type[Resource] = ContactIdentifiers
    identifier: str = "contact_identifier_value"
    identified_as: str = "value"
    creates: Callable[..., Any] = ContactIdentifiers.create
    updates: Callable[..., Any] | None = ContactIdentifiers.update
    finds: Callable[..., Any] | None = ContactIdentifiers.find
    shown: Mapping[str, str] = {"contact_uuid": "contact.uuid", "contact_identifier_name": "name"}
    names_contact: bool = True

    def resolve(self, row: ActiveRow, found: Any, *, ours: bool) -> bool:
        """It remains to be linked if it is nobody's."""
        super().resolve(row, found, ours=ours)
        if found.contact is not None or row.body.get("contact_uuid") is None:
            return True
        row.stage, row.status = "update", Status.UPDATED
        return False

    async def _change(self, row: ActiveRow) -> Any:
        found = await self._there(row)
        if found.contact is None and row.body.get("contact_uuid") is not None:
            found = await self._link(row)
        name = row.body.get("contact_identifier_name")
        if row.changed and name is not None and name != found.name:
            sent = {"contact_identifier_value": row.own, "contact_identifier_name": name}
            update = operation_of(ContactIdentifiers.update)
            found = await self._pipeline.run(update.request(self._api, (), None, sent), row)
        return found

    async def _link(self, row: ActiveRow) -> Any:
        contact = row.body["contact_uuid"]
        sent = {"contact_identifier_value": row.own, "contact_uuid": contact}
        link = operation_of(ContactIdentifiers.link)
        try:
            return await self._pipeline.run(link.request(self._api, (), None, sent), row)
        except ApiError as error:
            if error.code != _LINKED:
                raise
            # Perhaps by an attempt whose answer was lost.
            found = await self._there(row)
            if found.contact is None or found.contact.uuid.casefold() != contact.casefold():
                raise
            return found
