"""Giftcards and prepaid balances."""

from __future__ import annotations

from typing import Any

import pytest

from leat_async.sandbox import Sandbox

from ..conftest import Api
from .helpers import code

REGISTER = "/api/v3/register"


def program(sandbox: Sandbox, number: int = 0) -> str:
    return str(sandbox.rows("giftcard_programs")[number]["uuid"])


def new_card(api: Api, number: int = 0) -> dict[str, Any]:
    body = {"type": 1, "giftcard_program_uuid": program(api.sandbox, number)}
    made: dict[str, Any] = api("POST", "/giftcards", json=body).json()["data"]
    return made


def move(api: Api, card: dict[str, Any], cents: int, **fields: Any) -> Any:
    body = {"giftcard_uuid": card["uuid"], "amount_in_cents": cents, "shop_uuid": api.sandbox.shops[0]["uuid"]}
    return api("POST", "/giftcard-transactions", json={**body, **fields})


def amount(api: Api, card: dict[str, Any]) -> int:
    return int(api("GET", f"/giftcards/{card['uuid']}").json()["data"]["amount_in_cents"])


# -- giftcards -------------------------------------------------------------------------------------


def test_a_card_is_made_found_and_mailed(sandbox: Sandbox, api: Api) -> None:
    made = new_card(api)
    assert (made["type"], made["amount_in_cents"], made["active"]) == ("DIGITAL", 0, True)
    assert made["expiration_date"][:10] == made["formatted_expiration_date"] == "2027-02-03"
    assert new_card(api, 1)["expiration_date"] is None
    found = api("GET", "/giftcards/find-one-by", params={"hash": made["hash"]}).json()
    assert found == api("GET", f"/giftcards/{made['uuid']}").json()
    assert found["data"]["uuid"] == made["uuid"]
    assert "meta" not in found
    move(api, made, 1234)
    assert api("GET", f"/giftcards/{made['uuid']}").json()["data"]["display_amount"] == "€ 12,34"
    send = f"/giftcards/{made['uuid']}/send-by-email"
    mail = {"contact_uuid": sandbox.contacts[0]["uuid"], "merge_tags": {"custom.name": "Ada"}}
    assert api("POST", send, json=mail).json()["data"]["data"] == "Email successfully sent"
    assert code(api("POST", send, json={})) == 1003
    assert code(api("POST", send, json={"contact_uuid": "x"})) == 55031
    assert code(api("POST", "/giftcards/unknown/send-by-email", json=mail)) == 5001


def test_cards_that_are_refused(sandbox: Sandbox, api: Api) -> None:
    body = {"type": 1, "giftcard_program_uuid": program(sandbox)}
    assert code(api("POST", "/giftcards", json={**body, "type": 0})) == 55021
    assert code(api("POST", "/giftcards", json={**body, "type": 2})) == 1003
    assert code(api("POST", "/giftcards", json={"type": 1})) == 1003
    assert code(api("POST", "/giftcards", json={**body, "giftcard_program_uuid": "x"})) == 1100
    sandbox.change("giftcard_programs", program(sandbox), active=False)
    assert code(api("POST", "/giftcards", json=body)) == 1100
    assert code(api("GET", "/giftcards/find-one-by", params={"hash": "x"})) == 5001
    assert code(api("GET", "/giftcards/find-one-by")) == 1003
    assert code(api("GET", "/giftcards/unknown")) == 5001
    assert code(api("GET", "/giftcards", params={"giftcard_program_uuid": "x"})) == 1100
    assert sandbox.rows("giftcards") == []


def test_cards_by_program_and_page(sandbox: Sandbox, api: Api) -> None:
    cards = [new_card(api, number % 2) for number in range(5)]
    answer = api("GET", "/giftcards", params={"giftcard_program_uuid": program(sandbox), "limit": 2, "page": 2})
    assert [row["uuid"] for row in answer.json()["data"]] == [cards[4]["uuid"]]
    assert answer.json()["meta"] == {"page": 2, "per_page": "2", "last_page": 2, "total": 3}
    counts = [row["card_count"] for row in api("GET", "/giftcard-programs").json()["data"]]
    assert counts == [3, 2]
    assert api("GET", f"{REGISTER}/giftcards").json()["meta"]["total"] == 5
    assert api("GET", f"{REGISTER}/giftcard-programs").status_code == 404


def test_a_card_is_loaded_and_paid_with(sandbox: Sandbox, api: Api) -> None:
    card = new_card(api)
    loaded = move(api, card, 2500, custom_attributes={"table": 4}).json()["data"]
    assert (loaded["amount_in_cents"], loaded["card"]["uuid"]) == (2500, card["uuid"])
    assert loaded["custom_attributes"] == {"table": 4}
    assert move(api, card, -1000).json()["data"]["amount_in_cents"] == -1000
    assert amount(api, card) == 1500
    assert code(move(api, card, -1501)) == 5003
    assert code(move(api, card, 51_000)) == 5008
    assert code(move(api, card, 0)) == 1003
    assert code(move(api, card, 10, shop_uuid="x")) == 1008
    assert code(move(api, card, 10, giftcard_uuid="x")) == 5001
    assert amount(api, card) == 1500
    assert move(api, card, -1500).status_code == 200
    assert amount(api, card) == 0
    assert api("GET", f"/giftcard-transactions/{loaded['uuid']}").json()["data"] == loaded
    assert code(api("GET", "/giftcard-transactions/unknown")) == 5010
    body = {"giftcard_uuid": card["uuid"], "amount_in_cents": 100}
    at_register = api("POST", f"{REGISTER}/giftcard-transactions", json=body).json()["data"]
    assert at_register["shop"]["uuid"] == sandbox.shops[0]["uuid"]


def test_a_card_that_is_loaded_once(api: Api) -> None:
    card = new_card(api, 1)
    assert card["upgradeable"] is False
    first = move(api, card, 100_000).json()["data"]  # this program knows no maximum
    assert code(move(api, card, 1)) == 5006
    assert move(api, card, -1).status_code == 200
    assert code(move(api, card, 1)) == 5006
    other = new_card(api, 1)
    again = move(api, other, 500).json()["data"]
    api("POST", f"/giftcard-transactions/{again['uuid']}/reverse")
    assert move(api, other, 700).status_code == 200  # the load that was undone does not count
    assert code(api("POST", f"/giftcard-transactions/{first['uuid']}/reverse")) == 55025


@pytest.mark.parametrize("verb", ["reverse", "correct"])
def test_only_the_last_transaction_is_reversed_and_once(api: Api, verb: str) -> None:
    card = new_card(api)
    load, pay = (move(api, card, cents).json()["data"]["uuid"] for cents in (5000, -2000))
    assert code(api("POST", f"/giftcard-transactions/{load}/{verb}")) == 55025
    undone = api("POST", f"/giftcard-transactions/{pay}/{verb}").json()["data"]
    assert (undone["amount_in_cents"], amount(api, card)) == (2000, 5000)
    for uuid in (pay, undone["uuid"], load):
        assert code(api("POST", f"/giftcard-transactions/{uuid}/{verb}")) == 55025
    assert code(api("POST", f"/giftcard-transactions/unknown/{verb}")) == 5010
    last = move(api, card, -5000).json()["data"]["uuid"]
    assert api("GET", f"{REGISTER}/giftcard-transactions/{last}/reverse").json()["data"]["amount_in_cents"] == 5000
    assert amount(api, card) == 5000


def test_an_expired_or_inactive_card_is_of_no_use(sandbox: Sandbox, api: Api) -> None:
    card, blocked = new_card(api), new_card(api)
    load = move(api, card, 5000).json()["data"]["uuid"]
    sandbox.change("giftcards", blocked["uuid"], active=False)
    assert code(move(api, blocked, 100)) == 7010
    sandbox.clock.advance(394 * 86_400)
    assert code(move(api, card, -100)) == code(move(api, card, 100)) == 5002
    assert code(api("POST", f"/giftcard-transactions/{load}/reverse")) == 5002
    assert amount(api, card) == 5000


def test_transactions_by_card_program_shop_and_time(sandbox: Sandbox, api: Api) -> None:
    one, other = new_card(api), new_card(api, 1)
    move(api, one, 100)
    move(api, other, 200, shop_uuid=sandbox.shops[1]["uuid"])
    sandbox.clock.advance(3600)
    middle = sandbox.clock.datetime().isoformat()
    sandbox.clock.advance(3600)
    move(api, one, 300)

    def listed(**params: Any) -> list[int]:
        answer = api("GET", "/giftcard-transactions", params=params)
        return [row["amount_in_cents"] for row in answer.json()["data"]]

    assert listed() == [100, 200, 300]
    assert listed(giftcard_hash=one["hash"]) == [100, 300]
    assert listed(giftcard_hash="x") == []
    assert listed(giftcard_program_uuid=program(sandbox, 1)) == [200]
    assert listed(shop_uuid=sandbox.shops[1]["uuid"]) == [200]
    assert listed(sort="-created_at", perPage=2) == [300, 200]
    assert listed(perPage=2, page=2) == listed(limit=2, page=2) == [300]
    assert listed(**{"created_at[gte]": middle}) == [300]
    assert api("GET", "/giftcard-transactions").json()["meta"] == {
        "page": 1, "limit": 10, "viewing_from": 1, "viewing_to": 3, "last_page": 1, "total": 3,
    }  # fmt: skip
    assert code(api("GET", "/giftcard-transactions", params={"perPage": 101})) == 1003


def test_a_program_that_settles_does_so_at_the_end_of_the_day(sandbox: Sandbox, api: Api) -> None:
    uuids = [move(api, new_card(api, number), 100).json()["data"]["uuid"] for number in range(2)]

    def settled() -> list[Any]:
        rows = [api("GET", f"/giftcard-transactions/{uuid}").json()["data"] for uuid in uuids]
        return [(row["settled"], len(row["settlements"])) for row in rows]

    assert settled() == [(False, 0), (False, 0)]
    sandbox.clock.advance(86_400)
    assert settled() == [(False, 0), (True, 1)]


# -- prepaid ---------------------------------------------------------------------------------------


def pay(api: Api, cents: int, **fields: Any) -> Any:
    sandbox = api.sandbox
    body = {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"]}
    return api("POST", "/prepaid-transactions", json={**body, "amount_in_cents": cents, **fields})


def prepaid(api: Api) -> dict[str, Any]:
    answer = api("GET", f"/contacts/{api.sandbox.contacts[0]['uuid']}/prepaid-balance")
    shown: dict[str, Any] = answer.json()["data"]
    return shown


def test_a_deposit_is_spent_and_not_overdrawn(sandbox: Sandbox, api: Api) -> None:
    assert pay(api, 5000).json()["data"]["prepaid_balance"] == {"balance_in_cents": 5000, "balance": "€50.00"}
    spent = pay(api, -1250).json()["data"]
    assert spent["prepaid_balance"] == prepaid(api) == {"balance_in_cents": 3750, "balance": "€37.50"}
    answer = pay(api, -3751)
    assert (code(answer), list(answer.json()["errors"])) == (1003, ["amount_in_cents"])
    assert code(pay(api, 0)) == code(pay(api, 1, contact_uuid=None)) == 1003
    assert code(pay(api, 1, contact_uuid="x")) == 55031
    assert code(pay(api, 1, shop_uuid="x")) == 1008
    assert prepaid(api)["balance_in_cents"] == 3750
    contact = api("GET", f"/contacts/{sandbox.contacts[0]['uuid']}").json()["data"]
    assert contact["prepaid_balance"]["balance_in_cents"] == 3750
    assert contact["current_values"]["prepaid_balance"] == 37.5


def test_prepaid_transactions_are_reversed_once(api: Api) -> None:
    deposit, spent = (pay(api, cents).json()["data"]["uuid"] for cents in (5000, -2000))
    root = "/prepaid-transactions"
    assert code(api("POST", f"{root}/{deposit}/reverse")) == 1003  # it is partly spent
    undone = api("POST", f"{root}/{spent}/reverse").json()["data"]
    assert (undone["amount_in_cents"], prepaid(api)["balance_in_cents"]) == (2000, 5000)
    for uuid in (spent, undone["uuid"], "unknown"):
        assert code(api("POST", f"{root}/{uuid}/reverse")) == 1003
    assert api("POST", f"{root}/{deposit}/reverse").status_code == 200
    assert prepaid(api)["balance_in_cents"] == 0


def test_prepaid_by_card(sandbox: Sandbox, api: Api) -> None:
    card = {"contact_identifier_value": "card-1"}
    api("POST", "/contact-identifiers", json=card)
    by_card = {"contact_uuid": None, **card}
    assert code(pay(api, 100, **by_card)) == 60011
    api("PUT", "/contact-identifiers/link", json={**card, "contact_uuid": sandbox.contacts[0]["uuid"]})
    made = pay(api, 100, **by_card).json()["data"]
    assert made["contact_identifier"] == {"name": "card-1", "value": "card-1", "active": True}
    register = api("POST", f"{REGISTER}/prepaid-transactions", json={**card, "amount_in_cents": 50}).json()["data"]
    assert register["prepaid_balance"]["balance_in_cents"] == 150
    assert code(pay(api, 1, contact_uuid=None, contact_identifier_value="x")) == 60003
    api("PUT", "/contact-identifiers", json={**card, "contact_identifier_active": False})
    assert code(pay(api, 1, **by_card)) == 60004


def test_prepaid_transactions_by_contact_shop_and_page(sandbox: Sandbox, api: Api) -> None:
    for number in range(4):
        pay(api, 100 + number, contact_uuid=sandbox.contacts[number % 2]["uuid"])
    pay(api, 900, shop_uuid=sandbox.shops[1]["uuid"])

    def listed(**params: Any) -> list[int]:
        answer = api("GET", "/prepaid-transactions", params=params)
        return [row["amount_in_cents"] for row in answer.json()["data"]]

    assert listed() == [100, 101, 102, 103, 900]
    assert listed(contact_uuid=sandbox.contacts[1]["uuid"]) == [101, 103]
    assert listed(shop_uuid=sandbox.shops[1]["uuid"]) == [900]
    page = api("GET", "/prepaid-transactions", params={"limit": 2, "page": 2}).json()
    assert page["meta"] == {"current_page": 2, "last_page": 3, "per_page": "2", "total": 5, "from": 3}
    assert page["data"][0]["contact"] == sandbox.contacts[0]
    assert api("GET", "/prepaid-transactions", params={"page": 9}).json()["meta"]["from"] is None
    assert code(api("GET", "/prepaid-transactions", params={"limit": 31})) == 1003
    assert code(api("GET", "/prepaid-transactions", params={"contact_uuid": "x"})) == 55031
    assert code(api("GET", "/prepaid-transactions", params={"shop_uuid": "x"})) == 1008
