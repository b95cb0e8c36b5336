"""How long a store is waited for before it is taken for dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ..clock import Clock
from .lease import Ask

# Seconds. Imports and exports have time, and wait out what is only a hiccup of the store.
PATIENCE = 0.25
# The same where somebody waits for the call.
WAITED_FOR = 0.1
# The same for a store that is not connected to yet: one far away takes several turns.
CONNECT = 1.0


def patience_of(ask: Ask) -> float:
    """Seconds that an ask may take."""
    return WAITED_FOR if ask.count > 0 and not ask.later else PATIENCE


@asynccontextmanager
async def within(clock: Clock, seconds: float) -> AsyncGenerator[None, None]:
    """Give up with `TimeoutError` after so many seconds.

    Unlike `asyncio.timeout`, not while an answer is there to be read: in a process that was busy for as long, the store
    would be taken for dead although it is not.
    """
    async with asyncio.timeout(None) as scope:
        # A moment that has passed ends it in the next round of the loop, after what this round has found to read.
        timer = clock.call_later(seconds, lambda: scope.reschedule(0.0))
        try:
            yield
        finally:
            timer.cancel()
