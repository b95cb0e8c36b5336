"""What all stores have in common."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

import attrs

from ...errors import LeatError
from .steps import DeliveryRecord, Due, Step

T = TypeVar("T")


class SeenStoreError(LeatError):
    """Where deliveries are remembered can't be reached or used; a receiver answers 503, so that Leat delivers again."""


class SeenStore(ABC):
    """Remembers which deliveries came before; usable from any thread, and anew in each forked process."""

    # Whether it answers at once, so that an event loop need not hand it to a thread.
    at_once: bool = False

    def __init__(self) -> None:
        _stores.add(self)

    @abstractmethod
    def apply(self, steps: Sequence[Step[Any]]) -> list[Any]:
        """Take steps, all at once, and return their answers; raises `SeenStoreError`."""

    def ask(self, step: Step[T]) -> T:
        """Take one step."""
        answer: T = self.apply([step])[0]
        return answer

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections; the next use opens them again."""

    def before_fork(self) -> None:  # noqa: B027 - most are at such a point always
        """Come to a point at which the process can be copied."""

    def after_fork_in_parent(self) -> None:  # noqa: B027 - as before
        """Go on."""

    @abstractmethod
    def after_fork(self) -> None:
        """Forget, in a new process, what belongs to its parent."""


@attrs.frozen(kw_only=True)
class DeadLetter:
    """An event that the outbox has given up on.

    `key` and `attempts` are what its handler was told last; `error` is how it failed. `body` holds the bytes of the
    delivery, which are personal and show in no repr.
    """

    key: str
    attempts: int
    error: str
    body: bytes = attrs.field(repr=False)


class OutboxStore(SeenStore):
    """A store that can also hold what is to be handled later."""

    @abstractmethod
    def due(self, limit: int, lease: float, attempts: int) -> Due[DeliveryRecord]:
        """Hold up to `limit` events that are due, for `lease` seconds each; after `attempts` holds one is given up."""

    @abstractmethod
    def dead(self, limit: int = 1000) -> list[DeadLetter]:
        """The dead-letter list.

        Parameters:
            limit: how many at most.

        Returns:
            The events that the outbox has given up on, oldest first.

        Raises:
            SeenStoreError: the store can't be reached or used.

        Repeating: safe.
        """

    @abstractmethod
    def revive(self, key: str | None = None) -> int:
        """Take events from the dead-letter list back into the outbox, whose worker then calls its handler again.

        Parameters:
            key: the event's key, as the list has it; None takes all.

        Returns:
            How many it were.

        Raises:
            SeenStoreError: the store can't be reached or used.

        Repeating: safe; an event that is not on the list any more stays where it is.
        """


_stores: weakref.WeakSet[SeenStore] = weakref.WeakSet()
# Connections that a process got from its parent: to close them there would meddle with what the parent does.
inherited: list[Any] = []


def _before() -> None:
    _forking[:] = _stores
    for store in _forking:
        store.before_fork()


def _after_in_parent() -> None:
    while _forking:
        _forking.pop().after_fork_in_parent()


def _after_in_child() -> None:
    while _forking:
        _forking.pop().after_fork()


# Those that were there when a fork began, which nobody may forget meanwhile.
_forking: list[SeenStore] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
