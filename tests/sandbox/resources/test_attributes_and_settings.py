"""Attributes, perks, webhook subscriptions, automations, tokens and POS transactions, seen through `requests`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from leat_async.loyalty_tokens import make_url
from leat_async.sandbox import Sandbox

from ..conftest import Api
from .helpers import code, give

REGISTER = "/api/v3/register"
OPTIONS = [{"label": "Red", "value": "red"}, {"label": "Two", "value": 2}]


# -- attributes ------------------------------------------------------------------------------------


def test_an_attribute_is_defined_once_per_entity(api: Api) -> None:
    body = {"entity": "voucher", "name": "colour", "label": "Colour", "type": "select", "options": OPTIONS}
    answer = api("POST", "/custom-attributes", json=body)
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert [option["value"] for option in made["options"]] == ["red", "2"]
    assert (made["group"]["name"], made["group_name"], made["is_piggy_defined"]) == ("General", None, False)
    assert code(api("POST", "/custom-attributes", json=body)) == 60009
    assert api("POST", "/custom-attributes", json={**body, "entity": "giftcard"}).status_code == 201
    listed = api("GET", "/custom-attributes", params={"entity": "voucher"}).json()
    assert "meta" not in listed
    assert made in listed["data"]
    assert code(api("GET", "/custom-attributes", params={"entity": "spoon"})) == 1003
    for wrong in ({"type": "spoon"}, {"name": None}, {"options": [{"label": "x"}]}, {"group_name": "none"}):
        assert code(api("POST", "/custom-attributes", json={**body, "name": "new", **wrong})) == 1003


def test_attributes_change_and_move_between_groups(api: Api) -> None:
    group = {"entity": "visit", "name": "ours", "label": "Ours"}
    made = api("POST", "/custom-attribute-groups", json=group).json()["data"]
    assert made == {**group, "created_at": made["created_at"]}
    assert code(api("POST", "/custom-attribute-groups", json=group)) == 60009
    groups = api("GET", "/custom-attribute-groups", params={"entity": "visit"}).json()["data"]
    assert [row["name"] for row in groups] == ["general", "ours"]
    body = {"entity": "visit", "name": "mood", "label": "Mood", "type": "text"}
    api("POST", "/custom-attributes", json=body)
    change = {"entity": "visit", "label": "Temper", "group_name": "ours"}
    changed = api("PUT", "/custom-attributes/mood", json=change).json()["data"]
    assert (changed["label"], changed["group_name"], changed["group"]["name"]) == ("Temper", "ours", "Ours")
    assert code(api("PUT", "/custom-attributes/none", json=change)) == 60013
    assert code(api("PUT", "/custom-attributes/mood", json={**change, "group_name": "none"})) == 1003
    assert code(api("PUT", "/custom-attributes/firstname", json={"entity": "contact", "label": "x"})) == 1003


def test_contacts_have_the_attributes_that_are_defined(sandbox: Sandbox, api: Api) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    assert "size" not in api("GET", f"/contacts/{uuid}").json()["data"]["current_values"]
    body = {"name": "size", "label": "Size", "data_type": "select", "options": OPTIONS}
    made = api("POST", "/contact-attributes", json=body).json()["data"]
    assert code(api("POST", "/contact-attributes", json=body)) == 60009
    assert code(api("POST", "/contact-attributes", json={**body, "name": "firstname"})) == 60009
    listed = api("GET", "/contact-attributes").json()["data"]
    assert made in listed
    assert {row["name"] for row in listed if row["is_piggy_defined"]} >= {"email", "firstname", "birthdate"}
    contact = api("GET", f"/contacts/{uuid}").json()["data"]
    assert contact["current_values"]["size"] is None
    api("PUT", f"/contacts/{uuid}", json={"attributes": {"size": "red"}})
    contact = api("GET", f"/contacts/{uuid}").json()["data"]
    assert contact["current_values"]["size"] == "red"
    (attribute,) = [item["attribute"] for item in contact["attributes"] if item["attribute"]["name"] == "size"]
    assert (attribute["label"], attribute["type"]) == ("Size", "select")


def test_attributes_of_loyalty_transactions(api: Api) -> None:
    path = "/loyalty-transaction-attributes"
    assert api("GET", path + "/").json() == {"data": [], "meta": {}}
    body = {"name": "plu", "data_type": "select", "label": "PLU"}
    assert api("POST", path, json=body).json()["data"]["options"] == []
    assert code(api("POST", path, json=body)) == 60009
    for name, options in (
        ("map", {"red": "Red", "2": "Two"}),
        ("labels", OPTIONS),
        ("names", [{"name": "Red", "value": "red"}, {"name": "Two", "value": 2}]),
    ):
        made = api("POST", path, json={**body, "name": name, "options": options}).json()["data"]
        assert made["options"] == {"red": "Red", "2": "Two"}
        assert (made["type"], made["field_type"]) == ("select", "select")
    for wrong in ("red", ["red"], [{"label": "Red"}], 5):
        assert code(api("POST", path, json={**body, "name": "new", "options": wrong})) == 1003
    assert [row["name"] for row in api("GET", path).json()["data"]] == ["plu", "map", "labels", "names"]


# -- perks, subscriptions to events, automations ---------------------------------------------------


def test_perks(api: Api) -> None:
    options = [{"label": "Yes", "value": "true", "default": "1"}, {"label": "No", "value": "false", "default": 0}]
    body = {"label": "Early", "name": "early", "data_type": "boolean", "options": options}
    made = api("POST", "/perks", json=body).json()["data"]
    assert [option["default"] for option in made["options"]] == [True, False]
    assert api("GET", "/perks").json() == {"data": [made]}
    other = api(
        "POST", "/perks", json={**body, "name": "late", "label": "Late", "data_type": None, "dataType": "boolean"}
    )
    assert other.json()["data"]["data_type"] == "boolean"
    for wrong in (
        {"name": "early"},
        {"label": "Early"},
        {"data_type": "spoon"},
        {"data_type": None},
        {"options": []},
        {"options": [{**options[1]}]},
        {"options": [{**options[0], "value": "perhaps"}]},
    ):
        assert code(api("POST", "/perks", json={**body, "name": "new", "label": "New", **wrong})) == 1003, wrong
    path = f"/perks/{made['uuid']}"
    assert api("PUT", path, json={"label": "Soon"}).json() == {"data": {**made, "label": "Soon"}, "meta": {}}
    assert code(api("PUT", path, json={"label": "Late"})) == 1003
    assert api("DELETE", path).json() == {"data": None, "meta": {}}
    for answer in (api("GET", path), api("DELETE", path), api("PUT", path, json={"label": "x"})):
        assert code(answer) == 110000


def test_webhook_subscriptions(api: Api) -> None:
    path = "/webhook-subscriptions"
    body = {"name": "New", "event_type": "contact_updated", "url": "https://example.com/hook", "secret": "s"}
    answer = api("POST", path, json=body)
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert (made["status"], made["version"]) == ("ACTIVE", "V1")
    assert "properties" not in made
    assert "secret" not in answer.text
    one = f"{path}/{made['uuid']}"
    assert api("GET", one).json()["data"] == {**made, "properties": []}
    assert code(api("PUT", one, json={"status": "INACTIVE"})) == 1003  # contact_updated wants its attributes
    change = {"status": "INACTIVE", "attributes": ["firstname"], "event_type": "voucher_created"}
    changed = api("PUT", one, json=change).json()["data"]
    assert changed == {**made, "status": "INACTIVE", "properties": ["firstname"]}
    other = api("POST", path, json={**body, "event_type": "voucher_created"}).json()["data"]
    assert [row["uuid"] for row in api("GET", path, params={"status": "ACTIVE"}).json()["data"]] == [other["uuid"]]
    listed = api("GET", path, params={"event_type": "contact_updated"}).json()["data"]
    assert [row["uuid"] for row in listed] == [made["uuid"]]
    for wrong in ({"event_type": "spoon"}, {"url": "example.com"}, {"name": None}, {"attributes": [1]}):
        assert code(api("POST", path, json={**body, **wrong})) == 1003
    assert api("DELETE", one).json() == {"data": [], "meta": []}
    gone = api("GET", one)
    assert (code(gone), gone.json()["message"]) == (80300, "Webhook subscription not found.")
    assert api("GET", REGISTER + path).status_code == 404


def test_automations_are_started_by_hand_where_they_can_be(sandbox: Sandbox, api: Api) -> None:
    startable, other = api("GET", "/automations").json()["data"]
    body = {"contact_uuid": sandbox.contacts[0]["uuid"], "automation_uuid": startable["uuid"], "data": {"a": 1}}
    assert api("POST", "/automations/runs", json=body).json() == {"data": [], "meta": []}
    assert [row["data"] for row in sandbox.rows("automation_runs")] == [{"a": 1}]
    assert code(api("POST", "/automations/runs", json={**body, "automation_uuid": other["uuid"]})) == 1003
    assert code(api("POST", "/automations/runs", json={**body, "automation_uuid": "x"})) == 60013
    assert code(api("POST", "/automations/runs", json={**body, "contact_uuid": "x"})) == 55031


def test_forms_and_the_brand_kit(api: Api) -> None:
    assert len(api("GET", "/forms").json()["data"]) == 2
    (form,) = api("GET", "/forms", params={"status": "PUBLISHED", "type": "PUBLIC"}).json()["data"]
    assert form["url"].endswith(form["uuid"])
    assert api("GET", "/forms", params={"status": "BIN"}).json()["data"] == []
    assert code(api("GET", "/forms", params={"type": "SECRET"})) == 1003
    assert api("GET", "/brand-kit").json()["data"]["primary_color"].startswith("#")


def test_partner_tokens_work(sandbox: Sandbox, api: Api) -> None:
    made = api("POST", "/api/v3/partners", json={"email": "it@example.com", "name": "Ours"}).json()["data"]
    assert made["client_id"]
    token = api("POST", "/api/v3/partners/token").json()["data"]["access_token"]
    assert api("GET", "/shops", headers={"Authorization": f"Bearer {token}"}).status_code == 200


# -- loyalty tokens, POS transactions --------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_a_loyalty_token_is_claimed_once(sandbox: Sandbox, api: Api, version: str) -> None:
    shop, contact = sandbox.shops[1]["uuid"], sandbox.contacts[0]["uuid"]
    value = {"credits": 12} if version == "v1" else {"unit_name": "purchase_amount", "unit_value": 12.5}
    body = {"version": version, "shop_uuid": shop, "unique_id": "order 7", **value}
    url = api("POST", "/loyalty-tokens", json=body).json()["data"]
    parts = dict(parse_qsl(url.partition("?")[2]))
    claim = {**body, "timestamp": parts["timestamp"], "hash": parts["hash"], "contact_uuid": contact}
    assert code(api("POST", "/loyalty-tokens/claim", json={**claim, "unique_id": "order 8"})) == 1003
    assert code(api("POST", "/loyalty-tokens/claim", json={**claim, "shop_uuid": "x"})) == 1008
    assert code(api("POST", "/loyalty-tokens/claim", json={**claim, "contact_uuid": "x"})) == 55031
    path = f"{REGISTER}/loyalty-tokens" if version == "v2" else "/loyalty-tokens/claim"
    made = api("POST", path, json=claim).json()["data"]
    assert (made["credits"], made["channel"], made["shop"]["uuid"]) == (12, "TOKEN", shop)
    assert code(api("POST", path, json=claim)) == 1034
    assert api("GET", f"/contacts/{contact}/credit-balance").json()["data"]["balance"] == 12


def test_tokens_made_without_a_call_are_claimed_too(sandbox: Sandbox, api: Api) -> None:
    parts = own_token(sandbox)
    answer = api("POST", "/loyalty-tokens/claim", json={**parts, "contact_uuid": sandbox.contacts[0]["uuid"]})
    assert answer.json()["data"]["credits"] == 10


def test_what_a_token_needs(sandbox: Sandbox, api: Api) -> None:
    body = {"shop_uuid": sandbox.shops[0]["uuid"], "unique_id": "1"}
    for version, expected in (("v1", 60018), ("v2", 60019), ("v3", 1003), ("v4", 1003)):
        assert code(api("POST", "/loyalty-tokens", json={**body, "version": version})) == expected


def test_credits_are_linked_to_one_payment(sandbox: Sandbox, api: Api) -> None:
    made = api("POST", f"{REGISTER}/pos-transactions", json={"amount_in_cents": 1250, "transaction_id": 17})
    assert made.json() == {"data": {**made.json()["data"], "transaction_id": "17", "terminal_id": None}}
    uuid = made.json()["data"]["uuid"]
    push = f"{REGISTER}/pos-transactions/{uuid}/push"
    assert api("POST", push).json() == {"data": [], "meta": []}
    assert give(api, unit_value=12.5, pos_transaction_uuid=uuid).json()["data"]["credits"] == 12
    assert code(give(api, unit_value=12.5, pos_transaction_uuid=uuid)) == 6001
    assert code(api("POST", push)) == 6001
    assert code(api("POST", f"{REGISTER}/pos-transactions/none/push")) == 1027
    assert code(api("POST", f"{REGISTER}/pos-transactions", json={})) == 1003
    assert len(sandbox.rows("loyalty_transactions")) == 1


def own_token(sandbox: Sandbox) -> dict[str, Any]:
    url = make_url(
        "https://acme.example",
        secret=sandbox.account_secret,
        shop_uuid=sandbox.shops[0]["uuid"],
        unique_id="own",
        unit_name="purchase_amount",
        unit_value="10.00",
        timestamp=1646314054,
    )
    return dict(parse_qsl(url.partition("?")[2]))
