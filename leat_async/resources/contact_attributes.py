"""Contact attributes: the older way to define attributes of contacts."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.operation import Effect, Operation
from .._core.params import Text
from .._core.unset import UNSET, Unset
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, first_where
from ._types import ATTRIBUTE_CHOICES, ATTRIBUTE_TYPE, AttributeChoice, AttributeType

LIST = Operation(
    "contact_attributes.list",
    "GET",
    "/contact-attributes",
    Effect.SAFE,
    Attribute,
    many=True,
    certainty="captured",
    apis=("oauth", "register"),
)
CREATE = Operation(
    "contact_attributes.create",
    "POST",
    "/contact-attributes",
    Effect.ACTION,
    Attribute,
    body={
        "name": Text(required=True),
        "label": Text(required=True),
        "data_type": ATTRIBUTE_TYPE,
        "description": Text(),
        "options": ATTRIBUTE_CHOICES,
    },
    certainty="captured",
    apis=("oauth", "register"),
)


class ContactAttributes(Resource):
    """Definitions of contact attributes; `custom_attributes` with the entity "contact" is the documented way."""

    def list(self) -> Pager[Attribute]:
        """List all attributes of contacts.

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
        data_type: AttributeType,
        description: str | Unset | None = UNSET,
        options: Sequence[AttributeChoice] | Unset | None = UNSET,
    ) -> Attribute:
        """Define an attribute of contacts.

        Parameters:
            name: unique internal name, which stays as it is.
            label: name to show.
            data_type: kind of value, such as "text" or "multi_select"; the answer calls it `type`.
            description: text to show.
            options: choices of a select attribute, each with `label` and `value`.

        Returns:
            The attribute.

        Raises:
            AlreadyExistsError: there is one of this name.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not safe, the second is refused. Facts: observed, not documented.
        """
        body = {
            "name": name,
            "label": label,
            "data_type": data_type,
            "description": description,
            "options": options,
        }
        return await self._call(CREATE, body=body, look_up=lambda: first_where(self.list(), name=name))
