"""Custom attribute groups: bundles of custom attributes."""

from __future__ import annotations

from .._core.operation import Effect, Operation
from .._core.params import Text
from .._core.unset import UNSET, Unset
from ..models import AttributeGroup
from ..pagination import Pager
from ._base import Resource, first_where
from ._types import ATTRIBUTE_ENTITY, AttributeEntity

LIST = Operation(
    "custom_attribute_groups.list",
    "GET",
    "/custom-attribute-groups",
    Effect.SAFE,
    AttributeGroup,
    query={"entity": ATTRIBUTE_ENTITY},
    many=True,
    apis=("oauth", "register"),
)
CREATE = Operation(
    "custom_attribute_groups.create",
    "POST",
    "/custom-attribute-groups",
    Effect.ACTION,
    AttributeGroup,
    body={"name": Text(required=True), "label": Text(), "entity": ATTRIBUTE_ENTITY},
    apis=("oauth", "register"),
)


class CustomAttributeGroups(Resource):
    """Groups that bundle custom attributes."""

    def list(self, *, entity: AttributeEntity) -> Pager[AttributeGroup]:
        """List the groups of one kind of object.

        Parameters:
            entity: the kind, such as "contact", "visit" or "business_profiles" (shops).

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        return self._list(LIST, query={"entity": entity})

    async def create(self, *, entity: AttributeEntity, name: str, label: str | Unset | None = UNSET) -> AttributeGroup:
        """Create a group.

        Parameters:
            entity: the kind of object, such as "contact", "visit" or "business_profiles" (shops).
            name: unique internal name.
            label: name to show.

        Returns:
            The group.

        Raises:
            ApiError: the API refuses, also when there is one of this name (its code is not documented).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not known to be safe. Facts: documented.
        """
        body = {"name": name, "label": label, "entity": entity}
        return await self._call(CREATE, body=body, look_up=lambda: first_where(self.list(entity=entity), name=name))
