"""Contact attributes: the older way to define attributes of contacts."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, listed_by_name
from ._types import AttributeChoice, AttributeType


class ContactAttributes(Resource):
    """Definitions of contact attributes; `custom_attributes` with the entity "contact" is the documented way."""

    @operation("GET", "/contact-attributes", apis=BOTH, certainty="observed in an answer")
    def list(self) -> Pager[Attribute]:
        """List all attributes of contacts.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: observed in an answer, not documented.
        """
        never()

    @operation("POST", "/contact-attributes", apis=BOTH, certainty="observed in an answer", look_up=listed_by_name)
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

        Repeating: not safe, the second is refused. Facts: observed in an answer, not documented.
        """
        never()
