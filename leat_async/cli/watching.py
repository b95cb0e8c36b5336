"""How far a read is: a line that changes on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..export import Seen

_PLAIN_EVERY = 5.0


def pages_of(seen: Seen) -> str:
    """How many pages were read, in words."""
    return f"{seen.pages:,} page{'' if seen.pages == 1 else 's'}"


@contextmanager
def watching(text: Callable[[Seen], str]) -> Generator[Callable[[Seen], None]]:
    """Show what `text` makes of each moment."""
    from .display import err

    console = err()
    if console.is_terminal:
        with console.status("starting") as status:
            yield lambda seen: status.update(text(seen))
        return
    last = time.monotonic()

    def watch(seen: Seen) -> None:
        nonlocal last
        if time.monotonic() - last >= _PLAIN_EVERY:
            last = time.monotonic()
            print(text(seen), file=sys.stderr, flush=True)

    yield watch
