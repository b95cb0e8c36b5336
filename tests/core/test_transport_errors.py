"""Failures that no local server can show: name look-up, certificates, proxies."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import aiohttp
import aioresponses.core
import pytest
from aiohttp.client_reqrep import ConnectionKey

from leat_async import LeatClient, RetryPolicy, errors

QUICK = RetryPolicy(attempts=3, backoff=0.0)
KEY = ConnectionKey("api.piggy.eu", 443, True, True, None, None, None)
VISITS = "https://api.piggy.eu/api/v3/oauth/clients/visits"


class Response(aiohttp.ClientResponse):
    """aiohttp 3.14 asks for a stream writer that aioresponses 0.7.9 does not pass."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
            kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses.aioresponses]:
    monkeypatch.setattr(aioresponses.core, "ClientResponse", Response)
    with aioresponses.aioresponses() as mock:
        yield mock


@pytest.mark.parametrize(
    ("failure", "sent"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name or service not known")), False),
        (aiohttp.ClientConnectorSSLError(KEY, OSError(1, "handshake failure")), False),
        (aiohttp.ClientConnectorCertificateError(KEY, ValueError("expired")), False),
        (aiohttp.ClientProxyConnectionError(KEY, OSError(111, "refused")), False),
        (aiohttp.ConnectionTimeoutError("connect"), False),
        (aiohttp.ServerDisconnectedError(), True),
        (aiohttp.ClientOSError(104, "reset"), True),
        (aiohttp.ServerTimeoutError("read"), True),
        (aiohttp.ClientPayloadError("short"), True),
        (ConnectionResetError(104, "reset"), True),
    ],
)
async def test_what_may_have_been_sent(mocked: aioresponses.aioresponses, failure: Exception, sent: bool) -> None:
    mocked.post(VISITS, exception=failure, repeat=True)
    async with LeatClient("t", retry=QUICK) as leat:
        with pytest.raises(errors.LeatError) as caught:
            await leat.visits.create(contact_uuid="c-1", shop_uuid="s")
    error = caught.value
    assert isinstance(error, errors.OutcomeUnknownError) is sent
    behind = error.__cause__ if sent else error
    assert isinstance(behind, errors.TransportError)
    assert behind.sent is sent
    assert type(failure).__name__ in str(behind)
    assert len(error.attempts) == (1 if sent else 3)


async def test_the_default_origin_is_spoken_to_over_tls(mocked: aioresponses.aioresponses) -> None:
    mocked.get(f"{VISITS}/v-1", payload={"data": {"uuid": "v-1"}, "meta": []})
    async with LeatClient("t") as leat:
        assert (await leat.visits.get("v-1")).uuid == "v-1"


async def test_errors_of_our_own_making_are_not_swallowed(mocked: aioresponses.aioresponses) -> None:
    mocked.get(f"{VISITS}/v-1", exception=asyncio.CancelledError())
    async with LeatClient("t") as leat:
        with pytest.raises(asyncio.CancelledError):
            await leat.visits.get("v-1")
        assert leat._pipeline.gate.try_enter()
