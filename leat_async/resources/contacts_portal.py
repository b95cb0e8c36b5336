"""The contacts portal: the web app that an account offers to its contacts."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from .._core.params import Text
from ..models import AuthUrl
from ._base import Resource

GET_AUTH_URL = Operation(
    "contacts_portal.get_auth_url",
    "GET",
    "/contacts-portal/auth-url",
    Effect.SAFE,
    AuthUrl,
    query={"contact_uuid": Text(required=True)},
)


class ContactsPortal(Resource):
    """The web app that the account offers to its contacts."""

    async def get_auth_url(self, *, contact_uuid: str) -> AuthUrl:
        """Fetch an address that logs a contact in.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            The address, which is a secret.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031).

        Repeating: safe, it gives another address. Facts: documented.
        """
        return await self._call(GET_AUTH_URL, query={"contact_uuid": contact_uuid})
