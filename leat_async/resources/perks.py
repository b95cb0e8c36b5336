"""Perks: benefits that tiers grant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict

from .._core.declare import BOTH, never, operation
from ..models import Perk
from ..pagination import Pager
from ._base import Resource, listed_by_name, or_none
from ._types import Id

PerkType: TypeAlias = Literal["single_select", "boolean"] | str


class PerkChoice(TypedDict):
    """A choice of a perk; `default` is what existing tiers get."""

    label: str
    value: str
    default: bool


class Perks(Resource):
    """Benefits that tiers grant."""

    async def _still_there(self, perk_uuid: Id) -> Perk | None:
        return await or_none(self.get(perk_uuid))

    @operation("GET", "/perks", apis=BOTH)
    def list(self) -> Pager[Perk]:
        """List all perks with their options.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/perks", apis=BOTH, look_up=listed_by_name)
    async def create(self, *, label: str, name: str, data_type: PerkType, options: Sequence[PerkChoice]) -> Perk:
        """Create a perk.

        Parameters:
            label: name to show.
            name: internal name.
            data_type: "single_select" or "boolean".
            options: the choices, each with `label`, `value` ("true" and "false" for a boolean perk) and `default`,
                which is what existing tiers get; the API wants one default.

        Returns:
            The perk; the documented example shows it without its options.

        Raises:
            InvalidInputError: code 1003.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not known to be safe. Facts: documented.
        """
        never()

    @operation("GET", "/perks/{perk_uuid}", apis=BOTH)
    async def get(self, perk_uuid: Id) -> Perk:
        """Fetch one perk.

        Parameters:
            perk_uuid: the perk's uuid.

        Returns:
            The perk with its options.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such perk (110000).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("PUT", "/perks/{perk_uuid}", apis=BOTH, look_up=_still_there)
    async def update(self, perk_uuid: Id, *, label: str) -> Perk:
        """Rename a perk.

        Parameters:
            perk_uuid: the perk's uuid.
            label: new name to show, unique among perks.

        Returns:
            The perk as changed.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such perk (110000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the perk as it is.

        Repeating: safe, it sets the same label again. Facts: documented.
        """
        never()

    @operation("DELETE", "/perks/{perk_uuid}", apis=BOTH)
    async def delete(self, perk_uuid: Id) -> None:
        """Delete a perk.

        Parameters:
            perk_uuid: the perk's uuid.

        Returns:
            None.

        Raises:
            NotFoundError: no such perk (110000).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, the perk is gone afterwards. Facts: documented, in older documentation only.
        """
        never()
