"""Python's collector during an import: less often, and afterwards as before."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from leat_async import LeatClient, bulk
from leat_async.bulk.collector import _HELD, room_for
from leat_async.sandbox import Sandbox

from .test_outcomes import visits


@pytest.fixture(autouse=True)
def usual() -> Generator[tuple[int, int, int]]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    try:
        yield (700, 10, 10)
    finally:
        gc.set_threshold(*before)


async def test_a_run_raises_it_and_gives_it_back(
    leat_sandbox: Sandbox, leat_client: LeatClient, usual: tuple[int, int, int]
) -> None:
    seen: set[tuple[int, int, int]] = set()

    def rows() -> Iterator[dict[str, Any]]:
        for row in visits(leat_sandbox, 300):
            seen.add(gc.get_threshold())
            yield row

    report = await bulk.run(leat_client.visits, rows(), concurrency=8)
    assert report.created == 300
    assert seen == {(700 + 8 * _HELD, 10, 10)}
    assert gc.get_threshold() == usual


async def test_also_when_the_source_fails(leat_client: LeatClient, usual: tuple[int, int, int]) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        assert gc.get_threshold() != usual
        raise LookupError("the source is gone")
        yield {}

    with pytest.raises(LookupError, match="the source is gone"):
        await bulk.run(leat_client.visits, rows())
    assert gc.get_threshold() == usual


def test_runs_at_once_each_give_back_their_own(usual: tuple[int, int, int]) -> None:
    first, second = room_for(2), room_for(3)
    first.__enter__()
    second.__enter__()
    assert gc.get_threshold() == (700 + 5 * _HELD, 10, 10)
    first.__exit__(None, None, None)
    assert gc.get_threshold() == (700 + 3 * _HELD, 10, 10)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == usual


def test_a_collector_that_is_off_stays_off() -> None:
    gc.set_threshold(0, 10, 10)
    with room_for(10):
        assert gc.get_threshold() == (0, 10, 10)
    assert gc.get_threshold() == (0, 10, 10)


def test_what_the_host_sets_meanwhile_is_the_hosts(usual: tuple[int, int, int]) -> None:
    early = room_for(2)
    early.__enter__()
    gc.set_threshold(5_000, 3, 4)
    with room_for(10):
        assert gc.get_threshold() == (5_000 + 10 * _HELD, 3, 4)
        early.__exit__(None, None, None)
        assert gc.get_threshold() == (5_000 + 10 * _HELD, 3, 4)
    assert gc.get_threshold() == (5_000, 3, 4)
    with room_for(1):
        gc.set_threshold(0)
    assert gc.get_threshold()[0] == 0
