"""Hooks and log events around each attempt."""

from __future__ import annotations

import contextlib
import logging

import pytest

from leat_async import Event, LeatClient, RateLimit, RetryPolicy, errors

from ..conftest import Recorder, answer


async def test_hooks_see_each_attempt(recorder: Recorder) -> None:
    seen: list[tuple[str, Event]] = []
    recorder.replies = [answer({}, 502)]
    async with LeatClient(
        "t",
        base_url=recorder.url,
        retry=RetryPolicy(backoff=0.001),
        on_request=lambda event: seen.append(("request", event)),
        on_response=lambda event: seen.append(("response", event)),
        on_retry=lambda event: seen.append(("retry", event)),
    ) as leat:
        await leat.visits.get("v-1")
        quiet = leat.with_options(on_request=None, on_response=None, on_retry=None)
        await quiet.visits.get("v-1")
    assert [(kind, event.attempt, event.status) for kind, event in seen] == [
        ("request", 1, None),
        ("response", 1, 502),
        ("retry", 1, 502),
        ("request", 2, None),
        ("response", 2, 200),
    ]
    retry = seen[2][1]
    assert (retry.operation, retry.method, retry.path) == ("visits.get", "GET", "/visits/{visit_uuid}")
    assert retry.error == "ServerError"
    assert retry.waits is not None
    assert 0 <= retry.waits <= 0.001


async def test_log_events_have_stable_names(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    recorder.replies = [answer({}, 502)]
    with caplog.at_level(logging.DEBUG, "leat_async"):
        async with LeatClient("t", base_url=recorder.url, retry=RetryPolicy(backoff=0.001)) as leat:
            await leat.visits.get("v-1")
    events = [(record.event, record.levelname) for record in caplog.records]  # type: ignore[attr-defined]
    assert events == [
        ("leat.request", "DEBUG"),
        ("leat.response", "DEBUG"),
        ("leat.retry", "INFO"),
        ("leat.request", "DEBUG"),
        ("leat.response", "DEBUG"),
    ]


async def test_a_hook_that_fails_changes_nothing(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event) -> None:
        raise ZeroDivisionError(event.operation)

    async with LeatClient("t", base_url=recorder.url, on_request=fail, on_response=fail, on_retry=fail) as leat:
        assert (await leat.visits.create(contact_uuid="c-1", shop_uuid="s")).uuid == "v-1"
    assert len(recorder.requests) == 1
    assert [record.event for record in caplog.records if record.levelname == "ERROR"] == [  # type: ignore[attr-defined]
        "leat.hook_failed",
        "leat.hook_failed",
    ]


@pytest.mark.parametrize(
    ("limit", "reply", "phase"),
    [
        (RateLimit(2, burst=1), answer({}), "pace"),
        (None, answer({}, 429, headers={"Retry-After": "60"}), "rate limit"),
    ],
)
async def test_the_end_of_a_call_that_could_not_wait_says_for_what(
    recorder: Recorder, limit: RateLimit | None, reply: object, phase: str
) -> None:
    ended: list[Event] = []
    recorder.replies = [reply]
    async with LeatClient("t", base_url=recorder.url, timeout=5.0, rate_limit=limit, on_end=ended.append) as leat:
        for _ in range(2):
            with contextlib.suppress(errors.RateLimitError):
                await leat.visits.get("v")
    assert len(recorder.requests) == 1
    assert (ended[1].error, ended[1].attempt, ended[1].phase) == ("RateLimitError", 0, phase)
