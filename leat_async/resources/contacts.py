"""Contacts: the people who take part."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from .._core.params import Text
from ..errors import NotFoundError
from ..models import Contact
from ._base import Resource

FIND_ONE_BY = Operation(
    "contacts.find_one_by",
    "GET",
    "/contacts/find-one-by",
    Effect.SAFE,
    Contact,
    query={"email": Text(required=True)},
    apis=("oauth", "register"),
)
FIND_OR_CREATE = Operation(
    "contacts.find_or_create",
    "GET",
    "/contacts/find-or-create",
    Effect.REPEATABLE,
    Contact,
    query={"email": Text(required=True)},
    apis=("oauth", "register"),
)


class Contacts(Resource):
    """The people who take part."""

    async def find_one_by(self, *, email: str) -> Contact:
        """Find a contact by e-mail address.

        Parameters:
            email: the address; the API stores them in lower case.

        Returns:
            The contact.

        Raises:
            NotFoundError: there is none (55031).
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented.
        """
        return await self._call(FIND_ONE_BY, query={"email": email})

    async def find_or_create(self, *, email: str) -> Contact:
        """Find a contact by e-mail address, or create one.

        Parameters:
            email: the address; the API stores them in lower case.

        Returns:
            The contact, found or new.

        Raises:
            InvalidInputError: code 1003.
            ApiError: the account's limit of contacts is reached (60000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the address.

        Repeating: safe, it converges on one contact; it is a GET that may create. Facts: documented.
        """
        return await self._call(FIND_OR_CREATE, query={"email": email}, look_up=lambda: self._find(email))

    async def _find(self, email: str) -> Contact | None:
        try:
            return await self.find_one_by(email=email)
        except NotFoundError:
            return None
