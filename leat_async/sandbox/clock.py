"""Virtual time: it moves with real time, and further when told to."""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Callable

MAX_PLANNED = 100_000
LAST_MOMENT = 221_845_392_000.0  # the year 9000: what ends a while after it can still be written as a date


class VirtualClock:
    """Seconds since 1970, from a chosen start; `advance` moves it forward at once."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self.reset()

    def reset(self) -> None:
        """Back to the start, with nothing planned."""
        self._zero = time.monotonic()
        self._offset = 0.0
        self._held: float | None = None
        self._due.clear()

    def now(self) -> float:
        """The virtual moment; while something planned runs, the moment it was planned for."""
        if self._held is not None:
            return self._held
        return self._start + self._offset + time.monotonic() - self._zero

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        if not (math.isfinite(seconds) and 0 <= seconds <= 1e9):
            raise ValueError("time moves forward by a finite number of seconds, up to 1e9")
        if self.now() + seconds > LAST_MOMENT:
            raise ValueError("time moves forward up to the year 9000")
        self._offset += seconds

    def plan(self, seconds: float, action: Callable[[], object]) -> None:
        """Let something happen in `seconds`, seen from the first look at the sandbox after that."""
        if len(self._due) >= MAX_PLANNED:
            raise OverflowError(f"{MAX_PLANNED} things are planned already")
        heapq.heappush(self._due, (self.now() + seconds, next(self._order), action))

    def settle(self) -> None:
        """Do what has come due, each thing at its own moment."""
        while self._due and self._due[0][0] <= self.now():
            moment, _, action = heapq.heappop(self._due)
            self._held = moment
            try:
                action()
            finally:
                self._held = None
