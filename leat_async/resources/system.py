"""Checking the connection."""

from __future__ import annotations

from typing import Any

from .._core.declare import BOTH, never, operation
from ._base import Resource


class System(Resource):
    """Whether the API answers and the token works."""

    @operation("GET", "/", apis=BOTH, certainty="observed in a client")
    async def health_check(self) -> Any:
        """Check that the API and the token work.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented. An integration reads `company`,
            `id` and `uuid` from it.

        Raises:
            AuthenticationError: the token is not accepted.

        Repeating: safe. Facts: observed in a client, not documented.
        """
        never()
