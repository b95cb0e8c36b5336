"""Remembering deliveries in Redis or Valkey, for many machines."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any, cast

import attrs
import msgspec

from .base import SeenStore, SeenStoreError
from .sql import key_of
from .steps import KEPT, DeliveryRecord, Step
from .urls import address_of, needs

_SECONDS = 5.0


class RedisStore(SeenStore):
    """Remembers in Redis or Valkey, which any number of machines may share; it holds no outbox.

    Times are the server's. What the server forgets, when it starts again without having saved or evicts keys, is
    called again if Leat delivers it again. Needs the extra `redis`.
    """

    def __init__(self, url: str, *, name: str = "leat") -> None:
        """Remember at a URL.

        Parameters:
            url: such as "redis://host:6379/0", or "rediss://…" for TLS. A password in it shows nowhere.
            name: keys begin with it. Services that share a server and each want every event must not share a name.

        Raises:
            ConfigError: the extra `redis` is not installed.
            ValueError: the url or the name is none.
        """
        self._address = address_of(url, "redis", "rediss", "unix")
        if not isinstance(cast(object, name), str) or not name:
            raise ValueError(f"name must be a text that is not empty, got {name!r}")
        self._redis = needs("redis", "redis")

        def read(url: str) -> None:
            # What follows the question mark is looked at when a connection is made.
            self._redis.ConnectionPool.from_url(url).make_connection()

        self._address.read("url", read, self._redis.RedisError, TypeError, ValueError)
        super().__init__()
        self._name = name
        self._client: Any = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<RedisStore {self._address.shown}>"

    def apply(self, steps: Sequence[Step[Any]]) -> list[Any]:
        """Take steps one after the other, and return their answers; raises `SeenStoreError`."""
        with self._lock:
            if self._client is None:
                # A step that is taken twice does no harm, so a connection that has died meanwhile is made anew.
                self._client = self._redis.Redis.from_url(
                    self._address.url.reveal(),
                    socket_timeout=_SECONDS,
                    socket_connect_timeout=_SECONDS,
                    retry=self._redis.retry.Retry(self._redis.backoff.NoBackoff(), 1),
                )
            client = self._client
        try:
            return [self._take(client, step) for step in steps]
        except (self._redis.RedisError, OSError) as error:
            raise SeenStoreError(f"{self!r} can't be used: {self._address.worded(error)}") from None

    def close(self) -> None:
        """Close the connections; the next use opens others."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _take(self, client: Any, step: Step[Any]) -> Any:
        name = f"{self._name}:delivery:{step.digest}"

        def transaction(pipe: Any) -> Any:
            kept = pipe.get(name)
            now = self._now(pipe)
            before = DeliveryRecord(**msgspec.json.decode(kept)) if kept is not None else None
            after, answer = step.decide(before, now, key_of)
            pipe.multi()
            if after is not None and after is not before:
                # One that is held is remembered when its lease has ended, as one that is free is.
                seconds = after.until - now + (KEPT if after.state == "held" else 0.0)
                written = msgspec.json.encode(attrs.asdict(after, recurse=False))
                if seconds > 0:
                    pipe.set(name, written, px=math.ceil(seconds * 1000))
                else:
                    pipe.delete(name)
            return answer

        return client.transaction(transaction, name, value_from_callable=True)

    def _now(self, pipe: Any) -> float:
        seconds, micros = pipe.time()
        return float(seconds + micros / 1e6)

    def after_fork(self) -> None:
        """Forget, in a new process, what belongs to its parent."""
        # Its pool notices by itself, but not whether the lock was held.
        self._lock = threading.Lock()
