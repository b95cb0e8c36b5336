"""Contact session tokens: short-lived tokens that stand for a contact."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from ..models import ContactSessionToken
from ._base import Resource


class ContactSessionTokens(Resource):
    """Short-lived tokens that stand for a contact."""

    async def _used(self, contact_session_token: str) -> ContactSessionToken | None:
        found = await self.get(contact_session_token)
        return found if found.status == "used" else None

    @operation("GET", "/contact-session-tokens/{contact_session_token}", apis=BOTH)
    async def get(self, contact_session_token: str) -> ContactSessionToken:
        """Look up a session token.

        Parameters:
            contact_session_token: the token.

        Returns:
            The token with its contact and its status.

        Raises:
            ApiError: the API refuses, also when there is no such token (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/contact-session-tokens/{contact_session_token}/use", apis=BOTH, look_up=_used)
    async def use(self, contact_session_token: str) -> ContactSessionToken:
        """Mark a session token as used, so that it can't be used again.

        Parameters:
            contact_session_token: the token.

        Returns:
            The token with its contact and its new status.

        Raises:
            ApiError: the API refuses, also when the token was used before (its code is not documented).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks whether the token is used,
                by us or by somebody else.

        Repeating: not safe, the second is refused. Facts: documented, without a body.
        """
        never()
