"""The loop that commands run in."""

from __future__ import annotations

import asyncio

import pytest

from leat_async.cli import loop


def test_it_runs_to_the_end_of_the_function() -> None:
    async def main(more: int) -> int:
        await asyncio.sleep(0)
        return more

    assert loop.run(main, 7) == 7


def test_errors_come_out_as_they_are() -> None:
    async def main() -> None:
        raise LookupError("x")

    with pytest.raises(LookupError):
        loop.run(main)
