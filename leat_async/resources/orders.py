"""Orders: copies of orders of your own system, which give points when they are processed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._core.unset import UNSET, Unset
from ..models import Order, OrderResult, OrderWithResult
from ..pagination import Pager
from . import _orders as operations
from ._base import Resource, or_none
from ._orders import (
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
from ._types import Moment


class Orders(Resource):
    """Copies of orders of your own system. The API can't fetch one by uuid. Under the Register API all is doubtful.

    All amounts are whole numbers in the currency's smallest unit (cents). Points are computed from lines, charges and
    discounts; the order's own amounts are for information.
    """

    def list(self, *, limit: int | Unset = UNSET, page: int | Unset = UNSET) -> Pager[Any]:
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

        Repeating: safe. Facts: assumed; only the path is known.
        """
        return self._list(operations.LIST, query={"limit": limit, "page": page})

    async def create_and_process(
        self,
        *,
        external_identifier: str,
        status: OrderStatus,
        payment_status: PaymentStatus,
        total_order_amount: int,
        contact: ByUuid,
        business_profile: ByUuid,
        line_items: Sequence[NewLineItem],
        reference: str | Unset | None = UNSET,
        order_amount: int | Unset | None = UNSET,
        total_discount_amount: int | Unset | None = UNSET,
        currency: str | Unset | None = UNSET,
        paid_at: Moment | Unset | None = UNSET,
        completed_at: Moment | Unset | None = UNSET,
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
        body = {
            "external_identifier": external_identifier,
            "reference": reference,
            "status": status,
            "payment_status": payment_status,
            "total_order_amount": total_order_amount,
            "order_amount": order_amount,
            "total_discount_amount": total_discount_amount,
            "currency": currency,
            "paid_at": paid_at,
            "completed_at": completed_at,
            "contact": contact,
            "business_profile": business_profile,
            "line_items": line_items,
            "applied_discounts": applied_discounts,
            "charges": charges,
            "payments": payments,
        }
        return await self._call(
            operations.CREATE_AND_PROCESS, body=body, look_up=lambda: self._find_created(external_identifier)
        )

    async def create(
        self,
        *,
        external_identifier: str,
        status: OrderStatus,
        payment_status: PaymentStatus,
        total_order_amount: int,
        contact: ByUuid,
        business_profile: ByUuid,
        line_items: Sequence[NewLineItem],
        reference: str | Unset | None = UNSET,
        order_amount: int | Unset | None = UNSET,
        total_discount_amount: int | Unset | None = UNSET,
        currency: str | Unset | None = UNSET,
        paid_at: Moment | Unset | None = UNSET,
        completed_at: Moment | Unset | None = UNSET,
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
        body = {
            "external_identifier": external_identifier,
            "reference": reference,
            "status": status,
            "payment_status": payment_status,
            "total_order_amount": total_order_amount,
            "order_amount": order_amount,
            "total_discount_amount": total_discount_amount,
            "currency": currency,
            "paid_at": paid_at,
            "completed_at": completed_at,
            "contact": contact,
            "business_profile": business_profile,
            "line_items": line_items,
            "applied_discounts": applied_discounts,
            "charges": charges,
            "payments": payments,
        }
        return await self._call(operations.CREATE, body=body, look_up=lambda: self._find(external_identifier))

    async def process(self, order_uuid: str) -> OrderResult:
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
        return await self._call(operations.PROCESS, order_uuid)

    async def find(self, *, external_identifier: str) -> Order:
        """Find an order by your own identifier.

        Parameters:
            external_identifier: your own identifier of the order.

        Returns:
            The order.

        Raises:
            ApiError: the API refuses, also when there is no such order (its code is not documented).

        Repeating: safe. Facts: documented.
        """
        return await self._call(operations.FIND, query={"external_identifier": external_identifier})

    async def update(
        self,
        order_uuid: str,
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
        return await self._call(
            operations.UPDATE, order_uuid, body={"status": status, "payment_status": payment_status}
        )

    async def simulate(
        self,
        *,
        total_order_amount: int,
        business_profile: ByUuid,
        line_items: Sequence[SimulatedLineItem],
        status: OrderStatus | Unset | None = UNSET,
        payment_status: PaymentStatus | Unset | None = UNSET,
        order_amount: int | Unset | None = UNSET,
        total_discount_amount: int | Unset | None = UNSET,
        currency: str | Unset | None = UNSET,
        contact: ByUuid | Unset | None = UNSET,
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
        body = {
            "status": status,
            "payment_status": payment_status,
            "total_order_amount": total_order_amount,
            "order_amount": order_amount,
            "total_discount_amount": total_discount_amount,
            "currency": currency,
            "contact": contact,
            "business_profile": business_profile,
            "line_items": line_items,
            "applied_discounts": applied_discounts,
            "charges": charges,
        }
        return await self._call(operations.SIMULATE, body=body)

    async def _find(self, external_identifier: str) -> Order | None:
        return await or_none(self.find(external_identifier=external_identifier))

    async def _find_created(self, external_identifier: str) -> OrderWithResult | None:
        order = await self._find(external_identifier)
        return None if order is None else OrderWithResult(order=order)
