"""Shift types: kinds of shifts."""

from __future__ import annotations

from .._core.declare import never, operation
from .._core.unset import UNSET, Unset
from ..models import ShiftType
from ..pagination import Pager
from ._base import Resource, or_none
from ._types import Positive, UpTo100


class ShiftTypes(Resource):
    """Kinds of shifts. Only in older documentation, as beta."""

    async def _find(self, name: str) -> ShiftType | None:
        return await or_none(self.find(name=name))

    @operation("GET", "/shift-types")
    def list(self, *, limit: UpTo100 | Unset = UNSET, page: Positive | Unset = UNSET) -> Pager[ShiftType]:
        """List shift types.

        Parameters:
            limit: page size, up to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every type.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented in older documentation, which lists the parameters of this GET as body;
        they go into the query.
        """
        never()

    @operation("POST", "/shift-types", look_up=_find)
    async def create(self, *, name: str, description: str) -> ShiftType:
        """Create a shift type.

        Parameters:
            name: its name.
            description: its description.

        Returns:
            The type.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not safe, it may make a second of the same name. Facts: documented in older documentation.
        """
        never()

    @operation("GET", "/shift-types/find")
    async def find(self, *, name: str) -> ShiftType:
        """Find a shift type by name.

        Parameters:
            name: the name.

        Returns:
            The type.

        Raises:
            NotFoundError: no such type (80550).

        Repeating: safe. Facts: documented in older documentation.
        """
        never()

    @operation("GET", "/shift-types/{shift_type_uuid}")
    async def get(self, shift_type_uuid: str) -> ShiftType:
        """Fetch one shift type.

        Parameters:
            shift_type_uuid: the type's uuid.

        Returns:
            The type.

        Raises:
            NotFoundError: no such type (80550).

        Repeating: safe. Facts: documented in older documentation.
        """
        never()

    @operation("PUT", "/shift-types/{shift_type_uuid}", look_up=get)
    async def update(self, shift_type_uuid: str, *, name: str, description: str) -> ShiftType:
        """Rename a shift type or describe it anew.

        Parameters:
            shift_type_uuid: the type's uuid.
            name: new name.
            description: new description.

        Returns:
            The type as changed.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such type (80550).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the type as it is.

        Repeating: safe, it sets the same values again. Facts: documented in older documentation.
        """
        never()
