"""The event loop of a command: uvloop's where that is installed, with a collector that comes less often."""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")
# New objects after which the collector looks for cycles. Rows in flight hold thousands that it would visit in vain:
# with Python's own 700 (2,000 in later versions) that takes a tenth of an import's time.
_YOUNG = 10_000


def run(main: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run a coroutine function to its end."""
    import anyio

    fast = sys.platform != "win32" and find_spec("uvloop") is not None
    with fewer_collections():
        return anyio.run(main, *args, backend="asyncio", backend_options={"use_uvloop": fast})


@contextmanager
def fewer_collections() -> Generator[None, None, None]:
    """Let the collector come less often; afterwards as often as before."""
    usual = gc.get_threshold()
    gc.set_threshold(_YOUNG, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
