"""Gift card programs."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from ..models import GiftcardProgram
from ..pagination import Pager
from ._base import Resource

LIST = Operation("giftcard_programs.list", "GET", "/giftcard-programs", Effect.SAFE, GiftcardProgram, many=True)


class GiftcardPrograms(Resource):
    """Kinds of gift cards."""

    def list(self) -> Pager[GiftcardProgram]:
        """List all gift card programs of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        return self._list(LIST)
