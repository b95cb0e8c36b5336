"""Deadlines behind one timer: what `asyncio.timeout` promises, and that there is one timer."""

from __future__ import annotations

import asyncio
import gc

import pytest

from leat_async import LeatClient
from leat_async._core.deadline import Deadlines, Watch

from ..conftest import Recorder


async def test_it_cancels_what_takes_too_long() -> None:
    deadline = Deadlines(0.01).begin()
    with pytest.raises(TimeoutError) as caught, deadline:
        await asyncio.Event().wait()
    assert deadline.expired
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_in_time_nothing_happens() -> None:
    deadlines = Deadlines(1.0)
    with deadlines.begin() as first:
        await asyncio.sleep(0)
    await asyncio.sleep(1.1)
    assert not first.expired
    # The timer rang for nobody; the next deadline sets its own.
    with pytest.raises(TimeoutError), deadlines.begin():
        await asyncio.Event().wait()


async def test_each_passes_when_it_is_due() -> None:
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(0.05)
    lasted: list[float] = []

    async def call() -> None:
        began = loop.time()
        with pytest.raises(TimeoutError), deadlines.begin():
            await asyncio.Event().wait()
        lasted.append(loop.time() - began)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(call())
            await asyncio.sleep(0.01)
    assert len(lasted) == 5
    assert all(seconds >= 0.049 for seconds in lasted)


async def test_one_timer_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    timers: list[float] = []
    real = loop.call_at
    monkeypatch.setattr(loop, "call_at", lambda when, *rest: (timers.append(when), real(when, *rest))[1])
    deadlines = Deadlines(60)
    for _ in range(100):
        with deadlines.begin():
            pass
    assert len(timers) == 1
    assert not deadlines._running


async def test_closing_takes_the_timer_back_once_nothing_runs() -> None:
    watch = Watch()
    deadlines = watch.lasting(0.02)
    assert watch.lasting(0.02) is deadlines
    with deadlines.begin():
        watch.close()
        assert deadlines._timer is not None
    assert deadlines._timer is None
    with pytest.raises(TimeoutError), deadlines.begin():
        await asyncio.Event().wait()
    assert deadlines._timer is None


async def test_cancellation_from_elsewhere_stays_one() -> None:
    deadlines = Deadlines(60)

    async def call() -> None:
        with deadlines.begin():
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines._running


async def test_cancellation_from_elsewhere_wins_over_a_deadline_in_the_same_moment() -> None:
    deadlines = Deadlines(60)
    running: list[asyncio.Task[None]] = []

    async def call() -> None:
        with deadlines.begin() as deadline:
            running[0].cancel()
            deadline.expire()
            await asyncio.Event().wait()

    running.append(asyncio.create_task(call()))
    with pytest.raises(asyncio.CancelledError):
        await running[0]


async def test_another_error_passes_even_when_the_deadline_has() -> None:
    async def call() -> None:
        with Deadlines(60).begin() as deadline:
            deadline.expire()
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                raise ValueError("mine") from None

    with pytest.raises(ValueError, match="mine"):
        await call()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_paused_clock_stands_still() -> None:
    deadlines = Deadlines(0.5)

    async def call() -> None:
        with deadlines.begin() as deadline:
            left = deadline.pause()
            assert deadline.left() == float("inf")
            await asyncio.sleep(0.6)
            assert not deadline.expired
            assert 0 < left <= 0.5
            deadline.resume(left)
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await call()
    with deadlines.begin() as other:
        other.resume(other.pause())
    await asyncio.sleep(0.6)
    assert not other.expired


def test_no_task_no_call() -> None:
    async def begin() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def outside() -> None:
            try:
                Deadlines(1).begin()
            except RuntimeError as error:
                done.set_exception(error)

        loop.call_soon(outside)
        await done

    with pytest.raises(RuntimeError, match="task"):
        asyncio.run(begin())


def kept() -> int:
    """How many there are in this process, of which clients of earlier tests may have some."""
    gc.collect()
    return sum(isinstance(thing, Deadlines) for thing in gc.get_objects())


async def test_timeouts_of_many_lengths_leave_nothing_behind() -> None:
    watch = Watch()
    first = watch.lasting(30.0)
    before = kept()
    for n in range(1000):
        watch.lasting(1 + n / 1000)
    assert kept() - before < 10
    assert watch.lasting(30.0) is first
    loop = asyncio.get_running_loop()
    for n in range(1000):
        with watch.lasting(2 + n / 1000).begin():
            pass
    scheduled = [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
    assert len(scheduled) < 10, "their timers go with them"


async def test_a_timeout_of_a_rare_length_is_kept_as_well() -> None:
    watch = Watch()
    for n in range(20):
        watch.lasting(1.0 + n)
    with pytest.raises(TimeoutError), watch.lasting(0.01).begin():
        await asyncio.Event().wait()


async def test_a_view_for_each_call(recorder: Recorder) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        before = kept()
        for n in range(100):
            assert (await leat.with_options(timeout=5 + n / 1000).visits.get("v-1")).uuid == "v-1"
        assert kept() - before < 20
