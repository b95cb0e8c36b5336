"""Single calls, and the synchronous facade, through the same hostile worlds.

`LEAT_SEED=7 pytest tests/hostile -k call_seed` repeats one, `LEAT_FAULTS=late,dies` picks families of faults.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from leat_async import LeatClient, sync

from .calls import OPTIONS, Findings, calls_of, make_all, make_each
from .personality import FAMILIES, Personality
from .server import World

SOAK = os.environ.get("LEAT_SOAK") == "1"
SEEDS = [int(os.environ["LEAT_SEED"])] if "LEAT_SEED" in os.environ else list(range(200 if SOAK else 20))
CHOSEN = os.environ.get("LEAT_FAULTS")
AMONG = CHOSEN.split(",") if CHOSEN else list(FAMILIES)
TOKEN = "t" * 53


def world_of(seed: int) -> World:
    world = World(Personality.of(f"call {seed}", among=AMONG, most=60, grace=0.2))
    world.bare = False
    return world


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"call_seed{seed}")
async def test_calls_are_true_and_fail_as_documented(seed: int) -> None:
    world = world_of(seed)
    calls = calls_of(world, seed, 40)
    findings = Findings(world, world.personality.timeout)
    async with (
        world.serving(),
        LeatClient(TOKEN, base_url=world.url, timeout=world.personality.timeout, **OPTIONS) as leat,
    ):
        await make_all(leat, calls, findings)
    assert not findings.wrong, f"LEAT_SEED={seed}\n{findings.report()}"


@contextmanager
def elsewhere(world: World) -> Iterator[World]:
    """Serve from a loop in a thread."""
    begun, over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with world.serving():
            begun.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    begun.wait()
    try:
        yield world
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.mark.parametrize("seed", SEEDS[: len(SEEDS) // 4 or 1], ids=lambda seed: f"call_seed{seed}")
def test_synchronous_calls_are_true_and_fail_as_documented(seed: int) -> None:
    world = world_of(seed)
    with elsewhere(world):
        calls = calls_of(world, seed, 30)
        findings = Findings(world, world.personality.timeout)
        with sync.LeatClient(TOKEN, base_url=world.url, timeout=world.personality.timeout, **OPTIONS) as leat:
            make_each(leat, calls, findings)
    assert not findings.wrong, f"LEAT_SEED={seed}\n{findings.report()}"
