"""The client itself."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from leat_async import LeatClient, __version__, errors, sync
from leat_async.sandbox import Sandbox

from .conftest import Recorder


def test_reprs_say_what_they_are() -> None:
    for client, side in ((LeatClient("t"), ""), (sync.LeatClient("t", api="register"), "sync ")):
        api = "register" if side else "oauth"
        assert repr(client) == f"<{side}LeatClient https://api.piggy.eu api='{api}'>"
        assert repr(client.shops) == f"<{side}Shops: get, list>"
    with Sandbox() as sandbox:
        assert repr(sandbox) == f"<Sandbox {sandbox.url}>"
    assert repr(sandbox).startswith("<Sandbox not running: use it with")


async def test_a_session_that_was_brought_along_is_used_and_left_open(recorder: Recorder) -> None:
    async with aiohttp.ClientSession(headers={"X-Mine": "1"}) as session:
        async with LeatClient("t", base_url=recorder.url, session=session) as leat:
            await leat.visits.get("v")
        assert recorder.last.headers["X-Mine"] == "1"
        assert not session.closed
        with pytest.raises(errors.LifecycleError):
            await leat.visits.get("v")


async def test_headers_go_with_every_request_and_a_view_has_its_own(recorder: Recorder) -> None:
    given = {"X-Request-Source": "till", "User-Agent": "till/3"}
    async with LeatClient("t", base_url=recorder.url, headers=given) as leat:
        await leat.visits.get("v-1")
        await leat.with_options(headers={"x-request-source": "kiosk", "X-More": "1"}).visits.get("v-1")
        await leat.visits.get("v-1")
    first, view, last = (request.headers for request in recorder.requests)
    assert first["X-Request-Source"] == last["X-Request-Source"] == "till"
    assert "X-More" not in first
    assert (view["x-request-source"], view["X-More"]) == ("kiosk", "1")
    assert all(seen["User-Agent"] == f"till/3 leat-async/{__version__}" for seen in (first, view, last))
    assert first["Authorization"] == "Bearer t"


async def test_a_proxy_is_asked_and_told_to_send_on(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with LeatClient("t", base_url="http://localhost:1", proxy=recorder.url) as leat:
        assert (await leat.visits.get("v-1")).uuid == "v-1"
    assert recorder.last.target == "http://localhost:1/api/v3/oauth/clients/visits/v-1"


async def test_the_proxys_login_goes_to_the_proxy_alone() -> None:
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        proxy = f"http://ada:s%40fe@127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with LeatClient("t0ken-t0ken", base_url="https://leat.example", proxy=proxy, retry=None) as leat:
            with pytest.raises(errors.TransportError, match="407") as caught:
                await leat.visits.get("v-1")
    assert asked[0].startswith(b"CONNECT leat.example:443 ")
    assert b"Proxy-Authorization: Basic YWRhOnNAZmU=" in asked[0]
    assert b"t0ken" not in asked[0]
    assert not caught.value.sent
    assert "s@fe" not in str(caught.value)
    assert "ada" not in str(caught.value)
