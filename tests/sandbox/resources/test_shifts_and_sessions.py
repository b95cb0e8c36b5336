"""Shifts, sessions, subscriptions and verification, seen through `requests`."""

from __future__ import annotations

from typing import Any

import pytest

from leat_async.sandbox import Sandbox

from ..conftest import Api
from .helpers import code

REGISTER = "/api/v3/register"


def shift(api: Api, **fields: Any) -> Any:
    sandbox = api.sandbox
    body = {
        "contact_uuid": sandbox.contacts[0]["uuid"],
        "shop_uuid": sandbox.shops[0]["uuid"],
        "started_at": "2026-05-01T17:00:00+02:00",
        "ended_at": "2026-05-01T23:30:00+02:00",
        "status": "approved",
    }
    return api("POST", "/shifts", json={**body, **fields})


# -- shifts ----------------------------------------------------------------------------------------


def test_a_shift_from_creation_to_deletion(sandbox: Sandbox, api: Api) -> None:
    team = api("POST", "/shift-teams", json={"name": "Kitchen"}).json()["data"]
    kind = api("POST", "/shift-types", json={"name": "Late", "description": "Until the end"}).json()["data"]
    links = {"team_uuid": team["uuid"], "shift_type_uuid": kind["uuid"]}
    answer = shift(api, external_id="s1", break_in_minutes=30, **links).json()
    made = answer["data"]
    assert answer["meta"] == {}
    assert (made["net_duration_in_minutes"], made["started_at"]) == (360, "2026-05-01T15:00:00+00:00")
    assert made["contact"] == sandbox.contacts[0]
    assert api("GET", f"/shifts/{made['uuid']}").json()["data"] == made
    assert api("GET", "/shifts/find", params={"external_id": "s1"}).json()["data"] == made
    times = {"started_at": "2026-05-01T18:00:00Z", "ended_at": "2026-05-01T19:00:00Z", "status": "pending"}
    changed = api("PUT", f"/shifts/{made['uuid']}", json={**times, "team_uuid": None}).json()["data"]
    assert (changed["net_duration_in_minutes"], changed["status"], changed["team_uuid"]) == (30, "pending", None)
    assert changed["shift_type_uuid"] == kind["uuid"]
    assert api("DELETE", f"/shifts/{made['uuid']}").json()["data"] is None
    assert code(api("DELETE", f"/shifts/{made['uuid']}")) == 80530


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"contact_uuid": "nobody"}, 55031),
        ({"shop_uuid": "nowhere"}, 1008),
        ({"status": "asleep"}, 80531),
        ({"team_uuid": "none"}, 80540),
        ({"shift_type_uuid": "none"}, 80550),
        ({"ended_at": "2026-05-01T12:00:00Z"}, 1003),
        ({"break_in_minutes": 391}, 1003),
        ({"started_at": None}, 1003),
    ],
)
def test_shifts_that_are_refused(sandbox: Sandbox, api: Api, fields: dict[str, Any], expected: int) -> None:
    assert code(shift(api, **fields)) == expected
    assert sandbox.rows("shifts") == []


def test_codes_of_shifts(sandbox: Sandbox, api: Api) -> None:
    made = shift(api, external_id="s1").json()["data"]
    again = shift(api, external_id="s1")
    assert code(again) == 80531
    assert again.json()["message"] == "Shift with external id already exists for this account."
    for path in ("/shifts/none", "/shifts/find?external_id=none"):
        assert code(api("GET", path)) == 80530
    times = {"started_at": made["started_at"], "ended_at": made["ended_at"], "status": "approved"}
    other = sandbox.contacts[1]["uuid"]
    assert code(api("PUT", f"/shifts/{made['uuid']}", json={**times, "contact_uuid": other})) == 1003
    assert code(api("PUT", f"/shifts/{made['uuid']}", json={**times, "team_uuid": "none"})) == 80540
    assert code(api("PUT", f"/shifts/{made['uuid']}", json={"status": "approved"})) == 1003
    assert code(api("PUT", "/shifts/none", json=times)) == 80530


def test_shifts_are_listed_by_shop_and_status(sandbox: Sandbox, api: Api) -> None:
    here, there = (shop["uuid"] for shop in sandbox.shops[:2])
    team = api("POST", "/shift-teams", json={"name": "Kitchen"}).json()["data"]["uuid"]
    for number in range(6):
        status = ("approved", "pending")[number % 2]
        shift(api, external_id=str(number), status=status, team_uuid=team if number == 4 else None)
    shift(api, external_id="elsewhere", shop_uuid=there)

    def listed(**params: Any) -> list[str]:
        answer = api("GET", "/shifts", params={"shop_uuid": here, "status": "approved", **params})
        return [row["external_id"] for row in answer.json()["data"]]

    assert listed() == ["0", "2", "4"]
    assert listed(status="pending", limit=2, page=2) == ["5"]
    assert listed(team_uuid=team) == ["4"]
    assert listed(shop_uuid=there) == ["elsewhere"]
    meta = api("GET", "/shifts", params={"shop_uuid": here, "status": "approved", "limit": 2}).json()["meta"]
    assert meta == {"page": 1, "per_page": "2", "last_page": 2, "total": 3}
    for wrong, expected in (({"status": "asleep"}, 80531), ({"team_uuid": "x"}, 80540), ({"shop_uuid": "x"}, 1008)):
        assert code(api("GET", "/shifts", params={"shop_uuid": here, "status": "approved", **wrong})) == expected
    assert code(api("GET", "/shifts", params={"shop_uuid": here})) == 1003


@pytest.mark.parametrize(("path", "expected"), [("/shift-teams", 80540), ("/shift-types", 80550)])
def test_teams_and_types(api: Api, path: str, expected: int) -> None:
    body = {"name": "A", "description": "first"}
    made = api("POST", path, json=body).json()["data"]
    assert code(api("POST", path, json=body)) == 1003
    assert api("GET", f"{path}/find", params={"name": "A"}).json() == {"data": made, "meta": {}}
    api.sandbox.clock.advance(60)
    changed = api("PUT", f"{path}/{made['uuid']}", json={**body, "name": "B"}).json()["data"]
    assert changed["name"] == "B"
    assert changed["updated_at"] > changed["created_at"] == made["created_at"]
    assert api("GET", f"{path}/{made['uuid']}").json()["data"] == changed
    assert api("GET", path).json()["meta"] == {"page": 1, "per_page": 30, "last_page": 1, "total": 1}
    for answer in (
        api("GET", f"{path}/find", params={"name": "A"}),
        api("GET", f"{path}/none"),
        api("PUT", f"{path}/none", json=body),
    ):
        assert code(answer) == expected


# -- sessions --------------------------------------------------------------------------------------


def test_a_session_token_is_used_once(sandbox: Sandbox, api: Api) -> None:
    token = sandbox.create_session_token(sandbox.contacts[0]["uuid"])
    path = f"/contact-session-tokens/{token}"
    shown = {"token": token, "contact": sandbox.contacts[0]}
    assert api("GET", path).json()["data"] == {**shown, "status": "active"}
    assert api("POST", path + "/use").json()["data"] == {**shown, "status": "used"}
    assert code(api("POST", path + "/use")) == 1003
    assert api("GET", REGISTER + path).json()["data"]["status"] == "used"
    assert code(api("GET", "/contact-session-tokens/none")) == 60013
    assert all(token not in str(entry.describe()) for entry in sandbox.journal.entries())
    with pytest.raises(ValueError, match="no contact"):
        sandbox.create_session_token("nobody")


def test_a_session_token_runs_out(sandbox: Sandbox, api: Api) -> None:
    control = "/_sandbox/session-tokens"
    body = {"contact_uuid": sandbox.contacts[0]["uuid"], "lifetime": 30}
    token = api("POST", control, json=body).json()["data"]["token"]
    sandbox.clock.advance(31)
    assert api("GET", f"/contact-session-tokens/{token}").json()["data"]["status"] == "expired"
    assert code(api("POST", f"/contact-session-tokens/{token}/use")) == 3000


def test_portal_sessions(sandbox: Sandbox, api: Api) -> None:
    shop, contact = sandbox.shops[0], sandbox.contacts[0]["uuid"]
    answer = api("POST", "/portal-sessions", json={"shop_uuid": shop["uuid"], "contact_uuid": contact})
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert made.pop("events") == []
    assert (made["contact"], made["shop"]["name"]) == ({"uuid": contact}, shop["name"])
    assert made["uuid"] in made["url"]
    assert api("GET", f"/portal-sessions/{made['uuid']}").json()["data"] == made
    for name in ("credit-reception", "top-up-giftcards", "pay-prepaid", "top-up-prepaid", "vouchers", "prepaid"):
        assert (
            api("POST", f"/portal-sessions/{name}", json={"shop_uuid": shop["uuid"]}).json()["data"]["contact"] is None
        )
        assert api("POST", f"{REGISTER}/portal-sessions/{name}").json()["data"]["shop"]["uuid"] == shop["uuid"]
    redeem = {"shop_uuid": shop["uuid"], "amount_in_cents": 1250}
    assert api("POST", "/portal-sessions/redeem-giftcards", json=redeem).status_code == 200
    for wrong, expected in (
        ({"shop_uuid": "x"}, 1008),
        ({"contact_uuid": "x"}, 55031),
        ({"scanner_type": "nose"}, 1003),
        ({"camera_service": 4}, 1003),
        ({"amount_in_cents": None}, 1003),
    ):
        assert code(api("POST", "/portal-sessions/redeem-giftcards", json={**redeem, **wrong})) == expected
    sandbox.clock.advance(3600)
    assert code(api("GET", f"/portal-sessions/{made['uuid']}")) == 1003


# -- subscriptions, verification -------------------------------------------------------------------


def test_opting_in_and_out(sandbox: Sandbox, api: Api) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    path = f"/contact-subscriptions/{uuid}"
    kinds = {kind["strategy"]: kind for kind in api("GET", "/subscription-types").json()["data"]}

    def states() -> dict[str, str]:
        rows = api("GET", path).json()["data"]
        assert all(row["is_subscribed"] == (row["status"] == "SUBSCRIBED") for row in rows)
        return {row["subscription_type"]["strategy"]: row["status"] for row in rows}

    def choose(verb: str, strategy: str) -> str:
        body = {"subscription_type_uuid": kinds[strategy]["uuid"]}
        row = api("PUT", f"{path}/{verb}", json=body).json()["data"]
        assert row["subscription_type"] == kinds[strategy]
        return str(row["status"])

    assert states() == {"DOUBLE_OPT_IN": "UNSUBSCRIBED", "OPT_IN": "UNSUBSCRIBED", "OPT_OUT": "SUBSCRIBED"}
    assert choose("unsubscribe", "OPT_OUT") == "UNSUBSCRIBED"
    assert choose("subscribe", "OPT_IN") == "SUBSCRIBED"
    assert choose("subscribe", "DOUBLE_OPT_IN") == "PENDING_CONFIRMATION"
    assert sandbox.confirm_subscriptions(uuid) == 1
    assert choose("subscribe", "DOUBLE_OPT_IN") == "SUBSCRIBED"
    assert states() == {"DOUBLE_OPT_IN": "SUBSCRIBED", "OPT_IN": "SUBSCRIBED", "OPT_OUT": "UNSUBSCRIBED"}
    values = api("GET", f"/contacts/{uuid}").json()["data"]["current_values"]
    assert values[f"subscription_status_{kinds['OPT_OUT']['id']}"] == "UNSUBSCRIBED"
    by_number = {"subscription_type_uuid": kinds["OPT_IN"]["id"]}
    assert api("PUT", f"{path}/unsubscribe", json=by_number).json()["data"]["status"] == "UNSUBSCRIBED"
    confirmed = api("POST", "/_sandbox/subscriptions/confirm", json={"contact_uuid": uuid}).json()["data"]
    assert confirmed == {"confirmed": 0}
    assert code(api("PUT", f"{path}/subscribe", json={"subscription_type_uuid": "x"})) == 55030
    assert code(api("PUT", f"{path}/subscribe", json={})) == 1003
    assert code(api("GET", "/contact-subscriptions/nobody")) == 55031


def test_codes_are_checked_once_and_in_time(sandbox: Sandbox, api: Api) -> None:
    contact = sandbox.contacts[0]

    def mailed() -> str:
        answer = api("POST", "/contact-verification/send", json={"email": contact["email"]})
        assert contact["email"] in answer.json()["data"]["message"]
        (row,) = sandbox.rows("verification_codes")
        return str(row["code"])

    def verify(sent: str, email: str = contact["email"]) -> Any:
        return api("POST", "/contact-verification/verify", json={"code": sent, "email": email})

    first, second = mailed(), mailed()
    assert first != second
    assert code(verify(first)) == 13010
    assert code(verify(second, sandbox.contacts[1]["email"])) == 13010
    assert code(verify(second, "nobody@example.com")) == 13010
    assert verify(second).json() == {"data": {"uuid": contact["uuid"]}, "meta": {}}
    assert code(verify(second)) == 13010
    late = mailed()
    sandbox.clock.advance(900)
    assert code(verify(late)) == 13010
    assert code(api("POST", "/contact-verification/send", json={"email": "nobody@example.com"})) == 55031


def test_login_tokens_and_links(sandbox: Sandbox, api: Api) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    tokens = {api("GET", f"/contact-verification/auth-token/{uuid}").json()["data"] for _ in range(2)}
    assert len(tokens) == 2
    link = api("GET", "/contacts-portal/auth-url", params={"contact_uuid": uuid}).json()["data"]["url"]
    assert link.startswith("https://")
    written = "".join(str(entry.describe()) for entry in sandbox.journal.entries())
    assert not any(secret in written for secret in (*tokens, link.partition("token=")[2]))
    assert code(api("GET", "/contact-verification/auth-token/nobody")) == 55031
    assert code(api("GET", "/contacts-portal/auth-url", params={"contact_uuid": "nobody"})) == 55031
    assert code(api("GET", "/contacts-portal/auth-url")) == 1003
