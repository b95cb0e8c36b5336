"""What the pipeline tells an observer of each send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, RetryPolicy, errors
from leat_async._core.declare import operation_of
from leat_async._core.pipeline import Pipeline, Send
from leat_async._core.retry import End
from leat_async.resources.visits import Visits

from ..conftest import Recorder, answer, time_is_up, too_late

BODY = {"contact_uuid": "c-1", "shop_uuid": "s"}


class Told:
    """Keeps what it is told; with `ready`, sends wait for it."""

    def __init__(self, ready: Awaitable[None] | None = None) -> None:
        self.seen: list[tuple[Any, ...]] = []
        self._ready = ready

    def before(self, subject: Any, send: Send) -> Awaitable[None] | None:
        self.seen.append(("before", subject))
        return self._ready

    def after(self, subject: Any, send: Send) -> None:
        self.seen.append(("after", subject, send.end, send.status, send.connecting))


def view(leat: LeatClient, observer: Told, **changes: Any) -> Pipeline:
    return attrs.evolve(leat._pipeline, observer=observer, **changes)


async def test_each_attempt_is_told_with_its_subject(recorder: Recorder) -> None:
    recorder.replies = [answer({}, 429, {"Retry-After": "0"}), answer({}, 503)]
    told = Told()
    async with LeatClient("token", base_url=recorder.url, retry=RetryPolicy(backoff=0.0)) as leat:
        with pytest.raises(errors.OutcomeUnknownError):
            await view(leat, told).run(operation_of(Visits.create).request("oauth", (), None, BODY), "row 1")
    assert told.seen == [
        ("before", "row 1"),
        ("after", "row 1", End.REJECTED, 429, False),
        ("before", "row 1"),
        ("after", "row 1", End.MAYBE_APPLIED, 503, False),
    ]


async def test_nothing_leaves_until_the_observer_is_ready(recorder: Recorder) -> None:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    told = Told(ready)
    async with LeatClient("token", base_url=recorder.url) as leat:
        task = asyncio.create_task(view(leat, told).run(operation_of(Visits.create).request("oauth", (), None, BODY)))
        await asyncio.sleep(0.05)
        assert recorder.requests == []
        ready.set_result(None)
        await task
    assert told.seen == [("before", None), ("after", None, End.ANSWERED, 200, False)]


async def test_what_waited_for_the_observer_when_another_was_refused_is_held_back(recorder: Recorder) -> None:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    told = Told(ready)
    async with LeatClient("token", base_url=recorder.url) as leat:
        patient = view(leat, told, patient=True)
        task = asyncio.create_task(patient.run(operation_of(Visits.create).request("oauth", (), None, BODY), "row 1"))
        while not told.seen:
            await asyncio.sleep(0.001)
        patient.gate.pause(0.5)
        ready.set_result(None)
        await task
        assert patient.gate.in_flight == 0
    assert told.seen == [
        ("before", "row 1"),
        ("after", "row 1", End.NOT_SENT, None, False),
        ("before", "row 1"),
        ("after", "row 1", End.ANSWERED, 200, False),
    ]
    assert len(recorder.requests) == 1


@pytest.mark.parametrize("waits", [True, False])
async def test_a_deadline_while_the_observer_gets_ready_leaves_no_doubt(recorder: Recorder, waits: bool) -> None:
    told = Told(asyncio.get_running_loop().create_future() if waits else None)
    expected = errors.DeadlineExceeded if waits else errors.OutcomeUnknownError
    async with LeatClient("token", base_url=recorder.url) as leat:
        recorder.default = too_late(leat)
        call = view(leat, told).run(operation_of(Visits.create).request("oauth", (), None, BODY))
        task = asyncio.create_task(call)
        while not told.seen:
            await asyncio.sleep(0.001)
        if waits:
            time_is_up(leat)
        with pytest.raises(expected):
            await task
    assert told.seen == [("before", None), ("after", None, None, None, waits)]
    assert len(recorder.requests) == (0 if waits else 1)
