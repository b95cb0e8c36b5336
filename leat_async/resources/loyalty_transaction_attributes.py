"""Loyalty transaction attributes: the account's own fields on loyalty transactions."""

from __future__ import annotations

from collections.abc import Mapping

from .._core.operation import Effect, Operation
from .._core.params import Object, Text
from .._core.unset import UNSET, Unset
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, first_where
from ._types import ATTRIBUTE_TYPE, AttributeType

LIST = Operation(
    "loyalty_transaction_attributes.list",
    "GET",
    "/loyalty-transaction-attributes",
    Effect.SAFE,
    Attribute,
    many=True,
    apis=("oauth", "register"),
)
CREATE = Operation(
    "loyalty_transaction_attributes.create",
    "POST",
    "/loyalty-transaction-attributes",
    Effect.ACTION,
    Attribute,
    body={
        "name": Text(required=True),
        "data_type": ATTRIBUTE_TYPE,
        "label": Text(),
        "description": Text(),
        "options": Object(),
    },
    apis=("oauth", "register"),
)


class LoyaltyTransactionAttributes(Resource):
    """The account's own fields on loyalty transactions."""

    def list(self) -> Pager[Attribute]:
        """List all attributes of loyalty transactions.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented, in older documentation only.
        """
        return self._list(LIST)

    async def create(
        self,
        *,
        name: str,
        data_type: AttributeType,
        label: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        options: Mapping[str, str] | Unset | None = UNSET,
    ) -> Attribute:
        """Define an attribute of loyalty transactions.

        Parameters:
            name: unique internal name.
            data_type: kind of value, such as "text" or "multi_select"; the answer calls it `type` and `field_type`.
            label: name to show.
            description: text to show.
            options: choices of a select attribute, a mapping of value to label.

        Returns:
            The attribute; its `options` are a mapping as well.

        Raises:
            AlreadyExistsError: there is one of this name (60009).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name.

        Repeating: not safe, the second is refused. Facts: documented, in older documentation only; the form of
        `options` is that of an observed request.
        """
        body = {
            "name": name,
            "data_type": data_type,
            "label": label,
            "description": description,
            "options": options,
        }
        return await self._call(CREATE, body=body, look_up=lambda: first_where(self.list(), name=name))
