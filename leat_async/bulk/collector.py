"""Python's collector of cycles, told of objects that are no garbage."""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

# Objects that a row in flight holds and the collector counts; there are about forty.
_HELD = 50
_turn = threading.Lock()
# Who has raised the threshold, and to what; when it is something else now, the host has set it, and it is the host's.
_raised: set[object] = set()
_latest = 0


@contextmanager
def room_for(rows: int) -> Generator[None, None, None]:
    """So many rows may be in flight without the collector looking for cycles among what they hold.

    It takes objects that come all at once for garbage to be, and looks through them in vain. What the host has set is
    added to, and given back; a host that has switched the collector off, or sets it anew meanwhile, is left alone.
    """
    who = object()
    with _turn:
        if gc.get_threshold()[0] != _latest:
            _raised.clear()
        if gc.get_threshold()[0]:
            _raised.add(who)
            _add(_HELD * rows)
    try:
        yield
    finally:
        with _turn:
            if who in _raised and gc.get_threshold()[0] == _latest:
                _raised.discard(who)
                _add(-_HELD * rows)


def _add(objects: int) -> None:
    global _latest
    youngest, *others = gc.get_threshold()
    _latest = youngest + objects
    gc.set_threshold(_latest, *others)
