"""Tokens from client credentials: fetched once, renewed in time, never shown."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import Any

import pytest
from aiohttp import web

from leat_async import ClientCredentials, LeatClient, errors
from leat_async._core.clock import Clock

from ..conftest import VISIT, Recorder
from ..tasks import tasks_of_the_package

CREDENTIALS = ClientCredentials("client-id-1", "s3cret-s3cret-s3cret")


class Server:
    """Issues numbered tokens and accepts only the newest."""

    def __init__(self, recorder: Recorder, expires_in: Any = 3600) -> None:
        self.issued = 0
        self.valid = ""
        self.expires_in = expires_in
        self.old_shape = False
        self.token_reply: Any = None
        self.recorder = recorder
        recorder.default = self.reply

    @property
    def token_requests(self) -> int:
        return sum(request.path == "/oauth/token" for request in self.recorder.requests)

    async def reply(self, recorded: Any, request: web.BaseRequest) -> web.StreamResponse:
        if recorded.path == "/oauth/token":
            assert "Authorization" not in recorded.headers
            if self.token_reply is not None:
                return await self.token_reply()
            assert recorded.json == {
                "grant_type": "client_credentials",
                "client_id": "client-id-1",
                "client_secret": "s3cret-s3cret-s3cret",
            }
            self.issued += 1
            self.valid = f"issued-token-{self.issued}"
            await asyncio.sleep(0.02)
            return web.json_response(
                {"token_type": "Bearer", "expires_in": self.expires_in, "access_token": self.valid}
            )
        if recorded.headers.get("Authorization") != f"Bearer {self.valid}":
            body = {"error": "invalid_token"} if self.old_shape else {"message": "Unauthenticated."}
            return web.json_response(body, status=401)
        return web.json_response({"data": VISIT})


async def test_one_fetch_for_all_and_one_renewal_for_all_401s(recorder: Recorder) -> None:
    server = Server(recorder)
    async with LeatClient(CREDENTIALS, base_url=recorder.url, concurrency=50) as leat:
        await asyncio.gather(*[leat.visits.get("v") for _ in range(50)])
        assert server.token_requests == 1
        for old_shape in (False, True):
            server.old_shape = old_shape
            server.valid = "revoked"
            before = server.token_requests
            await asyncio.gather(*[leat.visits.get("v") for _ in range(50)])
            assert server.token_requests == before + 1


async def test_writes_are_repeated_after_a_401_because_it_is_a_refusal(recorder: Recorder) -> None:
    server = Server(recorder)
    async with LeatClient(CREDENTIALS, base_url=recorder.url, retry=None) as leat:
        await leat.visits.get("v")
        server.valid = "revoked"
        assert (await leat.visits.create(contact_uuid="c-1", shop_uuid="s")).uuid == "v-1"


async def test_at_most_one_renewal_per_call(recorder: Recorder) -> None:
    server = Server(recorder)

    async def stale() -> web.StreamResponse:
        return web.json_response({"access_token": "never-accepted", "expires_in": 60})

    server.token_reply = stale
    async with LeatClient(CREDENTIALS, base_url=recorder.url) as leat:
        with pytest.raises(errors.AuthenticationError):
            await leat.visits.get("v")
    assert server.token_requests == 2
    assert len(recorder.requests) == 4


async def test_renewed_before_it_expires(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(Clock, "now", lambda self: now[0])
    server = Server(recorder, expires_in="600")
    async with LeatClient(CREDENTIALS, base_url=recorder.url, rate_limit=None) as leat:
        await leat.visits.get("v")
        now[0] += 539
        await leat.visits.get("v")
        assert server.token_requests == 1
        now[0] += 2
        await leat.visits.get("v")
        assert server.token_requests == 2


@pytest.mark.parametrize("expires_in", [None, "soon", -5])
async def test_an_odd_lifetime_means_until_refused(recorder: Recorder, expires_in: Any) -> None:
    server = Server(recorder, expires_in=expires_in)
    async with LeatClient(CREDENTIALS, base_url=recorder.url) as leat:
        await leat.visits.get("v")
        await leat.visits.get("v")
    assert server.token_requests == 1


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"error": "invalid_client", "message": "Client authentication failed"}, errors.AuthenticationError),
        (400, {"error": "invalid_request"}, errors.AuthenticationError),
        (500, {}, errors.LeatError),
        (200, {"token": "x"}, errors.DecodeError),
        (200, {"access_token": "a\r\nb"}, errors.DecodeError),
        (200, [], errors.DecodeError),
    ],
)
async def test_a_token_endpoint_that_fails(
    recorder: Recorder, status: int, body: Any, expected: type[Exception]
) -> None:
    server = Server(recorder)

    async def failing() -> web.StreamResponse:
        return web.json_response(body, status=status)

    server.token_reply = failing
    async with LeatClient(CREDENTIALS, base_url=recorder.url, retry=None) as leat:
        results = await asyncio.gather(*[leat.visits.get("v") for _ in range(5)], return_exceptions=True)
    assert [isinstance(result, expected) for result in results] == [True] * 5
    assert all("s3cret" not in f"{result!r}{result}" for result in results)
    assert server.token_requests == 1


async def test_a_token_endpoint_that_hangs(recorder: Recorder) -> None:
    server = Server(recorder)

    async def hanging() -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    server.token_reply = hanging
    async with LeatClient(CREDENTIALS, base_url=recorder.url, timeout=0.1) as leat:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await leat.visits.create(contact_uuid="c-1", shop_uuid="s")
        assert caught.value.phase == "token"
    assert not tasks_of_the_package()


async def test_one_impatient_caller_does_not_fail_the_others(recorder: Recorder) -> None:
    Server(recorder)
    async with LeatClient(CREDENTIALS, base_url=recorder.url) as leat:
        impatient = asyncio.create_task(leat.visits.get("v"))
        patient = asyncio.create_task(leat.visits.get("v"))
        await asyncio.sleep(0.005)
        impatient.cancel()
        assert (await patient).uuid == "v-1"


async def test_secrets_stay_out_of_logs_and_reprs(recorder: Recorder) -> None:
    server = Server(recorder)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(leat)s", defaults={"leat": ""}))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        async with LeatClient(CREDENTIALS, base_url=recorder.url) as leat:
            await leat.visits.get("v-secret-id")
            server.valid = "revoked"
            await leat.visits.get("v-secret-id")
            shown = f"{leat!r}{leat._pipeline!r}{CREDENTIALS!r}{leat._pipeline.tokens!r}"
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    logged = stream.getvalue()
    assert "GET /visits/{visit_uuid} begins" in logged
    for secret in ("s3cret", "issued-token", "v-secret-id"):
        assert secret not in logged
        assert secret not in shown
