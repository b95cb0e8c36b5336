"""Units: what credits are earned for."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from .._core.params import Boolean, Text
from .._core.unset import UNSET, Unset
from ..models import Unit
from ..pagination import Pager
from ._base import Resource, first_where

LIST = Operation("units.list", "GET", "/units", Effect.SAFE, Unit, many=True, apis=("oauth", "register"))
CREATE = Operation(
    "units.create",
    "POST",
    "/units",
    Effect.ACTION,
    Unit,
    body={
        "name": Text(required=True),
        "label": Text(required=True),
        "is_default": Boolean(),
        "prefix": Text(empty=True),
    },
    apis=("oauth", "register"),
)


class Units(Resource):
    """What credits are earned for, such as the purchase amount."""

    def list(self) -> Pager[Unit]:
        """List all units of the account.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        return self._list(LIST)

    async def create(
        self,
        *,
        name: str,
        label: str,
        is_default: bool | Unset | None = UNSET,
        prefix: str | Unset | None = UNSET,
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
        body = {"name": name, "label": label, "is_default": is_default, "prefix": prefix}
        return await self._call(CREATE, body=body, look_up=lambda: first_where(self.list(), name=name))
