"""Gift card programs."""

from __future__ import annotations

from .._core.declare import never, operation
from ..models import GiftcardProgram
from ..pagination import Pager
from ._base import Resource


class GiftcardPrograms(Resource):
    """Kinds of gift cards."""

    @operation("GET", "/giftcard-programs")
    def list(self) -> Pager[GiftcardProgram]:
        """List all gift card programs of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()
