"""The register: the point of sale that the token of the Register API belongs to."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from ..models import Register
from ._base import Resource

GET = Operation("register.get", "GET", "/", Effect.SAFE, Register, certainty="captured", apis=("register",))


class Registers(Resource):
    """The point of sale that the token belongs to; only under the Register API."""

    async def get(self) -> Register:
        """Fetch the register.

        Returns:
            The register with its shop.

        Raises:
            ConfigError: the client does not use the Register API.
            AuthenticationError: the token is not accepted.

        Repeating: safe. Facts: observed in clients, not documented.
        """
        return await self._call(GET)
