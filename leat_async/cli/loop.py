"""The event loop of a command: uvloop's where that is installed."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run a coroutine function to its end."""
    import anyio

    fast = sys.platform != "win32" and find_spec("uvloop") is not None
    return anyio.run(main, *args, backend="asyncio", backend_options={"use_uvloop": fast})
