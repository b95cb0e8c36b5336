"""Order returns: goods that come back, and the points with them."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.unset import UNSET, Unset
from ..models import OrderReturnWithResult
from ._base import Resource
from ._orders import CREATE_AND_PROCESS_RETURN as CREATE_AND_PROCESS
from ._orders import ByEither, ReturnedCharge, ReturnedDiscount, ReturnedItem, ReturnStatus


class OrderReturns(Resource):
    """Full and partial returns of orders."""

    async def create_and_process(
        self,
        *,
        order: ByEither,
        external_identifier: str,
        status: ReturnStatus,
        line_items: Sequence[ReturnedItem] | Unset | None = UNSET,
        sub_line_items: Sequence[ReturnedItem] | Unset | None = UNSET,
        applied_discounts: Sequence[ReturnedDiscount] | Unset | None = UNSET,
        charges: Sequence[ReturnedCharge] | Unset | None = UNSET,
    ) -> OrderReturnWithResult:
        """Return an order, or parts of it, and correct the points.

        Parameters:
            order: the order, named by its `uuid` or its `external_identifier`.
            external_identifier: your own identifier of the return.
            status: "PENDING" or "COMPLETED"; an open list.
            line_items: the returned lines, each with your `external_identifier` and `quantity`, and perhaps
                `discount_amount`, `total_amount` (cents) and `reason`. Left out, the total is computed from what
                remains.
            sub_line_items: the returned parts of lines, the same.
            applied_discounts: the returned discounts, each with `external_identifier` and `amount` (cents).
            charges: the returned charges, each with `external_identifier` and `total_amount`, and perhaps `amount` and
                `discount_amount` (cents).

        Returns:
            The return (in `return_`) and the correction of points.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since returns can't
                be asked for: compare the contact's balance.

        Repeating: not safe, it may return twice. Facts: documented; that `sub_line_items` stand beside the lines is
        assumed from the answer, and under the Register API all is doubtful.
        """
        body = {
            "order": order,
            "external_identifier": external_identifier,
            "status": status,
            "line_items": line_items,
            "sub_line_items": sub_line_items,
            "applied_discounts": applied_discounts,
            "charges": charges,
        }
        return await self._call(CREATE_AND_PROCESS, body=body)
