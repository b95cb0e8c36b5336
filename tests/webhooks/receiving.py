"""A receiver in a process of its own, whose handler fails and is killed as planned.

What it did is in a folder: `effects`, a line for each, and a mark for each thing that went wrong as planned.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import attrs
import psycopg  # noqa: F401 - loaded once, before processes are forked from it
import redis  # noqa: F401
from aiohttp import web

from leat_async import webhooks
from leat_async.webhooks import aiohttp_receiver, wsgi_receiver  # noqa: F401
from leat_async.webhooks.stores import postgres, sqlite  # noqa: F401

SECRET = "whsec_soak"


@attrs.frozen
class Plan:
    """Where to listen, what to remember with, and what goes wrong with which event, once each.

    "fail": the handler raises. "before" and "after": the process is killed before or after the effect. "answer": it is
    killed when all is done but the answer.
    """

    folder: Path
    port: int
    server: str
    kind: str
    url: str
    mode: str
    troubles: dict[int, str]

    def meets(self, number: int, *troubles: str) -> bool:
        if self.troubles.get(number) not in troubles:
            return False
        try:
            os.close(os.open(self.folder / f"met-{number}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


def effect(plan: Plan, event: webhooks.Event) -> None:
    number = int(event.data["voucher"]["code"])
    if plan.meets(number, "fail"):
        raise LookupError("as planned")
    if plan.meets(number, "before"):
        os.kill(os.getpid(), signal.SIGKILL)
    handle = os.open(plan.folder / "effects", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{number} {event.key} {event.attempt}\n".encode())
    os.close(handle)
    if plan.meets(number, "after"):
        os.kill(os.getpid(), signal.SIGKILL)


def die_before_answering(plan: Plan, body: bytes) -> None:
    if plan.meets(int(json.loads(body)["data"]["voucher"]["code"]), "answer"):
        os.kill(os.getpid(), signal.SIGKILL)


def store_of(plan: Plan) -> webhooks.SeenStore:
    if plan.kind == "memory":
        return webhooks.MemoryStore()
    if plan.kind == "sqlite":
        return webhooks.SqliteStore(plan.url)
    if plan.kind == "redis":
        return webhooks.RedisStore(plan.url, name=plan.folder.name)
    return webhooks.PostgresStore(plan.url, name=plan.folder.name)


def main(plan: Plan) -> None:
    """Receive until killed."""
    logging.disable(logging.CRITICAL)  # the handler's errors are meant
    if plan.server == "aiohttp":
        asyncio.run(_aiohttp(plan))
    else:
        _wsgi(plan)


async def _aiohttp(plan: Plan) -> None:
    async def handle(event: webhooks.Event) -> None:
        effect(plan, event)

    @web.middleware
    async def dies(request: web.Request, handler: Any) -> web.StreamResponse:
        body = await request.read()
        answer: web.StreamResponse = await handler(request)
        die_before_answering(plan, body)
        return answer

    store = store_of(plan)
    options: dict[str, Any] = {"secret": SECRET, "seen": store, "mode": plan.mode}
    if plan.mode == "outbox":
        webhooks.Worker(handle, store, backoff=0.01, concurrency=1).start()
        receiver = webhooks.receiver(None, **options)
    else:
        receiver = webhooks.receiver(handle, **options)
    app = web.Application(middlewares=[dies])
    app.router.add_post("/leat", receiver)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", plan.port).start()
    await asyncio.Event().wait()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


def _wsgi(plan: Plan) -> None:
    store = store_of(plan)
    options: dict[str, Any] = {"secret": SECRET, "seen": store, "mode": plan.mode}

    def handle(event: webhooks.Event) -> None:
        effect(plan, event)

    if plan.mode == "outbox":
        webhooks.ThreadedWorker(handle, store, backoff=0.01, concurrency=1).start()
        receiver = webhooks.wsgi(None, **options)
    else:
        receiver = webhooks.wsgi(handle, **options)

    def dies(environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        answer = receiver.receive(body, environ)
        die_before_answering(plan, body)
        start_response(f"{answer.status} x", [("Content-Length", str(len(answer.body)))])
        return [answer.body]

    with make_server("127.0.0.1", plan.port, dies, _Server, _Quiet) as server:
        server.serve_forever()
