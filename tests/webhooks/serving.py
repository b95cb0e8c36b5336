"""Receivers under real frameworks and servers, on real sockets."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import attrs
import uvicorn
from aiohttp import web

from leat_async import webhooks

from . import django_site

ASYNC = ("aiohttp", "fastapi", "starlette", "django-asgi", "bare-asgi")
PLAIN = ("flask", "flask-view", "django-wsgi", "bare-wsgi")
SECRET = "whsec_example"


@attrs.frozen
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


@attrs.define
class Calls:
    """What a handler was called with; `act` is what it does beside."""

    events: list[webhooks.Event] = attrs.field(factory=list)
    act: Callable[[webhooks.Event], Any] = attrs.field(default=lambda event: None)

    def plain(self, event: webhooks.Event) -> None:
        self.events.append(event)
        self.act(event)

    async def awaited(self, event: webhooks.Event) -> None:
        self.events.append(event)
        found = self.act(event)
        if found is not None:
            await found


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None, method: str = "POST") -> Answer:
    """Send a delivery, signed unless headers are given."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)) as connection:
        sent = {"Signature": webhooks.sign(body, SECRET)} if headers is None else dict(headers)
        connection.request(method, parts.path, body, sent)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), dict(answer.headers))


@contextmanager
def serving(kind: str, calls: Calls, **options: Any) -> Iterator[str]:
    """A server of this kind whose only purpose is to receive; gives the address to deliver to."""
    options = {"secret": SECRET, **options}
    if kind == "aiohttp":
        with _aiohttp(calls, options) as url:
            yield url
    elif kind in ASYNC:
        with _uvicorn(_asgi(kind, calls, options)) as url:
            yield url
    else:
        with closing(webhooks.wsgi(calls.plain, **options)) as receiver, _wsgiref(_wsgi(kind, receiver)) as url:
            yield url


@contextmanager
def _aiohttp(calls: Calls, options: dict[str, Any]) -> Iterator[str]:
    ready: list[str] = []
    started = threading.Event()
    stop: list[Callable[[], object]] = []

    async def main() -> None:
        receiver = webhooks.receiver(calls.awaited, **options)
        app = web.Application()
        app.cleanup_ctx.append(receiver.lifespan)
        app.router.add_route("*", "/leat", receiver)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.append(f"http://127.0.0.1:{runner.addresses[0][1]}/leat")
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        started.set()
        await ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield ready[0]
    finally:
        stop[0]()
        thread.join(10)


def _asgi(kind: str, calls: Calls, options: dict[str, Any]) -> Any:
    receiver = webhooks.asgi(calls.awaited, **options)
    if kind == "bare-asgi":
        return receiver
    if kind == "django-asgi":
        from django.core.asgi import get_asgi_application

        django_site.receivers["asgi"] = receiver
        return get_asgi_application()
    from starlette.routing import Route

    # All methods, so that it is the receiver that refuses them.
    route = Route("/leat", receiver)
    if kind == "starlette":
        from starlette.applications import Starlette

        return Starlette(routes=[route])
    from fastapi import FastAPI

    return FastAPI(routes=[route])


@contextmanager
def _uvicorn(app: Any) -> Iterator[str]:
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="auto", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[sock]), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/leat" + (
            "-async" if app.__class__.__module__.startswith("django") else ""
        )
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


def _wsgi(kind: str, receiver: webhooks.WsgiReceiver) -> Any:
    if kind == "bare-wsgi":
        return receiver
    if kind == "django-wsgi":
        from django.core.wsgi import get_wsgi_application

        django_site.receivers["wsgi"] = receiver
        return get_wsgi_application()
    from flask import Flask, Response, request

    app = Flask(__name__)
    if kind == "flask":
        # Flask calls whatever WSGI application a view returns.
        app.add_url_rule("/leat", view_func=lambda: receiver, endpoint="leat", methods=["GET", "POST", "PUT"])
    else:

        @app.post("/leat")
        def leat() -> Response:
            answer = receiver.receive(request.get_data(), request.headers)
            return Response(answer.body, answer.status, dict(answer.headers))

    return app


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


@contextmanager
def _wsgiref(app: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, _Server, _Quiet) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/leat"
        finally:
            server.shutdown()
            thread.join(10)
