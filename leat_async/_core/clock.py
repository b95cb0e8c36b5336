"""Time and chance, in one place so that tests can replace them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Protocol


class Handle(Protocol):
    """What `Clock.call_later` gives back."""

    def cancel(self) -> None: ...


class Clock:
    """The real thing: monotonic seconds, asyncio's timers, the system's randomness."""

    # Monotonic seconds. Bare, since every call asks for it several times.
    now: Callable[[], float] = staticmethod(time.monotonic)

    # Seconds since 1970, for headers that name a moment.
    wall: Callable[[], float] = staticmethod(time.time)

    def random(self) -> float:
        """A number in [0, 1) for jitter."""
        return random.random()

    async def sleep(self, seconds: float) -> None:
        """Pause this task."""
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Handle:
        """Call back on the running loop after `seconds`."""
        return asyncio.get_running_loop().call_later(seconds, callback)
