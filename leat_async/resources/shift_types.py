"""Shift types: kinds of shifts."""

from __future__ import annotations

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Text
from .._core.unset import UNSET, Unset
from ..models import ShiftType
from ..pagination import Pager
from ._base import Resource, or_none

_FIELDS = {"name": Text(required=True), "description": Text(required=True)}
LIST = Operation(
    "shift_types.list",
    "GET",
    "/shift-types",
    Effect.SAFE,
    ShiftType,
    query={"page": Integer(min=1), "limit": Integer(min=0, max=100)},
    many=True,
    paging=Paging(largest=100),
)
CREATE = Operation("shift_types.create", "POST", "/shift-types", Effect.ACTION, ShiftType, body=_FIELDS)
FIND = Operation(
    "shift_types.find",
    "GET",
    "/shift-types/find",
    Effect.SAFE,
    ShiftType,
    query={"name": Text(required=True)},
)
GET = Operation("shift_types.get", "GET", "/shift-types/{shift_type_uuid}", Effect.SAFE, ShiftType)
UPDATE = Operation(
    "shift_types.update",
    "PUT",
    "/shift-types/{shift_type_uuid}",
    Effect.REPEATABLE,
    ShiftType,
    body=_FIELDS,
)


class ShiftTypes(Resource):
    """Kinds of shifts. Only in older documentation, as beta."""

    def list(self, *, limit: int | Unset = UNSET, page: int | Unset = UNSET) -> Pager[ShiftType]:
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
        return self._list(LIST, query={"limit": limit, "page": page})

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
        return await self._call(
            CREATE, body={"name": name, "description": description}, look_up=lambda: or_none(self.find(name=name))
        )

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
        return await self._call(FIND, query={"name": name})

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
        return await self._call(GET, shift_type_uuid)

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
        return await self._call(
            UPDATE,
            shift_type_uuid,
            body={"name": name, "description": description},
            look_up=lambda: self.get(shift_type_uuid),
        )
