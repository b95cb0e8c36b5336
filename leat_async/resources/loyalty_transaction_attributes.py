"""Loyalty transaction attributes: the account's own fields on loyalty transactions."""

from __future__ import annotations

from collections.abc import Mapping

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..errors import AlreadyExistsError
from ..models import Attribute
from ..pagination import Pager
from ._base import Resource, listed_by_name
from ._types import AttributeType


class LoyaltyTransactionAttributes(Resource):
    """The account's own fields on loyalty transactions."""

    @operation("GET", "/loyalty-transaction-attributes", apis=BOTH)
    def list(self) -> Pager[Attribute]:
        """List all attributes of loyalty transactions.

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented, in older documentation only.
        """
        never()

    @operation("POST", "/loyalty-transaction-attributes", apis=BOTH, look_up=listed_by_name)
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
        never()

    async def ensure(
        self,
        *,
        name: str,
        data_type: AttributeType,
        label: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        options: Mapping[str, str] | Unset | None = UNSET,
    ) -> Attribute:
        """Define an attribute unless there is one of this name already, which is then left as it is.

        Parameters:
            name, data_type, label, description, options: as for `create`.

        Returns:
            The attribute, new or as it was; compare its `type` if that matters.

        Raises:
            AlreadyExistsError: there is one of this name, but not among those listed.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for the name, and the call may
                simply be repeated.

        Repeating: safe, it converges on one attribute. Facts: documented, in older documentation only; convenience
        over `create` and `list`.
        """
        found: Attribute | None = await listed_by_name(self, name)
        if found is not None:
            return found
        try:
            return await self.create(
                name=name, data_type=data_type, label=label, description=description, options=options
            )
        except AlreadyExistsError:
            found = await listed_by_name(self, name)
            if found is None:
                raise
            return found
