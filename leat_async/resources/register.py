"""The register: the point of sale that the token of the Register API belongs to."""

from __future__ import annotations

from .._core.declare import REGISTER, never, operation
from ..models import Register
from ._base import Resource


class Registers(Resource):
    """The point of sale that the token belongs to; only under the Register API."""

    @operation("GET", "/", apis=REGISTER, certainty="observed in a client")
    async def get(self) -> Register:
        """Fetch the register.

        Returns:
            The register with its shop.

        Raises:
            ConfigError: the client does not use the Register API.
            AuthenticationError: the token is not accepted.

        Repeating: safe. Facts: observed in a client, not documented.
        """
        never()
