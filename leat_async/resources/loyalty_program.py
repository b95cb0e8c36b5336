"""The loyalty program: its settings."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from ..models import LoyaltyProgram
from ._base import Resource


class LoyaltyProgramSettings(Resource):
    """The settings of the account's loyalty program."""

    @operation("GET", "/loyalty-program", apis=BOTH)
    async def get(self) -> LoyaltyProgram:
        """Fetch the settings of the loyalty program.

        Returns:
            The settings.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()
