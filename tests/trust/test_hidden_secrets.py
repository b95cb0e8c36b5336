"""Secrets in what debuggers, test runners and error trackers show: variables of every frame, causes of every error."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from leat_async import ClientCredentials, LeatClient, RetryPolicy, errors
from leat_async.config import Secret, from_env
from leat_async.sync import LeatClient as SyncClient

from ..conftest import Recorder, Reply, answer, drop, hang, raw, too_late, truncated

# In two parts, so that the test's own source lines and variables do not hold them.
PARTS = {"token": ("t0ken-", "9d1c7b3e55"), "secret": ("s3cret-", "77aa01f2c4"), "password": ("pa55-", "c0ffee11dd")}
ONCE = RetryPolicy(attempts=2, backoff=0.0)


def the(name: str) -> str:
    return "".join(PARTS[name])


def frames(trace: TracebackType | None) -> list[Any]:
    found = []
    while trace is not None:
        found.append(trace.tb_frame)
        trace = trace.tb_next
    return found


def everything(error: BaseException) -> str:
    """All that a tool could show of an error, however far it follows what hangs together."""
    seen: set[int] = set()
    shown: list[str] = []
    queue: list[BaseException | None] = [error]
    while queue:
        one = queue.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        queue += [one.__cause__, one.__context__]
        shown += [repr(one), str(one), repr(one.args), repr(vars(one))]
        with contextlib.suppress(AttributeError):
            shown += traceback.TracebackException.from_exception(one, capture_locals=True).format()
        for frame in frames(one.__traceback__):
            if "/tests/" in frame.f_code.co_filename:
                continue
            for value in frame.f_locals.values():
                with contextlib.suppress(AttributeError):  # of one that is only half made
                    shown.append(repr(value))
                if not isinstance(value, type) and type(value).__module__.startswith(("leat_async", "aiohttp")):
                    shown += [repr(inner) for inner in getattr(value, "__dict__", {}).values()]
    return "\n".join(shown)


def check(error: BaseException) -> None:
    shown = everything(error)
    for name in PARTS:
        assert the(name) not in shown, f"{name} in {[line for line in shown.splitlines() if the(name) in line][:3]}"
        encoded = base64.b64encode(f"user:{the(name)}".encode()).decode()
        assert encoded not in shown


async def failing(call: Callable[[], Awaitable[Any]], kind: type[BaseException] = errors.LeatError) -> BaseException:
    with pytest.raises(kind) as caught:
        await call()
    return caught.value


# None: no answer before the deadline.
FAULTS: dict[str, Reply | None] = {
    "dropped": drop(),
    "cut": truncated(),
    "502": raw(b"<html>", 502, "text/html"),
    "401": answer({"message": "Unauthenticated."}, 401),
    "302": answer({}, 302, {"Location": "https://example.com/"}),
    "page": raw(b"<html>", 200, "text/html"),
    "shape": answer({"data": [1]}),
    "429": raw(b"Too Many Attempts.", 429, "text/plain", {"Retry-After": "600"}),
    "no HTTP": raw(b"", 200, "text/html", {"Content-Encoding": "gzip", "X-Long": "x" * 20_000}),
    "hang": None,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_error_leads_to_the_token(recorder: Recorder, fault: str) -> None:
    async with LeatClient(the("token"), base_url=recorder.url, retry=ONCE) as leat:
        recorder.default = FAULTS[fault] or too_late(leat)
        for call in (
            lambda: leat.visits.get("v-1"),
            lambda: leat.visits.list().collect(),
            lambda: leat.visits.create(contact_uuid="c", shop_uuid="s"),
            lambda: leat.visits.update("v-1", source="x"),
        ):
            check(await failing(call))
        assert recorder.last.headers["Authorization"] == f"Bearer {the('token')}"


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_error_leads_to_a_clients_secret(recorder: Recorder, fault: str) -> None:
    credentials = ClientCredentials("client", the("secret"))
    async with LeatClient(credentials, base_url=recorder.url, retry=ONCE) as leat:
        recorder.default = FAULTS[fault] or too_late(leat)
        check(await failing(lambda: leat.visits.get("v-1")))
        assert recorder.last.json["client_secret"] == the("secret")


@pytest.mark.parametrize(
    "token", [f"{the('token')}\r\n", [the("token")], "", None], ids=["unusable", "a list", "empty", "none"]
)
async def test_no_error_leads_to_what_was_issued(recorder: Recorder, token: Any) -> None:
    issued = {"access_token": token, "other": the("token"), "expires_in": "soon"}
    recorder.default = answer(issued)
    async with LeatClient(ClientCredentials("client", the("secret")), base_url=recorder.url, retry=ONCE) as leat:
        check(await failing(lambda: leat.visits.get("v-1")))


async def test_no_error_leads_to_a_token_that_was_issued_and_used(recorder: Recorder) -> None:
    async def serve(recorded: Any, request: web.BaseRequest) -> web.StreamResponse:
        if recorded.path == "/oauth/token":
            return web.json_response({"access_token": the("token"), "expires_in": 60})
        return web.Response(status=502)

    recorder.default = serve
    async with LeatClient(ClientCredentials("client", the("secret")), base_url=recorder.url, retry=ONCE) as leat:
        check(await failing(lambda: leat.visits.create(contact_uuid="c", shop_uuid="s")))


async def test_cancelled_or_closed_on_the_way(recorder: Recorder) -> None:
    recorder.default = hang()
    async with LeatClient(the("token"), base_url=recorder.url, retry=ONCE) as leat:

        async def limited() -> None:
            async with asyncio.timeout(None) as limit:
                call = asyncio.ensure_future(leat.visits.get("v-1"))
                while not recorder.requests:
                    await asyncio.sleep(0.01)
                limit.reschedule(0.0)
                await call

        check(await failing(limited, TimeoutError))
        call = asyncio.create_task(leat.visits.get("v-1"))
        while len(recorder.requests) < 2:
            await asyncio.sleep(0.01)
        call.cancel()
        check(await failing(lambda: call, asyncio.CancelledError))
        call = asyncio.create_task(leat.visits.get("v-1"))
        while len(recorder.requests) < 3:
            await asyncio.sleep(0.01)
        await leat.aclose()
        check(await failing(lambda: call))
        check(await failing(lambda: leat.visits.get("v-1")))


async def test_nobody_there(unused_tcp_port: int) -> None:
    for url in (f"http://127.0.0.1:{unused_tcp_port}", f"https://127.0.0.1:{unused_tcp_port}"):
        async with LeatClient(the("token"), base_url=url, retry=ONCE) as leat:
            check(await failing(lambda leat=leat: leat.visits.get("v-1")))  # type: ignore[misc]


@pytest.fixture
async def proxy() -> AsyncIterator[tuple[int, list[str]]]:
    """A proxy that wants to be logged in to, and never is."""
    logins: list[str] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        logins.extend(line.split(" ")[2] for line in head.split("\r\n") if line.startswith("Proxy-Authorization"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1], logins


async def test_a_proxys_password_is_sent_and_never_shown(
    proxy: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, logins = proxy
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{the('password')}@127.0.0.1:{port}")
    async with LeatClient(the("token"), base_url="https://leat.example", retry=ONCE) as leat:
        error = await failing(lambda: leat.visits.create(contact_uuid="c", shop_uuid="s"))
        check(error)
        assert "407" in str(error)
        assert isinstance(error, errors.TransportError)
        assert not error.sent
        assert logins == [base64.b64encode(f"user:{the('password')}".encode()).decode()] * 2
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{the('password')}@127.0.0.1:{nobody.getsockname()[1]}")
        async with LeatClient(the("token"), base_url="https://leat.example", retry=ONCE) as leat:
            check(await failing(lambda: leat.visits.get("v-1")))
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{the('password')}@127.0.0.1:port")
    leat = LeatClient(the("token"), base_url="https://leat.example", retry=ONCE)
    check(await failing(lambda: leat.visits.get("v-1"), errors.ConfigError))


async def test_the_proxy_of_a_session_of_your_own(proxy: tuple[int, list[str]]) -> None:
    async with (
        aiohttp.ClientSession(proxy=f"http://user:{the('password')}@127.0.0.1:{proxy[0]}") as session,
        LeatClient(the("token"), base_url="https://leat.example", retry=ONCE, session=session) as leat,
    ):
        error = await failing(lambda: leat.visits.get("v-1"))
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert the("password") not in "".join(told.format())


def test_wrong_settings_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAT_ACCESS_TOKEN", the("token") + " x")

    def environ(client: str) -> dict[str, str]:
        return {"LEAT_CLIENT_ID": client, "LEAT_CLIENT_SECRET": the("secret") + " x"}

    for make in (
        lambda: LeatClient(the("token"), base_url="nonsense"),
        lambda: LeatClient(the("token"), timeout=-1),
        lambda: LeatClient(the("token") + "\n"),
        lambda: LeatClient([the("token")]),  # type: ignore[arg-type]
        lambda: ClientCredentials("client", the("secret") + "\n"),
        lambda: ClientCredentials(the("secret") + " ", "x"),
        lambda: LeatClient.from_env(),
        lambda: LeatClient.from_env(token=the("token"), timeout=-1),
        lambda: from_env({}, environ("client")),
        lambda: from_env({"token": the("token")}, environ("")),
        lambda: SyncClient(the("token"), base_url="nonsense"),
        lambda: SyncClient(the("token") + "\n"),
    ):
        with pytest.raises(errors.ConfigError) as caught:
            make()
        check(caught.value)


def test_a_secret_shows_in_nothing() -> None:
    hidden = Secret(the("token"))
    shown = f"{hidden} {hidden!r} {hidden!s} {hidden:>40} {[hidden]} %s %r" % (hidden, hidden)
    assert the("token") not in shown + repr({"x": hidden}) + str(hidden)
    assert hidden == Secret(the("token"))
    assert hash(hidden) == hash(Secret(the("token")))
    assert hidden != the("token")
    assert hidden.reveal() == the("token")
    credentials = ClientCredentials("client", the("secret"))
    assert credentials == ClientCredentials("client", the("secret"))
    assert the("secret") not in f"{credentials} {credentials!r} {vars(type(credentials))!r}"
