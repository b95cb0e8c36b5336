"""Checking the connection."""

from __future__ import annotations

from typing import Any

from .._core.operation import Effect, Operation
from ._base import Resource

HEALTH_CHECK = Operation(
    "system.health_check",
    "GET",
    "/",
    Effect.SAFE,
    object,
    certainty="captured",
    apis=("oauth", "register"),
)


class System(Resource):
    """Whether the API answers and the token works."""

    async def health_check(self) -> Any:
        """Check that the API and the token work.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented. An integration reads `company`,
            `id` and `uuid` from it.

        Raises:
            AuthenticationError: the token is not accepted.

        Repeating: safe. Facts: path and answer observed in clients, not documented.
        """
        return await self._call(HEALTH_CHECK)
