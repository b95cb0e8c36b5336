"""What hooks, `responses()` and `LEAT_LOG` are told of each attempt, whatever ends it."""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

import leat_async
from leat_async import Event, LeatClient, ResponseInfo, RetryPolicy, responses, sync
from leat_async._core import events
from leat_async.errors import ConfigError, DeadlineExceeded, LifecycleError, OutcomeUnknownError, TransportError

from ..conftest import VISIT, Recorder, answer, hang, too_late

Told = list[tuple[str, Event]]


def telling(told: Told) -> dict[str, Any]:
    """All three hooks, writing down what they are told."""
    return {
        name: functools.partial(lambda name, event: told.append((name, event)), name.removeprefix("on_"))
        for name in ("on_request", "on_response", "on_retry")
    }


async def test_the_deadline_ends_an_attempt(recorder: Recorder) -> None:
    told: Told = []
    async with LeatClient("t", base_url=recorder.url, **telling(told)) as leat:
        recorder.default = too_late(leat, after=0.1)
        with pytest.raises(DeadlineExceeded):
            await leat.visits.get("v-1")
    (begun, begin), (ended, end) = told
    assert (begun, begin.attempt, begin.phase, begin.status, begin.elapsed, begin.error) == (
        *("request", 1, "connect", None, None, None),
    )
    assert (ended, end.attempt, end.phase, end.status, end.error) == (
        "response",
        1,
        "response",
        None,
        "DeadlineExceeded",
    )
    assert begin.call == end.call != ""
    assert end.elapsed is not None
    assert 0.05 < end.elapsed < 5


async def test_cancellation_ends_an_attempt(recorder: Recorder) -> None:
    told: Told = []
    recorder.default = hang()
    async with LeatClient("t", base_url=recorder.url, **telling(told)) as leat:
        call = asyncio.ensure_future(leat.visits.get("v-1"))
        while not recorder.requests:
            await asyncio.sleep(0.001)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert [(kind, event.phase, event.error) for kind, event in told] == [
        ("request", "connect", None),
        ("response", "response", "CancelledError"),
    ]


async def test_a_refused_connection_ends_an_attempt() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening, so that nobody else gets the port
        told: Told = []
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with LeatClient("t", base_url=url, retry=RetryPolicy(2, backoff=0.001), **telling(told)) as leat:
            with pytest.raises(TransportError):
                await leat.visits.get("v-1")
    assert [(kind, event.attempt, event.phase, event.error) for kind, event in told] == [
        ("request", 1, "connect", None),
        ("response", 1, "connect", "TransportError"),
        ("retry", 1, "backoff", "TransportError"),
        ("request", 2, "connect", None),
        ("response", 2, "connect", "TransportError"),
    ]
    assert len({event.call for _, event in told}) == 1


async def test_closing_ends_an_attempt(recorder: Recorder) -> None:
    told: Told = []
    recorder.default = hang()
    leat = LeatClient("t", base_url=recorder.url, retry=None, **telling(told))
    call = asyncio.ensure_future(leat.visits.create(contact_uuid="c-1", shop_uuid="s"))
    while not recorder.requests:
        await asyncio.sleep(0.001)
    await leat.aclose()
    with pytest.raises((OutcomeUnknownError, LifecycleError)):
        await call
    assert [kind for kind, _ in told] == ["request", "response"]
    assert told[1][1].error in ("TransportError", "LifecycleError")


async def test_calls_are_told_apart_and_the_servers_name_is_passed_on(recorder: Recorder) -> None:
    told: Told = []
    recorder.replies = [answer({}, 502, {"X-Request-Id": "r-1"}), answer({"data": VISIT}, 200, {"x-request-id": "r-2"})]
    async with LeatClient("t", base_url=recorder.url, retry=RetryPolicy(backoff=0.001), **telling(told)) as leat:
        await leat.visits.get("v-1")
        await leat.visits.get("v-1")
    assert [(kind, event.attempt, event.request_id, event.error) for kind, event in told] == [
        ("request", 1, None, None),
        ("response", 1, "r-1", "ServerError"),
        ("retry", 1, "r-1", "ServerError"),
        ("request", 2, None, None),
        ("response", 2, "r-2", None),
        ("request", 1, None, None),
        ("response", 1, None, None),
    ]
    calls = [event.call for _, event in told]
    assert len({*calls[:5]}) == len({*calls[5:]}) == 1
    assert calls[0] != calls[-1]


async def _awaited(event: Event) -> None: ...


class _Awaited:
    async def __call__(self, event: Event) -> None: ...


@pytest.mark.parametrize("hook", [_awaited, functools.partial(_awaited), _Awaited(), _Awaited().__call__])
@pytest.mark.parametrize("name", ["on_request", "on_response", "on_retry"])
async def test_coroutine_functions_are_refused(name: str, hook: Any) -> None:
    with pytest.raises(ConfigError, match=rf"{name} must be a plain function.*coroutine function"):
        LeatClient("t", **{name: hook})
    leat = LeatClient("t")
    with pytest.raises(ConfigError, match=name):
        leat.with_options(**{name: hook})
    with pytest.raises(ConfigError, match=name):
        sync.LeatClient("t", **{name: hook})
    with pytest.raises(ConfigError, match=f"{name} must be a plain function, or None, got 'print'"):
        LeatClient("t", **{name: "print"})  # type: ignore[arg-type]
    await leat.aclose()


def told_of(seen: list[ResponseInfo]) -> list[tuple[str, int | None, int, str | None]]:
    return [(info.operation, info.status, info.attempt, info.request_id) for info in seen]


async def test_responses_are_collected_inside(recorder: Recorder) -> None:
    recorder.replies = [answer({}, 502), answer({"data": VISIT}, 200, {"X-Request-Id": "r-2", "X-Other": "o"})]
    async with LeatClient("t", base_url=recorder.url, retry=RetryPolicy(backoff=0.001)) as leat:
        with responses() as seen:
            await leat.visits.get("v-1")
            with responses() as inner:
                await asyncio.gather(leat.visits.get("v-1"), leat.visits.get("v-1"))
        await leat.visits.get("v-1")
    of_all = [("visits.get", 200, 1, None)] * 2
    assert told_of(seen) == [("visits.get", 502, 1, None), ("visits.get", 200, 2, "r-2"), *of_all]
    assert told_of(inner) == of_all
    assert seen[1].headers["x-other"] == "o"
    assert all(0 < info.elapsed < 5 for info in seen)
    assert "headers" not in repr(seen[1])


async def test_responses_hold_what_was_not_answered(recorder: Recorder) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        recorder.default = too_late(leat, after=0.1)
        with responses() as seen, pytest.raises(DeadlineExceeded):
            await leat.visits.get("v-1")
    assert told_of(seen) == [("visits.get", None, 1, None)]
    assert dict(seen[0].headers) == {}
    assert seen[0].elapsed > 0.05


async def test_responses_of_the_synchronous_client(recorder: Recorder) -> None:
    def work() -> None:
        with sync.LeatClient("t", base_url=recorder.url) as leat:
            leat.visits.get("v-0")
            with sync.responses() as seen:
                leat.visits.get("v-1")
                leat.visits.list().page()
                list(leat.visits.list())
            elsewhere = threading.Thread(target=leat.visits.get, args=("v-2",))
            with responses() as others:
                elsewhere.start()
                elsewhere.join()
            found.append((seen, others))

    found: list[Any] = []
    visits = answer({"data": [VISIT], "meta": {"page": 1, "last_page": 1}})
    recorder.replies = [recorder.default, recorder.default, visits, visits]
    await asyncio.to_thread(work)
    ((seen, others),) = found
    assert [info.operation for info in seen] == ["visits.get", "visits.list", "visits.list"]
    # Another thread is another context, unless it is given this one.
    assert others == []


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The package's, put back as it was."""
    log = events.log
    kept = (list(log.handlers), log.level, log.propagate)
    yield log
    log.handlers[:], log.level, log.propagate = kept
    log.manager._clear_cache()  # type: ignore[attr-defined]  # levels are remembered


async def lines_of(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level: str
) -> list[str]:
    monkeypatch.setenv("LEAT_LOG", level)
    recorder.replies = [answer({}, 502)]
    for _ in range(2):  # a second client adds no second line
        async with LeatClient("token-of-this-test", base_url=recorder.url, retry=RetryPolicy(backoff=0.0)) as leat:
            await leat.visits.get("v-secret")
    async with LeatClient("token-of-this-test", base_url=recorder.url) as leat:
        await leat.request("GET", "/contacts/ada@example.com", params={"email": "ada@example.com"})
    written = capsys.readouterr().err
    assert not {"v-secret", "ada@example.com", "token-of-this-test"} & {*written.replace("/", " ").split()}
    assert "ada" not in written
    return [line.split(" leat_async ", 1)[1] for line in written.splitlines()]


def timeless(line: str) -> str:
    words = line.split()
    return " ".join("…" if after == "ms" else word for word, after in zip(words, [*words[1:], ""], strict=True))


@pytest.mark.usefixtures("logger")
async def test_a_line_for_each_attempt(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = await lines_of(recorder, monkeypatch, capsys, "info")
    assert [timeless(line) for line in lines] == [
        "GET /visits/{visit_uuid} 502 … ms attempt 1",
        "GET /visits/{visit_uuid} 200 … ms attempt 2",
        "GET /visits/{visit_uuid} 200 … ms attempt 1",
        "GET /contacts/… 200 … ms attempt 1",
    ]


@pytest.mark.usefixtures("logger")
async def test_debug_has_beginnings_and_retries_as_well(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = await lines_of(recorder, monkeypatch, capsys, "DEBUG")
    assert [timeless(line) for line in lines[:5]] == [
        "GET /visits/{visit_uuid} begins attempt 1",
        "GET /visits/{visit_uuid} 502 … ms attempt 1",
        "GET /visits/{visit_uuid} 502 again in 0 s after attempt 1",
        "GET /visits/{visit_uuid} begins attempt 2",
        "GET /visits/{visit_uuid} 200 … ms attempt 2",
    ]


def test_what_was_not_answered_says_why(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "leat_async"):
        for status, error in ((None, "DeadlineExceeded"), (200, "DecodeError"), (404, "NotFoundError")):
            event = Event(operation="shops.list", method="GET", path="/shops", attempt=1, status=status, error=error)
            events.write("leat.response", attrs.evolve(event, elapsed=0.0124))
    assert caplog.messages == [
        "GET /shops DeadlineExceeded 12 ms attempt 1",
        "GET /shops 200 DecodeError 12 ms attempt 1",
        "GET /shops 404 12 ms attempt 1",
    ]


@pytest.mark.parametrize("told", ["warning", "1", "true", "debug "])
def test_other_values_are_refused(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("LEAT_LOG", told)
    with pytest.raises(ConfigError, match="LEAT_LOG must be one of 'debug', 'info'"):
        LeatClient("t")


def test_logging_is_left_alone_otherwise(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (list(logger.handlers), logger.level, logger.propagate, list(logging.root.handlers))
    for environ in ({}, {"LEAT_LOG": ""}):
        events.log_as_told(environ)
    monkeypatch.delenv("LEAT_LOG", raising=False)
    LeatClient("t")
    assert (list(logger.handlers), logger.level, logger.propagate, list(logging.root.handlers)) == before


def test_importing_the_package_sets_nothing_up() -> None:
    script = "import sys, leat_async; sys.exit('logging' in sys.modules or 'leat_async._core.events' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], env={"LEAT_LOG": "nonsense"}, check=False).returncode == 0
    assert leat_async.responses is responses
