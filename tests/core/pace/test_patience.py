"""How long stores are waited for: a real Valkey that is frozen, on a clock that the test turns."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from leat_async import RateLimit
from leat_async._core.clock import Clock
from leat_async._core.pace.gate import SharedGate
from leat_async._core.pace.lease import plan_of
from leat_async._core.pace.patience import PATIENCE, WAITED_FOR, within
from leat_async._core.pace.redis import RedisPaceStore
from leat_async.config import Secret
from leat_async.server_address import ServerAddress

from ...servers import Valkey
from .test_gate import Turned

# Seconds.
_LITTLE = 0.001


@pytest.mark.parametrize(("later", "seconds"), [(False, WAITED_FOR), (True, PATIENCE)])
async def test_a_frozen_store_is_given_up_sooner_where_somebody_waits(
    later: bool, seconds: float, valkey: Valkey
) -> None:
    clock, limit = Turned(), RateLimit(600)
    gate = SharedGate(8, limit, clock, RedisPaceStore(ServerAddress(Secret(valkey.url)), clock), "key")
    await gate.enter(later=later)
    with valkey.frozen():
        waiting = asyncio.create_task(gate.enter(later=later))
        await clock.advance(seconds - _LITTLE)
        assert not waiting.done()
        # Imports and exports have just sent by the last lease, so theirs goes an interval later.
        await clock.advance(2 * _LITTLE + (plan_of(limit).interval if later else 0.0))
        await waiting
    await gate.aclose()


async def test_an_answer_that_is_there_counts_however_late_it_is_read() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:

        async def ask() -> bytes:
            async with within(Clock(), PATIENCE):
                return await asyncio.get_running_loop().sock_recv(ours, 100)

        asked = asyncio.create_task(ask())
        await asyncio.sleep(0)
        theirs.send(b"answer")
        time.sleep(PATIENCE)  # noqa: ASYNC251 - a process that is busy with something else
        assert await asked == b"answer"
