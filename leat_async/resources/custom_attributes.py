"""Custom attributes: the account's own fields on contacts, visits, vouchers and other objects."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..errors import AlreadyExistsError
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, first_where
from ._types import AttributeChoice, AttributeEntity, AttributeType, MaybeEmpty


class CustomAttributes(Resource):
    """The account's own fields on other objects."""

    async def _updated(self, entity: AttributeEntity, custom_attribute_name: str) -> Attribute | None:
        return await self._find(entity, custom_attribute_name)

    async def _find(self, entity: AttributeEntity, name: str) -> Attribute | None:
        return await first_where(self.list(entity=entity), name=name)

    @operation("GET", "/custom-attributes", apis=BOTH)
    def list(self, *, entity: AttributeEntity) -> Pager[Attribute]:
        """List the attributes of one kind of object.

        Parameters:
            entity: the kind, such as "contact", "visit" or "business_profiles" (shops; "business_profile" in older
                documentation).

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/custom-attributes", apis=BOTH, look_up=_find)
    async def create(
        self,
        *,
        entity: AttributeEntity,
        name: str,
        label: str,
        type: AttributeType,
        options: Sequence[AttributeChoice] | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        group_name: str | Unset | None = UNSET,
    ) -> Attribute:
        """Define an attribute.

        Parameters:
            entity: the kind of object, such as "contact", "visit" or "business_profiles" (shops).
            name: unique internal name, which stays as it is.
            label: name to show.
            type: kind of value, such as "text" or "multi_select".
            options: choices of a select attribute, each with `label` and `value`.
            description: text to show.
            group_name: name of the group to put it in.

        Returns:
            The attribute.

        Raises:
            AlreadyExistsError: there is one of this name (60009).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not safe, the second is refused. Facts: documented, with `name` for an option's `label`, which all
        answers and observed requests contradict; the error code is documented for another operation.
        """
        never()

    async def ensure(
        self,
        *,
        entity: AttributeEntity,
        name: str,
        label: str,
        type: AttributeType,
        options: Sequence[AttributeChoice] | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        group_name: str | Unset | None = UNSET,
    ) -> Attribute:
        """Define an attribute unless there is one of this name already, which is then left as it is.

        Parameters:
            entity, name, label, type, options, description, group_name: as for `create`.

        Returns:
            The attribute, new or as it was; compare its `type` if that matters.

        Raises:
            AlreadyExistsError: there is one of this name, but not among those listed for the entity.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name, and the call may
                simply be repeated.

        Repeating: safe, it converges on one attribute. Facts: documented; convenience over `create` and `list`.
        """
        try:
            return await self.create(
                entity=entity,
                name=name,
                label=label,
                type=type,
                options=options,
                description=description,
                group_name=group_name,
            )
        except AlreadyExistsError:
            found = await self._find(entity, name)
            if found is None:
                raise
            return found

    @operation("PUT", "/custom-attributes/{custom_attribute_name}", apis=BOTH, look_up=_updated)
    async def update(
        self,
        custom_attribute_name: str,
        *,
        entity: AttributeEntity,
        label: str | Unset | None = UNSET,
        options: Sequence[AttributeChoice] | Unset | None = UNSET,
        description: MaybeEmpty | Unset | None = UNSET,
        group_name: str | Unset | None = UNSET,
    ) -> Attribute:
        """Change an attribute's label, choices, description or group; those that the API defines stay as they are.

        Parameters:
            custom_attribute_name: the attribute's internal name.
            entity: the kind of object that it belongs to.
            label, options, description, group_name: as for `create`; left out, a field stays.

        Returns:
            The attribute as changed.

        Raises:
            ApiError: the API refuses, also when there is no such attribute (its code is not documented).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` fetches the attribute as it is.

        Repeating: safe, it sets the same values again. Facts: documented.
        """
        never()
