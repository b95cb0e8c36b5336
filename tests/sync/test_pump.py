"""Streams: a batch a crossing, and an end to the work when the loop is left."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from leat_async.sync import LeatClient, errors
from leat_async.sync._pump import iterate

from .conftest import until


class Source:
    """Numbers out of an async generator that holds a task group."""

    def __init__(self, pause: float = 0.0, fail_at: int | None = None) -> None:
        self.pause, self.fail_at = pause, fail_at
        self.made = 0
        self.ended: list[str] = []

    async def numbers(self, count: int) -> AsyncIterator[int]:
        try:
            async with asyncio.TaskGroup() as group:
                helper = group.create_task(asyncio.sleep(3600))
                for number in range(count):
                    await asyncio.sleep(self.pause)
                    if number == self.fail_at:
                        raise KeyError(number)
                    self.made += 1
                    yield number
                helper.cancel()
        finally:
            self.ended.append(asyncio.current_task().get_name())  # type: ignore[union-attr]


def test_a_stream_crosses_a_batch_at_a_time(leat: LeatClient, crossings: list[Any]) -> None:
    source = Source()
    assert list(iterate(leat._bridge, lambda: source.numbers(1000), batch=100)) == list(range(1000))
    assert len(crossings) <= 1000 / 100 + 3
    assert len(source.ended) == 1


@pytest.mark.alone
def test_a_slow_stream_is_handed_out_as_it_comes(leat: LeatClient) -> None:
    source = Source(pause=0.1)
    numbers = iterate(leat._bridge, lambda: source.numbers(50), batch=50)
    began = time.monotonic()
    assert next(numbers) == 0
    # All fifty would take five seconds.
    assert time.monotonic() - began < 3
    numbers.close()


def test_leaving_a_stream_stops_the_work_before_the_loop_is_left(leat: LeatClient) -> None:
    source = Source()
    for number in iterate(leat._bridge, lambda: source.numbers(10**9), batch=10):
        if number == 5:
            break
    assert len(source.ended) == 1
    made = source.made
    assert made <= 30
    time.sleep(0.05)
    assert source.made == made
    assert not leat._bridge.pumps


def test_an_error_of_a_stream_comes_after_its_items(leat: LeatClient) -> None:
    source = Source(fail_at=7)
    seen = []
    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012 - the loop is what is tested
        for number in iterate(leat._bridge, lambda: source.numbers(100), batch=100):
            seen.append(number)
    assert caught.group_contains(KeyError)
    assert seen == list(range(7))


def test_closing_the_client_ends_an_open_stream(leat: LeatClient) -> None:
    source = Source()
    numbers = iterate(leat._bridge, lambda: source.numbers(10**9), batch=10)
    assert next(numbers) == 0
    leat.close()
    assert len(source.ended) == 1
    with pytest.raises(errors.LifecycleError, match="closed"):
        list(numbers)


def test_closing_the_client_ends_a_stream_that_is_being_waited_for(leat: LeatClient) -> None:
    source = Source(pause=30)
    threading.Timer(0.2, leat.close).start()
    with pytest.raises(errors.LifecycleError, match="closed"):
        list(iterate(leat._bridge, lambda: source.numbers(5)))


def test_a_stream_that_the_collector_finds_in_the_clients_own_thread_ends(leat: LeatClient) -> None:
    source = Source()
    held = [iterate(leat._bridge, lambda: source.numbers(10**9), batch=10)]
    next(held[0])

    async def drop() -> None:
        held.clear()

    leat._bridge.call(drop)
    until(lambda: len(source.ended) == 1)
