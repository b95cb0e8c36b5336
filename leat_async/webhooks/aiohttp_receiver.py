"""Receiving deliveries with aiohttp."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from . import answers
from .answers import WebhookAnswer
from .inbox import Inbox
from .settings import MAX_BODY, Handler, Mode, Window, settings_of
from .signatures import Secret
from .stores.opening import Seen

if TYPE_CHECKING:
    from aiohttp import web


class AiohttpReceiver(Inbox):
    """A handler of aiohttp's, for `app.router.add_post`; `webhooks.receiver` makes it."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        # aiohttp takes async functions for handlers, and must be told that this is one.
        if sys.version_info >= (3, 12):
            inspect.markcoroutinefunction(self)  # type: ignore[type-var]  # takes any callable
        else:
            self._is_coroutine: object = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]  # pyright: ignore - private

    async def __call__(self, request: web.Request) -> web.Response:
        """Answer a request."""
        from aiohttp import web

        answer = await self._answer(request)
        response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        if answer.leaves_body:
            response.force_close()
        return response

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """For `app.cleanup_ctx.append`: the outbox is worked on from the start of the application to its end."""
        async with self:
            yield

    async def _answer(self, request: web.Request) -> WebhookAnswer:
        if request.method != "POST":
            return answers.NOT_POST
        limit = self._settings.max_body
        if request.content_length is not None and request.content_length > limit:
            return answers.TOO_LARGE
        from aiohttp import web

        try:
            body = await self._body(request, limit)
        except TimeoutError:
            return answers.TOO_SLOW
        except (web.RequestPayloadError, OSError):  # it is packed, and broken; or whoever sent it has hung up
            return answers.UNREADABLE
        return answers.TOO_LARGE if len(body) > limit else await self.receive(body, request.headers)

    async def _body(self, request: web.Request, limit: int) -> bytes:
        if request.content.is_eof():
            # All of it is here, as it mostly is; or was read before, by a middleware, which keeps it.
            return await request.read() if request.content.at_eof() else request.content.read_nowait()
        body = bytearray()
        async with asyncio.timeout(self._timeout):
            async for part in request.content.iter_any():
                body += part
                if len(body) > limit:
                    break
        return bytes(body)


def receiver(
    handler: Handler | None,
    *,
    secret: Secret,
    seen: Seen = None,
    mode: Mode = "inline",
    timeout: float = 10.0,
    lease: float = 60.0,
    window: Window | None = None,
    max_body: int = MAX_BODY,
) -> AiohttpReceiver:
    """Make an aiohttp handler that receives deliveries, and calls yours once for each event.

    Parameters:
        handler: an async function that takes an event. None, in the mode "outbox": a `Worker` elsewhere calls it.
        secret: the subscription's secret, or the account's where the subscription has none; several while one is being
            replaced.
        seen: where deliveries that came before are remembered: the path of a SQLite file, "redis://…",
            "postgresql://…", a store, or None for the memory of this process, which forgets with it.
        mode: "inline" answers when the handler has succeeded. "outbox" stores the event, answers at once, and has a
            worker call the handler, again if it fails; it needs SQLite or PostgreSQL.
        timeout: seconds until 503 is answered, so that Leat delivers again; the handler goes on, and an equal delivery
            is answered by what becomes of it.
        lease: seconds that a handler may take in all; after nine tenths of them it is cancelled. An event whose process
            died is given back when they are over.
        window: seconds for which equal deliveries are the same event, from the moment on at which it was handled; or a
            function of an event that gives them, such as `window_of`, which is used if nothing is said. 0: never.
        max_body: bytes that a delivery may have.

    Returns:
        The handler: `app.router.add_post("/leat", receiver(…))`. Close it with `await aclose()`, or use it with
        `async with`; `lifespan` does that for an application.

    Raises:
        ConfigError: the store needs an extra that is not installed.
        TypeError: the handler is no async function, or the secret no text.
        ValueError: the secret is missing or empty, a setting is out of bounds, or the store can't do what is asked.

    Repeating: safe; receivers that share a store call a handler once between them.
    """
    settings = settings_of(
        secret=secret, seen=seen, mode=mode, timeout=timeout, lease=lease, window=window, max_body=max_body
    )  # fmt: skip
    return AiohttpReceiver(handler, settings)
