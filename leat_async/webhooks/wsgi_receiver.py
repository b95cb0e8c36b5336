"""Receiving deliveries with WSGI: Flask, Django."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from . import answers
from .answers import WebhookAnswer
from .settings import MAX_BODY, Mode, PlainHandler, Window, settings_of
from .signatures import Secret
from .stores.opening import Seen
from .threaded_inbox import ThreadedInbox

# No body has a length of more, and Python reads no number of thousands.
_DIGITS = 30
StartResponse: TypeAlias = Callable[..., Any]


class WsgiReceiver(ThreadedInbox):
    """A WSGI application; `webhooks.wsgi` makes it."""

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, whatever its path."""
        answer = self._answer(environ)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _answer(self, environ: Mapping[str, Any]) -> WebhookAnswer:
        if environ["REQUEST_METHOD"] != "POST":
            return answers.NOT_POST
        limit = self._settings.max_body
        stream = environ["wsgi.input"]
        length = environ.get("CONTENT_LENGTH") or ""
        if length:
            if not (length.isascii() and length.isdigit()):
                return answers.UNREADABLE
            if len(length) > _DIGITS or int(length) > limit:
                return answers.TOO_LARGE
            wanted = int(length)
        elif environ.get("wsgi.input_terminated") or environ.get("HTTP_TRANSFER_ENCODING"):
            wanted = limit + 1  # in pieces, of a length that nobody knows before
        else:
            wanted = 0
        body = bytearray()
        while len(body) < wanted:
            try:
                part = stream.read(wanted - len(body))
            except Exception:  # the server's own word for somebody who has hung up, or pieces that are none
                return answers.UNREADABLE
            if not part:
                break
            body += part
        if len(body) > limit:
            return answers.TOO_LARGE
        return self.receive(bytes(body), environ)


def wsgi(
    handler: PlainHandler | None,
    *,
    secret: Secret,
    seen: Seen = None,
    mode: Mode = "inline",
    timeout: float | None = None,
    lease: float = 60.0,
    window: Window | None = None,
    max_body: int = MAX_BODY,
) -> WsgiReceiver:
    """Make a WSGI application that receives deliveries, and calls your handler once for each event.

    Parameters:
        handler: a plain function that takes an event. None, in the mode "outbox": a `ThreadedWorker` elsewhere calls
            it.
        secret, seen, mode, window, max_body: as for `receiver`.
        timeout: None calls the handler in the request's own thread, for as long as it takes. Seconds: it runs in a
            thread of its own, with a copy of the request's context variables, and 503 is answered when they are over,
            so that Leat delivers again; the handler goes on, and an equal delivery is answered by what becomes of it.
        lease: seconds that a handler may take in all. A thread can't be stopped: an equal delivery that comes later
            calls another one. An event whose process died is given back when they are over.

    Returns:
        The application. Its `receive(body, headers)` serves a view of Django or Flask. Close it with `close()`, or use
        it with `with`.

    Raises:
        ConfigError: the store needs an extra that is not installed.
        TypeError: the handler is no plain function, or the secret no text.
        ValueError: the secret is missing or empty, a setting is out of bounds, or the store can't do what is asked.

    Repeating: safe; receivers that share a store call a handler once between them.
    """
    settings = settings_of(
        secret=secret, seen=seen, mode=mode, timeout=timeout, lease=lease, window=window, max_body=max_body
    )  # fmt: skip
    return WsgiReceiver(handler, settings)
