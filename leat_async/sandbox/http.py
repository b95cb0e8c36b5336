"""The socket side: reading requests, writing answers, and breaking them when a fault says so."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from http.client import responses
from time import perf_counter

from aiohttp import HttpVersion10, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import SERVER_SOFTWARE
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from .engine import Received, Reply, SandboxEngine
from .faults import Fault
from .guard import Guard
from .watching import Watchers

log: logging.Logger = logging.getLogger("leat_async.sandbox")
# What aiohttp cannot parse it answers with a 400, and would log as if it were an error of the server.
protocol_log: logging.Logger = logging.getLogger("leat_async.sandbox.protocol")
protocol_log.setLevel(logging.CRITICAL)

MAX_BODY = 8 * 1024 * 1024
READ_TIMEOUT = 10.0  # also ends the wait for a body that aiohttp has given up on without telling
_SERVER = f"\r\nServer: {SERVER_SOFTWARE}\r\n\r\n"
_STATUS_LINES = {status: f"HTTP/1.1 {status} {responses.get(status, '')}\r\n" for status in range(100, 600)}
_HTML = "<html><head><title>{status} {phrase}</title></head><body><h1>{phrase}</h1></body></html>"

Control = Callable[[str, str, bytes], Reply]


class Gone(Exception):
    """The request could not be read to its end."""


class HttpSide:
    """The request handler of the server."""

    def __init__(
        self, engine: SandboxEngine, lock: threading.RLock, control: Control, guard: Guard, watchers: Watchers
    ) -> None:
        self._engine = engine
        self._watchers = watchers
        self._guard = guard
        self._lock = lock
        self._control = control
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let go of the requests that hang."""
        self._closing.set()
        self._watchers.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; nothing that a client sends makes this a 500."""
        headers = request.headers
        refusal = self._guard.refusal(request.method, request.raw_path, headers)
        try:
            body = await self._read(request) if request.body_exists else b""
        except HTTPRequestEntityTooLarge:
            return _plain(413, f"The body is larger than {MAX_BODY} bytes.")
        except TimeoutError:
            return _plain(408, "The body did not arrive in time.")
        except Gone:
            return _plain(400, "The body could not be read.")
        target = request.raw_path
        try:
            if refusal is not None:
                return _response(refusal)
            if target.startswith("/_sandbox") or target == "/":
                if target == "/_sandbox/events" and request.method == "GET":
                    return await self._watchers.serve(request)
                return _response(self._control(request.method, target, body))
            journal = self._engine.journal
            began = perf_counter()
            with self._lock:
                received = self._engine.receive(
                    request.method,
                    target,
                    headers.get("Authorization", ""),
                    headers.get("Content-Type", ""),
                    body,
                )
                fault = received.fault
                if fault is None:
                    reply = self._engine.serve(received)
                    received.entry.seconds = perf_counter() - began
                    if journal.listeners:
                        journal.over(received.entry, received.entry.seconds)
                    return Whole(reply)
        except Exception:
            log.exception("the sandbox failed on %s %s", request.method, target[:200])
            return _plain(500, "The sandbox failed; its log has the traceback.")
        try:
            return await self._break(request, received, fault)
        finally:
            journal.over(received.entry, perf_counter() - began)

    async def _read(self, request: web.BaseRequest) -> bytes:
        content = request.content
        try:
            if content.is_eof():  # by far the most: it came with the head
                body = content.read_nowait()
                if len(body) > MAX_BODY:
                    raise HTTPRequestEntityTooLarge(MAX_BODY)
                return body
            if request.headers.get("Expect", "").lower() == "100-continue":
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                request.writer.output_size = 0
            async with asyncio.timeout(READ_TIMEOUT):
                return await request.read()
        except (HTTPRequestEntityTooLarge, TimeoutError):
            raise
        except Exception:  # a broken chunk, a broken compression, a closed connection
            raise Gone from None

    # -- faults ----------------------------------------------------------------------------------

    async def _break(self, request: web.BaseRequest, received: Received, fault: Fault) -> web.StreamResponse:
        if fault.delay:
            await self._wait(request, fault.delay, hold=True)
        if fault.kind == "delay":
            await self._wait(request, fault.options["seconds"], hold=True)
        if received.generation != self._engine.generation:
            return _cut(request)  # reset while it waited: this write belongs to the past
        reply = self._apply(received, fault)
        match fault.kind:
            case "drop_before" | "apply_then_drop":
                return _cut(request)
            case "hang" | "apply_late":
                await self._wait(request, None)
                return _cut(request)
            case "truncated":
                return await self._drip(request, reply, reply.body[: len(reply.body) // 2], 0.0)
            case "slow_drip":
                return await self._drip(request, reply, reply.body, fault.options["seconds"])
            case _:
                return _response(reply)

    def _apply(self, received: Received, fault: Fault) -> Reply:
        engine = self._engine
        with self._lock:
            engine.settle()
            if fault.applied == "late":
                engine.clock.plan(fault.options["seconds"], lambda: self._land(received))
                return Reply(0, {}, b"")
            reply = engine.serve(received) if fault.applied == "now" else None
            answer = self._answer(received, fault, reply)
            if fault.kind in ("drop_before", "apply_then_drop", "hang"):
                received.entry.answered(None, b"")
            else:
                received.entry.answered(answer.status, answer.body)
            return answer

    def _land(self, received: Received) -> None:
        """Apply a request that no client waits for any more."""
        self._engine.serve(received)
        received.entry.answered(None, b"")

    def _answer(self, received: Received, fault: Fault, reply: Reply | None) -> Reply:
        """The answer that the fault puts in place of the true one."""
        engine = self._engine
        options = fault.options
        rate = engine.rate_headers(received)
        whole = reply or engine.reply(200, {"data": {"uuid": "0" * 36}, "meta": []}, rate)
        match fault.kind:
            case "reject":
                body = options["body"]
                if body is None:
                    body = {"message": options["message"] or "Rejected by a fault of the sandbox."}
                    if options["code"] is not None:
                        body |= {"code": options["code"], "status_code": options["status"]}
                return engine.reply(options["status"], body, {**rate, **(options["headers"] or {})})
            case "server_error":
                return engine.reply(options["status"], {"message": "Server Error"}, rate)
            case "maintenance":
                return engine.reply(503, {"message": "Service Unavailable"}, rate)
            case "html":
                page = _HTML.format(status=options["status"], phrase=responses.get(options["status"], "Error"))
                return Reply(options["status"], {**rate, "Content-Type": "text/html; charset=UTF-8"}, page.encode())
            case "empty":
                return Reply(options["status"], whole.headers, b"")
            case "malformed":
                return Reply(whole.status, whole.headers, whole.body[:-1] + b",,\xff")
            case "wrong_content_type":
                return Reply(whole.status, {**whole.headers, "Content-Type": "text/plain"}, whole.body)
            case "rate_limit":
                now = engine.clock.now()
                after = {
                    "Retry-After": f"{options['retry_after']:g}",
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": str(int(now + options["retry_after"])),
                }
                return engine.too_many({**rate, **after})
            case "expired_token":
                engine.expire_token(received.authorization)
                return engine.unauthorized(engine.clock.now())
            case _:
                return whole

    async def _wait(self, request: web.BaseRequest, seconds: float | None, *, hold: bool = False) -> None:
        """Wait; not beyond the end of the sandbox, nor, unless told to, of the connection."""
        loop = asyncio.get_running_loop()
        end = None if seconds is None else loop.time() + seconds
        while not self._closing.is_set() and (hold or request.transport is not None):
            left = 0.25 if end is None else min(0.25, end - loop.time())
            if left <= 0:
                return
            try:
                async with asyncio.timeout(left):
                    await self._closing.wait()
            except TimeoutError:
                continue

    async def _drip(self, request: web.BaseRequest, reply: Reply, part: bytes, seconds: float) -> web.StreamResponse:
        """Promise the whole body, send a part of it, in small pieces if it is to take time."""
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        response.content_length = len(reply.body)
        try:
            await response.prepare(request)
            size = max(1, len(part) // 20) if seconds else max(1, len(part))
            for at in range(0, len(part), size):
                await response.write(part[at : at + size])
                if seconds:
                    await self._wait(request, seconds / 20)
        except ConnectionError:
            return response  # the client has had enough
        return response if len(part) == len(reply.body) else _cut(request)


class Whole(web.StreamResponse):
    """An answer written at once, head and body: that saves a sixth of the whole request."""

    def __init__(self, reply: Reply) -> None:
        # Not calling StreamResponse.__init__ is the point: its header map is what costs.
        self._reply = reply
        self._kept: bool | None = None

    @property
    def keep_alive(self) -> bool | None:
        """Does the connection stay open?"""
        return self._kept

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything."""
        reply, transport = self._reply, request.transport
        self._kept = request.keep_alive
        if transport is None:
            return None
        own = "".join([f"{name}: {value}\r\n" for name, value in reply.headers.items()])
        if not self._kept:
            own += "Connection: close\r\n"
        elif request.version == HttpVersion10:
            own += "Connection: keep-alive\r\n"
        head = (
            f"{_STATUS_LINES[reply.status]}{own}Content-Length: {len(reply.body)}\r\n"
            f"Date: {rfc822_formatted_time()}{_SERVER}"
        ).encode()
        transport.write(head if request.method == "HEAD" else head + reply.body)
        await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """There is nothing left to write."""


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


def _plain(status: int, message: str) -> web.Response:
    response = web.json_response({"message": message}, status=status)
    response.force_close()
    return response


def _cut(request: web.BaseRequest) -> web.Response:
    """Close the connection; what is returned here reaches no client."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)
