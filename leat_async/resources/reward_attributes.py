"""Reward attributes: the older way to define attributes of rewards."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, listed_by_name
from ._types import AttributeChoice, AttributeType, NotNegative, Positive


class RewardAttributes(Resource):
    """Definitions of reward attributes; `custom_attributes` with the entity "reward" is the documented way."""

    @operation("GET", "/reward-attributes", apis=BOTH, certainty="observed in an answer", certain_paging=False)
    def list(self, *, limit: NotNegative | Unset = UNSET, page: Positive | Unset = UNSET) -> Pager[Attribute]:
        """List attributes of rewards.

        Parameters:
            limit: page size; left out, the API's own.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every attribute. The answers carry no page
            information, so iterating ends at an empty page, or at one that repeats the page before.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: observed in an answer, not documented; the parameters in one client only.
        """
        never()

    @operation("POST", "/reward-attributes", apis=BOTH, certainty="observed in an answer", look_up=listed_by_name)
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

        Repeating: not safe, the second is refused. Facts: observed in an answer, not documented; read in camel case as
        observed and in snake case as one client expects.
        """
        never()
