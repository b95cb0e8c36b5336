"""Stores of every kind, at a clock that tests set."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leat_async.webhooks import MemoryStore, PostgresStore, RedisStore, SeenStore, SqliteStore

KINDS = ("memory", "sqlite", "redis", "postgres")
OUTBOXES = ("sqlite", "postgres")


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self, *_: Any) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Callable[[str], SeenStore]]:
    """Makes stores of a kind; those of one test share what they remember, save in memory, and the clock."""
    made: list[SeenStore] = []
    # A table, and keys, of this test's own.
    name = f"t{uuid.uuid4().hex[:12]}"

    def make(kind: str, *, at: Callable[..., float] | None = clock) -> SeenStore:
        store: Any
        if kind == "memory":
            store = MemoryStore()
        elif kind == "sqlite":
            store = SqliteStore(tmp_path / "seen.sqlite")
        elif kind == "redis":
            store = RedisStore(request.getfixturevalue("valkey").url, name=name)
        else:
            store = PostgresStore(request.getfixturevalue("postgres").url, name=name)
        if at is not None:
            store._now = at
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()
