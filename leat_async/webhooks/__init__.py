"""Webhook deliveries: whether one is genuine, what it says, and exactly one call of your handler for each event.

`unwrap` verifies and reads a delivery. `receiver` (aiohttp), `asgi` (FastAPI, Starlette, Django) and `wsgi` (Flask,
Django) do all of it: they remember what came before, and call a function of yours. `Worker` and `ThreadedWorker` call
it for what lies in an outbox.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .events import ContactEvent, Event, VoucherEvent, WebhookEvent, parse
from .signatures import SignatureError, sign, unwrap, verify

if TYPE_CHECKING:
    from .aiohttp_receiver import AiohttpReceiver, receiver
    from .answers import WebhookAnswer
    from .asgi_receiver import AsgiReceiver, asgi
    from .settings import window_of
    from .stores.base import DeadLetter, OutboxStore, SeenStore, SeenStoreError
    from .stores.memory import MemoryStore
    from .stores.opening import open_store
    from .stores.postgres import PostgresStore
    from .stores.redis import RedisStore
    from .stores.sqlite import SqliteStore
    from .threaded_worker import ThreadedWorker
    from .worker import Worker
    from .wsgi_receiver import WsgiReceiver, wsgi

__all__ = [
    "verify",
    "unwrap",
    "parse",
    "sign",
    "SignatureError",
    "Event",
    "WebhookEvent",
    "VoucherEvent",
    "ContactEvent",
    "receiver",
    "asgi",
    "wsgi",
    "AiohttpReceiver",
    "AsgiReceiver",
    "WsgiReceiver",
    "WebhookAnswer",
    "window_of",
    "MemoryStore",
    "SqliteStore",
    "RedisStore",
    "PostgresStore",
    "SeenStore",
    "OutboxStore",
    "SeenStoreError",
    "open_store",
    "DeadLetter",
    "Worker",
    "ThreadedWorker",
]

# Imported on first use, so that verifying and reading stay light.
_WHERE = {
    "receiver": ".aiohttp_receiver",
    "AiohttpReceiver": ".aiohttp_receiver",
    "asgi": ".asgi_receiver",
    "AsgiReceiver": ".asgi_receiver",
    "wsgi": ".wsgi_receiver",
    "WsgiReceiver": ".wsgi_receiver",
    "WebhookAnswer": ".answers",
    "window_of": ".settings",
    "MemoryStore": ".stores.memory",
    "SqliteStore": ".stores.sqlite",
    "RedisStore": ".stores.redis",
    "PostgresStore": ".stores.postgres",
    "SeenStore": ".stores.base",
    "OutboxStore": ".stores.base",
    "SeenStoreError": ".stores.base",
    "DeadLetter": ".stores.base",
    "open_store": ".stores.opening",
    "Worker": ".worker",
    "ThreadedWorker": ".threaded_worker",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
