"""The answers about money, rewards and vouchers have the keys of the facts' examples, no more and no less."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sandbox.resources import ROUTES

from ..conftest import Api
from .helpers import give
from .test_giftcards import move, new_card, pay
from .test_rewards import claim, reward
from .test_vouchers import issue, multi, promote, redeem

FACTS = Path(__file__).parents[2] / "facts"

# The account's own attributes, in the examples and here: their names are nobody's business.
CUSTOM = frozenset((
    "custom_attribute_one", "custom_attribute_two", "example_attribute", "eennaam", "middle_name", "middle_name1223434",
    "asdfjkl", "something", "someAttribute", "someAttribute2", "someAttribute21123", "joker", "joker2", "jokertje1233",
    "someName2", "attributeOne", "attributeTwo", "shipping", "shipping_region", "some_random_attribute_3", "rens_123",
    "somename", "plu", "allergens",
))  # fmt: skip
# Keys that no example has, but that the official PHP SDK cannot read an answer without.
PHP = {
    "reward_receptions.create": {"data.channel"},
    "reward_receptions.reverse": {"data.channel"},
    "giftcards.get": {"data.giftcard_program.uuid"},
    "giftcards.find_one_by": {"data.giftcard_program.uuid"},
    **{f"promotions.{name}": {"data.type", "data.redemptions_per_voucher"} for name in ("list", "get", "create")},
    **{
        f"vouchers.{name}": {
            f"{at}.promotion.{key}" for key in ("type", "redemptions_per_voucher", "attributes")
        }
        for name, at in {
            "list": "data", "create": "data", "find": "data", "update": "data", "redeem": "data",
            "multi_redeem": "data.voucher",
        }.items()
    },
}  # fmt: skip
CAMEL = {"fieldType": "", "isPiggyDefined": 0, "isSoftReadOnly": 0, "isHardReadOnly": 0}
CREATED = {"isPiggyDefined": False, "isSoftReadOnly": False, "isHardReadOnly": False}
ATTRIBUTE = {"name": "", "label": "", "description": "", "placeholder": None, "type": ""}
OPTION = {
    "id": 1, "label": "", "media": None, "value": "", "disabled": False, "group_name": None, "description": None,
}  # fmt: skip
_PROMOTION_ATTRIBUTE = {"id": 1, **ATTRIBUTE, "options": [OPTION]}
_REWARD_ATTRIBUTE = {**ATTRIBUTE, **CAMEL, "options": [{"label": "", "value": ""}]}
# Operations of which recordings tell the keys, but that have no example.
RECORDED: Mapping[str, Any] = {
    "reward_attributes.list": {"data": [_REWARD_ATTRIBUTE], "meta": {}},
    "reward_attributes.create": {"data": {**_REWARD_ATTRIBUTE, **CREATED}, "meta": []},
    "promotion_attributes.list": {"data": [_PROMOTION_ATTRIBUTE], "meta": []},
    "promotion_attributes.create": {"data": _PROMOTION_ATTRIBUTE, "meta": []},
    "promotion_attributes.get": {"data": _PROMOTION_ATTRIBUTE, "meta": []},
    "promotion_attributes.update": {"data": _PROMOTION_ATTRIBUTE, "meta": []},
}
# Nobody documents an answer; these are like another one.
LIKE = {
    "giftcard_transactions.correct": "giftcard_transactions.reverse",
    "vouchers.validate": "vouchers.find",
    "vouchers.reverse": "vouchers.find",
    "credit_receptions.correct": "credit_receptions.reverse",
}
OPTIONS = {"type": "select", "options": [{"label": "A", "value": 1}]}


def facts() -> dict[str, Any]:
    """The example of each operation that has one."""
    files = [json.loads(path.read_bytes()) for path in sorted(FACTS.glob("[a-z]*.json"))]
    return {one["id"]: one.get("example") for file in files for one in file["operations"]}


EXAMPLES = facts()


def differences(found: Any, wanted: Any, allowed: set[str], path: str = "") -> Iterator[str]:
    """Where keys or kinds differ; null fits everything, an empty list an empty map."""
    if found is None or wanted is None or (found in ({}, []) and wanted in ({}, [])):
        return
    if isinstance(found, list) and isinstance(wanted, list):
        for number, item in enumerate(cast(list[Any], found)):
            # Examples vary from row to row, as rewards of several kinds do: one of them has to fit.
            each = [list(differences(item, one, allowed, path)) for one in cast(list[Any], wanted)]
            if not any(each_one == [] for each_one in each):
                yield f"{path}[{number}]: {min(each, key=len, default='there is no example')}"
    elif isinstance(found, dict) and isinstance(wanted, dict):
        ours, theirs = cast(dict[str, Any], found), cast(dict[str, Any], wanted)
        more = {key for key in ours.keys() - theirs.keys() - CUSTOM if f"{path}.{key}".lstrip(".") not in allowed}
        if more or theirs.keys() - ours.keys() - CUSTOM:
            yield f"{path}: besides {sorted(more)}, without {sorted(theirs.keys() - ours.keys() - CUSTOM)}"
        for key in (ours.keys() & theirs.keys()) - CUSTOM:
            yield from differences(ours[key], theirs[key], allowed, f"{path}.{key}".lstrip("."))
    elif kind(found) != kind(wanted):
        yield f"{path}: {found!r} instead of {wanted!r}"


def kind(value: Any) -> str:
    return {"float": "int"}.get(type(value).__name__, type(value).__name__)


# -- a valid call of each operation ----------------------------------------------------------------


def _coffee(api: Api) -> str:
    return f"/rewards/{reward(api.sandbox, 'Coffee')}"


def _claimed(api: Api) -> dict[str, Any]:
    give(api, credits=100)
    made: dict[str, Any] = claim(api).json()["data"]
    return made


def _collected(api: Api) -> Any:
    return api("PUT", f"/collectable-rewards/collect/{_claimed(api)['uuid']}")


def _waiting(api: Api) -> Any:
    _claimed(api)
    return api("GET", "/collectable-rewards", params={"contact_uuid": api.sandbox.contacts[0]["uuid"]})


def _loaded(api: Api) -> dict[str, Any]:
    made: dict[str, Any] = move(api, new_card(api), 500).json()["data"]
    return made


def _card(api: Api) -> dict[str, Any]:
    card = new_card(api)
    move(api, card, 2500)
    return card


def _paid(api: Api, *, card: bool = True) -> Any:
    value = {"contact_identifier_value": "card-1"}
    if card:
        api("POST", "/contact-identifiers", json={**value, "contact_uuid": api.sandbox.contacts[0]["uuid"]})
    return pay(api, 500, **(value if card else {}))


def _prepaid_list(api: Api) -> Any:
    _paid(api)
    return api("GET", "/prepaid-transactions")


def _promotion(api: Api) -> str:
    return f"/promotions/{promote(api)['uuid']}"


def _attribute(api: Api, path: str) -> Any:
    return api("POST", path, json={"name": "size", "label": "Size", **OPTIONS})


def _attributes(api: Api, path: str, name: str) -> Any:
    entity = {"entity": name, "name": "size", "label": "Size", **OPTIONS}
    api("POST", "/custom-attributes", json=entity)
    return api("GET", path)


def _one_attribute(api: Api, method: str) -> Any:
    number = _attribute(api, "/promotion-attributes").json()["data"]["id"]
    return api(method, f"/promotion-attributes/{number}", json={"label": "Width"} if method == "PUT" else None)


def _voucher(api: Api) -> dict[str, Any]:
    made: dict[str, Any] = issue(api, total_redemptions_allowed=4).json()["data"]
    return made


def _vouchers(api: Api) -> Any:
    _voucher(api)
    redeem(api, _voucher(api)["code"])
    return api("GET", "/vouchers", params={"limit": 30})  # comes back as the text that it was


def _released(api: Api) -> Any:
    path = f"/vouchers/{_voucher(api)['uuid']}"
    key = api("POST", f"{path}/lock").json()["data"]["lock"]["release_key"]
    return api("POST", f"{path}/release", json={"release_key": key})


def _unredeemed(api: Api) -> Any:
    redemption = redeem(api, _voucher(api)["code"]).json()["data"]["voucher_redemption"]
    return api("POST", f"/vouchers/{redemption['uuid']}/reverse")


def _tier(api: Api) -> Any:
    give(api, credits=5000)
    return api("GET", f"/contacts/{api.sandbox.contacts[0]['uuid']}/tier")


def _referrals(api: Api) -> Any:
    code = api.sandbox.rows("contacts")[0]["referral_code"]
    api("POST", "/contacts", json={"email": "new@example.com", "referral_code": code})
    return api("GET", "/referrals")


def _shop(api: Api) -> dict[str, str]:
    return {"shop_uuid": api.sandbox.shops[0]["uuid"]}


def _program(api: Api) -> dict[str, Any]:
    return {"type": 1, "giftcard_program_uuid": api.sandbox.rows("giftcard_programs")[0]["uuid"]}


def _mail(api: Api) -> Any:
    body = {"contact_uuid": api.sandbox.contacts[0]["uuid"]}
    return api("POST", f"/giftcards/{_card(api)['uuid']}/send-by-email", json=body)


def _batch(api: Api) -> Any:
    return api("POST", "/vouchers/batch", json={"promotion_uuid": promote(api)["uuid"], "quantity": 3})


def _credited(api: Api) -> str:
    return f"/credit-receptions/{give(api, credits=10).json()['data']['uuid']}"


CALLS: Mapping[str, Callable[[Api], Any]] = {
    "rewards.list": lambda api: api("GET", "/rewards"),
    "rewards.get": lambda api: api("GET", _coffee(api)),
    "rewards.update": lambda api: api("PUT", _coffee(api), json={"title": "Tea"}),
    "reward_receptions.create": lambda api: (give(api, credits=50), claim(api))[1],
    "reward_receptions.reverse": lambda api: api("POST", f"/reward-receptions/{_claimed(api)['uuid']}/reverse"),
    "reward_attributes.list": lambda api: _attributes(api, "/reward-attributes", "reward"),
    "reward_attributes.create": lambda api: _attribute(api, "/reward-attributes"),
    "collectable_rewards.list": _waiting,
    "collectable_rewards.collect": _collected,
    "collectable_rewards.reverse": lambda api: api(
        "POST", f"/collectable-rewards/{_collected(api).json()['data']['uuid']}/reverse"
    ),
    "giftcard_programs.list": lambda api: api("GET", "/giftcard-programs"),
    "giftcards.list": lambda api: (_card(api), api("GET", "/giftcards"))[1],
    "giftcards.get": lambda api: api("GET", f"/giftcards/{_card(api)['uuid']}"),
    "giftcards.find_one_by": lambda api: api("GET", "/giftcards/find-one-by", params={"hash": _card(api)["hash"]}),
    "giftcards.create": lambda api: api("POST", "/giftcards", json=_program(api)),
    "giftcards.send_by_email": _mail,
    "giftcard_transactions.list": lambda api: (_card(api), api("GET", "/giftcard-transactions"))[1],
    "giftcard_transactions.create": lambda api: move(api, new_card(api), 500),
    "giftcard_transactions.get": lambda api: api("GET", f"/giftcard-transactions/{_loaded(api)['uuid']}"),
    "giftcard_transactions.reverse": lambda api: api("POST", f"/giftcard-transactions/{_loaded(api)['uuid']}/reverse"),
    "giftcard_transactions.correct": lambda api: api("POST", f"/giftcard-transactions/{_loaded(api)['uuid']}/correct"),
    "prepaid_transactions.create": _paid,
    "prepaid_transactions.list": _prepaid_list,
    "prepaid_transactions.reverse": lambda api: api(
        "POST", f"/prepaid-transactions/{_paid(api).json()['data']['uuid']}/reverse"
    ),
    "promotions.list": lambda api: api("GET", "/promotions"),
    "promotions.create": lambda api: api("POST", "/promotions", json={"name": "Tea", "description": "A pot"}),
    "promotions.get": lambda api: api("GET", _promotion(api)),
    "promotion_attributes.list": lambda api: _attributes(api, "/promotion-attributes", "promotion"),
    "promotion_attributes.create": lambda api: _attribute(api, "/promotion-attributes"),
    "promotion_attributes.get": lambda api: _one_attribute(api, "GET"),
    "promotion_attributes.update": lambda api: _one_attribute(api, "PUT"),
    "vouchers.list": _vouchers,
    "vouchers.create": issue,
    "vouchers.create_batch": _batch,
    "vouchers.find": lambda api: api("GET", "/vouchers/find", params={"code": _voucher(api)["code"]}),
    "vouchers.update": lambda api: api("PUT", f"/vouchers/{_voucher(api)['uuid']}", json={"status": "ACTIVE"}),
    "vouchers.validate": lambda api: api("POST", f"/vouchers/{_voucher(api)['uuid']}/validate", json=_shop(api)),
    "vouchers.redeem": lambda api: redeem(api, _voucher(api)["code"]),
    "vouchers.multi_redeem": lambda api: multi(api, _voucher(api)["code"], 3),
    "vouchers.lock": lambda api: api("POST", f"/vouchers/{_voucher(api)['uuid']}/lock"),
    "vouchers.release": _released,
    "vouchers.reverse": _unredeemed,
    "tiers.list": lambda api: api("GET", "/tiers"),
    "contacts.get_tier": _tier,
    "referrals.list": _referrals,
    "referrals.get_settings": lambda api: api("GET", "/referrals/settings"),
    "credit_receptions.create": lambda api: give(api, credits=10),
    "credit_receptions.reverse": lambda api: api("POST", f"{_credited(api)}/reverse"),
    "credit_receptions.correct": lambda api: api("POST", f"{_credited(api)}/correct"),
}


@pytest.mark.parametrize("operation", CALLS)
def test_an_answer_has_the_keys_of_its_example(api: Api, operation: str) -> None:
    answer = CALLS[operation](api)
    route = next(route for route in ROUTES if route.operation == operation)
    assert answer.status_code == route.status, answer.text
    wanted = RECORDED.get(operation) or EXAMPLES[LIKE.get(operation, operation)]
    allowed = PHP.get(operation, set()) | PHP.get(LIKE.get(operation, ""), set())
    if operation.startswith("credit_receptions"):
        allowed = {"data.channel"}
    assert list(differences(answer.json(), wanted, allowed)) == []


@pytest.mark.parametrize("operation", PHP)
def test_what_only_the_php_sdk_knows_is_there(api: Api, operation: str) -> None:
    for path in PHP[operation]:
        value: Any = CALLS[operation](api).json()
        for key in path.split("."):
            value = value[key] if isinstance(value, dict) else value[0][key]
        assert value is not None


def test_digital_claims_have_a_code_instead_of_a_time(api: Api) -> None:
    give(api, credits=100)
    physical, digital = (claim(api, title).json()["data"].keys() for title in ("Coffee", "Kitchen Playlist"))
    assert physical - digital == {"reward", "expires_at", "has_been_collected"}
    assert digital - physical == {"digital_reward", "digital_reward_code"}


def test_the_comparison_sees_what_differs() -> None:
    example = {"data": [{"a": 1, "b": {"c": "x"}}, {"a": 1}], "meta": []}
    assert list(differences({"data": [{"a": 2.5, "plu": 1}], "meta": {}}, example, set())) == []
    for wrong in (
        {"data": [], "meta": [], "links": {}},
        {"data": []},
        {"data": [{"b": {"c": "x"}}], "meta": []},
        {"data": [{"a": "1"}], "meta": []},
        {"data": [{"a": 1, "b": {"c": "x", "d": 1}}], "meta": []},
        {"data": {}, "meta": {"page": 1}},
    ):
        assert list(differences(wrong, example, set())) != []
    assert list(differences({"data": [{"a": 1, "d": 1}], "meta": []}, example, {"data.d"})) == []


def test_a_register_has_its_own_list(sandbox: Sandbox, api: Api) -> None:
    resources = {name.partition(".")[0] for name in CALLS} - {"contacts", "credit_receptions"}
    documented = {
        (one["method"], one["path"])
        for path in FACTS.glob("[a-z]*.json")
        for operation in json.loads(path.read_bytes())["operations"]
        for one in operation.get("register") or ()
        if operation["id"].partition(".")[0] in resources
    }
    there = {
        (route.method, route.path)
        for route in sandbox.routes
        if "register" in route.roots and route.operation.partition(".")[0] in resources
    }
    # One client asks for it with another verb.
    assert there - documented == {("GET", "/giftcard-transactions/{giftcard_transaction_uuid}/reverse")}
    assert documented <= there
    for path in ("/tiers", "/referrals", "/giftcard-programs", "/giftcards/x/y"):
        assert api("GET", f"/api/v3/register{path}").status_code == 404


def test_every_operation_of_these_resources_is_here(sandbox: Sandbox) -> None:
    resources = {name.partition(".")[0] for name in CALLS} - {"contacts", "credit_receptions"}
    there = {route.operation for route in sandbox.routes if route.operation.partition(".")[0] in resources}
    documented = {name for name in EXAMPLES if name.partition(".")[0] in resources}
    assert there == documented == {name for name in CALLS if name.partition(".")[0] in resources}
