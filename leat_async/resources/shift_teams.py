"""Shift teams: who works together."""

from __future__ import annotations

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Text
from .._core.unset import UNSET, Unset
from ..models import ShiftTeam
from ..pagination import Pager
from ._base import Resource, or_none

_FIELDS = {"name": Text(required=True)}
LIST = Operation(
    "shift_teams.list",
    "GET",
    "/shift-teams",
    Effect.SAFE,
    ShiftTeam,
    query={"page": Integer(min=1), "limit": Integer(min=0, max=100)},
    many=True,
    paging=Paging(largest=100),
)
CREATE = Operation("shift_teams.create", "POST", "/shift-teams", Effect.ACTION, ShiftTeam, body=_FIELDS)
FIND = Operation(
    "shift_teams.find",
    "GET",
    "/shift-teams/find",
    Effect.SAFE,
    ShiftTeam,
    query={"name": Text(required=True)},
)
GET = Operation("shift_teams.get", "GET", "/shift-teams/{shift_team_uuid}", Effect.SAFE, ShiftTeam)
UPDATE = Operation(
    "shift_teams.update",
    "PUT",
    "/shift-teams/{shift_team_uuid}",
    Effect.REPEATABLE,
    ShiftTeam,
    body=_FIELDS,
)


class ShiftTeams(Resource):
    """Teams that shifts belong to. Only in older documentation, as beta."""

    def list(self, *, limit: int | Unset = UNSET, page: int | Unset = UNSET) -> Pager[ShiftTeam]:
        """List shift teams.

        Parameters:
            limit: page size, up to 100; left out, 100.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every team.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented in older documentation, which lists the parameters of this GET as body;
        they go into the query.
        """
        return self._list(LIST, query={"limit": limit, "page": page})

    async def create(self, *, name: str) -> ShiftTeam:
        """Create a shift team.

        Parameters:
            name: its name.

        Returns:
            The team.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not safe, it may make a second of the same name. Facts: documented in older documentation.
        """
        return await self._call(CREATE, body={"name": name}, look_up=lambda: or_none(self.find(name=name)))

    async def find(self, *, name: str) -> ShiftTeam:
        """Find a shift team by name.

        Parameters:
            name: the name.

        Returns:
            The team.

        Raises:
            NotFoundError: no such team (80540).

        Repeating: safe. Facts: documented in older documentation.
        """
        return await self._call(FIND, query={"name": name})

    async def get(self, shift_team_uuid: str) -> ShiftTeam:
        """Fetch one shift team.

        Parameters:
            shift_team_uuid: the team's uuid.

        Returns:
            The team.

        Raises:
            NotFoundError: no such team (80540).

        Repeating: safe. Facts: documented in older documentation.
        """
        return await self._call(GET, shift_team_uuid)

    async def update(self, shift_team_uuid: str, *, name: str) -> ShiftTeam:
        """Rename a shift team.

        Parameters:
            shift_team_uuid: the team's uuid.
            name: new name.

        Returns:
            The team as changed.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such team (80540).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the team as it is.

        Repeating: safe, it sets the same values again. Facts: documented in older documentation.
        """
        return await self._call(UPDATE, shift_team_uuid, body={"name": name}, look_up=lambda: self.get(shift_team_uuid))
