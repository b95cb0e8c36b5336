"""Promotion attributes: definitions of custom attributes of promotions."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, listed_by_name
from ._types import AttributeChoice, AttributeType, MaybeEmpty


class PromotionAttributes(Resource):
    """Definitions of custom attributes of promotions; the older sibling of `custom_attributes`."""

    @operation("GET", "/promotion-attributes", apis=BOTH, certainty="observed in an answer")
    def list(self) -> Pager[Attribute]:
        """List all promotion attributes.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: observed in an answer, not documented.
        """
        never()

    @operation("POST", "/promotion-attributes", apis=BOTH, certainty="observed in an answer", look_up=listed_by_name)
    async def create(
        self,
        *,
        name: str,
        label: str,
        type: AttributeType,
        description: MaybeEmpty | Unset | None = UNSET,
        placeholder: MaybeEmpty | Unset | None = UNSET,
        options: Sequence[AttributeChoice] | Unset | None = UNSET,
    ) -> Attribute:
        """Define a promotion attribute.

        Parameters:
            name: unique internal name.
            label: name to show.
            type: what kind of values it holds, for example "text" or "select"; an open list.
            description: what it is for.
            placeholder: text to show while it is empty.
            options: the choices of a select attribute, such as `[{"label": "Red", "value": "red"}]`.

        Returns:
            The attribute.

        Raises:
            AlreadyExistsError: there is one of this name.
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not safe, though a name can be taken only once. Facts: observed in an answer, not documented; a value
        sent as a number comes back as text.
        """
        never()

    @operation("GET", "/promotion-attributes/{promotion_attribute_id}", apis=BOTH, certainty="observed in a client")
    async def get(self, promotion_attribute_id: str) -> Attribute:
        """Fetch one promotion attribute.

        Parameters:
            promotion_attribute_id: the attribute's number, as text.

        Returns:
            The attribute.

        Raises:
            ApiError: the API refuses, also when there is no such attribute (its code is not documented).

        Repeating: safe. Facts: observed in a client, not documented.
        """
        never()

    @operation(
        "PUT",
        "/promotion-attributes/{promotion_attribute_id}",
        apis=BOTH,
        certainty="observed in a client",
        look_up=get,
    )
    async def update(
        self,
        promotion_attribute_id: str,
        *,
        name: str | Unset | None = UNSET,
        label: str | Unset | None = UNSET,
        description: MaybeEmpty | Unset | None = UNSET,
        placeholder: MaybeEmpty | Unset | None = UNSET,
        type: AttributeType | Unset | None = UNSET,
        options: Sequence[AttributeChoice] | Unset | None = UNSET,
        id: int | Unset | None = UNSET,
    ) -> Attribute:
        """Change a promotion attribute.

        Parameters:
            promotion_attribute_id: the attribute's number, as text.
            name, label, description, placeholder, type, options: as for `create`; left out, a field stays.
            id: the number again, which one client sends.

        Returns:
            The attribute as changed.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the attribute as it is.

        Repeating: safe, it sets the same values again. Facts: observed in a client, not documented; its answer is
        assumed to be that of `get`.
        """
        never()
