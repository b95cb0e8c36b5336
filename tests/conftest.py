"""A server that records what it is sent and answers as told, for what the sandbox would not show."""

from __future__ import annotations

import asyncio
import atexit
import copy
import gc
import itertools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings, strategies

from .forking import Forks

pytest_plugins = ["tests.servers"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background jobs ignore Ctrl-C, and so would the processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes depends on what else the machine does.
settings.register_profile("tests", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
# All that is collected stays: to look through it again and again would be a fifth of the collection's time.
gc.disable()
# What programs keep for their user is kept for the tests, and for the processes that they start.
_STATE, _tests = tempfile.mkdtemp(prefix="leat-tests-"), itertools.count()
os.environ["XDG_STATE_HOME"] = _STATE
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)


@pytest.fixture(autouse=True)
def _own_state() -> None:
    """Each test's are its own: the memory of an account outlives what imports."""
    os.environ["XDG_STATE_HOME"] = f"{_STATE}/{next(_tests)}"


def pytest_configure(config: pytest.Config) -> None:
    """Workers that find no such file collect nothing, which alone is no failure: parts of the suite may hold none."""
    for named in config.args:
        if not Path(config.invocation_params.dir, named.partition("::")[0]).exists():
            raise pytest.UsageError(f"there is no {named}")


def pytest_collection_finish() -> None:
    """Else each round of the collector looks at all that ten thousand tests and their imports are made of."""
    # Hypothesis asks the collector once who refers to its random numbers, and hears of nobody who is frozen.
    given(strategies.none())(lambda nothing: None)()
    gc.freeze()
    # Rounds of the collector were a seventh of what tests compute; those that wait for one ask for it.
    gc.set_threshold(10_000)
    gc.enable()


Reply = Callable[["Recorded", web.BaseRequest], Awaitable[web.StreamResponse]]


@attrs.frozen
class Recorded:
    """One request as it arrived: `target` is path and query, still percent-encoded."""

    method: str
    target: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


VISIT = {
    "uuid": "v-1",
    "contact": {"uuid": "c-1", "email": "ada@example.com"},
    "external_id": "e-1",
    "source": None,
    "starts_at": "2024-05-01T20:00:00+00:00",
    "ends_at": None,
    "created_at": "2024-05-01T20:00:01+00:00",
}


class Recorder:
    """Answers every request with `replies` in turn, then with `default`."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Recorded] = []
        self.replies: list[Reply] = []
        self.default: Reply = answer({"data": VISIT, "meta": []})

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        recorded = Recorded(
            request.method,
            request.raw_path,
            request.path,
            tuple(request.query.items()),
            dict(request.headers),
            await request.read(),
        )
        self.requests.append(recorded)
        reply = self.replies.pop(0) if self.replies else self.default
        return await reply(recorded, request)

    @property
    def last(self) -> Recorded:
        return self.requests[-1]


def echo(data: Any, echoes: Mapping[str, str], path: Mapping[str, str]) -> Reply:
    """A JSON answer that repeats what was sent, in the path or beside it, where the operation's answer does."""

    async def reply(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        told = {**path, **dict(recorded.query), **(recorded.json if recorded.body else {})}
        said = copy.deepcopy(data)
        for name, place in echoes.items():
            *steps, last = place.split(".")
            inner = said["data"]
            for step in steps:
                inner = inner.setdefault(step, {})
            if name in told:
                inner[last] = told[name]
        return web.json_response(said)

    return reply


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """A JSON answer."""

    async def reply(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response(data, status=status, headers=headers)

    return reply


def raw(body: bytes, status: int = 200, kind: str = "application/json", headers: dict[str, str] | None = None) -> Reply:
    """An answer of any bytes."""

    async def reply(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body, status=status, content_type=kind, headers=headers)

    return reply


def drop() -> Reply:
    """Close the connection without an answer."""

    async def reply(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return reply


def truncated(status: int = 200) -> Reply:
    """Announce a body and close in the middle of it."""

    async def reply(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(
            b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n" % status
            + b'{"data": {"uuid": '
        )
        await asyncio.sleep(0.01)
        request.transport.abort()
        return web.Response()

    return reply


def hang(released: asyncio.Event | None = None) -> Reply:
    """Never answer (until released)."""

    async def reply(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        await (released or asyncio.Event()).wait()
        return web.json_response({"data": VISIT})

    return reply


def time_is_up(leat: Any) -> None:
    """The deadlines of all that a client has on its way pass, however fast or slow the machine is."""
    for deadlines in leat._pipeline.watch._by_length.values():
        for deadline in list(deadlines._running):
            deadline.expire()


def too_late(leat: Any, after: float = 0.0) -> Reply:
    """Never answer: the deadline of the client's call passes so many seconds after its request has come."""

    async def reply(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(after)
        time_is_up(leat)
        return await hang()(recorded, request)

    return reply


async def given_up(leat: Any, sandbox: Any, call: Awaitable[Any]) -> Any:
    """What comes of a call whose deadline passes as soon as the sandbox, which does not answer, has its request."""
    before = len(sandbox.journal)
    calling = asyncio.ensure_future(call)
    while len(sandbox.journal) == before:
        await asyncio.sleep(0.001)
    time_is_up(leat)
    return await calling


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    recorder = Recorder()
    runner = web.ServerRunner(web.Server(recorder.handle, access_log=None), shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield recorder
    await runner.cleanup()


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks | None]:
    """Starts programs that have imported everything; None where there is no fork."""
    if not hasattr(os, "fork"):
        yield None
        return
    with Forks() as running:
        yield running
