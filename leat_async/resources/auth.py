"""Tokens, for those who don't leave them to the client."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from .._core.operation import Effect, Operation
from .._core.params import Text
from ..models import AccessToken
from ._base import Resource

GrantType: TypeAlias = Literal["client_credentials"] | str

TOKEN = Operation(
    "auth.token",
    "POST",
    "/oauth/token",
    Effect.SAFE,
    AccessToken,
    body={
        "grant_type": Text(required=True, values=("client_credentials",)),
        "client_id": Text(required=True),
        "client_secret": Text(required=True),
    },
    unwrapped=True,
    at_origin=True,
    anonymous=True,
)
PARTNER_CREDENTIALS = Operation(
    "auth.partner_credentials",
    "POST",
    "/api/v3/partners",
    Effect.ACTION,
    object,
    body={"email": Text(required=True), "name": Text(required=True)},
    at_origin=True,
    certainty="assumed",
)
PARTNER_TOKEN = Operation(
    "auth.partner_token",
    "POST",
    "/api/v3/partners/token",
    Effect.ACTION,
    object,
    at_origin=True,
    certainty="assumed",
)


class Auth(Resource):
    """Tokens, and what is known of partner accounts."""

    async def token(
        self, *, client_id: str, client_secret: str, grant_type: GrantType = "client_credentials"
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
        body = {"grant_type": grant_type, "client_id": client_id, "client_secret": client_secret}
        return await self._call(TOKEN, body=body)

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
        return await self._call(PARTNER_CREDENTIALS, body={"email": email, "name": name})

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
        return await self._call(PARTNER_TOKEN)
