"""The event loop of a command: uvloop's where that is installed."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run a coroutine function to its end; SIGTERM is Ctrl-C."""
    import anyio

    terminated = False

    async def until_terminated(*given: Any) -> T:
        task = asyncio.current_task()
        assert task is not None

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            task.cancel()

        with suppress(NotImplementedError):  # Windows has no SIGTERM to handle
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        return await main(*given)

    fast = sys.platform != "win32" and find_spec("uvloop") is not None
    try:
        return anyio.run(until_terminated, *args, backend="asyncio", backend_options={"use_uvloop": fast})
    except asyncio.CancelledError:
        if terminated:
            raise KeyboardInterrupt from None
        raise
