"""Each fault, seen by clients that are not ours, and whether it applied the write."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests

from leat_async.sandbox import Sandbox
from leat_async.sandbox.faults import KINDS

from .conftest import ROOT, Api

# kind, options, status that requests sees (or the error), writes that arrived
EFFECTS: list[tuple[str, dict[str, Any], int | type[Exception], int]] = [
    ("delay", {"seconds": 0.2}, 200, 1),
    ("hang", {}, requests.Timeout, 0),
    ("hang", {"applied": True}, requests.Timeout, 1),
    ("drop_before", {}, requests.ConnectionError, 0),
    ("apply_then_drop", {}, requests.ConnectionError, 1),
    ("apply_late", {"seconds": 3600}, requests.Timeout, 0),
    ("reject", {"status": 409}, 409, 0),
    ("server_error", {}, 500, 0),
    ("server_error", {"status": 504, "applied": True}, 504, 1),
    ("html", {}, 502, 0),
    ("html", {"status": 200, "applied": True}, 200, 1),
    ("empty", {}, 200, 1),
    ("truncated", {}, requests.exceptions.ChunkedEncodingError, 1),
    ("truncated", {"applied": False}, requests.exceptions.ChunkedEncodingError, 0),
    ("malformed", {}, 200, 1),
    ("malformed", {"applied": False}, 200, 0),
    ("wrong_content_type", {}, 200, 1),
    ("slow_drip", {"seconds": 0.2}, 200, 1),
    ("rate_limit", {"retry_after": 7}, 429, 0),
    ("maintenance", {}, 503, 0),
    ("expired_token", {}, 401, 0),
]


@pytest.mark.parametrize(("kind", "options", "expected", "applied"), EFFECTS)
def test_requests_sees_the_fault(
    sandbox: Sandbox, api: Api, kind: str, options: dict[str, Any], expected: Any, applied: int
) -> None:
    sandbox.faults.add(kind, "visits.create", **options)
    if isinstance(expected, int):
        assert api.visit().status_code == expected
    elif expected is requests.Timeout:
        api.leave("/visits", visit_body(sandbox), 0.3)
    else:
        with pytest.raises(expected):
            api.visit()
    assert len(sandbox.rows("visits")) == applied
    assert api("GET", "/shops").status_code == 200  # another operation goes well


@pytest.mark.parametrize(("kind", "options", "expected", "applied"), EFFECTS)
async def test_aiohttp_sees_the_fault(kind: str, options: dict[str, Any], expected: Any, applied: int) -> None:
    async with Sandbox(seed=1) as sandbox, aiohttp.ClientSession() as session:
        sandbox.faults.add(kind, "visits.create", **options)
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        call = session.post(sandbox.url + ROOT + "/visits", json=visit_body(sandbox), headers=headers)
        status: int | None = None
        try:
            async with asyncio.timeout(10) as limit:
                answering = asyncio.ensure_future(call)
                if expected is requests.Timeout:
                    while not len(sandbox.journal):
                        await asyncio.sleep(0.002)
                    limit.reschedule(asyncio.get_running_loop().time() + 0.3)
                answer = await answering
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            pass
        assert status == (expected if isinstance(expected, int) else None)
        assert len(sandbox.rows("visits")) == applied


def test_every_kind_is_covered() -> None:
    assert {kind for kind, *_ in EFFECTS} == {kind for kind in KINDS if not kind.startswith("webhook_")}
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []


def visit_body(sandbox: Sandbox) -> dict[str, str]:
    return {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"]}


def test_apply_late_lands_when_real_time_passes(sandbox: Sandbox, api: Api) -> None:
    started = time.monotonic()
    sandbox.faults.add("apply_late", "visits.create", seconds=1.2)
    api.leave("/visits", visit_body(sandbox))
    early = api("GET", "/visits").json()["data"]
    assert early == [] or time.monotonic() - started >= 1.2
    while not api("GET", "/visits").json()["data"] and time.monotonic() - started < 10:
        time.sleep(0.05)
    assert time.monotonic() - started >= 1.2
    assert len(sandbox.rows("visits")) == 1


def test_apply_late_lands_when_the_clock_is_advanced(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add("apply_late", "visits.create", seconds=600, first=1)
    before = sandbox.clock.now()
    api.leave("/visits", visit_body(sandbox))
    after = sandbox.clock.now()
    sandbox.clock.advance(500)
    assert sandbox.rows("visits") == []
    assert sandbox.journal.entries("visits.create")[0].applied == "no"
    sandbox.clock.advance(5000)
    (row,) = sandbox.rows("visits")
    assert before - 1 <= row["created_at"] - 600 <= after  # at its own moment, not when it was looked at
    (entry,) = sandbox.journal.entries("visits.create")
    assert (entry.applied, entry.status) == ("late", None)


def test_a_late_write_is_checked_when_it_lands(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add("apply_late", "visits.create", seconds=60, first=1)
    body = {**visit_body(sandbox), "external_id": "e1"}
    api.leave("/visits", body)
    assert api("POST", "/visits", json=body).status_code == 200
    sandbox.clock.advance(61)
    assert len(sandbox.rows("visits")) == 1


def test_a_delayed_write_is_applied_although_the_client_has_gone(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add("delay", "visits.create", seconds=1.0)
    started = time.monotonic()
    api.leave("/visits", visit_body(sandbox))
    time.sleep(0.5)
    early = sandbox.rows("visits")
    assert early == [] or time.monotonic() - started >= 1.0
    deadline = time.monotonic() + 5
    while not sandbox.rows("visits") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(sandbox.rows("visits")) == 1


def test_slow_drip_takes_its_time_and_is_whole(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add("slow_drip", "shops.list", seconds=0.5)
    started = time.monotonic()
    assert len(api("GET", "/shops").json()["data"]) == 3
    assert time.monotonic() - started > 0.4


def test_rejections_can_be_made_to_measure(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add("reject", "shops.list", status=403, code=7011, message="No.", headers={"X-A": "b"})
    answer = api("GET", "/shops")
    assert (answer.status_code, answer.headers["X-A"]) == (403, "b")
    assert answer.json() == {"message": "No.", "code": 7011, "status_code": 403}
    sandbox.faults.clear()
    sandbox.faults.add("reject", "shops.list", status=418, body={"tea": True})
    assert api("GET", "/shops").json() == {"tea": True}


def test_a_storm_of_429_carries_its_headers(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add("rate_limit", times=2, retry_after=3)
    answers = [api("GET", "/shops") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].text == "Too Many Attempts."
    assert answers[0].headers["Retry-After"] == "3"
    assert "X-RateLimit-Reset" in answers[0].headers


def test_expired_token_makes_an_issued_one_expire(sandbox: Sandbox, api: Api) -> None:
    form = {"grant_type": "client_credentials", "client_id": "1", "client_secret": "x"}
    issued = api("POST", "/oauth/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {issued}"}
    assert api("GET", "/shops", headers=headers).status_code == 200
    sandbox.faults.add("expired_token", "shops.list", first=1)
    assert [api("GET", "/shops", headers=headers).status_code for _ in range(2)] == [401, 401]
    assert api("GET", "/shops").status_code == 200  # the personal token is not affected


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        ({"nth": 3}, "..x......"),
        ({"nth": [1, 4]}, "x..x....."),
        ({"first": 2}, "xx......."),
        ({"every": 3}, "..x..x..x"),
        ({"times": 4}, "xxxx....."),
        ({"every": 2, "times": 2}, ".x.x....."),
        ({"probability": 0.0}, "........."),
        ({"probability": 1.0, "first": 1}, "x........"),
    ],
)
def test_when(sandbox: Sandbox, api: Api, condition: dict[str, Any], hits: str) -> None:
    sandbox.faults.add("server_error", "shops.list", **condition)
    seen = "".join("x" if api("GET", "/shops").status_code == 500 else "." for _ in hits)
    assert seen == hits


def test_for_whom(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add("server_error", "contacts.*", method="get")
    sandbox.faults.add("reject", path="*/visits", status=418)
    assert api("GET", "/contacts").status_code == 500
    assert api("POST", "/contacts", json={"email": "a@example.com"}).status_code == 200
    assert api("GET", "/visits").status_code == 418
    assert api("GET", "/shops").status_code == 200


def test_scripts(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.script("shops.list", [None, "server_error", {"kind": "reject", "status": 418}])
    assert [api("GET", "/shops").status_code for _ in range(5)] == [200, 500, 418, 200, 200]


def test_the_same_seed_draws_the_same_chances() -> None:
    def draw(seed: int) -> str:
        sandbox = Sandbox(seed=seed)
        sandbox.faults.add("delay", probability=0.5)
        return "".join("x" if sandbox.faults.pick("visits.get", "GET", "/") else "." for _ in range(64))

    assert draw(1) == draw(1) != draw(2)
    assert 16 < draw(1).count("x") < 48


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "nonsense"},
        {"kind": "delay", "status": 500},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": "long"},
        {"kind": "reject", "status": 99},
        {"kind": "hang", "probability": 2},
        {"kind": "hang", "nth": 0},
    ],
)
def test_a_wrong_rule_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Sandbox().faults.add(**wrong)


def test_rules_as_text(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add_text("reject shops.list status=418 nth=1,3")
    assert [api("GET", "/shops").status_code for _ in range(3)] == [418, 200, 418]
    with pytest.raises(ValueError, match="KIND"):
        sandbox.faults.add_text("nth=3")


async def test_stopping_lets_go_of_what_hangs() -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox() as sandbox:
            sandbox.faults.add("hang")
            headers = {"Authorization": f"Bearer {sandbox.token}"}
            hanging = asyncio.ensure_future(session.get(sandbox.url + ROOT, headers=headers))
            while not len(sandbox.journal):
                await asyncio.sleep(0.01)
            started = time.monotonic()
        assert time.monotonic() - started < 10
        with pytest.raises(aiohttp.ClientError):
            await hanging
