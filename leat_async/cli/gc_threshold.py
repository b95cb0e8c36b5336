"""Python's collector of cycles, told of objects that are no garbage: a command owns its process, a library does not."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

# Objects that a row in flight holds and the collector counts; there are about forty.
_HELD = 50


@contextmanager
def raised_for(rows: int) -> Generator[None, None, None]:
    """So many rows may be in flight without the collector looking for cycles among what they hold.

    It takes objects that come all at once for garbage to be, and looks through them in vain: some 8 per cent of an
    import's time. A collector that is switched off stays off.
    """
    before = gc.get_threshold()
    if before[0]:
        gc.set_threshold(before[0] + _HELD * rows, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
