"""Settings, given and from the environment."""

from __future__ import annotations

import os
import ssl
from typing import Any

import aiohttp
import pytest

from leat_async import ClientCredentials, LeatClient, RateLimit, RetryPolicy, errors
from leat_async.config import Secret


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
        ({"proxy": "proxy.example"}, "proxy must be a URL"),
        ({"proxy": "http://u:t0ken-t0ken@/x"}, "proxy must be a URL"),
        ({"proxy": "socks5://localhost:1"}, "proxy must be a URL"),
        ({"proxy": "http://localhost:99999"}, "proxy must be a URL"),
        ({"proxy": 5}, "proxy must be a URL"),
        ({"headers": [("a", "b")]}, "headers must be a mapping"),
        ({"headers": {"A b": "x"}}, "a name must be a token"),
        ({"headers": {5: "x"}}, "a name must be a token"),
        ({"headers": {"authorization": "t0ken-t0ken"}}, "authorization is the client's own"),
        ({"headers": {"X-A": "t0ken-t0ken\r\nX: y"}}, "the value of X-A must be printable"),
        ({"headers": {"X-A": 5}}, "the value of X-A must be printable"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "x-a is there twice"),
        ({"ca": 5}, "ca must be the path"),
        ({"ca": "/nowhere/ca.pem"}, "ca must be the path of a bundle of certificates in PEM, got '/nowhere/ca.pem'"),
        ({"ca": __file__}, "ca must be the path"),
        ({"ca": "x", "ssl": ssl.create_default_context()}, "exclude each other"),
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
    assert LeatClient.from_env()._pipeline.config.token == Secret("t")


async def test_proxy_and_ca_are_the_sessions_where_there_is_one() -> None:
    async with aiohttp.ClientSession() as session:
        for given in ({"proxy": "http://localhost:1"}, {"ca": "x"}):
            with pytest.raises(errors.ConfigError, match="those are your session's"):
                LeatClient("t", session=session, **given)  # type: ignore[arg-type]


def test_neither_headers_nor_the_proxy_show() -> None:
    config = LeatClient(
        "t", headers={"X-Gate": "t0ken-t0ken"}, proxy="http://u:t0ken-t0ken@localhost:1"
    )._pipeline.config
    assert "t0ken-t0ken" not in repr(config) + repr(config.headers) + repr(config.proxy)
