"""The loyalty program: its settings."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from ..models import LoyaltyProgram
from ._base import Resource

GET = Operation(
    "loyalty_program.get",
    "GET",
    "/loyalty-program",
    Effect.SAFE,
    LoyaltyProgram,
    apis=("oauth", "register"),
)


class LoyaltyProgramSettings(Resource):
    """The settings of the account's loyalty program."""

    async def get(self) -> LoyaltyProgram:
        """Fetch the settings of the loyalty program.

        Returns:
            The settings.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        return await self._call(GET)
