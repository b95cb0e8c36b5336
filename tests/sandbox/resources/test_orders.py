"""Orders, their returns, products and categories, seen through `requests`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leat_async import LeatClient
from leat_async.sandbox import Sandbox

from ..conftest import Api
from .helpers import code


def bill(api: Api, identifier: str = "O1", **fields: Any) -> dict[str, Any]:
    """Soup with bread, wine, service and a discount: worth 65.50 before and 60.00 after it."""
    sandbox = api.sandbox
    soup = {"external_identifier": "1", "name": "Soup", "quantity": 2, "price": 1000, "total_amount": 2000}
    bread = {"external_identifier": "1a", "name": "Bread", "quantity": 1, "price": 500, "total_amount": 500}
    wine = {"external_identifier": "2", "name": "Wine", "quantity": 3, "price": 1250, "total_amount": 3600}
    return {
        "external_identifier": identifier,
        "status": "COMPLETED",
        "payment_status": "PAID",
        "total_order_amount": 6000,
        "contact": {"uuid": sandbox.contacts[0]["uuid"]},
        "business_profile": {"uuid": sandbox.shops[0]["uuid"]},
        "line_items": [
            {**soup, "sub_line_items": [bread]},
            {**wine, "discount_amount": 150, "product": {"external_identifier": "WINE"}},
        ],
        "charges": [{"external_identifier": "S", "name": "Service", "total_amount": 450}],
        "applied_discounts": [
            {"external_identifier": "D", "name": "Regulars", "amount": 550, "applied_to": "ORDER"},
            {"external_identifier": "W", "name": "Wine", "amount": 150, "applied_to": "LINE_ITEMS",
             "line_items": [{"external_identifier": "2"}]},
        ],
        **fields,
    }  # fmt: skip


def order(api: Api, *, path: str = "/orders/create-and-process", **fields: Any) -> Any:
    return api("POST", path, json=bill(api, **fields))


def give_back(api: Api, identifier: str, order_identifier: str = "O1", **fields: Any) -> Any:
    body = {
        "order": {"external_identifier": order_identifier},
        "external_identifier": identifier,
        "status": "COMPLETED",
    }
    return api("POST", "/order-returns/create-and-process", json={**body, **fields})


def lines(**quantities: float) -> list[dict[str, Any]]:
    return [{"external_identifier": name.strip("_"), "quantity": count} for name, count in quantities.items()]


def balance(api: Api) -> int:
    uuid = api.sandbox.contacts[0]["uuid"]
    return int(api("GET", f"/contacts/{uuid}/credit-balance").json()["data"]["balance"])


# -- orders ----------------------------------------------------------------------------------------


def test_an_order_gives_points_by_its_parts(sandbox: Sandbox, api: Api) -> None:
    simulated = api("POST", "/orders/simulate", json=bill(api)).json()["data"]
    assert simulated == {"type": "points_transaction", "data": {"points": 60}}
    assert sandbox.rows("orders") == sandbox.rows("products") == []
    made = order(api).json()["data"]
    assert made["result"] == {"type": "POINTS_TRANSACTION", "data": {"points": 60, "new_balance": 60}}
    shown = made["order"]
    assert (shown["order_amount"], shown["total_charges_amount"], shown["total_discount_amount"]) == (6100, 450, 700)
    assert shown["formatted_total_order_amount"] == "€ 60.00"
    assert [line.get("product") for line in shown["line_items"]] == [
        None, {"external_identifier": "WINE", "name": "Wine"},
    ]  # fmt: skip
    assert shown["line_items"][0]["sub_line_items"][0]["name"] == "Bread"
    assert shown["applied_discounts"][1]["line_items"] == [{"external_identifier": "2"}]
    assert api("GET", "/orders/find", params={"external_identifier": "O1"}).json()["data"] == shown
    assert [row["name"] for row in sandbox.rows("products")] == ["Wine"]
    (row,) = api("GET", "/loyalty-transactions").json()["data"]
    assert (row["credits"], row["unit_value"], row["type"]) == (60, 60, "credit_reception")


def test_an_order_is_processed_once(sandbox: Sandbox, api: Api) -> None:
    uuid = order(api, path="/orders").json()["data"]["uuid"]
    assert balance(api) == 0
    assert api("POST", f"/orders/{uuid}/process").json()["data"]["data"] == {"points": 60, "new_balance": 60}
    assert code(api("POST", f"/orders/{uuid}/process")) == 1003
    assert code(order(api)) == 1003  # the identifier is taken
    assert code(api("POST", "/orders/unknown/process")) == 60013
    assert code(order(api, identifier="O2", status="CANCELLED")) == 1003
    assert balance(api) == 60
    assert len(sandbox.rows("orders")) == 1
    changed = api("PUT", f"/orders/{uuid}", json={"status": "CANCELLED", "payment_status": "UNPAID"}).json()["data"]
    assert (changed["status"], changed["payment_status"]) == ("CANCELLED", "UNPAID")
    assert balance(api) == 60
    assert [row["uuid"] for row in api("GET", "/orders").json()["data"]] == [uuid]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("contact", {"uuid": "nobody"}, 55031),
        ("contact", {}, 1003),
        ("business_profile", {"uuid": "nowhere"}, 1008),
        ("status", "EATEN", 1003),
        ("line_items", [], 1003),
        ("line_items", [{"external_identifier": "1", "name": "x"}], 1003),
        ("payments", [{"uuid": "none", "type": "GIFTCARD_TRANSACTION"}], 5010),
        ("payments", [{"uuid": "none", "type": "CASH"}], 1003),
        ("total_order_amount", -1, 1003),
        ("applied_discounts", [{"external_identifier": "D", "name": "x", "amount": 1, "applied_to": "LINE_ITEMS",
                                "line_items": [{"external_identifier": "9"}]}], 1003),
    ],
)  # fmt: skip
def test_orders_that_are_refused(sandbox: Sandbox, api: Api, field: str, value: Any, expected: int) -> None:
    assert code(order(api, **{field: value})) == expected
    assert sandbox.rows("orders") == sandbox.rows("products") == sandbox.rows("loyalty_transactions") == []


def test_lines_are_told_apart_by_their_identifiers(api: Api) -> None:
    twice = [*bill(api)["line_items"], bill(api)["line_items"][1]]
    answer = order(api, line_items=twice)
    assert code(answer) == 1003
    assert list(answer.json()["errors"]) == ["line_items"]
    missing = order(api, line_items=[{**twice[0], "sub_line_items": [{"name": "x"}]}])
    assert "line_items.0.sub_line_items.0.quantity" in missing.json()["errors"]


def test_the_rule_is_the_callers_own(make_api: Callable[[Sandbox], Api]) -> None:
    seen: list[Any] = []

    def by_bottles(bill: Any) -> int:
        seen.append(bill["amount"])
        return sum(int(line["quantity"]) for line in bill["line_items"] if line["name"] == "Wine") * 7

    with Sandbox(seed=1, order_rule=by_bottles) as sandbox:
        api = make_api(sandbox)
        assert api("POST", "/orders/simulate", json=bill(api)).json()["data"]["data"]["points"] == 21
        assert order(api).json()["data"]["result"]["data"]["points"] == 21
        assert seen == [6000, 6000]
        assert give_back(api, "R1", line_items=lines(_2=3)).json()["data"]["result"]["data"]["points"] == -11
        sandbox._engine.order_rule = lambda bill: 50_001
        assert code(order(api, identifier="O2")) == 1015
        assert balance(api) == 10


# -- returns ---------------------------------------------------------------------------------------


def test_a_return_takes_points_back_in_proportion(sandbox: Sandbox, api: Api) -> None:
    made = order(api).json()["data"]["order"]
    first = give_back(api, "R1", line_items=lines(_2=1), sub_line_items=lines(_1a=1)).json()["data"]
    # 12.00 of the wine and the bread: 17 of 65.50 euros.
    assert first["result"]["data"] == {"points": -(60 * 1700 // 6550), "new_balance": 60 - 15}
    assert first["return"]["order"] == {"uuid": made["uuid"]}
    assert first["return"]["line_item_returns"][0]["line_item"] == {"uuid": made["line_items"][1]["uuid"]}
    bread = made["line_items"][0]["sub_line_items"][0]["uuid"]
    assert first["return"]["sub_line_item_returns"][0]["sub_line_item"] == {"uuid": bread}
    charge = [{"external_identifier": "S", "total_amount": 450}]
    rest = give_back(api, "R2", line_items=lines(_1=2, _2=2), charges=charge).json()["data"]
    assert rest["result"]["data"] == {"points": -45, "new_balance": 0}


def test_many_small_returns_take_what_one_takes(api: Api) -> None:
    line = {"external_identifier": "1", "name": "Bun", "quantity": 7, "price": 143, "total_amount": 1000}
    order(api, line_items=[line], charges=[], applied_discounts=[])
    assert balance(api) == 10
    taken = [
        give_back(api, f"R{n}", line_items=lines(_1=1)).json()["data"]["result"]["data"]["points"] for n in range(7)
    ]
    assert sum(taken) == -10
    assert all(-2 <= points <= -1 for points in taken)
    assert balance(api) == 0


def test_returns_that_are_refused(sandbox: Sandbox, api: Api) -> None:
    assert code(give_back(api, "R0", line_items=lines(_1=1))) == 60013
    order(api)
    assert give_back(api, "R1", line_items=lines(_2=2)).status_code == 200
    for wrong in (
        {"line_items": lines(_2=2)},  # one is left
        {"line_items": lines(_9=1)},
        {"line_items": lines(_1a=1)},  # that is a part
        {"sub_line_items": lines(_1=1)},
        {"line_items": [{"external_identifier": "2", "quantity": 1, "total_amount": 1201}]},
        {"charges": [{"external_identifier": "S", "total_amount": 451}]},
        {"charges": [{"external_identifier": "T", "total_amount": 1}]},
        {"line_items": lines(_2=1), "applied_discounts": [{"external_identifier": "X", "amount": 1}]},
        {},
    ):
        assert code(give_back(api, "R2", **wrong)) == 1003, wrong
    assert code(give_back(api, "R1", line_items=lines(_2=1))) == 1003
    assert code(give_back(api, "R2", status="EATEN", line_items=lines(_2=1))) == 1003
    assert len(sandbox.rows("order_returns")) == 1
    assert balance(api) == 60 - 60 * 2400 // 6550


def test_what_was_never_processed_has_nothing_to_take_back(api: Api) -> None:
    order(api, path="/orders")
    answer = give_back(api, "R1", line_items=lines(_1=2)).json()["data"]
    assert answer["result"]["data"] == {"points": 0, "new_balance": 0}


# -- products and categories -----------------------------------------------------------------------


def test_products_by_identifier(sandbox: Sandbox, api: Api) -> None:
    hot = api("POST", "/product-categories", json={"external_identifier": "HOT", "name": "Hot"}).json()["data"]
    body = {"external_identifier": "TEA", "name": "Tea", "description": "Green", "categories": [{"uuid": hot["uuid"]}]}
    tea = api("POST", "/products", json=body).json()["data"]
    assert tea == {"uuid": tea["uuid"], **body, "categories": [hot]}
    assert code(api("POST", "/products", json=body)) == 1003
    for same in (
        api("GET", f"/products/{tea['uuid']}"),
        api("GET", "/products/find", params={"external_identifier": "TEA"}),
        api("POST", "/products/find-or-create", json={"external_identifier": "TEA", "name": "Other"}),
    ):
        assert same.json()["data"] == tea
    new = api("POST", "/products/find-or-create", json={"external_identifier": "CAKE"}).json()["data"]
    assert (new["name"], new["description"], new["categories"]) == ("CAKE", None, [])
    assert code(api("PUT", f"/products/{new['uuid']}", json={"external_identifier": "TEA"})) == 1003
    named = {"name": "Cake", "categories": [{"external_identifier": "HOT"}]}
    assert api("PUT", f"/products/{new['uuid']}", json=named).json()["data"]["categories"] == [hot]
    unknown = {"categories": [{"external_identifier": "COLD"}]}
    assert code(api("PUT", f"/products/{new['uuid']}", json=unknown)) == 60013
    assert api("DELETE", f"/product-categories/{hot['uuid']}").json() == {"data": None, "meta": []}
    assert api("GET", f"/products/{tea['uuid']}").json()["data"]["categories"] == []
    page = api("GET", "/products", params={"limit": 1, "page": 2}).json()
    assert (page["data"][0]["name"], page["meta"]["total"], page["meta"]["viewing_from"]) == ("Cake", 2, 2)
    assert api("DELETE", f"/products/{tea['uuid']}").json()["data"] is None
    for path in (f"/products/{tea['uuid']}", "/products/find?external_identifier=TEA", "/product-categories/none"):
        assert code(api("GET", path)) == 60013


@pytest.mark.parametrize(("path", "key"), [("/products", "products"), ("/product-categories", "categories")])
def test_batches_are_kept_whole_or_not_at_all(sandbox: Sandbox, api: Api, path: str, key: str) -> None:
    items = [{"external_identifier": name, "name": name} for name in "ABC"]
    refused = api("POST", f"{path}/batch", json={key: [*items, items[0]]})
    assert code(refused) == 1003
    assert list(refused.json()["errors"]) == [f"{key}.3.external_identifier"]
    assert code(api("POST", f"{path}/batch", json={key: [{"name": "x"}]})) == 1003
    assert api("GET", path).json()["data"] == []
    assert [row["name"] for row in api("POST", f"{path}/batch", json={key: items}).json()["data"]] == ["A", "B", "C"]
    uuid = api("GET", f"{path}/find", params={"external_identifier": "B"}).json()["data"]["uuid"]
    assert api("PUT", f"{path}/{uuid}", json={"name": "Bee"}).json()["data"]["name"] == "Bee"
    assert api("POST", f"{path}/find-or-create", json={"external_identifier": "B"}).json()["data"]["name"] == "Bee"


# -- what the client makes of it -------------------------------------------------------------------


async def test_the_client_reads_orders_and_processes_returns(sandbox: Sandbox, api: Api) -> None:
    given = order(api).json()["data"]
    order_, result = given["order"], given["result"]
    async with LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        found = await leat.orders.get(order_["uuid"])
        assert (found.uuid, found.external_identifier, found.line_items[0].sub_line_items[0].uuid) == (
            order_["uuid"], "O1", order_["line_items"][0]["sub_line_items"][0]["uuid"],
        )  # fmt: skip
        made = await leat.order_returns.create(
            order={"uuid": found.uuid}, external_identifier="R1", status="PENDING",
            line_items=[{"external_identifier": line.external_identifier or "", "quantity": line.quantity or 0}
                        for line in found.line_items],
        )  # fmt: skip
        assert made.status == "PENDING"
        before = balance(api)
        processed = await leat.order_returns.process(made.uuid)
        assert processed["data"]["points"] == balance(api) - before < 0
        assert result["data"]["points"] == before
    async with LeatClient(sandbox.register_token, base_url=sandbox.url, api="register") as register:
        assert [row["uuid"] for row in await register.orders.list().collect()] == [found.uuid]


async def test_the_client_reads_a_tier_of_nulls_as_none(sandbox: Sandbox) -> None:
    async with LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        assert await leat.contacts.get_tier(sandbox.contacts[0]["uuid"]) is None
