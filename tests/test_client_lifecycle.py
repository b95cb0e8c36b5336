"""A client belongs to one loop and one process, and says so."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings

import pytest

from leat_async import LeatClient, errors

from .conftest import Recorder, hang


async def test_opened_by_the_first_call_and_closed_twice(recorder: Recorder) -> None:
    leat = LeatClient("t", base_url=recorder.url)
    assert (await leat.visits.get("v")).uuid == "v-1"
    await leat.aclose()
    await leat.aclose()
    with pytest.raises(errors.LifecycleError, match="closed"):
        await leat.visits.get("v")
    with pytest.raises(errors.LifecycleError, match="closed"):
        await leat.visits.list()
    with pytest.raises(errors.LifecycleError, match="closed"):
        await leat.request("GET", "/visits")


async def test_closing_what_was_never_opened() -> None:
    await LeatClient("t").aclose()


async def test_another_loop(recorder: Recorder) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        await leat.visits.get("v")

        def elsewhere() -> None:
            with pytest.raises(errors.LifecycleError, match="another event loop"):
                asyncio.run(call())
            with pytest.raises(errors.LifecycleError, match="event loop"):
                asyncio.run(leat.aclose())

        async def call() -> None:
            await leat.visits.get("v")

        await asyncio.to_thread(elsewhere)
        await leat.visits.get("v")
    assert len(recorder.requests) == 2


async def test_after_a_fork(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        await leat.visits.get("v")
        pid = os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: pid + 1)
        with pytest.raises(errors.LifecycleError, match="fork"):
            await leat.visits.get("v")
        monkeypatch.undo()


def test_plain_with_gives_advice() -> None:
    with pytest.raises(TypeError, match="async with"), LeatClient("t"):
        pass


async def test_dropped_without_closing_warns_with_its_place(recorder: Recorder) -> None:
    leat = LeatClient("t", base_url=recorder.url)
    await leat.visits.get("v")
    view = leat.with_options(timeout=3)
    gc.collect()  # what earlier tests dropped warns now
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del view
        gc.collect()
        assert not caught
        del leat
        gc.collect()
        await asyncio.sleep(0)
        gc.collect()
    assert [w.category for w in caught] == [ResourceWarning]
    assert "test_client_lifecycle.py" in str(caught[0].message)


async def test_closing_while_calls_are_under_way(recorder: Recorder) -> None:
    recorder.default = hang()
    leat = LeatClient("t", base_url=recorder.url, concurrency=1)
    read = asyncio.create_task(leat.visits.get("v"))
    while not recorder.requests:
        await asyncio.sleep(0.01)
    waiting = asyncio.create_task(leat.visits.create(contact_uuid="c-1", shop_uuid="s"))
    await asyncio.sleep(0.01)
    await leat.aclose()
    with pytest.raises(errors.LifecycleError):
        await waiting
    with pytest.raises(errors.LeatError):
        await read
    assert len(recorder.requests) == 1


async def test_views_share_everything_but_their_options(recorder: Recorder) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        view = leat.with_options(timeout=1.5, retry=None)
        await view.visits.get("v")
        await leat.visits.get("v")
        assert view._pipeline.gate is leat._pipeline.gate
        assert (view._pipeline.timeout, leat._pipeline.timeout) == (1.5, 30.0)
        assert view._pipeline.retry is None
        with pytest.raises(errors.ConfigError):
            leat.with_options(timeout=-1)


async def test_cancelling_a_call_gives_its_slot_back(recorder: Recorder) -> None:
    recorder.default = hang()
    async with LeatClient("t", base_url=recorder.url, concurrency=1) as leat:
        task = asyncio.create_task(leat.visits.get("v"))
        while not recorder.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert leat._pipeline.gate.try_enter()
        leat._pipeline.gate.leave()


def test_attributes_that_do_not_exist() -> None:
    leat = LeatClient("t")
    with pytest.raises(AttributeError, match="visitz"):
        leat.visitz  # noqa: B018
    assert "visits" in dir(leat)
    assert leat.visits is leat.visits
