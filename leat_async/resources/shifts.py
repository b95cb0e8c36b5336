"""Shifts: when contacts work."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from .._core.declare import never, operation
from .._core.unset import UNSET, Unset
from ..models import Shift
from ..pagination import Pager
from ._base import Resource, or_none
from ._types import Id, Moment, Positive, UpTo100

ShiftStatus: TypeAlias = Literal["approved", "pending"] | str


class Shifts(Resource):
    """When contacts work. Only in older documentation, as beta."""

    async def _find(self, external_id: Id) -> Shift | None:
        return await or_none(self.find(external_id=external_id))

    @operation("GET", "/shifts")
    def list(
        self,
        *,
        shop_uuid: Id,
        status: ShiftStatus,
        team_uuid: Id | Unset = UNSET,
        limit: UpTo100 | Unset = UNSET,
        page: Positive | Unset = UNSET,
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
        never()

    @operation("POST", "/shifts", look_up=_find)
    async def create(
        self,
        *,
        contact_uuid: Id,
        shop_uuid: Id,
        started_at: Moment,
        ended_at: Moment,
        status: ShiftStatus,
        external_id: Id | Unset | None = UNSET,
        team_uuid: Id | Unset | None = UNSET,
        shift_type_uuid: Id | Unset | None = UNSET,
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
        never()

    @operation("GET", "/shifts/find")
    async def find(self, *, external_id: Id) -> Shift:
        """Find a shift by your own identifier.

        Parameters:
            external_id: your own identifier.

        Returns:
            The shift.

        Raises:
            NotFoundError: no such shift (80530).

        Repeating: safe. Facts: documented in older documentation.
        """
        never()

    @operation("GET", "/shifts/{shift_uuid}")
    async def get(self, shift_uuid: Id) -> Shift:
        """Fetch one shift.

        Parameters:
            shift_uuid: the shift's uuid.

        Returns:
            The shift.

        Raises:
            NotFoundError: no such shift (80530).

        Repeating: safe. Facts: documented in older documentation.
        """
        never()

    @operation("PUT", "/shifts/{shift_uuid}", look_up=get)
    async def update(
        self,
        shift_uuid: Id,
        *,
        contact_uuid: Id | Unset | None = UNSET,
        team_uuid: Id | Unset | None = UNSET,
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
        never()

    @operation("DELETE", "/shifts/{shift_uuid}")
    async def delete(self, shift_uuid: Id) -> Any:
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
        never()
