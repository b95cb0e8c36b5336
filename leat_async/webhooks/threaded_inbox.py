"""The way of a delivery through a thread: signature, event, claim, handler, done, answer."""

from __future__ import annotations

import contextvars
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

import attrs

from . import answers
from .answers import WebhookAnswer
from .events import Event
from .inbox import read_delivery, unreachable
from .log import logger
from .outbox import ENDS, failed
from .settings import PlainHandler, ReceiverSettings, check_handler, check_result
from .signatures import Headers
from .stores.base import SeenStoreError
from .stores.steps import Claim, Done, Put, Release
from .threaded_worker import ThreadedWorker


class ThreadedInbox:
    """Receives deliveries for a plain handler, whatever the framework; from any thread."""

    def __init__(self, handler: PlainHandler | None, settings: ReceiverSettings) -> None:
        if handler is not None or settings.outbox is None:
            check_handler(handler, awaited=False, instead="webhooks.receiver or webhooks.asgi")
        self._handler, self._settings = handler, settings
        self._worker: ThreadedWorker | None = None
        if settings.outbox is not None and handler is not None:
            self._worker = ThreadedWorker(handler, settings.outbox, lease=settings.lease, window=settings.window)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {self._settings.store!r}>"

    def start(self) -> None:
        """Begin to work on what the outbox holds; without it, the first delivery begins it.

        Under a server that forks, call it in the process that is to work. Repeating: safe.
        """
        if self._worker is not None:
            self._worker.start()

    def close(self) -> None:
        """Wait for the handlers of the outbox that run, then let go of the store.

        Deliveries that come later are received all the same. Repeating: safe.
        """
        if self._worker is not None:
            self._worker.close()
        self._settings.store.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def receive(self, body: bytes, headers: Headers) -> WebhookAnswer:
        """Receive one delivery, as in a view of Django or Flask.

        Parameters:
            body: the request's body, as its bytes came.
            headers: the request's headers, as for `unwrap`.

        Returns:
            What to answer: 200 handled, stored or a duplicate; 400 unreadable; 401 not genuine; 413 larger than
            `max_body`; 500 the handler failed; 503 it took longer than `timeout`, is being handled by somebody else, or
            the store can't be reached.

        Raises:
            TypeError: body or headers are none.

        Repeating: safe, that is what it is for.
        """
        read = read_delivery(body, headers, self._settings)
        if isinstance(read, WebhookAnswer):
            return read
        try:
            return self._put(read, body) if self._settings.outbox else self._call(read)
        except SeenStoreError as error:
            return unreachable(error)

    def _put(self, event: Event, body: bytes) -> WebhookAnswer:
        if self._worker is not None:
            self._worker.start()
        became = self._settings.store.ask(Put(event.key, bytes(body)))
        if became == "busy":
            return answers.BUSY
        if became == "stored" and self._worker is not None:
            self._worker.wake()
        return answers.STORED if became == "stored" else answers.DUPLICATE

    def _call(self, event: Event) -> WebhookAnswer:
        try:
            window = self._settings.seconds(event)
        except Exception as error:
            failed(event, error)
            return answers.FAILED
        claim = Claim(event.key, self._settings.lease)
        claimed = self._settings.store.ask(claim)
        if claimed.state != "taken":
            return answers.DUPLICATE if claimed.state == "duplicate" else answers.BUSY
        event = attrs.evolve(event, key=claimed.key, attempt=claimed.attempt)
        done = Done(claim.digest, claim.token, window)
        if self._settings.timeout is None:
            return self._handle(event, done)
        return self._in_time(event, done, self._settings.timeout)

    def _in_time(self, event: Event, done: Done, timeout: float) -> WebhookAnswer:
        became: list[WebhookAnswer] = []
        # What frameworks keep for the request goes along, where they keep it in context variables.
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=lambda: became.append(context.run(self._handle, event, done)), name="leat-webhook-handler"
        )
        thread.start()
        thread.join(timeout)
        return became[0] if became else answers.FAILED if not thread.is_alive() else answers.LATE

    def _handle(self, event: Event, done: Done) -> WebhookAnswer:
        assert self._handler is not None
        try:
            check_result(self._handler(event))
        except BaseException as error:
            with suppress(SeenStoreError):  # then the lease ends it
                self._settings.store.ask(Release(done.digest, done.token))
            if isinstance(error, ENDS):
                raise
            failed(event, error)
            return answers.FAILED
        # Whatever becomes of this, the handler has succeeded, and Leat must not deliver again.
        try:
            kept = self._settings.store.ask(done)
        except SeenStoreError as error:
            logger.error("%s was handled, which is not recorded: an equal delivery calls again: %s", event, error)
        else:
            if not kept:
                logger.error("%s took longer than its lease, and may have been handled by somebody else too", event)
        return answers.HANDLED
