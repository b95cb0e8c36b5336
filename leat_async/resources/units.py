"""Units: what credits are earned for."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import Unit
from ..pagination import Pager
from ._base import Resource, listed_by_name
from ._types import MaybeEmpty


class Units(Resource):
    """What credits are earned for, such as the purchase amount."""

    @operation("GET", "/units", apis=BOTH)
    def list(self) -> Pager[Unit]:
        """List all units of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/units", apis=BOTH, look_up=listed_by_name)
    async def create(
        self,
        *,
        name: str,
        label: str,
        is_default: bool | Unset | None = UNSET,
        prefix: MaybeEmpty | Unset | None = UNSET,
    ) -> Unit:
        """Create a unit.

        Parameters:
            name: unique internal name, which stays as it is.
            label: name to show.
            is_default: make it the account's default unit; left out, it is not.
            prefix: text to show before a value; left out, the first character of the name.

        Returns:
            The unit, with some fields that `list` leaves out.

        Raises:
            InvalidInputError: code 1003.
            AlreadyExistsError: there is one of this name (55045).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not safe, the second is refused. Facts: documented.
        """
        never()
