"""What receivers and workers are told, checked."""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Literal, TypeAlias, cast

import attrs

from .events import Event
from .signatures import Secret, keys_of
from .stores.base import OutboxStore, SeenStore
from .stores.opening import Seen, open_store

Mode: TypeAlias = Literal["inline", "outbox"]
Window: TypeAlias = float | Callable[[Event], float]
# What a handler is given is of one of the classes of events; it may name the one that it is for.
Handler: TypeAlias = Callable[[Any], Awaitable[object]]
PlainHandler: TypeAlias = Callable[[Any], object]

# Seconds. An event that says that something changed may truly come again with the same bytes: back and forth.
LONG, SHORT = 86400.0, 600.0
MAX_BODY = 2**20


def window_of(event: Event) -> float:
    """For how many seconds an equal delivery is taken for the same event, where nothing else is said.

    Parameters:
        event: what was delivered.

    Returns:
        A day; ten minutes for events whose name ends in "_updated", since something may change back and
        forth, and then two deliveries are equal that are not the same.
    """
    return SHORT if event.type.endswith("_updated") else LONG


@attrs.frozen
class ReceiverSettings:
    """How deliveries are received."""

    keys: tuple[bytes, ...] = attrs.field(repr=False)
    store: SeenStore
    outbox: OutboxStore | None
    timeout: float | None
    lease: float
    window: Window
    max_body: int

    def seconds(self, event: Event) -> float:
        """The window of an event."""
        return seconds_of(self.window, event)


def settings_of(
    *, secret: Secret, seen: Seen, mode: Mode, timeout: float | None, lease: float, window: Window | None, max_body: int
) -> ReceiverSettings:
    """Check what a receiver was told; raises `ValueError`, `TypeError` and `ConfigError`."""
    keys = keys_of(secret)
    if mode not in ("inline", "outbox"):
        raise ValueError(f'mode must be "inline" or "outbox", got {mode!r}')
    if timeout is not None:
        check_seconds("timeout", timeout)
    check_seconds("lease", lease)
    if mode == "inline" and timeout is not None and lease <= timeout:
        raise ValueError(f"lease must be longer than timeout, got {lease:g} and {timeout:g} seconds")
    window = window_or_default(window)
    if type(max_body) is not int or max_body < 1:
        raise ValueError(f"max_body must be a number of bytes, at least 1, got {max_body!r}")
    store = open_store(seen)
    outbox: OutboxStore | None = None
    if mode == "outbox":
        outbox = outbox_of(store)
    return ReceiverSettings(keys, store, outbox, timeout, lease, window, max_body)


def outbox_of(store: SeenStore) -> OutboxStore:
    """The store, if it can hold an outbox."""
    if not isinstance(store, OutboxStore):
        raise ValueError(f"an outbox needs SQLite (a file) or PostgreSQL, and {store!r} is neither")
    return store


def check_seconds(name: str, value: float) -> None:
    """Raise `ValueError` or `TypeError` unless it is a positive number of seconds."""
    if isinstance(value, bool) or not isinstance(cast(object, value), (int, float)):
        raise TypeError(f"{name} must be a number of seconds, got {type(value).__name__}")
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be a number of seconds above 0, got {value!r}")


def window_or_default(window: Window | None) -> Window:
    """Raise unless it is None, a number of seconds, 0 included, or a function that gives one."""
    if window is None:
        return window_of
    if callable(window):
        return window
    _check_window(window)
    return window


def seconds_of(window: Window, event: Event) -> float:
    """The window of an event; raises what the function raises that is to tell, and if it gives none."""
    if not callable(window):
        return float(window)
    given = window(event)
    _check_window(given)
    return float(given)


def _check_window(window: object) -> None:
    if isinstance(window, bool) or not isinstance(window, (int, float)):
        raise TypeError(
            f"window must be seconds, or a function of an event that gives them, got {type(window).__name__}"
        )
    if not 0 <= window < math.inf:
        raise ValueError(f"window must be seconds, 0 for no window, got {window!r}")


def check_result(result: object) -> None:
    """Raise `TypeError` if what a handler returned shows that its work has not even begun."""
    if isinstance(result, (CoroutineType, GeneratorType, AsyncGeneratorType)):
        if isinstance(result, CoroutineType):
            result.close()  # or Python warns of it, at some later time
        raise TypeError(
            f"the handler returned a {type(cast(object, result)).__name__} and did nothing: it calls an async function "
            "without awaiting it, or has a yield"
        )


def is_async(function: object) -> bool:
    """Whether calling it gives something to await."""
    call = getattr(function, "__call__", None)  # noqa: B004 - the method, not whether there is one
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def check_handler(handler: Any, *, awaited: bool, instead: str) -> None:
    """Raise `TypeError` unless it is a function of the right colour; `instead` names what takes the other one."""
    if not callable(handler):
        raise TypeError(f"handler must be a function that takes an event, got {type(handler).__name__}")
    if is_async(handler) != awaited:
        kind = "an async function" if awaited else "a plain function, without async"
        raise TypeError(f"handler must be {kind}, here; {instead} takes the other kind")
