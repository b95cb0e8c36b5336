"""Promotions and vouchers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leat_async.sandbox import Sandbox

from ..conftest import Api
from .helpers import code

HOUR = 3600


def promote(api: Api, **fields: Any) -> dict[str, Any]:
    body = {"name": "Free Tea", "description": "A pot of tea", **fields}
    made: dict[str, Any] = api("POST", "/promotions", json=body).json()["data"]
    return made


def issue(api: Api, promotion: dict[str, Any] | None = None, **fields: Any) -> Any:
    uuid = (promotion or promote(api))["uuid"]
    body = {"promotion_uuid": uuid, "contact_uuid": api.sandbox.contacts[0]["uuid"], **fields}
    return api("POST", "/vouchers", json=body)


def redeem(api: Api, code: str, **fields: Any) -> Any:
    return api("POST", "/vouchers/redeem", json={"code": code, "shop_uuid": api.sandbox.shops[0]["uuid"], **fields})


def multi(api: Api, code: str, times: int, **fields: Any) -> Any:
    body = {"code": code, "shop_uuid": api.sandbox.shops[0]["uuid"], "number_of_times": times, **fields}
    return api("POST", "/vouchers/multi-redeem", json=body)


def status(api: Api, code: str) -> str:
    return str(api("GET", "/vouchers/find", params={"code": code}).json()["data"]["status"])


# -- promotions ------------------------------------------------------------------------------------


def test_promotions_and_their_attributes(sandbox: Sandbox, api: Api) -> None:
    made = promote(api, voucher_limit=30, limit_per_contact=10)
    assert (made["type"], made["attributes"]) == ("SINGLE_USE", {"plu": None})
    assert promote(api, redemptions_per_voucher=5)["type"] == "MULTI_USE"
    assert api("GET", f"/promotions/{made['uuid']}").json()["data"] == made
    assert [row["name"] for row in api("GET", "/promotions").json()["data"]][2:] == ["Free Tea"] * 2
    second = api("GET", "/promotions", params={"limit": 2, "page": 2}).json()["data"]
    assert second[0]["uuid"] == made["uuid"]
    assert code(api("GET", "/promotions/unknown")) == 80002
    assert code(api("POST", "/promotions", json={"name": "x"})) == 1003

    path = "/promotion-attributes"
    body = {"name": "size", "label": "Size", "type": "select", "options": [{"label": "Small", "value": 1}]}
    size = api("POST", path, json=body).json()["data"]
    assert size["options"][0]["value"] == "1"
    assert code(api("POST", path, json=body)) == 60009
    assert api("GET", f"/promotions/{made['uuid']}").json()["data"]["attributes"] == {"plu": None, "size": None}
    changed = api("PUT", f"{path}/{size['id']}", json={"name": "width", "id": size["id"]}).json()["data"]
    assert changed == {**size, "name": "width"} == api("GET", f"{path}/{size['id']}").json()["data"]
    assert code(api("PUT", f"{path}/{size['id']}", json={"name": "plu"})) == 60009
    assert api("PUT", f"{path}/{size['id']}", json={"name": "width"}).status_code == 200
    assert [row["name"] for row in api("GET", path).json()["data"]] == ["plu", "width"]
    for unknown in ("0", "x", "-1", "9" * 400):
        assert code(api("GET", f"{path}/{unknown}")) == 60013


# -- making ----------------------------------------------------------------------------------------


def test_a_voucher_takes_from_its_promotion_what_is_not_given(sandbox: Sandbox, api: Api) -> None:
    tea = promote(api, expiration_duration=HOUR, redemptions_per_voucher=3)
    plain = issue(api, tea).json()["data"]
    assert (plain["status"], plain["name"], plain["is_redeemed"]) == ("ACTIVE", "Free Tea", False)
    assert plain["contact"] == sandbox.contacts[0]
    assert "redemptions_remaining" not in plain
    found = api("GET", "/vouchers/find", params={"code": plain["code"]}).json()["data"]
    assert (found["redemptions_remaining"], found["total_redemptions_allowed"]) == (3, 3)
    given = issue(
        api, tea, code="TEA-1", contact_uuid=None, total_redemptions_allowed=2, custom_attributes={"till": 4},
        activation_date="2026-02-01T10:00:00+00:00", expiration_date="2026-03-01T10:00:00+01:00",
    ).json()["data"]  # fmt: skip
    assert (given["code"], given["contact"], given["status"]) == ("TEA-1", None, "INACTIVE")
    assert given["expiration_date"] == "2026-03-01T09:00:00+00:00"
    assert given["attributes"] == {"plu": None, "till": 4}
    later = issue(api, tea, activation_date="2026-02-01T10:00:00+00:00").json()["data"]
    assert later["expiration_date"] == "2026-02-01T11:00:00+00:00"
    dessert = sandbox.rows("promotions")[0]
    assert issue(api, dessert).json()["data"]["attributes"] == {"plu": "D-100"}


def test_validity_ends_with_the_calendar(api: Api) -> None:
    endless = issue(api, promote(api, expiration_duration=2**62)).json()["data"]
    assert endless["expiration_date"] == "9999-12-31T23:59:59+00:00"
    assert status(api, endless["code"]) == "ACTIVE"


def test_vouchers_that_are_refused(sandbox: Sandbox, api: Api) -> None:
    tea = promote(api, voucher_limit=4, limit_per_contact=2)
    assert code(issue(api, {"uuid": "x"})) == 80002
    assert code(issue(api, tea, contact_uuid="x")) == 55031
    assert code(issue(api, tea, expiration_date="soon")) == 1003
    assert code(issue(api, tea, expiration_date="2020-01-01T00:00:00+00:00")) == 1003
    assert code(issue(api, tea, total_redemptions_allowed=0)) == 1003
    assert issue(api, tea, code="TEA").status_code == 200
    assert code(issue(api, tea, code="TEA")) == 80003
    assert issue(api, tea).status_code == 200
    assert code(issue(api, tea)) == 80008  # the limit per contact
    for _ in range(2):
        assert issue(api, tea, contact_uuid=None).status_code == 200
    assert code(issue(api, tea, contact_uuid=None)) == 80008  # the limit of the promotion
    assert len(sandbox.rows("vouchers")) == 4


def test_a_batch_is_there_a_little_later(sandbox: Sandbox, api: Api) -> None:
    tea = promote(api, voucher_limit=10, limit_per_contact=4)
    body = {"promotion_uuid": tea["uuid"], "quantity": 3, "contact_uuid": sandbox.contacts[0]["uuid"]}
    answer = api("POST", "/vouchers/batch", json=body)
    made = answer.json()["data"]
    assert (answer.status_code, made["status"], made["quantity"]) == (201, "PENDING", 3)
    assert made["created_at"] == "2026-01-05, 10:00"  # as on the clocks of Amsterdam
    assert sandbox.rows("vouchers") == []
    assert code(api("POST", "/vouchers/batch", json=body)) == 80008  # those on their way count
    sandbox.clock.advance(5)
    rows = sandbox.rows("vouchers")
    assert len({row["code"] for row in rows}) == 3
    assert code(api("POST", "/vouchers/batch", json={**body, "quantity": 2})) == 80008
    assert code(api("POST", "/vouchers/batch", json={**body, "quantity": 8, "contact_uuid": None})) == 80008
    for wrong in ({"quantity": 0}, {"quantity": 501}, {"quantity": None}):
        assert code(api("POST", "/vouchers/batch", json={**body, **wrong})) == 1003
    assert code(api("POST", "/vouchers/batch", json={**body, "promotion_uuid": "x"})) == 80002
    assert code(api("POST", "/vouchers/batch", json={**body, "contact_uuid": "x"})) == 55031
    sandbox.clock.advance(5)
    assert len(sandbox.rows("vouchers")) == 3


# -- finding and changing --------------------------------------------------------------------------


def test_vouchers_by_promotion_contact_and_state(sandbox: Sandbox, api: Api) -> None:
    tea, cake = promote(api), promote(api, name="Cake")
    active = issue(api, tea).json()["data"]
    off = issue(api, tea, contact_uuid=sandbox.contacts[1]["uuid"]).json()["data"]
    other = issue(api, cake).json()["data"]
    api("PUT", f"/vouchers/{off['uuid']}", json={"status": "DEACTIVATED"})
    redeem(api, other["code"])

    def listed(**params: Any) -> list[str]:
        return [row["uuid"] for row in api("GET", "/vouchers", params=params).json()["data"]]

    assert listed() == [active["uuid"], off["uuid"], other["uuid"]]
    assert listed(promotion_uuid=tea["uuid"]) == [active["uuid"], off["uuid"]]
    assert listed(contact_uuid=sandbox.contacts[0]["uuid"]) == [active["uuid"], other["uuid"]]
    assert listed(status="DEACTIVATED") == [off["uuid"]]
    assert listed(status="REDEEMED", promotion_uuid=tea["uuid"]) == []
    assert code(api("GET", "/vouchers", params={"promotion_uuid": "x"})) == 80002
    assert code(api("GET", "/vouchers", params={"contact_uuid": "x"})) == 55031
    assert code(api("GET", "/vouchers", params={"status": "LOST"})) == 1003
    assert code(api("GET", "/vouchers/find", params={"code": "x"})) == 80004
    assert code(api("GET", "/vouchers/find")) == 1003


def test_pages_link_to_each_other_and_not_away(sandbox: Sandbox, api: Api) -> None:
    tea = promote(api)
    api("POST", "/vouchers/batch", json={"promotion_uuid": tea["uuid"], "quantity": 45})
    sandbox.clock.advance(5)
    answer = api("GET", "/vouchers", params={"limit": 1, "page": 20}).json()
    meta, path = answer["meta"], f"{sandbox.url}/api/v3/oauth/clients/vouchers"
    assert (meta["current_page"], meta["from"], meta["to"], meta["last_page"]) == (20, 20, 20, 45)
    assert meta["per_page"] == "1"
    labels = [link["label"] for link in meta["links"]]
    assert labels == [
        "pagination.previous", "1", "2", "...", "17", "18", "19", "20", "21", "22", "23", "...", "44", "45",
        "pagination.next",
    ]  # fmt: skip
    assert [link["label"] for link in meta["links"] if link["active"]] == ["20"]
    assert answer["links"] == {
        "first": f"{path}?page=1", "last": f"{path}?page=45", "prev": f"{path}?page=19", "next": f"{path}?page=21",
    }  # fmt: skip
    assert api("GET", answer["links"]["next"].removeprefix(sandbox.url)).status_code == 200
    empty = api("GET", "/vouchers", params={"contact_uuid": sandbox.contacts[0]["uuid"]}).json()
    assert (empty["meta"]["from"], empty["links"]["prev"], empty["links"]["next"]) == (None, None, None)
    register = api("GET", "/api/v3/register/vouchers").json()
    assert register["meta"]["path"] == f"{sandbox.url}/api/v3/register/vouchers"


def test_a_voucher_is_changed(sandbox: Sandbox, api: Api) -> None:
    made = issue(api, custom_attributes={"a": 1, "b": 2}).json()["data"]
    path = f"/vouchers/{made['uuid']}"
    off = api("PUT", path, json={"status": "DEACTIVATED", "custom_attributes": {"b": 3}}).json()["data"]
    assert (off["status"], off["attributes"]) == ("DEACTIVATED", {"plu": None, "a": 1, "b": 3})
    later = "2026-06-01T00:00:00+00:00"
    assert code(api("PUT", path, json={"status": "DEACTIVATED", "expiration_date": later})) == 1003
    on = api("PUT", path, json={"status": "ACTIVE", "expiration_date": later}).json()["data"]
    assert (on["status"], on["expiration_date"]) == ("ACTIVE", later)
    for wrong in ({}, {"status": "REDEEMED"}, {"status": "ACTIVE", "expiration_date": "x"}):
        assert code(api("PUT", path, json=wrong)) == 1003
    assert code(api("PUT", "/vouchers/unknown", json={"status": "ACTIVE"})) == 80004
    sandbox.clock.advance(200 * 86_400)
    assert status(api, made["code"]) == "EXPIRED"
    assert code(api("PUT", path, json={"status": "ACTIVE", "expiration_date": "2030-01-01T00:00:00Z"})) == 1003
    used = issue(api).json()["data"]
    redeem(api, used["code"])
    assert code(api("PUT", f"/vouchers/{used['uuid']}", json={"status": "ACTIVE"})) == 1003


# -- redeeming -------------------------------------------------------------------------------------


def test_a_voucher_is_redeemed_and_that_undone_once(sandbox: Sandbox, api: Api) -> None:
    made = issue(api).json()["data"]
    redeemed = redeem(api, made["code"]).json()["data"]
    assert (redeemed["status"], redeemed["is_redeemed"], redeemed["redemptions_remaining"]) == ("REDEEMED", True, 0)
    assert redeemed["redeemed_at"] == redeemed["voucher_redemption"]["created_at"]
    assert code(redeem(api, made["code"])) == 80005
    path = f"/vouchers/{redeemed['voucher_redemption']['uuid']}/reverse"
    back = api("POST", path).json()["data"]
    assert (back["status"], back["redeemed_at"], back["times_redeemed"]) == ("ACTIVE", None, 0)
    assert code(api("POST", path)) == 1003
    assert code(api("POST", "/vouchers/unknown/reverse")) == 80004
    assert redeem(api, made["code"]).status_code == 200
    assert code(api("POST", path)) == 1003  # it undoes its own redemption, not the next


def test_who_may_redeem(sandbox: Sandbox, api: Api) -> None:
    owner, stranger = (contact["uuid"] for contact in sandbox.contacts[:2])
    own = issue(api).json()["data"]["code"]
    assert code(redeem(api, own, contact_uuid=stranger)) == 1003
    assert redeem(api, own, contact_uuid=owner).status_code == 200
    loose = issue(api, contact_uuid=None).json()["data"]["code"]
    assert code(redeem(api, loose)) == 1003
    assert code(redeem(api, loose, contact_uuid="x")) == 55031
    assert code(redeem(api, loose, contact_uuid=owner, shop_uuid="x")) == 1008
    assert code(redeem(api, "unknown")) == 80004
    register = api("POST", "/api/v3/register/vouchers/redeem", json={"code": loose, "contact_uuid": stranger})
    assert register.json()["data"]["status"] == "REDEEMED"


def test_several_redemptions_at_once(sandbox: Sandbox, api: Api) -> None:
    card = issue(api, total_redemptions_allowed=5).json()["data"]
    answer = multi(api, card["code"], 3).json()["data"]
    assert len({one["uuid"] for one in answer["voucher_redemptions"]}) == 3
    assert answer["voucher"]["status"] == "ACTIVE"
    assert code(multi(api, card["code"], 3)) == 80019
    for wrong in (0, 51, "some"):
        assert code(multi(api, card["code"], wrong)) == 1003  # type: ignore[arg-type]
    assert multi(api, card["code"], 2).json()["data"]["voucher"]["status"] == "REDEEMED"
    assert code(multi(api, card["code"], 1)) == 80005
    api("POST", f"/vouchers/{answer['voucher_redemptions'][1]['uuid']}/reverse")
    assert redeem(api, card["code"]).json()["data"]["times_redeemed"] == 5


@pytest.mark.parametrize("use", [redeem, lambda api, code: multi(api, code, 1)], ids=["redeem", "multi_redeem"])
def test_vouchers_that_cannot_be_redeemed(sandbox: Sandbox, api: Api, use: Callable[[Api, str], Any]) -> None:
    tea = promote(api)
    off, ended, early, paused, locked = (
        issue(api, tea, **fields).json()["data"]
        for fields in (
            {}, {"expiration_date": "2026-01-06T00:00:00Z"}, {"activation_date": "2027-01-01T00:00:00Z"}, {}, {},
        )
    )  # fmt: skip
    api("PUT", f"/vouchers/{off['uuid']}", json={"status": "DEACTIVATED"})
    sandbox.clock.advance(86_400)
    assert code(use(api, off["code"])) == 80012
    assert code(use(api, ended["code"])) == 80006
    assert code(use(api, early["code"])) == 80014
    api("POST", f"/vouchers/{locked['uuid']}/lock")
    assert code(use(api, locked["code"])) == 80017
    sandbox.change("promotions", tea["uuid"], active=False)
    assert code(use(api, paused["code"])) == 80020
    assert sandbox.rows("voucher_redemptions") == []


def test_validate_says_what_redeem_would(sandbox: Sandbox, api: Api) -> None:
    made = issue(api).json()["data"]
    path, shop = f"/vouchers/{made['uuid']}/validate", {"shop_uuid": sandbox.shops[0]["uuid"]}
    assert api("POST", path, json=shop).json()["data"]["redemptions_remaining"] == 1
    assert code(api("POST", path)) == 1003
    assert code(api("POST", path, json={**shop, "contact_uuid": sandbox.contacts[1]["uuid"]})) == 1003
    assert code(api("POST", "/vouchers/unknown/validate", json=shop)) == 80004
    assert status(api, made["code"]) == "ACTIVE"
    redeem(api, made["code"])
    assert code(api("POST", path, json=shop)) == 80005


# -- locks -----------------------------------------------------------------------------------------


def test_a_lock_keeps_a_voucher_for_who_has_its_key(sandbox: Sandbox, api: Api) -> None:
    made = issue(api, total_redemptions_allowed=2).json()["data"]
    path = f"/vouchers/{made['uuid']}"
    locked = api("POST", f"{path}/lock/").json()["data"]  # the slash of the official PHP SDK
    assert locked["voucher"] == {"uuid": made["uuid"], "status": "LOCKED"}
    key, lock = locked["lock"]["release_key"], locked["lock"]
    assert (lock["unlocked_at"], lock["system_release_at"] > lock["locked_at"]) == (None, True)
    assert code(api("POST", f"{path}/lock")) == 80017
    assert code(redeem(api, made["code"])) == 80017
    assert code(redeem(api, made["code"], release_key="x")) == 1003
    assert code(api("POST", f"{path}/release", json={"release_key": "x"})) == 1003
    assert code(api("POST", f"{path}/release")) == 1003
    released = api("POST", f"{path}/release", json={"release_key": key}).json()["data"]
    assert (released["voucher"]["status"], released["lock"]["system_release_at"]) == ("ACTIVE", None)
    assert released["lock"]["unlocked_at"] is not None
    assert code(api("POST", f"{path}/release", json={"release_key": key})) == 1003
    again = api("POST", f"{path}/lock").json()["data"]["lock"]["release_key"]
    assert again != key
    assert code(redeem(api, made["code"], release_key=key)) == 1003
    assert redeem(api, made["code"], release_key=again).json()["data"]["status"] == "ACTIVE"  # and free
    assert redeem(api, made["code"]).json()["data"]["status"] == "REDEEMED"
    for verb in ("lock", "release"):
        assert code(api("POST", f"{path}/{verb}", json={"release_key": again})) == 80005
        assert code(api("POST", f"/vouchers/unknown/{verb}", json={"release_key": again})) == 80004


def test_a_lock_ends_by_itself(sandbox: Sandbox, api: Api) -> None:
    made = issue(api).json()["data"]
    path = f"/vouchers/{made['uuid']}"
    key = api("POST", f"{path}/lock").json()["data"]["lock"]["release_key"]
    sandbox.clock.advance(HOUR - 5)
    assert status(api, made["code"]) == "LOCKED"
    sandbox.clock.advance(10)
    assert status(api, made["code"]) == "ACTIVE"
    assert code(api("POST", f"{path}/release", json={"release_key": key})) == 1003
    other = api("POST", f"{path}/lock").json()["data"]["lock"]["release_key"]
    assert code(redeem(api, made["code"], release_key=key)) == 1003
    assert redeem(api, made["code"], release_key=other).status_code == 200


def test_locks_that_are_refused(sandbox: Sandbox, api: Api) -> None:
    tea = promote(api)
    off, ended, early = (
        issue(api, tea, **fields).json()["data"]["uuid"]
        for fields in ({}, {"expiration_date": "2026-01-06T00:00:00Z"}, {"activation_date": "2027-01-01T00:00:00Z"})
    )
    api("POST", f"/vouchers/{off}/lock")
    api("PUT", f"/vouchers/{off}", json={"status": "DEACTIVATED"})
    sandbox.clock.advance(86_400)
    assert code(api("POST", f"/vouchers/{off}/lock")) == 80012
    assert code(api("POST", f"/vouchers/{ended}/lock")) == 80006
    assert code(api("POST", f"/vouchers/{early}/lock")) == 80014
    api("PUT", f"/vouchers/{off}", json={"status": "ACTIVE"})  # deactivating has ended the lock
    assert api("POST", f"/vouchers/{off}/lock").status_code == 200
