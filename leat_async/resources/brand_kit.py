"""The brand kit: logos, colours and font."""

from __future__ import annotations

from .._core.declare import never, operation
from ..models import BrandKit
from ._base import Resource


class BrandKits(Resource):
    """Logos, colours and font of the account."""

    @operation("GET", "/brand-kit")
    async def get(self) -> BrandKit:
        """Fetch the brand kit.

        Returns:
            The brand kit.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented; the fourth colour is read in either spelling, and what only one client
        reads is None elsewhere.
        """
        never()
