"""What the operations do, seen through `requests`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leat_async.sandbox import Sandbox

from ..conftest import Api
from .helpers import code, give

# -- visits and bookings ---------------------------------------------------------------------------


def test_a_visit_from_creation_to_update(sandbox: Sandbox, api: Api) -> None:
    made = api.visit(external_id="e1", source="Kiosk", starts_at="2026-05-01T20:00:00Z").json()["data"]
    assert made == {
        "uuid": made["uuid"],
        "contact": sandbox.contacts[0],
        "external_id": "e1",
        "source": "Kiosk",
        "starts_at": "2026-05-01T20:00:00+00:00",
        "ends_at": None,
        "created_at": made["created_at"],
    }
    assert api("GET", f"/visits/{made['uuid']}").json() == {"data": made, "meta": []}
    changed = api("PUT", f"/visits/{made['uuid']}", json={"source": None, "ends_at": "2026-05-01T22:00:00+00:00"})
    assert changed.json()["data"] == {**made, "source": None, "ends_at": "2026-05-01T22:00:00+00:00"}


def test_visits_that_are_refused(sandbox: Sandbox, api: Api) -> None:
    assert code(api.visit(contact_uuid="nobody")) == 55031
    assert code(api.visit(shop_uuid="nowhere")) == 1008
    for bad in ("yesterday", "2026-13-01T00:00:00Z", 5, "20:00"):
        answer = api.visit(starts_at=bad)
        assert code(answer) == 1003
        assert list(answer.json()["errors"]) == ["starts_at"]
    assert sandbox.rows("visits") == []
    assert code(api("GET", "/visits/unknown")) == 60013


def test_external_id_of_a_visit_is_unique(sandbox: Sandbox, api: Api) -> None:
    first = api.visit(external_id="e1").json()["data"]
    again = api.visit(external_id="e1")
    assert code(again) == 1003
    assert list(again.json()["errors"]) == ["external_id"]
    second = api.visit(external_id="e2").json()["data"]
    assert code(api("PUT", f"/visits/{second['uuid']}", json={"external_id": "e1"})) == 1003
    assert api("PUT", f"/visits/{first['uuid']}", json={"external_id": "e1"}).status_code == 200


def test_external_ids_may_repeat_when_told_so(make_api: Callable[[Sandbox], Api]) -> None:
    with Sandbox(unique_external_ids=False) as sandbox:
        api = make_api(sandbox)
        assert [api.visit(external_id="e1").status_code for _ in range(2)] == [200, 200]
        assert len(sandbox.rows("visits")) == 2


def test_visits_of_one_contact_by_pages(sandbox: Sandbox, api: Api) -> None:
    one, other = sandbox.contacts[:2]
    for number in range(5):
        api.visit(contact_uuid=(one, other)[number % 2]["uuid"], external_id=str(number))
    page = api("GET", "/visits", params={"contact_uuid": one["uuid"], "limit": 2, "page": 2}).json()
    assert [row["external_id"] for row in page["data"]] == ["4"]
    assert page["meta"] == {"current_page": 2, "last_page": 2, "per_page": "2", "total": 3}
    assert api("GET", "/visits", params={"page": 9}).json()["data"] == []


def test_a_batch_of_visits_is_kept_whole_or_not_at_all(sandbox: Sandbox, api: Api) -> None:
    shop, email = sandbox.shops[0]["uuid"], sandbox.contacts[0]["email"]
    rows = [{"contact_email": email, "business_profile_uuid": shop, "external_id": "a"}]
    assert code(api("POST", "/visits/batch", json={"visits": [*rows, {"contact_email": email}]})) == 1003
    stranger = {**rows[0], "contact_email": "nobody@example.com"}
    assert code(api("POST", "/visits/batch", json={"visits": [*rows, stranger]})) == 55031
    assert code(api("POST", "/visits/batch", json={"visits": [*rows, *rows]})) == 1003
    assert sandbox.rows("visits") == []
    assert len(api("POST", "/visits/batch", json={"visits": rows}).json()["data"]) == 1


def test_bookings_keep_what_they_do_not_show(sandbox: Sandbox, api: Api) -> None:
    body = {
        "contact_uuid": sandbox.contacts[0]["uuid"],
        "shop_uuid": sandbox.shops[0]["uuid"],
        "number_of_people": "4",
        "prepaid_amount": 2500,
        "status": "Open",
    }
    made = api("POST", "/bookings", json=body).json()["data"]
    assert set(made) == {"uuid", "contact", "external_id", "source", "starts_at", "ends_at", "created_at"}
    moment = "2026-05-01T20:14:46+00:00"
    changed = api("PUT", f"/bookings/{made['uuid']}", json={"checked_in_at": moment, "number_of_people": 5})
    assert changed.json()["data"]["checked_in_at"] == moment
    (row,) = sandbox.rows("bookings")
    assert (row["number_of_people"], row["prepaid_amount"], row["status"]) == (5, 2500, "Open")
    assert code(api("POST", "/bookings", json={**body, "number_of_people": "some"})) == 1003
    assert code(api("POST", "/bookings", json={**body, "contact_uuid": "x"})) == 55031


# -- contacts --------------------------------------------------------------------------------------


def test_find_or_create_is_a_get_that_converges(sandbox: Sandbox, api: Api) -> None:
    before = len(sandbox.rows("contacts"))
    assert code(api("GET", "/contacts/find-one-by", params={"email": "new@example.com"})) == 55031
    uuids = {api("GET", "/contacts/find-or-create", params={"email": e}).json()["data"]["uuid"]
             for e in ("new@example.com", "New@Example.com")}  # fmt: skip
    uuids.add(api("GET", "/contacts/find-or-create/async", params={"email": "new@example.com"}).json()["data"]["uuid"])
    uuids.add(api("GET", "/contacts/find-one-by", params={"email": "NEW@example.com"}).json()["data"]["uuid"])
    assert len(uuids) == 1
    assert len(sandbox.rows("contacts")) == before + 1


def test_contacts_are_created_once(api: Api) -> None:
    for path in ("/contacts", "/contacts/async"):
        body = {"email": f"x{path.count('/')}@example.com"}
        assert set(api("POST", path, json=body).json()["data"]) == {"uuid"}
        assert code(api("POST", path, json=body)) == 60005
    for bad in ("", "a", "@b", "a b@c.nl", None, 5):
        assert code(api("POST", "/contacts", json={"email": bad})) == 1003


def test_a_contact_shows_its_values_three_times(sandbox: Sandbox, api: Api) -> None:
    uuid = sandbox.create_contact("ada@example.com")["uuid"]
    api("PUT", f"/contacts/{uuid}", json={"attributes": {"firstname": "Ada", "visits_made": 0, "vip": False}})
    contact = api("GET", f"/contacts/{uuid}").json()["data"]
    assert (contact["current_values"]["visits_made"], contact["current_values"]["vip"]) == (0, False)
    texts = {item["attribute"]["name"]: item["value"] for item in contact["attributes"]}
    assert (texts["firstname"], texts["visits_made"], texts["vip"], texts["birthdate"]) == ("Ada", "0", "", "")
    shown = contact["current_display_values"]
    assert shown.keys() == contact["current_values"].keys()
    assert (shown["vip"], shown["status"], shown["created_at"]) == ("False", "Active", "2026-01-05, 10:00")
    assert all(isinstance(value, str) for value in shown.values())
    assert api("GET", "/contacts").json()["data"][-1]["attributes"] == []


def test_updates_that_are_refused(sandbox: Sandbox, api: Api) -> None:
    uuid, other = (contact["uuid"] for contact in sandbox.contacts[:2])
    taken = sandbox.contacts[1]["email"]
    for attributes in ({"email": "Ada@Example.com"}, {"email": taken}, {"email": "x"}, {"uuid": other}, {}):
        assert code(api("PUT", f"/contacts/{uuid}", json={"attributes": attributes})) == 1003
    assert code(api("PUT", "/contacts/unknown", json={"attributes": {"firstname": "x"}})) == 55031
    answer = api("PUT", f"/contacts/{uuid}", json={"attributes": {"email": "ada@example.com"}})
    assert answer.json()["data"]["email"] == "ada@example.com"
    assert api("GET", "/contacts/find-one-by", params={"email": "ada@example.com"}).status_code == 200


def test_anonymous_contacts_are_claimed(sandbox: Sandbox, api: Api) -> None:
    uuid = api("POST", "/contacts/anonymous", json={"contact_identifier_value": "card-1"}).json()["data"]["uuid"]
    assert api("GET", f"/contacts/{uuid}").json()["data"]["current_values"]["is_anonymous"] is True
    assert code(api("POST", "/contacts/anonymous", json={"contact_identifier_value": "card-1"})) == 60014
    claimed = api("PUT", f"/contacts/{uuid}/claim", json={"email": "ada@example.com"}).json()["data"]
    assert (claimed["uuid"], claimed["email"]) == (uuid, "ada@example.com")
    assert code(api("PUT", f"/contacts/{uuid}/claim", json={"email": "b@example.com"})) == 60016
    second = api("POST", "/contacts/anonymous").json()["data"]["uuid"]
    merged = api("PUT", f"/contacts/{second}/claim", json={"email": "ada@example.com"}).json()["data"]
    assert merged["uuid"] == uuid
    assert code(api("GET", f"/contacts/{second}")) == 55031


def test_deleting_takes_some_minutes(sandbox: Sandbox, api: Api) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    visit = api.visit().json()["data"]
    assert code(api("POST", f"/contacts/{uuid}/delete", json={"type": "MAYBE"})) == 1003
    answer = api("POST", f"/contacts/{uuid}/delete", json={"type": "GDPR"})
    assert answer.json() == {"data": None, "meta": []}
    assert api("GET", f"/contacts/{uuid}").status_code == 200
    sandbox.clock.advance(600)
    assert code(api("GET", f"/contacts/{uuid}")) == 55031
    assert api("GET", f"/visits/{visit['uuid']}").json()["data"]["contact"] is None


def test_merging_moves_everything(sandbox: Sandbox, api: Api) -> None:
    source, destination = (contact["uuid"] for contact in sandbox.contacts[:2])
    for uuid in (source, destination):
        api.visit(contact_uuid=uuid)
        give(api, contact_uuid=uuid, credits=10)
    body = {"source_contact_uuid": source, "destination_contact_uuid": destination}
    assert api("POST", "/contacts/merge", json=body).status_code == 200
    assert code(api("POST", "/contacts/merge", json={**body, "source_contact_uuid": "x"})) == 55031
    sandbox.clock.advance(600)
    assert code(api("GET", f"/contacts/{source}")) == 55031
    assert api("GET", f"/contacts/{destination}/credit-balance").json()["data"] == {"balance": 20}
    assert api("GET", "/visits", params={"contact_uuid": destination}).json()["meta"]["total"] == 2


def test_batch_of_contacts(sandbox: Sandbox, api: Api) -> None:
    kind = sandbox.rows("subscription_types")[0]["uuid"]
    item = {
        "email": "ada@example.com",
        "custom_attributes": [{"name": "firstname", "value": "Ada"}],
        "subscription_types": [{"uuid": kind, "enroll": "1"}],
    }
    (made,) = api("POST", "/contacts/batch", json={"contacts": [item]}).json()["data"]
    contact = api("GET", f"/contacts/{made['uuid']}").json()["data"]
    assert contact["current_values"]["firstname"] == "Ada"
    assert contact["subscriptions"][0]["is_subscribed"] is True
    assert code(api("POST", "/contacts/batch", json={"contacts": [{"email": "b@example.com"}, {}]})) == 1003
    assert all(row["email"] != "b@example.com" for row in sandbox.rows("contacts"))


def test_what_else_a_contact_has(sandbox: Sandbox, api: Api) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    assert api("GET", f"/contacts/{uuid}/prepaid-balance").json()["data"] == {
        "balance_in_cents": 0,
        "balance": "€0.00",
    }
    assert api("GET", f"/api/v3/register/contacts/{uuid}/prepaid/balance").status_code == 200
    assert api("GET", f"/contacts/{uuid}/tier").json()["data"]["name"] is None
    assert api("GET", f"/contacts/{uuid}/contact-identifiers").json()["data"] == []
    for tail in ("", "/tier", "/prepaid-balance", "/credit-balance", "/contact-identifiers"):
        assert code(api("GET", f"/contacts/unknown{tail}")) == 55031


def test_contact_identifiers(sandbox: Sandbox, api: Api) -> None:
    uuid, value = sandbox.contacts[0]["uuid"], {"contact_identifier_value": "card-1"}
    path = "/contact-identifiers"
    assert api("GET", f"/contacts/{uuid}").json()["data"]["current_values"]["default_contact_identifier"] is None
    assert code(api("GET", f"{path}/find", params=value)) == 60003
    made = api("POST", path, json=value).json()["data"]
    assert made == {"name": "card-1", "value": "card-1", "active": True, "contact": None}
    assert code(api("POST", path, json=value)) == 60006
    linked = api("PUT", f"{path}/link", json={**value, "contact_uuid": uuid}).json()["data"]
    assert linked["contact"]["uuid"] == uuid
    assert code(api("PUT", f"{path}/link", json={**value, "contact_uuid": uuid})) == 60014
    assert api("GET", f"/contacts/{uuid}").json()["data"]["current_values"]["default_contact_identifier"] == "card-1"
    assert api("GET", f"/contacts/{uuid}/contact-identifiers").json()["data"][0]["default"] is True
    off = {**value, "contact_identifier_active": "0", "contact_identifier_name": "Card"}
    assert api("PUT", path, json=off).json()["data"]["active"] is False
    assert code(api("GET", f"{path}/find", params=value)) == 60004
    api("PUT", path, json={**value, "contact_identifier_active": True})
    assert api("PUT", f"{path}/unlink", json=value).json()["data"]["contact"] is None
    assert api("DELETE", path, params=value).json()["data"] is None  # where the PHP SDK puts it
    assert code(api("GET", f"{path}/find", params=value)) == 60003


# -- credits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 0.99, 10.4, "19.99", 49_999.999, -3.5])
def test_calculate_agrees_with_create(sandbox: Sandbox, api: Api, value: Any) -> None:
    params = {"shop_uuid": sandbox.shops[0]["uuid"], "unit_value": str(value)}
    planned = api("GET", "/credit-receptions/calculate", params=params).json()["data"]["credits"]
    made = give(api, unit_value=value).json()["data"]
    assert made["credits"] == planned == int(float(value))
    assert made["contact"]["credit_balance"]["balance"] == planned


def test_credits_move_the_balance_and_are_reversed_once(sandbox: Sandbox, api: Api) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    made = give(api, credits=30).json()["data"]
    give(api, credits=-5)
    assert api("GET", f"/contacts/{uuid}/credit-balance").json()["data"]["balance"] == 25
    path = f"/credit-receptions/{made['uuid']}/reverse"
    undone = api("POST", path).json()["data"]
    assert (undone["credits"], undone["contact"]["credit_balance"]["balance"]) == (-30, -5)
    assert undone["uuid"] != made["uuid"]
    assert code(api("POST", path)) == 1003
    assert code(api("POST", f"/credit-receptions/{undone['uuid']}/reverse")) == 1003
    assert code(api("POST", "/credit-receptions/unknown/reverse")) == 1028
    values = api("GET", f"/contacts/{uuid}").json()["data"]["current_values"]
    assert (values["loyalty_number_of_transactions"], values["loyalty_total_credits_received"]) == (3, 30)


def test_receptions_that_are_refused(sandbox: Sandbox, api: Api) -> None:
    assert code(give(api)) == 1003
    assert code(give(api, credits=10, shop_uuid="x")) == 1008
    assert code(give(api, credits=10, contact_uuid="x")) == 55031
    assert code(give(api, unit_value=10, unit_name="x")) == 60007
    assert code(give(api, credits=10, contact_identifier_value="x")) == 60003
    assert code(give(api, credits=50_001)) == 1015
    assert code(give(api, credits=10, pos_transaction_uuid="x")) == 1027
    assert code(give(api, credits="many")) == 1003
    assert sandbox.rows("loyalty_transactions") == []


def test_further_keys_are_attributes_that_come_back(api: Api) -> None:
    made = give(api, credits=1, order_number="A-1", uuid="mine").json()["data"]
    assert made["order_number"] == "A-1"
    assert made["uuid"] != "mine"


def test_loyalty_transactions_are_filtered_and_sorted(sandbox: Sandbox, api: Api) -> None:
    (one, two), (here, there) = sandbox.contacts[:2], sandbox.shops[:2]
    for number in range(6):
        shop = (here, there)[number % 3 == 0]
        give(api, contact_uuid=(one, two)[number % 2]["uuid"], shop_uuid=shop["uuid"], credits=number)
        sandbox.clock.advance(60)

    def listed(**params: Any) -> list[int]:
        return [row["credits"] for row in api("GET", "/loyalty-transactions", params=params).json()["data"]]

    assert listed() == listed(sort="created_at") == [0, 1, 2, 3, 4, 5]
    assert listed(sort="-created_at", limit=2) == [5, 4]
    assert listed(contact_uuid=one["uuid"]) == [0, 2, 4]
    assert listed(shop_uuid=there["uuid"]) == [0, 3]
    assert listed(contact_uuid=one["uuid"], shop_uuid=here["uuid"], type="credit_receptions") == [2, 4]
    assert listed(type="reward_receptions") == []
    page = api("GET", "/loyalty-transactions", params={"page": 2, "limit": 4}).json()
    assert page["meta"] == {
        "page": 2, "limit": "4", "viewing_from": 5, "viewing_to": 6, "last_page": 2, "total": 6,
    }  # fmt: skip
    assert {row["type"] for row in page["data"]} == {"credit_reception"}
    assert code(api("GET", "/loyalty-transactions", params={"type": "credit_reception"})) == 1003
    assert code(api("GET", "/loyalty-transactions", params={"shop_uuid": "x"})) == 1008
    assert code(api("GET", "/loyalty-transactions", params={"contact_uuid": "x"})) == 55031
    assert code(api("GET", "/loyalty-transactions", params={"sort": "credits"})) == 1003


# -- the account -----------------------------------------------------------------------------------


def test_shops_units_and_the_program(sandbox: Sandbox, api: Api) -> None:
    shops = api("GET", "/shops").json()
    assert (shops["data"], shops["meta"]) == (sandbox.shops, [])
    assert api("GET", f"/shops/{sandbox.shops[1]['uuid']}").json()["data"] == sandbox.shops[1]
    assert code(api("GET", "/shops/unknown")) == 1008
    made = api("POST", "/units", json={"name": "cups", "label": "Cups", "is_default": "yes"}).json()["data"]
    assert (made["prefix"], made["format"]) == ("c", "int")
    assert made["created_at"].endswith(".000000Z")
    assert code(api("POST", "/units", json={"name": "cups", "label": "Cups"})) == 55045
    defaults = [unit["name"] for unit in api("GET", "/units").json()["data"] if unit["is_default"]]
    assert defaults == ["cups"]
    program = api("GET", "/loyalty-program").json()["data"]
    assert (program["max_amount"], program["unit"]["name"]) == (50_000, "cups")


def test_the_register_reverses_with_get_and_pushes(sandbox: Sandbox, api: Api) -> None:
    root = "/api/v3/register"
    api("POST", "/contact-identifiers", json={
        "contact_identifier_value": "card-1", "contact_uuid": sandbox.contacts[0]["uuid"]})  # fmt: skip
    body = {"contact_identifier_value": "card-1", "unit_value": 3, "unit": "purchase_amount"}
    made = api("POST", f"{root}/credit-receptions", json=body).json()["data"]
    assert (made["credits"], made["contact_identifier"]["value"]) == (3, "card-1")
    listed = api("GET", f"{root}/contacts/{sandbox.contacts[0]['uuid']}/loyalty-transactions").json()
    assert [row["uuid"] for row in listed["data"]] == [made["uuid"]]
    assert api("POST", f"{root}/credit-receptions/{made['uuid']}/push").json() == {"data": [], "meta": []}
    assert code(api("POST", f"{root}/credit-receptions/unknown/push")) == 1028
    elsewhere = give(api, credits=1, shop_uuid=sandbox.shops[1]["uuid"]).json()["data"]
    assert code(api("POST", f"{root}/credit-receptions/{elsewhere['uuid']}/push")) == 55024
    assert api("GET", f"{root}/credit-receptions/{made['uuid']}/reverse").json()["data"]["credits"] == -3
