"""Listening for deliveries, to look at them: nothing is remembered, everything is told."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import attrs

from .events import parse
from .posting import Posted, Poster
from .settings import MAX_BODY
from .signatures import fits, signature_in


@attrs.frozen(kw_only=True)
class Heard:
    """A delivery, and what became of it; `genuine` is None where there is no secret to tell by."""

    at: dt.datetime
    event: str | None
    genuine: bool | None
    signature: str | None
    body: bytes = attrs.field(repr=False)
    posted: Posted | None = None

    def to_dict(self) -> dict[str, Any]:
        """As a line of a journal, from which it can be delivered again."""
        told: dict[str, Any] = {
            "at": self.at.isoformat(timespec="milliseconds"),
            "event": self.event,
            "genuine": self.genuine,
            "signature": self.signature,
        }
        if self.posted is not None:
            told["forwarded"] = {"status": self.posted.status, "answer": self.posted.text}
        try:
            told["body"] = self.body.decode()
        except UnicodeDecodeError:
            told["body_base64"] = base64.b64encode(self.body).decode()
        return told


def recorded(line: Any) -> tuple[bytes, str | None]:
    """Body and signature of a journal's line; raises `ValueError`."""
    if isinstance(line, dict):
        told = cast("dict[str, Any]", line)
        body, signature = told.get("body"), told.get("signature")
        coded = told.get("body_base64")
        if body is None and isinstance(coded, str):
            body = base64.b64decode(coded, validate=True)
        if isinstance(body, str):
            body = body.encode()
        if isinstance(body, bytes) and isinstance(signature, (str, type(None))):
            return body, signature
    raise ValueError('a line must be an object with "body" and "signature", as `leat webhooks listen` prints it')


@asynccontextmanager
async def listening(
    port: int, keys: tuple[bytes, ...], tell: Callable[[Heard], bool], poster: Poster | None
) -> AsyncGenerator[int]:
    """Answer on a port of loopback (0: any), and tell of each delivery; gives the port.

    What is genuine is answered 200, or as the receiver answers that it is forwarded to; what is not, 401, or likewise;
    what nobody could be told of, 503.
    """
    from aiohttp import web

    async def answer(request: web.Request) -> web.Response:
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        try:
            body = await request.read()
        except (web.RequestPayloadError, OSError):  # whoever sent it has hung up
            return web.Response(status=400)
        signature = signature_in(request.headers)
        assert not isinstance(signature, bytes)  # aiohttp has texts
        genuine = fits(body, signature, keys) if keys else None
        posted = await poster.post(body, signature) if poster is not None else None
        try:
            event: str | None = parse(body).type
        except ValueError:
            event = None
        heard = Heard(
            at=dt.datetime.now(dt.UTC), event=event, genuine=genuine, signature=signature, body=body, posted=posted
        )
        if not tell(heard):
            return web.Response(status=503)
        if posted is not None:
            return web.Response(status=posted.status or 502, text=posted.text)
        return web.Response(status=401 if genuine is False else 200)

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
