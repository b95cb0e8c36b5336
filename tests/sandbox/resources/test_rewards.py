"""Rewards, their claims, what is to be picked up, tiers and referrals."""

from __future__ import annotations

from typing import Any

import pytest

from leat_async.sandbox import Sandbox

from ..conftest import Api
from .helpers import code, give


def reward(sandbox: Sandbox, title: str) -> str:
    return str(next(row["uuid"] for row in sandbox.rows("rewards") if row["title"] == title))


def claim(api: Api, title: str = "Coffee", **fields: Any) -> Any:
    sandbox = api.sandbox
    body = {
        "contact_uuid": sandbox.contacts[0]["uuid"],
        "shop_uuid": sandbox.shops[0]["uuid"],
        "reward_uuid": reward(sandbox, title),
        **fields,
    }
    return api("POST", "/reward-receptions", json=body)


def balance(api: Api, number: int = 0) -> int:
    uuid = api.sandbox.contacts[number]["uuid"]
    return int(api("GET", f"/contacts/{uuid}/credit-balance").json()["data"]["balance"])


# -- rewards ---------------------------------------------------------------------------------------


def test_rewards_of_a_shop_and_for_a_contact(sandbox: Sandbox, api: Api) -> None:
    def titles(**params: str) -> set[str]:
        return {row["title"] for row in api("GET", "/rewards", params=params).json()["data"]}

    every = {"Coffee", "Dinner for Two", "Kitchen Playlist", "Garden Tour", "Last Year's Mug"}
    kitchen, garden = (shop["uuid"] for shop in sandbox.shops[:2])
    contact = sandbox.contacts[0]["uuid"]
    assert titles() == titles(shop_uuid=garden) == every
    assert titles(shop_uuid=kitchen) == every - {"Garden Tour"}
    assert titles(contact_uuid=contact) == set()
    give(api, credits=100)
    assert titles(contact_uuid=contact) == {"Coffee", "Kitchen Playlist", "Garden Tour"}
    assert titles(contact_uuid=contact, shop_uuid=kitchen) == {"Coffee", "Kitchen Playlist"}
    assert code(api("GET", "/rewards", params={"shop_uuid": "x"})) == 1008
    assert code(api("GET", "/rewards", params={"contact_uuid": "x"})) == 55031
    register = api("GET", "/api/v3/register/rewards").json()["data"]  # of its own shop
    assert {row["title"] for row in register} == every - {"Garden Tour"}


def test_a_reward_is_changed_and_keeps_its_attributes(sandbox: Sandbox, api: Api) -> None:
    path = f"/rewards/{reward(sandbox, 'Coffee')}"
    made = api("POST", "/reward-attributes", json={"name": "origin", "label": "Origin", "type": "text"}).json()["data"]
    assert (made["fieldType"], made["isPiggyDefined"]) == ("text", False)
    assert code(api("POST", "/reward-attributes", json={"name": "origin", "label": "O", "type": "text"})) == 60009
    assert [row["isPiggyDefined"] for row in api("GET", "/reward-attributes").json()["data"]] == [0, 0]
    assert api("GET", "/reward-attributes", params={"limit": 1, "page": 3}).json()["data"] == []
    before = api("GET", path).json()["data"]
    assert (before["origin"], before["allergens"]) == (None, None)
    changed = api("PUT", path, data={"title": "Espresso", "required_credits": "20", "origin": "Peru", "stock": "9"})
    after = changed.json()["data"]
    assert after == {**before, "title": "Espresso", "required_credits": 20, "origin": "Peru"}
    assert api("GET", path).json()["data"] == after
    assert code(api("PUT", path, json={"required_credits": -1})) == 1003
    assert code(api("PUT", path, json={"title": None})) == 1003
    assert code(api("GET", "/rewards/unknown")) == code(api("PUT", "/rewards/unknown", json={})) == 6003


# -- claims ----------------------------------------------------------------------------------------


def test_a_claim_spends_credits_and_is_reversed_once(sandbox: Sandbox, api: Api) -> None:
    give(api, credits=60)
    made = claim(api).json()["data"]
    assert (made["type"], made["credits"], made["title"]) == ("reward_reception", -25, "Coffee")
    assert made["contact"]["credit_balance"]["balance"] == balance(api) == 35
    path = f"/reward-receptions/{made['uuid']}/reverse"
    given = api("POST", path).json()["data"]
    assert (given["type"], given["credits"], balance(api)) == ("credit_reception", 25, 60)
    assert code(api("POST", path)) == 1003
    assert code(api("POST", f"/credit-receptions/{given['uuid']}/reverse")) == 1003
    assert code(api("POST", f"/credit-receptions/{made['uuid']}/reverse")) == 1028
    assert code(api("POST", "/reward-receptions/unknown/reverse")) == 1003
    values = api("GET", f"/contacts/{sandbox.contacts[0]['uuid']}").json()["data"]["current_values"]
    assert values["loyalty_total_credits_received"] == 60  # what came back was not received again


def test_a_digital_reward_comes_as_a_code(api: Api) -> None:
    give(api, credits=100)
    codes = set()
    for _ in range(2):
        made = claim(api, "Kitchen Playlist").json()["data"]
        assert made["type"] == "digital_reward_reception"
        assert made.keys().isdisjoint({"reward", "expires_at", "has_been_collected"})
        assert made["digital_reward"]["reward_type"] == "DIGITAL"
        codes.add(made["digital_reward_code"]["code"])
    assert len(codes) == 2


def test_claims_that_are_refused(sandbox: Sandbox, api: Api) -> None:
    assert code(claim(api)) == 1017
    give(api, credits=2000)
    assert code(claim(api, contact_uuid=None)) == 1003
    assert code(claim(api, contact_uuid="x")) == 55031
    assert code(claim(api, shop_uuid="x")) == 1008
    assert code(claim(api, reward_uuid="x")) == 6003
    assert code(claim(api, contact_identifier_value="x")) == 60003
    assert code(claim(api, "Last Year's Mug")) == 1052
    dinner = reward(sandbox, "Dinner for Two")
    first = claim(api, "Dinner for Two").json()["data"]
    assert code(claim(api, "Dinner for Two")) == 1019
    assert api("GET", f"/rewards/{dinner}").json()["data"]["stock"] == 9
    api("POST", f"/reward-receptions/{first['uuid']}/reverse")  # frees the claim and the stock
    assert api("GET", f"/rewards/{dinner}").json()["data"]["stock"] == 10
    assert claim(api, "Dinner for Two").status_code == 200
    give(api, credits=500, contact_uuid=sandbox.contacts[1]["uuid"])
    sandbox.change("rewards", dinner, stock=0)
    assert code(claim(api, "Dinner for Two", contact_uuid=sandbox.contacts[1]["uuid"])) == 1018
    assert balance(api) == 1500


def test_a_register_claims_by_card(sandbox: Sandbox, api: Api) -> None:
    card = {"contact_identifier_value": "card-1", "contact_uuid": sandbox.contacts[0]["uuid"]}
    api("POST", "/contact-identifiers", json=card)
    give(api, credits=50)
    body = {"contact_identifier_value": "card-1", "reward_uuid": reward(sandbox, "Coffee")}
    made = api("POST", "/api/v3/register/reward-receptions", json=body).json()["data"]
    assert (made["contact"]["uuid"], made["contact_identifier"]["value"]) == (sandbox.contacts[0]["uuid"], "card-1")
    assert made["shop"]["uuid"] == sandbox.shops[0]["uuid"]
    assert code(api("POST", "/reward-receptions", json={**body, "shop_uuid": sandbox.shops[0]["uuid"]})) == 1003
    api("POST", "/contact-identifiers", json={"contact_identifier_value": "card-2"})
    loose = {**body, "contact_identifier_value": "card-2"}
    assert code(api("POST", "/api/v3/register/reward-receptions", json=loose)) == 60011
    api("PUT", "/contact-identifiers", json={"contact_identifier_value": "card-1", "contact_identifier_active": 0})
    assert code(api("POST", "/api/v3/register/reward-receptions", json=body)) == 60004


def test_claims_are_among_the_loyalty_transactions(sandbox: Sandbox, api: Api) -> None:
    give(api, credits=100)
    made = [claim(api, title).json()["data"] for title in ("Coffee", "Kitchen Playlist")]
    listed = api("GET", "/loyalty-transactions").json()["data"]
    assert [row["type"] for row in listed] == ["credit_reception", "reward_reception", "digital_reward_reception"]
    claims = api("GET", "/loyalty-transactions", params={"type": "reward_receptions"}).json()["data"]
    assert [row["uuid"] for row in claims] == [row["uuid"] for row in made]
    assert [row.keys() for row in claims] == [row.keys() for row in made]
    path = f"/api/v3/register/contacts/{sandbox.contacts[0]['uuid']}/loyalty-transactions"
    assert len(api("GET", path, params={"type": "reward_receptions"}).json()["data"]) == 2


# -- what is to be picked up -----------------------------------------------------------------------


def test_a_reward_is_collected_and_put_back(sandbox: Sandbox, api: Api) -> None:
    give(api, credits=700)
    params = {"contact_uuid": sandbox.contacts[0]["uuid"]}

    def waiting() -> list[str]:
        return [row["uuid"] for row in api("GET", "/collectable-rewards", params=params).json()["data"]]

    on_the_spot = claim(api, "Dinner for Two").json()["data"]
    made = claim(api).json()["data"]
    assert (on_the_spot["has_been_collected"], made["has_been_collected"]) == (True, False)
    assert waiting() == [made["uuid"]]
    path = f"/collectable-rewards/collect/{made['uuid']}"
    collected = api("PUT", path).json()["data"]
    assert collected["status"] == "COLLECTED"
    assert waiting() == []
    assert code(api("PUT", path)) == 80300
    assert code(api("PUT", "/collectable-rewards/collect/unknown")) == 6003
    back = f"/collectable-rewards/{collected['uuid']}/reverse"
    assert api("POST", back).json()["data"] == {"uuid": collected["uuid"], "status": "REVERSED"}
    assert waiting() == [made["uuid"]]
    assert code(api("POST", back)) == 1003
    assert code(api("POST", "/collectable-rewards/unknown/reverse")) == 80300
    assert code(api("GET", "/collectable-rewards")) == 1003
    assert code(api("GET", "/collectable-rewards", params={"contact_uuid": "x"})) == 55031


def test_what_is_not_picked_up_in_time_or_given_back(sandbox: Sandbox, api: Api) -> None:
    give(api, credits=100)
    late, given_back = (claim(api).json()["data"]["uuid"] for _ in range(2))
    api("POST", f"/reward-receptions/{given_back}/reverse")
    assert code(api("PUT", f"/collectable-rewards/collect/{given_back}")) == 80300
    sandbox.clock.advance(74 * 86_400)
    answer = api("PUT", f"/collectable-rewards/collect/{late}")
    assert (code(answer), answer.json()["message"]) == (80300, "Reward is expired.")
    params = {"contact_uuid": sandbox.contacts[0]["uuid"]}
    assert api("GET", "/collectable-rewards", params=params).json()["data"] == []


# -- tiers -----------------------------------------------------------------------------------------


def test_tiers_follow_what_was_earned(sandbox: Sandbox, api: Api) -> None:
    uuid = sandbox.contacts[0]["uuid"]

    def tier() -> str | None:
        data = api("GET", f"/contacts/{uuid}/tier").json()["data"]
        contact = api("GET", f"/contacts/{uuid}").json()["data"]
        if data["name"] is None:
            assert set(data.values()) == {None}
            assert contact["tier"] is contact["current_values"]["tier"] is None
            return None
        assert contact["tier"] == data
        assert contact["current_values"]["tier"] == str(data["position"])
        return str(data["name"])

    assert [row["name"] for row in api("GET", "/tiers").json()["data"]] == ["Silver", "Gold", "Platinum"]
    assert tier() is None
    give(api, credits=249)
    assert tier() is None
    last = give(api, credits=900).json()["data"]
    assert tier() == "Gold"
    made = claim(api, "Dinner for Two").json()["data"]
    assert tier() == "Gold"  # spending does not cost it
    api("POST", f"/reward-receptions/{made['uuid']}/reverse")
    give(api, credits=-149)  # a partial refund does
    assert tier() == "Gold"
    give(api, credits=-1)
    assert tier() == "Silver"
    api("POST", f"/credit-receptions/{last['uuid']}/reverse")
    assert tier() is None
    gold = sandbox.rows("tiers")[1]["uuid"]
    sandbox.change("tiers", gold, threshold=50)
    assert tier() == "Gold"


# -- referrals -------------------------------------------------------------------------------------


def refer(api: Api, email: str, by: int = 0) -> str:
    row = api.sandbox.rows("contacts")[by]
    answer = api("POST", "/contacts", json={"email": email, "referral_code": row["referral_code"]})
    return str(answer.json()["data"]["uuid"])


def test_a_referral_completes_with_incentives_for_both(sandbox: Sandbox, api: Api) -> None:
    uuid = refer(api, "new@example.com")
    settings = api("GET", "/referrals/settings").json()["data"]
    needed = settings["completion_event"]["data"]["number_of_transactions"]
    points = settings["referred_contact_incentive"]["data"]["points"]
    first = give(api, contact_uuid=uuid, credits=10).json()["data"]
    api("POST", f"/credit-receptions/{first['uuid']}/reverse")  # counts no more
    for _ in range(needed - 1):
        give(api, contact_uuid=uuid, credits=10)
    (row,) = api("GET", "/referrals", params={"status": "pending"}).json()["data"]
    assert (row["referring_contact"], row["referred_contact"]["uuid"]) == (sandbox.contacts[0], uuid)
    shown = give(api, contact_uuid=uuid, credits=10).json()["data"]
    assert shown["contact"]["credit_balance"]["balance"] == needed * 10 + points
    assert [row["status"] for row in api("GET", "/referrals").json()["data"]] == ["completed"]
    assert [row["channel"] for row in sandbox.rows("loyalty_transactions")].count("REFERRAL") == 1
    (voucher,) = api("GET", "/vouchers", params={"contact_uuid": sandbox.contacts[0]["uuid"]}).json()["data"]
    assert voucher["promotion"]["name"] == settings["referring_contact_incentive"]["data"]["promotion"]["name"]
    give(api, contact_uuid=uuid, credits=10)
    assert len(sandbox.rows("vouchers")) == 1


def test_referrals_beyond_the_limit_fail(sandbox: Sandbox, api: Api) -> None:
    sandbox.change("referral_settings", sandbox.rows("referral_settings")[0]["uuid"], limit_per_contact=2)
    uuids = [refer(api, f"r{number}@example.com") for number in range(3)]
    refer(api, "other@example.com", by=1)
    assert [row["status"] for row in sandbox.rows("referrals")] == ["pending", "pending", "failed", "pending"]
    for _ in range(3):
        give(api, contact_uuid=uuids[2], credits=1)
    assert sandbox.rows("referrals")[2]["status"] == "failed"
    mine = {"referring_contact_uuid": sandbox.contacts[0]["uuid"], "limit": 2, "page": 2}
    assert [row["status"] for row in api("GET", "/referrals", params=mine).json()["data"]] == ["failed"]
    assert code(api("GET", "/referrals", params={"status": "lost"})) == 1003
    before = len(sandbox.contacts)
    assert code(api("POST", "/contacts", json={"email": "z@example.com", "referral_code": "nobody"})) == 1003
    assert len(sandbox.contacts) == before


def test_merging_takes_money_vouchers_and_referrals_along(sandbox: Sandbox, api: Api) -> None:
    source, destination = (contact["uuid"] for contact in sandbox.contacts[:2])
    shop = sandbox.shops[0]["uuid"]
    refer(api, "new@example.com")
    for uuid in (source, destination):
        give(api, contact_uuid=uuid, credits=300)
        claim(api, contact_uuid=uuid)
        deposit = {"contact_uuid": uuid, "shop_uuid": shop, "amount_in_cents": 700}
        api("POST", "/prepaid-transactions", json=deposit)
    promotion = sandbox.rows("promotions")[0]["uuid"]
    api("POST", "/vouchers", json={"promotion_uuid": promotion, "contact_uuid": source})
    body = {"source_contact_uuid": source, "destination_contact_uuid": destination}
    api("POST", "/contacts/merge", json=body)
    sandbox.clock.advance(600)
    row = next(row for row in sandbox.rows("contacts") if row["uuid"] == destination)
    assert (row["credits"], row["prepaid_cents"], row["earned"]) == (550, 1400, 600)
    for table in ("loyalty_transactions", "prepaid_transactions", "vouchers"):
        assert {row["contact_uuid"] for row in sandbox.rows(table)} == {destination}
    assert sandbox.rows("referrals")[0]["referring_contact_uuid"] == destination


def test_only_known_fields_of_stored_rows_are_changed(sandbox: Sandbox, api: Api) -> None:
    coffee = reward(sandbox, "Coffee")
    for wrong in ({"stok": 1}, {"id": 1}):
        with pytest.raises(ValueError, match="not a field"):
            sandbox.change("rewards", coffee, **wrong)
    body = {"table": "rewards", "uuid": coffee, "stock": 5}
    assert api("POST", "/_sandbox/state", json=body).json()["data"]["stock"] == 5
    assert api("GET", f"/rewards/{coffee}").json()["data"]["stock"] == 5
    for wrong in ({**body, "uuid": "x"}, {**body, "table": "x"}, {"table": "rewards"}, {**body, "stok": 1}):
        assert api("POST", "/_sandbox/state", json=wrong).status_code == 400
