"""Orders: copies of orders of your own system, which give points when they are processed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._core.declare import BOTH, AtRegister, never, operation
from .._core.operation import Effect
from .._core.unset import UNSET, Unset
from ..models import Order, OrderResult, OrderWithResult
from ..pagination import Pager
from ._base import Resource, or_none
from ._order_parts import (
    ByUuid,
    NewCharge,
    NewDiscount,
    NewLineItem,
    OrderStatus,
    Payment,
    PaymentStatus,
    SimulatedCharge,
    SimulatedDiscount,
    SimulatedLineItem,
)
from ._types import Id, Moment, NotNegative, Positive


class Orders(Resource):
    """Copies of orders of your own system. Under the Register API all is doubtful.

    All amounts are whole numbers in the currency's smallest unit (cents). Points are computed from lines, charges and
    discounts; the order's own amounts are for information.
    """

    _makes: OrderWithResult  # what an import of them makes; for type checkers only

    async def _find(self, external_identifier: Id) -> Order | None:
        return await or_none(self.find(external_identifier=external_identifier))

    async def _find_created(self, external_identifier: Id) -> OrderWithResult | None:
        order = await self._find(external_identifier)
        return None if order is None else OrderWithResult(order=order)

    @operation(
        "GET",
        "/orders",
        at_register=AtRegister("GET", "/orders", "observed in a client"),
        certainty="assumed",
        certain_paging=False,
    )
    def list(self, *, limit: NotNegative | Unset = UNSET, page: Positive | Unset = UNSET) -> Pager[Any]:
        """List orders.

        Parameters:
            limit: page size; left out, the API's own.
            page: page to begin with, from 1.

        Returns:
            A pager: await it for the first page, iterate it for every order. The rows are as they come, of no model:
            the answer is not documented, and one that is no list is a single row. Where it has no page information,
            iterating ends at an empty page, or at one that repeats the page before.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: assumed; only the path is known. The official PHP SDK asks for it under the Register
        API.
        """
        never()

    @operation("GET", "/orders/{order_uuid}", apis=BOTH, certainty="observed in a client")
    async def get(self, order_uuid: str) -> Order:
        """Fetch an order.

        Parameters:
            order_uuid: the order's uuid.

        Returns:
            The order.

        Raises:
            NotFoundError: no such order; the code is not documented.
            ApiError: the API refuses; its codes are not documented.

        Repeating: safe. Facts: observed in a client, the official PHP SDK.
        """
        never()

    @operation("POST", "/orders/create-and-process", apis=BOTH, look_up=_find_created)
    async def create_and_process(
        self,
        *,
        external_identifier: Id,
        reference: str | Unset | None = UNSET,
        status: OrderStatus,
        payment_status: PaymentStatus,
        total_order_amount: int,
        order_amount: int | Unset | None = UNSET,
        total_discount_amount: int | Unset | None = UNSET,
        currency: str | Unset | None = UNSET,
        paid_at: Moment | Unset | None = UNSET,
        completed_at: Moment | Unset | None = UNSET,
        contact: ByUuid,
        business_profile: ByUuid,
        line_items: Sequence[NewLineItem],
        applied_discounts: Sequence[NewDiscount] | Unset | None = UNSET,
        charges: Sequence[NewCharge] | Unset | None = UNSET,
        payments: Sequence[Payment] | Unset | None = UNSET,
    ) -> OrderWithResult:
        """Create an order and process it at once.

        Parameters:
            external_identifier, status, payment_status, total_order_amount, contact, business_profile, line_items,
                reference, order_amount, total_discount_amount, currency, paid_at, completed_at, applied_discounts,
                charges, payments: as for `create`.

        Returns:
            The order, and the points that it gave.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `external_identifier`. What
                it finds has no `result`: that the order is there does not tell whether it gave points.

        Repeating: not safe, what a taken identifier leads to is not known. Facts: documented; the nesting of the
        parameters is rebuilt from their order.
        """
        never()

    @operation("POST", "/orders", apis=BOTH, look_up=_find)
    async def create(
        self,
        *,
        external_identifier: Id,
        reference: str | Unset | None = UNSET,
        status: OrderStatus,
        payment_status: PaymentStatus,
        total_order_amount: int,
        order_amount: int | Unset | None = UNSET,
        total_discount_amount: int | Unset | None = UNSET,
        currency: str | Unset | None = UNSET,
        paid_at: Moment | Unset | None = UNSET,
        completed_at: Moment | Unset | None = UNSET,
        contact: ByUuid,
        business_profile: ByUuid,
        line_items: Sequence[NewLineItem],
        applied_discounts: Sequence[NewDiscount] | Unset | None = UNSET,
        charges: Sequence[NewCharge] | Unset | None = UNSET,
        payments: Sequence[Payment] | Unset | None = UNSET,
    ) -> Order:
        """Create an order without processing it.

        Parameters:
            external_identifier: your own identifier, unique among orders.
            status: "CREATED", "PENDING", "COMPLETED" or "CANCELLED"; an open list.
            payment_status: "UNPAID", "PENDING" or "PAID"; an open list.
            total_order_amount: grand total with discounts and charges, in cents.
            contact: the contact who ordered, `{"uuid": …}`.
            business_profile: the shop of the order, `{"uuid": …}`.
            line_items: the lines, each with `external_identifier`, `name`, `quantity`, `price` and `total_amount`, and
                perhaps `discount_amount`, `product`, `result` and `sub_line_items`.
            reference: readable reference.
            order_amount: sum of the lines before the order's discounts and charges, in cents.
            total_discount_amount: all discounts, in cents.
            currency: ISO 4217 code; left out, the account's.
            paid_at: when it was paid, an aware datetime or ISO 8601 text with an offset.
            completed_at: when it was completed, the same.
            applied_discounts: the discounts, each with `external_identifier`, `name`, `amount` and `applied_to`, and
                perhaps `type`, `value`, `offer`, and what it applies to in `line_items`, `sub_line_items`, `charges`.
            charges: costs that are no lines, each with `external_identifier`, `name` and `total_amount`, and perhaps
                `amount`, `discount_amount` and `charge_definition`.
            payments: the Leat transactions that paid for it, each with `uuid` and `type`.

        Returns:
            The order.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` looks for `external_identifier`.

        Repeating: not safe, what a taken identifier leads to is not known. Facts: documented; the nesting of the
        parameters is rebuilt from their order, and sources differ on `applied_to` ("ORDER", "ORDER_LINES",
        "LINE_ITEMS"), an open list.
        """
        never()

    @operation("POST", "/orders/{order_uuid}/process", apis=BOTH)
    async def process(self, order_uuid: Id) -> OrderResult:
        """Process an order: give the points for it.

        Parameters:
            order_uuid: the order's uuid.

        Returns:
            The points that it gave.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer: compare the contact's
                balance.

        Repeating: not safe, nothing says that a second gives no points. Facts: documented.
        """
        never()

    @operation("GET", "/orders/find", apis=BOTH)
    async def find(self, *, external_identifier: Id) -> Order:
        """Find an order by your own identifier.

        Parameters:
            external_identifier: your own identifier of the order.

        Returns:
            The order.

        Raises:
            ApiError: the API refuses, also when there is no such order (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("PUT", "/orders/{order_uuid}", apis=BOTH)
    async def update(
        self,
        order_uuid: Id,
        *,
        status: OrderStatus | Unset | None = UNSET,
        payment_status: PaymentStatus | Unset | None = UNSET,
    ) -> Order:
        """Change the state of an order.

        Parameters:
            order_uuid: the order's uuid.
            status, payment_status: as for `create`; left out, a field stays.

        Returns:
            The order as changed.

        Raises:
            ApiError: the API refuses; its codes are not documented.
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer, but the call may
                simply be repeated.

        Repeating: safe, it sets the same values again. Facts: documented.
        """
        never()

    # A question, in spite of its verb.
    @operation("POST", "/orders/simulate", apis=BOTH, effect=Effect.SAFE)
    async def simulate(
        self,
        *,
        status: OrderStatus | Unset | None = UNSET,
        payment_status: PaymentStatus | Unset | None = UNSET,
        total_order_amount: int,
        order_amount: int | Unset | None = UNSET,
        total_discount_amount: int | Unset | None = UNSET,
        currency: str | Unset | None = UNSET,
        contact: ByUuid | Unset | None = UNSET,
        business_profile: ByUuid,
        line_items: Sequence[SimulatedLineItem],
        applied_discounts: Sequence[SimulatedDiscount] | Unset | None = UNSET,
        charges: Sequence[SimulatedCharge] | Unset | None = UNSET,
    ) -> OrderResult:
        """Compute the points that an order would give, without creating it.

        Parameters:
            total_order_amount, business_profile, status, payment_status, order_amount, total_discount_amount, currency:
                as for `create`.
            line_items, applied_discounts, charges: as for `create`, but without `external_identifier`; products and
                charge definitions may be named by `uuid` instead.
            contact: the contact, `{"uuid": …}`; left out, rules that depend on the contact are skipped.

        Returns:
            The points.

        Raises:
            ApiError: the API refuses; its codes are not documented.

        Repeating: safe, it changes nothing. Facts: documented; the nesting of the parameters is rebuilt from their
        order.
        """
        never()
