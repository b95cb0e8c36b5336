"""Orders, their returns, and products. All amounts are in the currency's smallest unit (cents)."""

from __future__ import annotations

import datetime as dt

import attrs

from ._base import Model
from .account import Shop
from .contacts import ContactReference


@attrs.frozen(kw_only=True)
class ProductCategory(Model):
    """A group of products; inside orders and products its `uuid` may be missing."""

    uuid: str = ""
    external_identifier: str | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class Product(Model):
    """A product that order lines name; in order lines its `uuid` is missing."""

    uuid: str = ""
    external_identifier: str | None = None
    name: str | None = None
    description: str | None = None
    categories: tuple[ProductCategory, ...] = ()


@attrs.frozen(kw_only=True)
class ObjectReference(Model):
    """A Leat object by `uuid` and `type`: a line's result, a discount's offer, a payment. Sent; seen in no answer."""

    uuid: str = ""
    type: str | None = None


@attrs.frozen(kw_only=True)
class SubLineItem(Model):
    """A part of an order line, counted apart from it."""

    uuid: str = ""
    external_identifier: str | None = None
    name: str | None = None
    quantity: int | float | None = None
    price: int | None = None
    total_amount: int | None = None
    discount_amount: int | None = None
    product: Product | None = None


@attrs.frozen(kw_only=True)
class LineItem(SubLineItem):
    """A line of an order; `total_amount` is price times quantity minus discount, without the parts."""

    sub_line_items: tuple[SubLineItem, ...] = ()
    result: ObjectReference | None = None


@attrs.frozen(kw_only=True)
class ChargeDefinition(Model):
    """What kind of charge it is. Sent; seen in no answer."""

    uuid: str = ""
    external_identifier: str | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class Charge(Model):
    """A cost of an order that is no line; `type` is deprecated in favour of `charge_definition`."""

    uuid: str = ""
    external_identifier: str | None = None
    type: str | None = None
    name: str | None = None
    amount: int | None = None
    discount_amount: int | None = None
    total_amount: int | None = None
    charge_definition: ChargeDefinition | None = None


@attrs.frozen(kw_only=True)
class AppliedDiscount(Model):
    """A discount of an order; its lines and charges are named by `external_identifier` alone."""

    uuid: str = ""
    external_identifier: str | None = None
    name: str | None = None
    amount: int | None = None
    type: str | None = None
    value: int | float | None = None
    applied_to: str | None = None
    line_items: tuple[LineItem, ...] = ()
    sub_line_items: tuple[SubLineItem, ...] = ()
    charges: tuple[Charge, ...] = ()
    offer: ObjectReference | None = None


@attrs.frozen(kw_only=True)
class Order(Model):
    """A copy of an order from your own system; `payments` can be sent and is seen in no answer."""

    uuid: str = ""
    external_identifier: str | None = None
    reference: str | None = None
    status: str | None = None
    payment_status: str | None = None
    currency: str | None = None
    formatted_total_order_amount: str | None = None
    order_amount: int | None = None
    total_charges_amount: int | None = None
    total_discount_amount: int | None = None
    total_order_amount: int | None = None
    paid_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    contact: ContactReference | None = None
    business_profile: Shop | None = None
    line_items: tuple[LineItem, ...] = ()
    applied_discounts: tuple[AppliedDiscount, ...] = ()
    charges: tuple[Charge, ...] = ()
    payments: tuple[ObjectReference, ...] = ()
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class OrderPoints(Model):
    """Points that an order gives, and the contact's balance after them (not when simulated)."""

    points: int | None = None
    new_balance: int | None = None


@attrs.frozen(kw_only=True)
class OrderResult(Model):
    """What processing an order or a return led to; `type` is "POINTS_TRANSACTION", in lower case when simulated."""

    type: str | None = None
    data: OrderPoints | None = None


@attrs.frozen(kw_only=True)
class OrderWithResult(Model):
    """An order and what processing it led to."""

    order: Order | None = None
    result: OrderResult | None = None


@attrs.frozen(kw_only=True)
class LineItemReturn(Model):
    """A returned line or part of a line, named by its `uuid`; the last four fields are seen in no answer."""

    uuid: str = ""
    quantity: int | float | None = None
    line_item: LineItem | None = None
    sub_line_item: SubLineItem | None = None
    external_identifier: str | None = None
    discount_amount: int | None = None
    total_amount: int | None = None
    reason: str | None = None


@attrs.frozen(kw_only=True)
class OrderReturn(Model):
    """A full or partial return of an order (named by its `uuid`); `external_identifier` is seen in no answer."""

    uuid: str = ""
    external_identifier: str | None = None
    status: str | None = None
    order: Order | None = None
    line_item_returns: tuple[LineItemReturn, ...] = ()
    sub_line_item_returns: tuple[LineItemReturn, ...] = ()


@attrs.frozen(kw_only=True)
class OrderReturnWithResult(Model):
    """A return and the correction of points that it led to; the API's key of `return_` is "return"."""

    return_: OrderReturn | None = attrs.field(default=None, metadata={"key": "return"})
    result: OrderResult | None = None
