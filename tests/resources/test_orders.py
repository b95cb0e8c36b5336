"""Orders, returns and products."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, structure, unstructure
from leat_async.models import Order, OrderReturn, OrderReturnWithResult, Product

from ..conftest import Recorder, answer

LINE: dict[str, Any] = {
    "external_identifier": "l",
    "name": "L",
    "quantity": 1.5,
    "price": 5,
    "total_amount": 8,
    "product": {"external_identifier": "p"},
    "sub_line_items": [{"external_identifier": "s", "name": "S", "quantity": 1, "price": 5, "total_amount": 5}],
    "result": {"uuid": "v", "type": "VOUCHER"},
}
ORDER: dict[str, Any] = {
    "external_identifier": "e",
    "status": "COMPLETED",
    "payment_status": "PAID",
    "total_order_amount": 5,
    "contact": {"uuid": "c"},
    "business_profile": {"uuid": "s"},
    "line_items": [LINE],
    "applied_discounts": [
        {
            "external_identifier": "d",
            "name": "D",
            "amount": 5,
            "applied_to": "LINE_ITEM",
            "line_items": [{"external_identifier": "l"}],
            "offer": {"uuid": "o", "type": "VOUCHER_REDEMPTION"},
        }
    ],
    "charges": [{"external_identifier": "c", "name": "C", "total_amount": 5, "type": "CUSTOM"}],
    "payments": [{"uuid": "t", "type": "PREPAID_TRANSACTION"}],
}


def changed(path: str, value: Any = ...) -> dict[str, Any]:
    """An order with one value replaced or, without a value, removed."""
    order = deepcopy(ORDER)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = order
    for step in steps:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return order


@pytest.mark.parametrize("name", ["create", "create_and_process"])
async def test_an_order_arrives_as_it_was_given(leat: LeatClient, recorder: Recorder, name: str) -> None:
    recorder.default = answer({"data": {}})
    await getattr(leat.orders, name)(**ORDER)
    assert recorder.last.json == ORDER


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("contact", {}, r"contact\.uuid is required"),
        ("line_items.0.price", ..., r"line_items\[0\]\.price is required"),
        ("line_items.0.price", 12.5, r"line_items\[0\]\.price must be a whole number"),
        ("line_items.0.quantity", "1", r"line_items\[0\]\.quantity must be a number"),
        ("line_items.0.product", {}, r"line_items\[0\]\.product\.external_identifier is required"),
        ("line_items.0.sub_line_items.0.name", ..., r"sub_line_items\[0\]\.name is required"),
        ("line_items.0.result.type", ..., r"result\.type is required"),
        ("applied_discounts.0.offer.uuid", "", r"offer\.uuid must not be empty"),
        ("applied_discounts.0.line_items", [{}], r"line_items\[0\]\.external_identifier is required"),
        ("charges.0.total_amount", ..., r"charges\[0\]\.total_amount is required"),
        ("charges.0.charge_definition", {}, r"charge_definition\.external_identifier is required"),
        ("payments", {"uuid": "t"}, "payments must be a list"),
        ("payments.0.type", ..., r"payments\[0\]\.type is required"),
        ("paid_at", "2024-05-01T20:00:00", "paid_at must be ISO 8601 with an offset"),
    ],
)
async def test_what_is_wrong_deep_inside_is_named(
    leat: LeatClient, recorder: Recorder, path: str, value: Any, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        await leat.orders.create(**changed(path, value))
    assert recorder.requests == []


async def test_one_of_two_keys_names_the_thing(leat: LeatClient, recorder: Recorder) -> None:
    returned: dict[str, Any] = {"external_identifier": "r", "status": "COMPLETED"}
    neither: tuple[Any, ...] = ({}, {"uuid": None}, {"other": "x"})
    for order in neither:
        with pytest.raises(ValueError, match="order must have one of uuid or external_identifier"):
            await leat.order_returns.create_and_process(order=order, **returned)
        with pytest.raises(ValueError, match=r"categories\[1\] must have one of uuid or external_identifier"):
            await leat.products.update("p", categories=[{"uuid": "c"}, order])
    charge: Any = {"name": "C", "total_amount": 5, "charge_definition": {}}
    with pytest.raises(ValueError, match=r"charges\[0\]\.charge_definition must have one of"):
        await leat.orders.simulate(
            total_order_amount=5, business_profile={"uuid": "s"}, line_items=[], charges=[charge]
        )
    assert recorder.requests == []
    recorder.default = answer({"data": {}})
    either: tuple[Any, ...] = ({"uuid": "o"}, {"external_identifier": "e"})
    for order in either:
        await leat.order_returns.create_and_process(order=order, **returned)
        assert recorder.last.json == {"order": order, **returned}


def test_what_was_sent_can_be_read_back_where_it_comes() -> None:
    order = structure(ORDER, Order)
    assert not order.extra
    [line], [discount], [charge] = order.line_items, order.applied_discounts, order.charges
    assert line.quantity == 1.5
    assert line.result is not None
    assert line.result.type == "VOUCHER"
    assert line.sub_line_items[0].quantity == 1
    assert discount.line_items[0].external_identifier == "l"
    assert charge.type == "CUSTOM"
    assert order.payments[0].uuid == "t"
    assert unstructure(attrs.evolve(order, status="CANCELLED")) == {**ORDER, "status": "CANCELLED"}


def test_a_return_comes_under_a_word_of_python_s() -> None:
    raw = {"return": {"uuid": "r", "order": {"uuid": "o"}}, "result": None}
    answered = structure(raw, OrderReturnWithResult)
    assert answered.return_ == OrderReturn(uuid="r", order=Order(uuid="o"))
    assert answered.result is None
    assert not answered.extra
    assert unstructure(attrs.evolve(answered, return_=OrderReturn(uuid="q"))) == {
        "return": {"uuid": "q"},
        "result": None,
    }


async def test_amounts_of_orders_may_come_as_text(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": {"type": "POINTS_TRANSACTION", "data": {"points": "35", "new_balance": 2267}}})
    result = await leat.orders.process("o")
    assert result.data is not None
    assert (result.data.points, result.data.new_balance) == (35, 2267)


@pytest.mark.parametrize("name", ["products", "product_categories"])
async def test_every_page_though_no_parameter_is_documented(leat: LeatClient, recorder: Recorder, name: str) -> None:
    def page(number: int) -> Any:
        return answer({"data": [{"uuid": f"p{number}"}], "meta": {"page": number, "limit": 1, "last_page": 3}})

    recorder.replies = [page(1), page(2), page(3)]
    rows = await getattr(leat, name).list().collect()
    assert [row.uuid for row in rows] == ["p1", "p2", "p3"]
    assert [request.query for request in recorder.requests] == [(), (("page", "2"),), (("page", "3"),)]


@pytest.mark.parametrize(
    ("data", "rows"),
    [([{"uuid": "o"}, 5], [{"uuid": "o"}, 5]), ({"orders": []}, [{"orders": []}]), ([], []), (None, []), ({}, [])],
)
async def test_orders_are_listed_as_they_come(
    leat: LeatClient, recorder: Recorder, data: object, rows: list[object]
) -> None:
    recorder.default = answer({"data": data, "meta": []})
    assert await leat.orders.list().collect() == rows
    assert recorder.requests[0].query == ()


async def test_a_batch_gives_its_products(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": [{"uuid": "1"}, {"uuid": "2"}], "meta": []})
    row: Any = {"external_identifier": "1", "name": "n", "categories": [{"external_identifier": "c"}]}
    assert await leat.products.create_batch(products=[row, row]) == [Product(uuid="1"), Product(uuid="2")]
    assert recorder.last.json == {"products": [row, row]}
    for wrong, message in (({"name": "n"}, r"products\[0\]\.external_identifier"), ("text", r"products\[0\]")):
        with pytest.raises((TypeError, ValueError), match=message):
            await leat.products.create_batch(products=[wrong])  # type: ignore[list-item]
