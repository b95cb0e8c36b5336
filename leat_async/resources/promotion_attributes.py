"""Promotion attributes: definitions of custom attributes of promotions."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .._core.operation import Effect, Operation
from .._core.params import Integer, Text
from .._core.unset import UNSET, Unset
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, first_where
from ._types import ATTRIBUTE_CHOICES, ATTRIBUTE_TYPE, AttributeChoice, AttributeType

LIST = Operation(
    "promotion_attributes.list",
    "GET",
    "/promotion-attributes",
    Effect.SAFE,
    Attribute,
    many=True,
    apis=("oauth", "register"),
    certainty="captured",
)
CREATE = Operation(
    "promotion_attributes.create",
    "POST",
    "/promotion-attributes",
    Effect.ACTION,
    Attribute,
    body={
        "name": Text(required=True),
        "label": Text(required=True),
        "type": ATTRIBUTE_TYPE,
        "description": Text(empty=True),
        "placeholder": Text(empty=True),
        "options": ATTRIBUTE_CHOICES,
    },
    apis=("oauth", "register"),
    certainty="captured",
)
GET = Operation(
    "promotion_attributes.get",
    "GET",
    "/promotion-attributes/{promotion_attribute_id}",
    Effect.SAFE,
    Attribute,
    apis=("oauth", "register"),
    certainty="captured",
)
UPDATE = Operation(
    "promotion_attributes.update",
    "PUT",
    "/promotion-attributes/{promotion_attribute_id}",
    Effect.REPEATABLE,
    Attribute,
    body={
        "name": Text(),
        "label": Text(),
        "description": Text(empty=True),
        "placeholder": Text(empty=True),
        "type": attrs.evolve(ATTRIBUTE_TYPE, required=False),
        "options": ATTRIBUTE_CHOICES,
        "id": Integer(),
    },
    apis=("oauth", "register"),
    certainty="assumed",
)


class PromotionAttributes(Resource):
    """Definitions of custom attributes of promotions; the older sibling of `custom_attributes`."""

    def list(self) -> Pager[Attribute]:
        """List all promotion attributes.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: observed, not documented.
        """
        return self._list(LIST)

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

        Repeating: not safe, though a name can be taken only once. Facts: observed, not documented; a value sent as a
        number comes back as text.
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

    async def get(self, promotion_attribute_id: str) -> Attribute:
        """Fetch one promotion attribute.

        Parameters:
            promotion_attribute_id: the attribute's number, as text.

        Returns:
            The attribute.

        Raises:
            ApiError: the API refuses, also when there is no such attribute (its code is not documented).

        Repeating: safe. Facts: observed in one client, not documented.
        """
        return await self._call(GET, promotion_attribute_id)

    async def update(
        self,
        promotion_attribute_id: str,
        *,
        name: str | Unset | None = UNSET,
        label: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        placeholder: str | Unset | None = UNSET,
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

        Repeating: safe, it sets the same values again. Facts: observed in one client, not documented; its answer is
        assumed to be that of `get`.
        """
        body = {
            "name": name,
            "label": label,
            "description": description,
            "placeholder": placeholder,
            "type": type,
            "options": options,
            "id": id,
        }
        return await self._call(
            UPDATE, promotion_attribute_id, body=body, look_up=lambda: self.get(promotion_attribute_id)
        )
