"""Perks: benefits that tiers grant."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Literal, TypeAlias, TypedDict

from .._core.operation import Effect, Operation
from .._core.params import Boolean, Items, Object, Text
from ..models import Perk
from ..pagination import Pager
from ._base import Resource, first_where, or_none

PerkType: TypeAlias = Literal["single_select", "boolean"] | str


class PerkChoice(TypedDict):
    """A choice of a perk; `default` is what existing tiers get."""

    label: str
    value: str
    default: bool


LIST = Operation("perks.list", "GET", "/perks", Effect.SAFE, Perk, many=True, apis=("oauth", "register"))
CREATE = Operation(
    "perks.create",
    "POST",
    "/perks",
    Effect.ACTION,
    Perk,
    body={
        "label": Text(required=True),
        "name": Text(required=True),
        "data_type": Text(required=True, values=("single_select", "boolean")),
        "options": Items(
            required=True,
            of=Object(
                fields={
                    "label": Text(required=True),
                    "value": Text(required=True),
                    "default": Boolean(required=True),
                }
            ),
        ),
    },
    apis=("oauth", "register"),
)
GET = Operation("perks.get", "GET", "/perks/{perk_uuid}", Effect.SAFE, Perk, apis=("oauth", "register"))
UPDATE = Operation(
    "perks.update",
    "PUT",
    "/perks/{perk_uuid}",
    Effect.REPEATABLE,
    Perk,
    body={"label": Text(required=True)},
    apis=("oauth", "register"),
)
DELETE = Operation(
    "perks.delete",
    "DELETE",
    "/perks/{perk_uuid}",
    Effect.REPEATABLE,
    NoneType,
    apis=("oauth", "register"),
)


class Perks(Resource):
    """Benefits that tiers grant."""

    def list(self) -> Pager[Perk]:
        """List all perks with their options.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        return self._list(LIST)

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
        body = {"label": label, "name": name, "data_type": data_type, "options": options}
        return await self._call(CREATE, body=body, look_up=lambda: first_where(self.list(), name=name))

    async def get(self, perk_uuid: str) -> Perk:
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
        return await self._call(GET, perk_uuid)

    async def update(self, perk_uuid: str, *, label: str) -> Perk:
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
        return await self._call(UPDATE, perk_uuid, body={"label": label}, look_up=lambda: or_none(self.get(perk_uuid)))

    async def delete(self, perk_uuid: str) -> None:
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
        return await self._delete(DELETE, perk_uuid)
