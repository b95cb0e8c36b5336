"""Which store a setting names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias, cast

from .base import SeenStore
from .memory import MemoryStore
from .urls import shown

Seen: TypeAlias = SeenStore | str | os.PathLike[str] | None


def open_store(seen: Seen) -> SeenStore:
    """The store that `seen` names; nothing is connected to before its first use.

    Raises `ValueError`, `TypeError` and `ConfigError`.
    """
    if isinstance(seen, SeenStore):
        return seen
    if seen is None:
        return MemoryStore()
    if not isinstance(cast(object, seen), (str, os.PathLike)):
        raise TypeError(f"seen must be a store, a path or a URL, got {type(seen).__name__}")
    text = os.fspath(seen)
    if not text:
        raise ValueError("seen must not be empty: name a file, a URL, or leave it out for this process's memory")
    scheme, separator, _ = text.partition("://")
    if not separator:
        from .sqlite import SqliteStore

        return SqliteStore(Path(text))
    if scheme in ("redis", "rediss"):
        from .redis import RedisStore

        return RedisStore(text)
    if scheme in ("postgresql", "postgres"):
        from .postgres import PostgresStore

        return PostgresStore(text)
    raise ValueError(f"seen must be a file, redis://…, rediss://… or postgresql://…, got {shown(text)!r}")
