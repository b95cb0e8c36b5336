"""Contact identifiers: cards, tags and codes that stand for a contact."""

from __future__ import annotations

from typing import Any

from .._core.declare import BOTH, never, operation
from .._core.operation import Effect
from .._core.unset import UNSET, Unset
from ..models import ContactIdentifier
from ._base import Resource, or_none
from ._types import Id


class ContactIdentifiers(Resource):
    """Alternative keys of contacts, such as loyalty cards."""

    _makes: ContactIdentifier  # what an import of them makes; for type checkers only

    async def _find(self, contact_identifier_value: str) -> ContactIdentifier | None:
        return await or_none(self.find(contact_identifier_value=contact_identifier_value))

    async def _linked(self, contact_identifier_value: str, contact_uuid: Id) -> ContactIdentifier | None:
        found = await self._find(contact_identifier_value)
        return found if _contact_of(found) == contact_uuid else None

    async def _unlinked(self, contact_identifier_value: str) -> ContactIdentifier | None:
        found = await self._find(contact_identifier_value)
        return found if _contact_of(found) is None else None

    @operation("GET", "/contact-identifiers/find", apis=BOTH)
    async def find(self, *, contact_identifier_value: str) -> ContactIdentifier:
        """Find an identifier by its value.

        Parameters:
            contact_identifier_value: the identifier's unique value, such as a card number.

        Returns:
            The identifier; its `contact` is None while it is linked to nobody.

        Raises:
            NotFoundError: there is none (60003).
            ApiError: it is inactive (60004).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/contact-identifiers", apis=BOTH, look_up=_find)
    async def create(
        self,
        *,
        contact_identifier_value: str,
        contact_uuid: Id | Unset | None = UNSET,
        contact_identifier_name: str | Unset | None = UNSET,
    ) -> ContactIdentifier:
        """Create an identifier, linked to a contact or not.

        Parameters:
            contact_identifier_value: the identifier's unique value, such as a card number.
            contact_uuid: the contact to link it to.
            contact_identifier_name: name to show; left out, the value is shown.

        Returns:
            The identifier.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031).
            AlreadyExistsError: there is one of this value (60006).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the value.

        Repeating: not safe, the second is refused. Facts: documented; some sources require `contact_uuid` under the
        Register API, the documentation does not.
        """
        never()

    @operation("PUT", "/contact-identifiers/link", apis=BOTH, effect=Effect.ACTION, look_up=_linked)
    async def link(self, *, contact_identifier_value: str, contact_uuid: Id) -> ContactIdentifier:
        """Link an identifier that is linked to nobody to a contact.

        Parameters:
            contact_identifier_value: the identifier's unique value.
            contact_uuid: the contact.

        Returns:
            The identifier as linked.

        Raises:
            NotFoundError: no such identifier (60003) or contact (55031).
            ApiError: the identifier is inactive (60004) or linked already (60014).
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks whether the identifier is
                linked to this contact.

        Repeating: not safe, the second is refused. Facts: documented.
        """
        never()

    @operation("PUT", "/contact-identifiers/unlink", apis=BOTH, look_up=_unlinked)
    async def unlink(self, *, contact_identifier_value: str) -> ContactIdentifier:
        """Take the contact off an identifier.

        Parameters:
            contact_identifier_value: the identifier's unique value.

        Returns:
            The identifier, its `contact` None.

        Raises:
            NotFoundError: no such identifier (60003).
            ApiError: it is inactive (60004).
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks whether the identifier is
                linked to nobody.

        Repeating: safe, it is linked to nobody afterwards. Facts: documented.
        """
        never()

    @operation("PUT", "/contact-identifiers", look_up=_find)
    async def update(
        self,
        *,
        contact_identifier_value: str,
        contact_identifier_name: str | Unset | None = UNSET,
        contact_identifier_active: bool | Unset | None = UNSET,
    ) -> ContactIdentifier:
        """Rename an identifier, or switch it on or off; its value stays.

        Parameters:
            contact_identifier_value: the identifier's unique value.
            contact_identifier_name: name to show; left out, it stays.
            contact_identifier_active: whether it can be used; left out, it stays.

        Returns:
            The identifier as changed.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such identifier (60003).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the identifier as it is.

        Repeating: safe, it sets the same values again. Facts: documented, but with the error codes of `create`;
        60003 is assumed.
        """
        never()

    @operation("DELETE", "/contact-identifiers", apis=BOTH)
    async def delete(self, *, contact_identifier_value: str) -> Any:
        """Delete an identifier.

        Parameters:
            contact_identifier_value: the identifier's unique value.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            NotFoundError: no such identifier (60003).
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, it is gone afterwards. Facts: documented; the value is sent in the body as documented (one
        client sends it in the query).
        """
        never()


def _contact_of(identifier: ContactIdentifier | None) -> str | None:
    return identifier.contact.uuid if identifier is not None and identifier.contact is not None else None
