"""Contact verification: that an e-mail address belongs to a contact."""

from __future__ import annotations

from .._core.declare import never, operation
from ..models import AuthToken, ContactReference, VerificationSent
from ._base import Resource
from ._types import Id


class ContactVerification(Resource):
    """Proving that an e-mail address belongs to a contact."""

    @operation("POST", "/contact-verification/send")
    async def send(self, *, email: str) -> VerificationSent:
        """Mail a login code to a contact; the contact and a contacts portal must exist.

        Parameters:
            email: the contact's address.

        Returns:
            That the mail was sent.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031) or no contacts portal (55032).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it mails again. Facts: documented.
        """
        never()

    @operation("POST", "/contact-verification/verify")
    async def verify(self, *, code: str, email: str) -> ContactReference:
        """Check a login code that was mailed.

        Parameters:
            code: the code.
            email: the contact's address.

        Returns:
            The contact, by its uuid alone.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such code (13010) or no contacts portal (55032).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not known to be safe, a code may count once. Facts: documented.
        """
        never()

    @operation("GET", "/contact-verification/auth-token/{contact_uuid}")
    async def get_auth_token(self, contact_uuid: Id) -> AuthToken:
        """Fetch a token that logs a contact in.

        Parameters:
            contact_uuid: the contact's uuid.

        Returns:
            The token, which is a secret.

        Raises:
            NotFoundError: no such contact (55031).
            ApiError: the account's secret is invalid (1053), or the token is expired (3000).

        Repeating: safe, it gives another token. Facts: documented; read both as the object documented and as the
        bare text observed.
        """
        never()
