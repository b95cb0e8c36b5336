"""What orders and their returns consist of, as they are sent. Amounts are in the currency's smallest unit (cents)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from .._core.annotations import Mark
from ._types import Id, MaybeEmpty

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

    uuid: Id


class ByIdentifier(TypedDict):
    """A product, a line, a charge or its definition, by your own identifier."""

    external_identifier: Id


class ByEither(TypedDict, total=False):
    """An order, a product or a definition, by one of its keys."""

    uuid: Id
    external_identifier: Id


ByAnyKey: TypeAlias = Annotated[ByEither, Mark.ONE_OF_ITS_KEYS]


class LineResult(TypedDict):
    """The Leat object that a line produced."""

    uuid: Id
    type: ResultType


class Offer(TypedDict):
    """The redemption behind a discount."""

    uuid: Id
    type: OfferType


class Payment(TypedDict):
    """A Leat transaction that paid for the order."""

    uuid: Id
    type: PaymentType


class NewSubLineItem(TypedDict):
    """A part of a line. `total_amount` is price times quantity minus discount."""

    external_identifier: Id
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

    external_identifier: Id
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

    external_identifier: Id
    type: NotRequired[Literal["SERVICE_CHARGE"] | str | None]
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
    charge_definition: NotRequired[ByAnyKey | None]


class ReturnedItem(TypedDict):
    """A returned line or part of a line. Left out, `total_amount` is computed from what remains."""

    external_identifier: Id
    quantity: Quantity
    discount_amount: NotRequired[int | None]
    total_amount: NotRequired[int | None]
    reason: NotRequired[MaybeEmpty | None]


class ReturnedDiscount(TypedDict):
    """A returned discount."""

    external_identifier: Id
    amount: int


class ReturnedCharge(TypedDict):
    """A returned charge; `total_amount` after discounts."""

    external_identifier: Id
    amount: NotRequired[int | None]
    discount_amount: NotRequired[int | None]
    total_amount: int
