"""Remembering deliveries in the process itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from .base import SeenStore
from .steps import KEPT, DeliveryRecord, Step

_TIDY_EVERY = 1000


class MemoryStore(SeenStore):
    """Remembers in this process: nothing outlasts it, and other processes know nothing of it.

    An event's key is made of its content only, so that a handler that is called again after a restart is given the same
    one; equal deliveries have equal keys for ever. Of more than `size` events, those are forgotten first that came
    first.
    """

    at_once = True

    def __init__(self, size: int = 100_000) -> None:
        """Raises `ValueError` if `size` is less than 1."""
        if size < 1:
            raise ValueError(f"size must be at least 1, got {size}")
        super().__init__()
        self._size = size
        self._records: dict[str, DeliveryRecord] = {}
        self._lock = threading.Lock()
        self._steps = 0
        # The clock on the wall may be set back.
        self._now = time.monotonic

    def __repr__(self) -> str:
        return f"<MemoryStore of {len(self._records)} events>"

    def apply(self, steps: Sequence[Step[Any]]) -> list[Any]:
        """Take steps, all at once, and return their answers."""
        answers: list[Any] = []
        with self._lock:
            now = self._now()
            for step in steps:
                after, answer = step.decide(self._records.get(step.digest), now, lambda digest, _: digest)
                if after is not None:
                    self._records[step.digest] = after
                answers.append(answer)
            self._steps += len(steps)
            if self._steps >= _TIDY_EVERY or len(self._records) > self._size:
                self._tidy(now)
        return answers

    def close(self) -> None:
        """Nothing is open; what is remembered stays."""

    def _tidy(self, now: float) -> None:
        self._steps = 0
        for digest, record in [*self._records.items()]:
            if record.until + (KEPT if record.state == "held" else 0.0) <= now:
                del self._records[digest]
        held = [digest for digest, record in self._records.items() if record.state != "held"]
        for digest in held[: max(0, len(self._records) - self._size)]:
            del self._records[digest]

    def before_fork(self) -> None:
        """Have no record half changed in the copy."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def after_fork(self) -> None:
        """Forget, in a new process, what belongs to its parent."""
        self._lock = threading.Lock()
