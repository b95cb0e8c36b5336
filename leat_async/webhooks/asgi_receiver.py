"""Receiving deliveries with ASGI: FastAPI, Starlette, Django's async side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from . import answers
from .answers import WebhookAnswer
from .inbox import Inbox
from .settings import MAX_BODY, Handler, Mode, Window, settings_of
from .signatures import Secret
from .stores.opening import Seen

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class AsgiReceiver(Inbox):
    """An ASGI application, for `Route(path, receiver)` or a server of its own; `webhooks.asgi` makes it."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, whatever its path."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"webhooks come by HTTP, not by {scope['type']}")
        answer = await self._answer(scope, receive)
        if answer is None:
            return
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        if answer.leaves_body:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Message, receive: Receive) -> WebhookAnswer | None:
        if scope["method"] != "POST":
            return answers.NOT_POST
        limit = self._settings.max_body
        body = bytearray()
        more = True
        try:
            async with asyncio.timeout(self._timeout):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > limit:
                        return answers.TOO_LARGE
                    more = message.get("more_body", False)
        except TimeoutError:
            return answers.TOO_SLOW
        return await self.receive(bytes(body), scope["headers"])

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return


def asgi(
    handler: Handler | None,
    *,
    secret: Secret,
    seen: Seen = None,
    mode: Mode = "inline",
    timeout: float = 10.0,
    lease: float = 60.0,
    window: Window | None = None,
    max_body: int = MAX_BODY,
) -> AsgiReceiver:
    """Make an ASGI application that receives deliveries, and calls your handler once for each event.

    Parameters:
        handler, secret, seen, mode, timeout, lease, window, max_body: as for `receiver`.

    Returns:
        The application. In FastAPI and Starlette it is the endpoint of a route:
        `Route("/leat", asgi(…), methods=["POST"])`. Its `receive(body, headers)` serves any other framework, such as an
        async view of Django. Close it with `await aclose()`, or use it with `async with`.

    Raises:
        ConfigError: the store needs an extra that is not installed.
        TypeError: the handler is no async function, or the secret no text.
        ValueError: the secret is missing or empty, a setting is out of bounds, or the store can't do what is asked.

    Repeating: safe; receivers that share a store call a handler once between them.
    """
    settings = settings_of(
        secret=secret, seen=seen, mode=mode, timeout=timeout, lease=lease, window=window, max_body=max_body
    )  # fmt: skip
    return AsgiReceiver(handler, settings)
