"""Arbitrary arguments to every public operation: a documented error before sending, or a correct request."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from leat_async import LeatClient, Pager, errors
from leat_async._core.transport import Answer, Transport

SOAK = os.environ.get("LEAT_SOAK") == "1"
CASES = 200_000 if SOAK else 500

ODD_TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", ".", "..", "a/b", "a?b=c", "a#b", "\r\nX: y", "%2e%2e", "\x00", "\ud800", "a" * 5000, "é"]),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(),
    ODD_TEXT,
    st.binary(max_size=8),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.dates(),
    st.decimals(),
    st.just("2024-05-01T20:00:00+02:00"),
    st.just("contact-uuid-1"),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ODD_TEXT, inner, max_size=3)),
    max_leaves=5,
)


class Wire(Transport):
    """Records what would leave, and answers with nothing readable."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.sent: list[tuple[str, str, dict[str, str], bytes | None]] = []

    def check(self) -> None:
        pass

    async def send(self, method: str, url: str, headers: Any, body: bytes | None, progress: Any) -> Answer:
        self.sent.append((method, url, dict(headers), body))
        return Answer(200, {"Content-Type": "application/json"}, b'{"data": null}')


def entries() -> list[tuple[str, str, Callable[..., Any]]]:
    found = []
    for resource in sorted(LeatClient.__annotations__):
        group = getattr(LeatClient("token-token"), resource)
        for name, method in inspect.getmembers(group, callable):
            if not name.startswith("_"):
                found.append((resource, name, method))
    return found


ENTRIES = [(resource, name) for resource, name, _ in entries()]


def test_there_are_entries() -> None:
    assert len(ENTRIES) > 100


@given(data=st.data())
@settings(
    max_examples=CASES,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_any_argument(data: st.DataObject) -> None:
    resource, name = data.draw(st.sampled_from(ENTRIES))
    leat = LeatClient("token-token", rate_limit=None, retry=None)
    wire = Wire(leat._pipeline.config)
    leat._pipeline.transport = wire
    method = getattr(getattr(leat, resource), name)
    args: list[Any] = []
    options: dict[str, Any] = {}
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        given_value = parameter.default is inspect.Parameter.empty or data.draw(st.booleans())
        if not given_value:
            continue
        value = data.draw(VALUES)
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            options[parameter.name] = value
        else:
            args.append(value)
    asyncio.run(_call(method, args, options, wire))


async def _call(method: Callable[..., Any], args: list[Any], options: dict[str, Any], wire: Wire) -> None:
    try:
        asked = method(*args, **options)
        await (asked.page() if isinstance(asked, Pager) else asked)
    except (ValueError, TypeError) as error:
        assert str(error), "an error says what is wrong"
        assert len(str(error)) < 1000, "and does not repeat the input at length"
    except errors.LeatError:
        pass  # the answer could not be read, which is what this transport is for
    for verb, url, headers, body in wire.sent:
        assert url.startswith("https://api.piggy.eu/")
        path, _, query = url.removeprefix("https://api.piggy.eu").partition("?")
        assert url.isascii()
        assert not set(url) & set(" \r\n\t\\#")
        assert not {unquote(segment) for segment in path.split("/")} & {".", ".."}
        assert all(value.isprintable() for value in headers.values())
        assert headers.get("Authorization") == (None if path == "/oauth/token" else "Bearer token-token")
        assert verb in ("GET", "POST", "PUT", "DELETE")
        if body is not None:
            assert isinstance(msgspec.json.decode(body), dict)
        for pair in query.split("&") if query else ():
            assert pair.count("=") == 1


@given(st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte", "eq", ""]), SCALARS, max_size=3))
@settings(max_examples=200 if not SOAK else 5000)
def test_windows_are_aware_or_refused(window: dict[str, Any]) -> None:
    leat = LeatClient("token-token")
    try:
        leat.loyalty_transactions.list(created_at=window)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return
    assert window
    for bound in window.values():
        moment = bound if isinstance(bound, dt.datetime) else dt.datetime.fromisoformat(bound)
        assert moment.utcoffset() is not None


def test_a_long_key_is_described_not_repeated() -> None:
    with pytest.raises(TypeError) as caught:
        asyncio.run(LeatClient("token-token").contacts.update("c-1", attributes={"a" * 5000: b"bytes"}))
    assert "text of 5000 characters" in str(caught.value)
