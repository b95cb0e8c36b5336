"""What orders and their returns consist of, as they are sent. Amounts are in the currency's smallest unit (cents)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from .._core.operation import Effect, Operation, Paging
from .._core.params import Instant, Integer, Items, Number, Object, Param, Text
from ..models import Order, OrderResult, OrderReturnWithResult, OrderWithResult

OrderStatus: TypeAlias = Literal["CREATED", "PENDING", "COMPLETED", "CANCELLED"] | str
PaymentStatus: TypeAlias = Literal["UNPAID", "PENDING", "PAID"] | str
ReturnStatus: TypeAlias = Literal["PENDING", "COMPLETED"] | str
DiscountType: TypeAlias = Literal["PERCENTAGE", "ABSOLUTE"] | str
DiscountLevel: TypeAlias = Literal["ORDER", "ORDER_LINES", "LINE_ITEMS", "SUB_LINE_ITEMS"] | str
ResultType: TypeAlias = Literal["GIFTCARD_TRANSACTION", "PREPAID_TRANSACTION", "VOUCHER"] | str
OfferType: TypeAlias = Literal["REWARD_REDEMPTION", "COLLECTABLE_REWARD_REDEMPTION", "VOUCHER_REDEMPTION"] | str
PaymentType: TypeAlias = Literal["GIFTCARD_TRANSACTION", "PREPAID_TRANSACTION"] | str
Quantity: TypeAlias = int | float | Decimal


class ByUuid(TypedDict):
    """A contact or a shop."""

    uuid: str


class ByIdentifier(TypedDict):
    """A product, a line, a charge or its definition, by your own identifier."""

    external_identifier: str


class ByEither(TypedDict, total=False):
    """An order, a product or a definition, by one of its keys."""

    uuid: str
    external_identifier: str


class LineResult(TypedDict):
    """The Leat object that a line produced."""

    uuid: str
    type: ResultType


class Offer(TypedDict):
    """The redemption behind a discount."""

    uuid: str
    type: OfferType


class Payment(TypedDict):
    """A Leat transaction that paid for the order."""

    uuid: str
    type: PaymentType


class NewSubLineItem(TypedDict):
    """A part of a line. `total_amount` is price times quantity minus discount."""

    external_identifier: str
    name: str
    quantity: Quantity
    price: int
    total_amount: int
    discount_amount: NotRequired[int | None]
    product: NotRequired[ByIdentifier | None]


class NewLineItem(NewSubLineItem):
    """A line. `external_identifier` is that of the line; an unknown product is created with the line's name."""

    result: NotRequired[LineResult | None]
    sub_line_items: NotRequired[Sequence[NewSubLineItem]]


class NewDiscount(TypedDict):
    """A discount; `amount` is what it came to, `value` the percentage or amount it stands for."""

    external_identifier: str
    name: str
    amount: int
    type: NotRequired[DiscountType | None]
    value: NotRequired[Quantity | None]
    applied_to: DiscountLevel
    line_items: NotRequired[Sequence[ByIdentifier]]
    sub_line_items: NotRequired[Sequence[ByIdentifier]]
    charges: NotRequired[Sequence[ByIdentifier]]
    offer: NotRequired[Offer | None]


class NewCharge(TypedDict):
    """A cost that is no line, `total_amount` after discounts; `type` is deprecated for `charge_definition`."""

    external_identifier: str
    type: NotRequired[str | None]
    name: str
    amount: NotRequired[int | None]
    discount_amount: NotRequired[int | None]
    total_amount: int
    charge_definition: NotRequired[ByIdentifier | None]


class SimulatedSubLineItem(TypedDict):
    """A part of a line, as `NewSubLineItem` without identifier."""

    name: str
    quantity: Quantity
    price: int
    total_amount: int
    discount_amount: NotRequired[int | None]
    product: NotRequired[ByEither | None]


class SimulatedLineItem(SimulatedSubLineItem):
    """A line, as `NewLineItem` without identifier."""

    sub_line_items: NotRequired[Sequence[SimulatedSubLineItem]]


class SimulatedDiscount(TypedDict):
    """A discount, as `NewDiscount` without identifier."""

    name: str
    amount: int
    type: NotRequired[DiscountType | None]
    value: NotRequired[Quantity | None]
    applied_to: DiscountLevel


class SimulatedCharge(TypedDict):
    """A charge, as `NewCharge` without identifier."""

    name: str
    amount: NotRequired[int | None]
    discount_amount: NotRequired[int | None]
    total_amount: int
    charge_definition: NotRequired[ByEither | None]


class ReturnedItem(TypedDict):
    """A returned line or part of a line. Left out, `total_amount` is computed from what remains."""

    external_identifier: str
    quantity: Quantity
    discount_amount: NotRequired[int | None]
    total_amount: NotRequired[int | None]
    reason: NotRequired[str | None]


class ReturnedDiscount(TypedDict):
    """A returned discount."""

    external_identifier: str
    amount: int


class ReturnedCharge(TypedDict):
    """A returned charge; `total_amount` after discounts."""

    external_identifier: str
    amount: NotRequired[int | None]
    discount_amount: NotRequired[int | None]
    total_amount: int


def _typed(*values: str) -> Object:
    return Object(fields={"uuid": Text(required=True), "type": Text(required=True, values=values)})


_IDENTIFIER: Mapping[str, Param] = {"external_identifier": Text(required=True)}
_EITHER: Mapping[str, Param] = {"uuid": Text(), "external_identifier": Text()}
_BY_UUID = Object(required=True, fields={"uuid": Text(required=True)})
_BY_IDENTIFIERS = Items(of=Object(fields=_IDENTIFIER))
_ITEM: Mapping[str, Param] = {
    "name": Text(required=True),
    "quantity": Number(required=True),
    "price": Integer(required=True),
    "total_amount": Integer(required=True),
    "discount_amount": Integer(),
}
_DISCOUNT: Mapping[str, Param] = {
    "name": Text(required=True),
    "amount": Integer(required=True),
    "type": Text(values=("PERCENTAGE", "ABSOLUTE")),
    "value": Number(),
    "applied_to": Text(required=True, values=("ORDER", "ORDER_LINES", "LINE_ITEMS", "SUB_LINE_ITEMS")),
}
_CHARGE: Mapping[str, Param] = {
    "name": Text(required=True),
    "amount": Integer(),
    "discount_amount": Integer(),
    "total_amount": Integer(required=True),
}
_NEW_ITEM: Mapping[str, Param] = {**_IDENTIFIER, **_ITEM, "product": Object(fields=_IDENTIFIER)}
_SIMULATED_ITEM: Mapping[str, Param] = {**_ITEM, "product": Object(fields=_EITHER)}
_STATUS = Text(required=True, values=("CREATED", "PENDING", "COMPLETED", "CANCELLED"))
_PAYMENT_STATUS = Text(required=True, values=("UNPAID", "PENDING", "PAID"))
_ORDER: Mapping[str, Param] = {
    "external_identifier": Text(required=True),
    "reference": Text(),
    "status": _STATUS,
    "payment_status": _PAYMENT_STATUS,
    "total_order_amount": Integer(required=True),
    "order_amount": Integer(),
    "total_discount_amount": Integer(),
    "currency": Text(),
    "paid_at": Instant(),
    "completed_at": Instant(),
    "contact": _BY_UUID,
    "business_profile": _BY_UUID,
    "line_items": Items(
        required=True,
        of=Object(
            fields={
                **_NEW_ITEM,
                "result": _typed("GIFTCARD_TRANSACTION", "PREPAID_TRANSACTION", "VOUCHER"),
                "sub_line_items": Items(of=Object(fields=_NEW_ITEM)),
            }
        ),
    ),
    "applied_discounts": Items(
        of=Object(
            fields={
                **_IDENTIFIER,
                **_DISCOUNT,
                "line_items": _BY_IDENTIFIERS,
                "sub_line_items": _BY_IDENTIFIERS,
                "charges": _BY_IDENTIFIERS,
                "offer": _typed("REWARD_REDEMPTION", "COLLECTABLE_REWARD_REDEMPTION", "VOUCHER_REDEMPTION"),
            }
        )
    ),
    "charges": Items(
        of=Object(
            fields={
                **_IDENTIFIER,
                **_CHARGE,
                "type": Text(values=("SERVICE_CHARGE",)),
                "charge_definition": Object(fields=_IDENTIFIER),
            }
        )
    ),
    "payments": Items(of=_typed("GIFTCARD_TRANSACTION", "PREPAID_TRANSACTION")),
}
_RETURNED = Items(
    of=Object(
        fields={
            **_IDENTIFIER,
            "quantity": Number(required=True),
            "discount_amount": Integer(),
            "total_amount": Integer(),
            "reason": Text(empty=True),
        }
    )
)
_BOTH = ("oauth", "register")

LIST: Operation[Any] = Operation(
    "orders.list",
    "GET",
    "/orders",
    Effect.SAFE,
    object,
    query={"page": Integer(min=1), "limit": Integer(min=0)},
    many=True,
    paging=Paging(largest=None, certain=False),
    certainty="assumed",
)
CREATE_AND_PROCESS = Operation(
    "orders.create_and_process",
    "POST",
    "/orders/create-and-process",
    Effect.ACTION,
    OrderWithResult,
    body=_ORDER,
    apis=_BOTH,
)
CREATE = Operation("orders.create", "POST", "/orders", Effect.ACTION, Order, body=_ORDER, apis=_BOTH)
PROCESS = Operation(
    "orders.process",
    "POST",
    "/orders/{order_uuid}/process",
    Effect.ACTION,
    OrderResult,
    apis=_BOTH,
)
FIND = Operation(
    "orders.find",
    "GET",
    "/orders/find",
    Effect.SAFE,
    Order,
    query=_IDENTIFIER,
    apis=_BOTH,
)
UPDATE = Operation(
    "orders.update",
    "PUT",
    "/orders/{order_uuid}",
    Effect.REPEATABLE,
    Order,
    body={"status": Text(values=_STATUS.values), "payment_status": Text(values=_PAYMENT_STATUS.values)},
    apis=_BOTH,
)
SIMULATE = Operation(
    "orders.simulate",
    "POST",
    "/orders/simulate",
    # A question, in spite of its verb.
    Effect.SAFE,
    OrderResult,
    body={
        "status": Text(values=("CREATED", "PENDING", "COMPLETED")),
        "payment_status": Text(values=_PAYMENT_STATUS.values),
        "total_order_amount": Integer(required=True),
        "order_amount": Integer(),
        "total_discount_amount": Integer(),
        "currency": Text(),
        "contact": Object(fields={"uuid": Text(required=True)}),
        "business_profile": _BY_UUID,
        "line_items": Items(
            required=True,
            of=Object(fields={**_SIMULATED_ITEM, "sub_line_items": Items(of=Object(fields=_SIMULATED_ITEM))}),
        ),
        "applied_discounts": Items(of=Object(fields=_DISCOUNT)),
        "charges": Items(
            of=Object(
                fields={
                    **_CHARGE,
                    "charge_definition": Object(fields=_EITHER, one_of=("uuid", "external_identifier")),
                }
            )
        ),
    },
    apis=_BOTH,
)
CREATE_AND_PROCESS_RETURN = Operation(
    "order_returns.create_and_process",
    "POST",
    "/order-returns/create-and-process",
    Effect.ACTION,
    OrderReturnWithResult,
    body={
        "order": Object(required=True, fields=_EITHER, one_of=("uuid", "external_identifier")),
        "external_identifier": Text(required=True),
        "status": Text(required=True, values=("PENDING", "COMPLETED")),
        "line_items": _RETURNED,
        "sub_line_items": _RETURNED,
        "applied_discounts": Items(of=Object(fields={**_IDENTIFIER, "amount": Integer(required=True)})),
        "charges": Items(
            of=Object(
                fields={
                    **_IDENTIFIER,
                    "amount": Integer(),
                    "discount_amount": Integer(),
                    "total_amount": Integer(required=True),
                }
            )
        ),
    },
    apis=_BOTH,
)
