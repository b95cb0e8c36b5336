"""Bad input is refused before anything is sent; odd input stays in its place."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leat_async import ClientCredentials, LeatClient, RateLimit, RetryPolicy, errors

from ..conftest import Recorder

NAIVE = dt.datetime(2024, 5, 1, 20, 0)
WHO = {"contact_uuid": "c", "shop_uuid": "s"}


@pytest.mark.parametrize(
    ("call", "expected", "says"),
    [
        (lambda leat: leat.visits.get(""), ValueError, "visit_uuid must not be empty"),
        (lambda leat: leat.visits.get("."), ValueError, "visit_uuid"),
        (lambda leat: leat.visits.get(".."), ValueError, "visit_uuid"),
        (lambda leat: leat.visits.get(7), TypeError, "visit_uuid must be text, got 7"),
        (lambda leat: leat.visits.get(None), TypeError, "visit_uuid"),
        (lambda leat: leat.visits.get("\ud800"), ValueError, "surrogate"),
        (lambda leat: leat.visits.create(**WHO, starts_at=NAIVE), ValueError, "starts_at must know its time zone"),
        (
            lambda leat: leat.visits.create(**WHO, starts_at="2024-05-01 20:00"),
            ValueError,
            "starts_at must be ISO 8601",
        ),
        (lambda leat: leat.visits.create(**WHO, starts_at="2024-02-30T20:00:00Z"), ValueError, "no moment"),
        (lambda leat: leat.visits.create(**WHO, starts_at=5), TypeError, "starts_at"),
        (lambda leat: leat.visits.create(contact_uuid="c"), ValueError, "shop_uuid is required"),
        (lambda leat: leat.visits.create(contact_uuid=None, shop_uuid="s"), TypeError, "contact_uuid must be text"),
        (lambda leat: leat.visits.create(contact_uuid="", shop_uuid="s"), ValueError, "contact_uuid must not be empty"),
        (lambda leat: leat.visits.create(**WHO, external_id=5), TypeError, "external_id"),
        (lambda leat: leat.bookings.create(**WHO, number_of_people="4"), TypeError, "number_of_people"),
        (lambda leat: leat.bookings.create(**WHO, number_of_people=True), TypeError, "number_of_people"),
        (lambda leat: leat.bookings.create(**WHO, prepaid_amount=12.5), TypeError, "prepaid_amount"),
        (lambda leat: leat.bookings.create(**WHO, prepaid_amount=10**30), ValueError, "64 bits"),
        (lambda leat: leat.visits.list(limit=501), ValueError, "limit must be between 0 and 500, got 501"),
        (lambda leat: leat.visits.list(limit=-1), ValueError, "limit"),
        (lambda leat: leat.visits.list(page=0), ValueError, "page"),
        (lambda leat: leat.visits.list(contact_uuid=None), TypeError, "contact_uuid can't be None in a query"),
        (lambda leat: leat.loyalty_transactions.list(limit=101), ValueError, "limit"),
        (lambda leat: leat.loyalty_transactions.list(created_at={"since": NAIVE}), ValueError, "since"),
        (lambda leat: leat.loyalty_transactions.list(created_at={"gte": NAIVE}), ValueError, "time zone"),
        (lambda leat: leat.loyalty_transactions.list(created_at={}), ValueError, "created_at"),
        (lambda leat: leat.loyalty_transactions.list(created_at="2024"), TypeError, "created_at"),
        (lambda leat: leat.contacts.find_one_by(email=""), ValueError, "email"),
        (lambda leat: leat.request("BREW", "/x"), ValueError, "method"),
        (lambda leat: leat.request("GET", "https://evil.example/x"), ValueError, "path"),
        (lambda leat: leat.request("GET", "//evil.example/x"), ValueError, "path"),
        (lambda leat: leat.request("GET", "/a/../b"), ValueError, "path"),
        (lambda leat: leat.request("GET", "/a/%2e%2e/b"), ValueError, "path"),
        (lambda leat: leat.request("GET", "/a?b=c"), ValueError, "path"),
        (lambda leat: leat.request("GET", "/a\r\nX: y"), ValueError, "path"),
        (lambda leat: leat.request("POST", "/a", json=object()), TypeError, "json"),
        (lambda leat: leat.request("POST", "/a", json={"t": NAIVE}), ValueError, r"json\.t"),
        (lambda leat: leat.request("POST", "/a", json=float("nan")), ValueError, "finite"),
        (lambda leat: leat.request("POST", "/a", effect="maybe"), ValueError, "effect"),
    ],
)
async def test_refused_before_sending(recorder: Recorder, call: Any, expected: type[Exception], says: str) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        with pytest.raises(expected, match=says):
            await call(leat)
    assert recorder.requests == []


@pytest.mark.parametrize("odd", ["a/b", "a?b", "a#b", "../x", "a\r\nX-Evil: 1", "é", "%2e%2e", "a b", ";", "\x00"])
async def test_odd_ids_stay_in_their_place(recorder: Recorder, odd: str) -> None:
    from urllib.parse import unquote

    async with LeatClient("t", base_url=recorder.url) as leat:
        await leat.visits.get(odd)
    (request,) = recorder.requests
    prefix = "/api/v3/oauth/clients/visits/"
    assert request.target.startswith(prefix)
    assert unquote(request.target.removeprefix(prefix)) == odd
    assert request.target.count("/") == prefix.count("/")
    assert "X-Evil" not in request.headers


@given(st.text(min_size=1, max_size=30))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_one_path_segment(text: str) -> None:
    from urllib.parse import unquote

    from leat_async._core.operation import path_segment

    if text in (".", ".."):
        return
    segment = path_segment("id", text)
    assert unquote(segment) == text
    assert not set(segment) & set("/?#\r\n \\")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"token": None}, "a token is needed"),
        ({"token": ""}, "token must be non-empty"),
        ({"token": "a\r\nX: y"}, "token must be"),
        ({"token": 5}, "token must be text"),
        ({"base_url": "http://api.piggy.eu"}, "https"),
        ({"base_url": "http://10.0.0.1:8000"}, "https"),
        ({"base_url": "http://127.0.0.1.evil.example"}, "https"),
        ({"base_url": "https://api.piggy.eu/api"}, "without a path"),
        ({"base_url": "https://user:pw@api.piggy.eu"}, "user name"),
        ({"base_url": "ftp://api.piggy.eu"}, "origin"),
        ({"base_url": "https://api.piggy.eu:99999"}, "origin"),
        ({"base_url": None}, "base_url"),
        ({"api": "graphql"}, "api"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": "30"}, "timeout"),
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 1.5}, "concurrency"),
        ({"rate_limit": 5000}, "rate_limit"),
        ({"retry": 3}, "retry"),
        ({"partner_id": "a\nb"}, "partner_id"),
        ({"trust_env": "yes"}, "trust_env"),
        ({"ssl": False}, "ssl"),
        ({"session": "s"}, "session"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(errors.ConfigError, match=says) as caught:
        LeatClient(**{"token": "t0ken-t0ken", **settings})
    assert isinstance(caught.value, ValueError)
    assert "t0ken-t0ken" not in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RateLimit(0),
        lambda: RateLimit(10, per=0),
        lambda: RateLimit(10, burst=11),
        lambda: RateLimit(True),
        lambda: RetryPolicy(attempts=0),
        lambda: RetryPolicy(backoff=-1),
        lambda: ClientCredentials("", "x"),
    ],
)
def test_wrong_policies(make: Any) -> None:
    with pytest.raises(errors.ConfigError):
        make()


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LEAT_")]:
        monkeypatch.delenv(name)
    with pytest.raises(errors.ConfigError, match="LEAT_ACCESS_TOKEN"):
        LeatClient.from_env()
    monkeypatch.setenv("LEAT_CLIENT_ID", "id-1")
    monkeypatch.setenv("LEAT_CLIENT_SECRET", "s3cret-s3cret")
    monkeypatch.setenv("LEAT_BASE_URL", "http://localhost:1")
    leat = LeatClient.from_env(timeout=5)
    assert leat._pipeline.config.token == ClientCredentials("id-1", "s3cret-s3cret")
    assert leat._pipeline.config.base_url == "http://localhost:1"
    assert leat._pipeline.timeout == 5
    for shown in (repr(leat), repr(leat._pipeline.config), repr(leat._pipeline.config.token)):
        assert "s3cret" not in shown
    monkeypatch.setenv("LEAT_ACCESS_TOKEN", "t")
    assert LeatClient.from_env()._pipeline.config.token == "t"


async def test_a_session_that_was_brought_along_is_used_and_left_open(recorder: Recorder) -> None:
    async with aiohttp.ClientSession(headers={"X-Mine": "1"}) as session:
        async with LeatClient("t", base_url=recorder.url, session=session) as leat:
            await leat.visits.get("v")
        assert recorder.last.headers["X-Mine"] == "1"
        assert not session.closed
        with pytest.raises(errors.LifecycleError):
            await leat.visits.get("v")
