"""The contacts portal: the web app that an account offers to its contacts."""

from __future__ import annotations

from .._core.declare import never, operation
from ..models import AuthUrl
from ._base import Resource
from ._types import Id


class ContactsPortal(Resource):
    """The web app that the account offers to its contacts."""

    @operation("GET", "/contacts-portal/auth-url")
    async def get_auth_url(self, *, contact_uuid: Id) -> AuthUrl:
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
        never()
