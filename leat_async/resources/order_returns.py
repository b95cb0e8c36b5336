"""Order returns: goods that come back, and the points with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._core.declare import BOTH, never, operation
from .._core.unset import UNSET, Unset
from ..models import OrderReturn, OrderReturnWithResult
from ._base import Resource
from ._order_parts import ByAnyKey, ReturnedCharge, ReturnedDiscount, ReturnedItem, ReturnStatus
from ._types import Id


class OrderReturns(Resource):
    """Full and partial returns of orders."""

    @operation("POST", "/order-returns/create-and-process", apis=BOTH)
    async def create_and_process(
        self,
        *,
        order: ByAnyKey,
        external_identifier: Id,
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
        never()

    @operation("POST", "/order-returns", apis=BOTH, certainty="observed in a client")
    async def create(
        self,
        *,
        order: ByAnyKey,
        external_identifier: str,
        status: ReturnStatus,
        line_items: Sequence[ReturnedItem] | Unset | None = UNSET,
        sub_line_items: Sequence[ReturnedItem] | Unset | None = UNSET,
        applied_discounts: Sequence[ReturnedDiscount] | Unset | None = UNSET,
        charges: Sequence[ReturnedCharge] | Unset | None = UNSET,
    ) -> OrderReturn:
        """Return an order, or parts of it, and leave the points for `process`.

        Parameters:
            order, external_identifier, status, line_items, sub_line_items, applied_discounts, charges: as for
                `create_and_process`.

        Returns:
            The return.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, since returns can't
                be asked for.

        Repeating: not safe, it may return twice. Facts: observed in a client, the official PHP SDK; that it takes the
        parameters of `create_and_process` is assumed.
        """
        never()

    @operation("POST", "/order-returns/{order_return_uuid}/process", apis=BOTH, certainty="observed in a client")
    async def process(self, order_return_uuid: str) -> Any:
        """Process a return that was created before: correct the points.

        Parameters:
            order_return_uuid: the return's uuid.

        Returns:
            The answer's `data` as it is, of no model: the answer is not documented.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer: compare the contact's
                balance.

        Repeating: not safe, nothing says that a second corrects no points. Facts: observed in a client, the official
        PHP SDK.
        """
        never()
