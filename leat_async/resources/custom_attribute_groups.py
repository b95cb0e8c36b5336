"""Custom attribute groups: bundles of custom attributes."""

from __future__ import annotations

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import AttributeGroup
from ..pagination import Pager
from ._base import Resource, first_where
from ._types import AttributeEntity


class CustomAttributeGroups(Resource):
    """Groups that bundle custom attributes."""

    async def _find(self, entity: AttributeEntity, name: str) -> AttributeGroup | None:
        return await first_where(self.list(entity=entity), name=name)

    @operation("GET", "/custom-attribute-groups", apis=BOTH)
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
        never()

    @operation("POST", "/custom-attribute-groups", apis=BOTH, look_up=_find)
    async def create(self, *, name: str, label: str | Unset | None = UNSET, entity: AttributeEntity) -> AttributeGroup:
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
        never()
