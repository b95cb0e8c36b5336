"""Finding out that a synchronous call is awaited before it is made: Python says so only once its result is there."""

from __future__ import annotations

import asyncio
import dis
import functools
import itertools
import sys
from types import CodeType, FrameType

_PACKAGE = __name__.partition(".")[0]


def refuse_await() -> None:
    """Raise `TypeError` where what the caller outside of this package makes is a call that it awaits."""
    # Only code of a running loop can await; the same call without await is for notebooks, which have a loop as well.
    if asyncio._get_running_loop() is None:  # pyright: ignore[reportPrivateUsage] - get_running_loop raises instead
        return
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - what warnings uses as well
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    if frame is not None and frame.f_lasti in _awaited(frame.f_code):
        raise TypeError(
            "this call is synchronous, and nothing has been sent: leave 'await' out, or use leat_async.LeatClient, "
            "which does not hold up the event loop"
        )


@functools.lru_cache(maxsize=256)
def _awaited(code: CodeType) -> frozenset[int]:
    """Where in a function something is called whose result is awaited."""
    return frozenset(
        place
        for step, after in itertools.pairwise(dis.get_instructions(code))
        if after.opname == "GET_AWAITABLE"
        # A call is followed by caches, among which Python may say that it is.
        for place in range(step.offset, after.offset)
    )
