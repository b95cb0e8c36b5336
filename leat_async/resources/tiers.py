"""Tiers: the levels of the loyalty program."""

from __future__ import annotations

from .._core.declare import never, operation
from ..models import Tier
from ..pagination import Pager
from ._base import Resource


class Tiers(Resource):
    """Levels of the loyalty program; `contacts.get_tier` gives that of a contact."""

    @operation("GET", "/tiers")
    def list(self) -> Pager[Tier]:
        """List all tiers of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()
