"""Tokens, for those who don't leave them to the client."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from .._core.declare import never, operation
from .._core.operation import Effect
from ..models import AccessToken
from ._base import Resource

GrantType: TypeAlias = Literal["client_credentials"] | str


class Auth(Resource):
    """Tokens, and what is known of partner accounts."""

    @operation("POST", "/oauth/token", effect=Effect.SAFE, unwrapped=True, at_origin=True, anonymous=True)
    async def token(
        self, *, grant_type: GrantType = "client_credentials", client_id: str, client_secret: str
    ) -> AccessToken:
        """Get an access token for client credentials; `LeatClient(ClientCredentials(…))` does so by itself.

        Parameters:
            client_id: the client's id.
            client_secret: the client's secret.
            grant_type: how the token is asked for; only "client_credentials" is known.

        Returns:
            The token, and its lifetime in seconds.

        Raises:
            ApiError: the API refuses the credentials.

        Repeating: safe, it gives another token and changes nothing of the account. Facts: documented in older
        documentation; newer accounts have personal access tokens.
        """
        never()

    @operation("POST", "/api/v3/partners", certainty="assumed", at_origin=True)
    async def partner_credentials(self, *, email: str, name: str) -> Any:
        """Ask for partner credentials.

        Parameters:
            email: address of the technical contact.
            name: name of the company.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            ApiError: the API refuses.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it asks again. Facts: assumed from one observed request, which shows no more of the path
        than "/partners".
        """
        never()

    @operation("POST", "/api/v3/partners/token", certainty="assumed", at_origin=True)
    async def partner_token(self) -> Any:
        """Get a partner access token.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            ApiError: the API refuses.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, what it does is not known. Facts: assumed; the path is known as "/partners/token", its
        beginning and its parameters are not.
        """
        never()
