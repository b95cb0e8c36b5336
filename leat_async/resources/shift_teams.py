"""Shift teams: who works together."""

from __future__ import annotations

from .._core.declare import never, operation
from .._core.unset import UNSET, Unset
from ..models import ShiftTeam
from ..pagination import Pager
from ._base import Resource, or_none
from ._types import Id, Positive, UpTo100


class ShiftTeams(Resource):
    """Teams that shifts belong to. Only in older documentation, as beta."""

    async def _find(self, name: str) -> ShiftTeam | None:
        return await or_none(self.find(name=name))

    @operation("GET", "/shift-teams")
    def list(self, *, limit: UpTo100 | Unset = UNSET, page: Positive | Unset = UNSET) -> Pager[ShiftTeam]:
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
        never()

    @operation("POST", "/shift-teams", look_up=_find)
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
        never()

    @operation("GET", "/shift-teams/find")
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
        never()

    @operation("GET", "/shift-teams/{shift_team_uuid}")
    async def get(self, shift_team_uuid: Id) -> ShiftTeam:
        """Fetch one shift team.

        Parameters:
            shift_team_uuid: the team's uuid.

        Returns:
            The team.

        Raises:
            NotFoundError: no such team (80540).

        Repeating: safe. Facts: documented in older documentation.
        """
        never()

    @operation("PUT", "/shift-teams/{shift_team_uuid}", look_up=get)
    async def update(self, shift_team_uuid: Id, *, name: str) -> ShiftTeam:
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
        never()
