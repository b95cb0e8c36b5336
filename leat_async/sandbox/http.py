"""The socket side: reading requests, writing answers, and breaking them when a fault says so."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from http.client import responses

from aiohttp import HttpVersion10, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import SERVER_SOFTWARE
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from .engine import Engine, Received, Reply
from .faults import Fault

log = logging.getLogger("leat_async.sandbox")
# What aiohttp cannot parse it answers with a 400, and would log as if it were an error of the server.
protocol_log = logging.getLogger("leat_async.sandbox.protocol")
protocol_log.setLevel(logging.CRITICAL)

MAX_BODY = 8 * 1024 * 1024
READ_TIMEOUT = 10.0  # also ends the wait for a body that aiohttp has given up on without telling
_SERVER = f"Server: {SERVER_SOFTWARE}"
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"

Control = Callable[[str, str, bytes], Reply]


class Gone(Exception):
    """The request could not be read to its end."""


class HttpSide:
    """The request handler of the server."""

    def __init__(self, engine: Engine, lock: threading.RLock, control: Control) -> None:
        self._engine = engine
        self._lock = lock
        self._control = control
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let go of the requests that hang."""
        self._closing.set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; nothing that a client sends makes this a 500."""
        headers = request.headers
        try:
            body = await self._read(request) if request.body_exists or "Expect" in headers else b""
        except HTTPRequestEntityTooLarge:
            return _plain(413, f"The body is larger than {MAX_BODY} bytes.")
        except TimeoutError:
            return _plain(408, "The body did not arrive in time.")
        except Gone:
            return _plain(400, "The body could not be read.")
        target = request.raw_path
        try:
            if target.startswith("/_sandbox/"):
                return _response(self._control(request.method, target, body))
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
                    return Whole(self._engine.serve(received))
        except Exception:
            log.exception("the sandbox failed on %s %s", request.method, target[:200])
            return _plain(500, "The sandbox failed; its log has the traceback.")
        return await self._break(request, received, fault)

    async def _read(self, request: web.BaseRequest) -> bytes:
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            if request.content.is_eof():
                return await request.read()
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
        """Apply a request that nobody waits for any more."""
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
                return Reply(options["status"], {**rate, "Content-Type": "text/html; charset=UTF-8"}, _HTML)
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
        lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines += [f"Content-Length: {len(reply.body)}", f"Date: {rfc822_formatted_time()}", _SERVER]
        if not self._kept:
            lines.append("Connection: close")
        elif request.version == HttpVersion10:
            lines.append("Connection: keep-alive")
        head = "\r\n".join([*lines, "\r\n"]).encode()
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
    """Close the connection; what is returned here reaches nobody."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)
