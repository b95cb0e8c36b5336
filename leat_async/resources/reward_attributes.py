"""Reward attributes: the older way to define attributes of rewards."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.operation import Effect, Operation, Paging
from .._core.params import Integer, Text
from .._core.unset import UNSET, Unset
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, first_where
from ._types import ATTRIBUTE_CHOICES, ATTRIBUTE_TYPE, AttributeChoice, AttributeType

LIST = Operation(
    "reward_attributes.list",
    "GET",
    "/reward-attributes",
    Effect.SAFE,
    Attribute,
    query={"limit": Integer(min=0), "page": Integer(min=1)},
    many=True,
    paging=Paging(largest=None, certain=False),
    certainty="captured",
    apis=("oauth", "register"),
)
CREATE = Operation(
    "reward_attributes.create",
    "POST",
    "/reward-attributes",
    Effect.ACTION,
    Attribute,
    body={
        "name": Text(required=True),
        "label": Text(required=True),
        "type": ATTRIBUTE_TYPE,
        "description": Text(),
        "placeholder": Text(),
        "options": ATTRIBUTE_CHOICES,
    },
    certainty="captured",
    apis=("oauth", "register"),
)


class RewardAttributes(Resource):
    """Definitions of reward attributes; `custom_attributes` with the entity "reward" is the documented way."""

    def list(self, *, limit: int | Unset = UNSET, page: int | Unset = UNSET) -> Pager[Attribute]:
        """List attributes of rewards.

        Parameters:
            limit: page size; left out, the API's own.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every attribute. The answers carry no page
            information, so iterating ends at an empty page, or at one that repeats the page before.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: observed, not documented; the parameters in one client only.
        """
        return self._list(LIST, query={"limit": limit, "page": page})

    async def create(
        self,
        *,
        name: str,
        label: str,
        type: AttributeType,
        description: str | Unset | None = UNSET,
        placeholder: str | Unset | None = UNSET,
        options: Sequence[AttributeChoice] | Unset | None = UNSET,
    ) -> Attribute:
        """Define an attribute of rewards.

        Parameters:
            name: unique internal name.
            label: name to show.
            type: kind of value, such as "text" or "multi_select".
            description: text to show.
            placeholder: text to show while there is no value.
            options: choices of a select attribute, each with `label` and `value`.

        Returns:
            The attribute.

        Raises:
            AlreadyExistsError: there is one of this name.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not safe, the second is refused. Facts: observed, not documented; read in camel case as observed
        and in snake case as one client expects.
        """
        body = {
            "name": name,
            "label": label,
            "type": type,
            "description": description,
            "placeholder": placeholder,
            "options": options,
        }
        return await self._call(CREATE, body=body, look_up=lambda: first_where(self.list(), name=name))
