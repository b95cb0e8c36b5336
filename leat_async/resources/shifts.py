"""Shifts: when contacts work."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from .._core.operation import Effect, Operation, Paging
from .._core.params import Instant, Integer, Text
from .._core.unset import UNSET, Unset
from ..models import Shift
from ..pagination import Pager
from ._base import Resource, or_none
from ._types import Moment

ShiftStatus: TypeAlias = Literal["approved", "pending"] | str

_STATUS = Text(required=True, values=("approved", "pending"))
LIST = Operation(
    "shifts.list",
    "GET",
    "/shifts",
    Effect.SAFE,
    Shift,
    query={
        "shop_uuid": Text(required=True),
        "status": _STATUS,
        "team_uuid": Text(),
        "page": Integer(min=1),
        "limit": Integer(min=0, max=100),
    },
    many=True,
    paging=Paging(largest=100),
)
CREATE = Operation(
    "shifts.create",
    "POST",
    "/shifts",
    Effect.ACTION,
    Shift,
    body={
        "contact_uuid": Text(required=True),
        "shop_uuid": Text(required=True),
        "started_at": Instant(required=True),
        "ended_at": Instant(required=True),
        "status": _STATUS,
        "external_id": Text(),
        "team_uuid": Text(),
        "shift_type_uuid": Text(),
        "break_in_minutes": Integer(),
    },
)
FIND = Operation("shifts.find", "GET", "/shifts/find", Effect.SAFE, Shift, query={"external_id": Text(required=True)})
GET = Operation("shifts.get", "GET", "/shifts/{shift_uuid}", Effect.SAFE, Shift)
UPDATE = Operation(
    "shifts.update",
    "PUT",
    "/shifts/{shift_uuid}",
    Effect.REPEATABLE,
    Shift,
    body={
        "contact_uuid": Text(),
        "team_uuid": Text(),
        "started_at": Instant(required=True),
        "ended_at": Instant(required=True),
        "status": _STATUS,
        "break_in_minutes": Integer(),
    },
)
DELETE = Operation("shifts.delete", "DELETE", "/shifts/{shift_uuid}", Effect.REPEATABLE, object)


class Shifts(Resource):
    """When contacts work. Only in older documentation, as beta."""

    def list(
        self,
        *,
        shop_uuid: str,
        status: ShiftStatus,
        team_uuid: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        page: int | Unset = UNSET,
    ) -> Pager[Shift]:
        """List the shifts of a shop.

        Parameters:
            shop_uuid: the shop.
            status: only shifts in this state, for example "approved" or "pending"; an open list.
            team_uuid: only shifts of this team.
            limit: page size, up to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every shift.

        Raises:
            NotFoundError: no such shop (1008), state (80531) or team (80540).

        Repeating: safe. Facts: documented in older documentation, which lists the filters of this GET as body; they
        go into the query.
        """
        query = {"shop_uuid": shop_uuid, "status": status, "team_uuid": team_uuid, "limit": limit, "page": page}
        return self._list(LIST, query=query)

    async def create(
        self,
        *,
        contact_uuid: str,
        shop_uuid: str,
        started_at: Moment,
        ended_at: Moment,
        status: ShiftStatus,
        external_id: str | Unset | None = UNSET,
        team_uuid: str | Unset | None = UNSET,
        shift_type_uuid: str | Unset | None = UNSET,
        break_in_minutes: int | Unset | None = UNSET,
    ) -> Shift:
        """Create a shift.

        Parameters:
            contact_uuid: the contact who works.
            shop_uuid: the shop.
            started_at: start, an aware datetime or ISO 8601 text with an offset.
            ended_at: end, the same.
            status: for example "approved" or "pending"; an open list.
            external_id: your own identifier, unique among shifts; give one, or the shift can't be found again.
            team_uuid: the team.
            shift_type_uuid: the type of shift.
            break_in_minutes: break, in minutes.

        Returns:
            The shift.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031), shop (1008), state (80531), team (80540) or type (80550).
            AlreadyExistsError: the external id is taken (80531 as well; the message tells).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `external_id`.

        Repeating: not safe, without an external id it makes a second shift. Facts: documented in older documentation.
        """
        body = {
            "contact_uuid": contact_uuid,
            "shop_uuid": shop_uuid,
            "started_at": started_at,
            "ended_at": ended_at,
            "status": status,
            "external_id": external_id,
            "team_uuid": team_uuid,
            "shift_type_uuid": shift_type_uuid,
            "break_in_minutes": break_in_minutes,
        }
        look_up = (lambda: or_none(self.find(external_id=external_id))) if isinstance(external_id, str) else None
        return await self._call(CREATE, body=body, look_up=look_up)

    async def find(self, *, external_id: str) -> Shift:
        """Find a shift by your own identifier.

        Parameters:
            external_id: your own identifier.

        Returns:
            The shift.

        Raises:
            NotFoundError: no such shift (80530).

        Repeating: safe. Facts: documented in older documentation.
        """
        return await self._call(FIND, query={"external_id": external_id})

    async def get(self, shift_uuid: str) -> Shift:
        """Fetch one shift.

        Parameters:
            shift_uuid: the shift's uuid.

        Returns:
            The shift.

        Raises:
            NotFoundError: no such shift (80530).

        Repeating: safe. Facts: documented in older documentation.
        """
        return await self._call(GET, shift_uuid)

    async def update(
        self,
        shift_uuid: str,
        *,
        contact_uuid: str | Unset | None = UNSET,
        team_uuid: str | Unset | None = UNSET,
        started_at: Moment,
        ended_at: Moment,
        status: ShiftStatus,
        break_in_minutes: int | Unset | None = UNSET,
    ) -> Shift:
        """Change a shift.

        Parameters:
            shift_uuid: the shift's uuid.
            contact_uuid: the contact; listed, though the same page says that it can't be changed.
            team_uuid, started_at, ended_at, status, break_in_minutes: as for `create`; the three in the middle must be
                given again.

        Returns:
            The shift as changed.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such shift (80530) or state (80531).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the shift as it is.

        Repeating: safe, it sets the same values again. Facts: documented in older documentation.
        """
        body = {
            "contact_uuid": contact_uuid,
            "team_uuid": team_uuid,
            "started_at": started_at,
            "ended_at": ended_at,
            "status": status,
            "break_in_minutes": break_in_minutes,
        }
        return await self._call(UPDATE, shift_uuid, body=body, look_up=lambda: self.get(shift_uuid))

    async def delete(self, shift_uuid: str) -> Any:
        """Delete a shift.

        Parameters:
            shift_uuid: the shift's uuid.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            NotFoundError: no such shift (80530).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, what is gone stays gone. Facts: documented in older documentation, but for the answer.
        """
        return await self._delete(DELETE, shift_uuid)
