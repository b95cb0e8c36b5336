"""Tokens go over TLS that checks out, to the origin that was set, and nowhere else."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web

from leat_async import ClientCredentials, LeatClient, RetryPolicy, errors
from leat_async.sync import LeatClient as SyncClient

from ..conftest import Recorder, answer

QUICK = RetryPolicy(attempts=3, backoff=0.001, max_backoff=0.002)
TOKEN = "personal-access-token-1"
CREATE = {"contact_uuid": "c-1", "shop_uuid": "s-1", "external_id": "e-1"}


@asynccontextmanager
async def serving(context: ssl.SSLContext | None = None, name: str = "localhost") -> AsyncIterator[Recorder]:
    """A recording server, over TLS if there is a context."""
    recorder = Recorder()
    runner = web.ServerRunner(web.Server(recorder.handle, access_log=None), shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    recorder.url = f"{'https' if context else 'http'}://{name}:{runner.addresses[0][1]}"
    try:
        yield recorder
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


def client_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def refused(leat: LeatClient) -> None:
    """Neither a read nor a write got as far as being sent."""
    for call in (lambda: leat.visits.get("v-1"), lambda: leat.visits.create(**CREATE)):
        with pytest.raises(errors.TransportError) as caught:
            await call()  # type: ignore[no-untyped-call]
        assert not caught.value.sent
        assert [attempt.end for attempt in caught.value.attempts] == ["not sent"] * 3
        assert TOKEN not in str(caught.value)


async def test_a_certificate_of_unknown_origin_is_refused(authority: trustme.CA) -> None:
    async with serving(server_side(authority, "localhost")) as server:
        async with LeatClient(TOKEN, base_url=server.url, retry=QUICK) as leat:
            await refused(leat)
        assert server.requests == []


async def test_a_certificate_of_another_name_is_refused(authority: trustme.CA) -> None:
    async with serving(server_side(authority, "api.piggy.eu")) as server:
        async with LeatClient(TOKEN, base_url=server.url, retry=QUICK, ssl=client_side(authority)) as leat:
            await refused(leat)
        assert server.requests == []


async def test_plain_http_behind_an_https_address_is_refused(recorder: Recorder) -> None:
    url = recorder.url.replace("http://", "https://")
    async with LeatClient(TOKEN, base_url=url, retry=QUICK) as leat:
        await refused(leat)
    assert recorder.requests == []


async def test_a_context_of_your_own_is_used(authority: trustme.CA) -> None:
    async with serving(server_side(authority, "localhost")) as server:
        context = client_side(authority)
        async with LeatClient(TOKEN, base_url=server.url, ssl=context) as leat:
            assert (await leat.visits.get("v-1")).uuid == "v-1"

        def synchronous() -> str | None:
            with SyncClient(TOKEN, base_url=server.url, ssl=context) as twin:
                return twin.visits.get("v-1").uuid

        assert await asyncio.to_thread(synchronous) == "v-1"
        assert [request.headers["Authorization"] for request in server.requests] == [f"Bearer {TOKEN}"] * 2


async def test_a_bundle_is_trusted_instead_of_the_systems(authority: trustme.CA, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    async with serving(server_side(authority, "localhost")) as server:
        async with LeatClient(TOKEN, base_url=server.url, ca=bundle) as leat:
            assert (await leat.visits.get("v-1")).uuid == "v-1"
        trustme.CA().cert_pem.write_to_path(bundle)
        async with LeatClient(TOKEN, base_url=server.url, ca=bundle, retry=QUICK) as leat:
            await refused(leat)


@contextmanager
def mute(context: ssl.SSLContext) -> Iterator[str]:
    """Answers one request over TLS, and then neither reads nor closes, so that no goodbye is ever returned."""
    done = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            body = b'{"data": {"uuid": "v-1"}}'
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            secured.sendall(head + body)
            done.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://localhost:{listening.getsockname()[1]}"
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("end", ["closed", "dropped"])
def test_nothing_stays_open_when_the_other_side_does_not_say_goodbye(authority: trustme.CA, end: str) -> None:
    async def main() -> None:
        leat = LeatClient(TOKEN, base_url=url, ssl=client_side(authority))
        assert (await leat.visits.get("v-1")).uuid == "v-1"
        if end == "closed":
            await leat.aclose()

    with mute(server_side(authority, "localhost")) as url, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(main())
        gc.collect()
    assert [str(w.message) for w in caught if "LeatClient" not in str(w.message)] == []
    assert len(caught) == (end == "dropped")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("own_session", [False, True], ids=["ours", "session"])
async def test_redirects_are_not_followed(status: int, own_session: bool) -> None:
    async with serving(name="127.0.0.1") as first, serving(name="localhost") as other:
        for location in (f"{other.url}/api/v3/oauth/clients/visits/v-1", "/elsewhere", "//localhost:1/x", "http://["):
            first.requests.clear()
            first.default = answer({"message": "moved"}, status, {"Location": location})
            session = aiohttp.ClientSession() if own_session else None
            async with LeatClient(TOKEN, base_url=first.url, retry=QUICK, session=session) as leat:
                for call in (
                    lambda: leat.visits.get("v-1"),
                    lambda: leat.visits.create(**CREATE),
                    lambda: leat.visits.update("v-1", source="x"),
                    lambda: leat.request("DELETE", "/visits/v-1"),
                ):
                    with pytest.raises(errors.LeatError, match="redirected, which is not followed") as caught:
                        await call()
                    refused = caught.value.__cause__ or caught.value
                    assert isinstance(refused, errors.ApiError)
                    assert refused.status == status
            if session is not None:
                await session.close()
            assert len(first.requests) == 4
        assert other.requests == []


async def test_client_secrets_do_not_follow_redirects_either() -> None:
    async with serving(name="127.0.0.1") as first, serving(name="localhost") as other:
        first.default = answer({}, 307, {"Location": f"{other.url}/oauth/token"})
        credentials = ClientCredentials("client", "client-secret-1")
        async with LeatClient(credentials, base_url=first.url, retry=QUICK) as leat:
            with pytest.raises(errors.AuthenticationError):
                await leat.visits.get("v-1")
        assert [request.path for request in first.requests] == ["/oauth/token"]
        assert other.requests == []


async def test_cookies_of_the_server_are_not_kept() -> None:
    async with serving() as server:
        server.default = answer({"data": {"uuid": "v-1"}}, 200, {"Set-Cookie": "session=1; Path=/"})
        async with LeatClient(TOKEN, base_url=server.url) as leat:
            await leat.visits.get("v-1")
            await leat.visits.get("v-1")
        assert [request.headers.get("Cookie") for request in server.requests] == [None, None]


@pytest.mark.parametrize(
    "url",
    [
        "http://api.piggy.eu",
        "HTTP://API.PIGGY.EU",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://127.999.999.999",
        "http://127.0.0.1234",
        "http://127.٣.0.1",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://[2001:db8::1]",
        "ws://localhost",
        "//localhost",
        "http://",
    ],
)
def test_plain_http_only_to_this_machine(url: str) -> None:
    with pytest.raises(errors.ConfigError, match="base_url"):
        LeatClient(TOKEN, base_url=url)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.1", "http://127.8.9.10:80", "http://[::1]:8080"])
def test_this_machine_may_be_spoken_to_in_plain(url: str) -> None:
    assert LeatClient(TOKEN, base_url=url)._pipeline.config.base_url == url


@pytest.mark.parametrize("wrong", [True, False, "ca.pem", object()])
def test_checking_certificates_has_no_switch(wrong: Any) -> None:
    with pytest.raises(errors.ConfigError, match="ssl"):
        LeatClient(TOKEN, ssl=wrong)
