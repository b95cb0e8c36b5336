"""The loop that commands run in."""

from __future__ import annotations

import asyncio
import gc

import pytest

from leat_async.cli import loop


def test_the_collector_comes_less_often_while_a_command_runs() -> None:
    async def main(more: int) -> tuple[int, ...]:
        await asyncio.sleep(0)
        return more, *gc.get_threshold()

    usual = gc.get_threshold()
    assert loop.run(main, 7) == (7, loop._YOUNG, *usual[1:])
    assert gc.get_threshold() == usual


def test_it_comes_as_often_as_before_after_an_error() -> None:
    async def main() -> None:
        raise LookupError("x")

    usual = gc.get_threshold()
    with pytest.raises(LookupError):
        loop.run(main)
    assert gc.get_threshold() == usual
