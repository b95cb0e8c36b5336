"""The way of a delivery through an event loop: signature, event, claim, handler, done, answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

import attrs

from . import answers
from .answers import WebhookAnswer
from .events import Event, parse
from .lane import StoreLane
from .log import logger
from .outbox import USABLE, failed, is_end
from .settings import Handler, ReceiverSettings, check_handler, check_result
from .signatures import Headers, fits, signature_in
from .stores.base import SeenStoreError
from .stores.steps import Claim, Done, Put, Release
from .worker import Worker


class Inbox:
    """Receives deliveries for an async handler, whatever the framework."""

    def __init__(self, handler: Handler | None, settings: ReceiverSettings) -> None:
        if handler is not None or settings.outbox is None:
            check_handler(handler, awaited=True, instead="webhooks.wsgi")
        if settings.timeout is None:
            raise TypeError("timeout must be a number of seconds, got None")
        self._handler, self._settings, self._timeout = handler, settings, settings.timeout
        self._lane = StoreLane(settings.store)
        self._running: set[asyncio.Task[WebhookAnswer]] = set()
        self._worker: Worker | None = None
        if settings.outbox is not None and handler is not None:
            self._worker = Worker(handler, settings.outbox, lease=settings.lease, window=settings.window)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {self._settings.store!r}>"

    async def start(self) -> None:
        """Begin to work on what the outbox holds; without it, the first delivery begins it. Repeating: safe."""
        if self._worker is not None:
            self._worker.start()

    async def aclose(self) -> None:
        """Wait for the handlers that run, then let go of the store.

        Deliveries that come later are received all the same. Repeating: safe.
        """
        while self._running:
            await asyncio.wait(self._running)
        if self._worker is not None:
            await self._worker.aclose()
        self._lane.close()
        self._settings.store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def receive(self, body: bytes, headers: Headers) -> WebhookAnswer:
        """Receive one delivery, for a framework that has no receiver here.

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
        # A task of its own: a request that is cancelled, since whoever sent it has hung up, does not end what runs.
        work = asyncio.create_task(self._put(read, body) if self._settings.outbox else self._call(read))
        self._running.add(work)
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        began = loop.time()

        def ended(_: object) -> None:
            if not over.done():
                over.set_result(None)

        work.add_done_callback(self._running.discard)
        work.add_done_callback(ended)
        timer = loop.call_at(began + self._timeout, ended, None)
        try:
            await over
        finally:
            timer.cancel()
            if not work.done():
                # Only now, since it costs something, and few take so long.
                loop.call_at(began + self._settings.lease * USABLE, _expire, work, read)
        return work.result() if work.done() else answers.LATE

    async def _put(self, event: Event, body: bytes) -> WebhookAnswer:
        if self._worker is not None:
            self._worker.start()
        try:
            became = await self._lane.ask(Put(event.key, bytes(body)))
        except SeenStoreError as error:
            return unreachable(error)
        if became == "busy":
            return answers.BUSY
        if became == "stored" and self._worker is not None:
            self._worker.wake()
        return answers.STORED if became == "stored" else answers.DUPLICATE

    async def _call(self, event: Event) -> WebhookAnswer:
        assert self._handler is not None
        try:
            window = self._settings.seconds(event)
        except Exception as error:
            failed(event, error)
            return answers.FAILED
        claim = Claim(event.key, self._settings.lease)
        release = Release(claim.digest, claim.token)
        try:
            claimed = await self._lane.ask(claim)
        except SeenStoreError as error:
            return unreachable(error)
        except BaseException:
            with suppress(SeenStoreError):
                await self._lane.ask(release)
            raise
        if claimed.state != "taken":
            return answers.DUPLICATE if claimed.state == "duplicate" else answers.BUSY
        event = attrs.evolve(event, key=claimed.key, attempt=claimed.attempt)
        try:
            check_result(await self._handler(event))
        except BaseException as error:
            with suppress(SeenStoreError):  # then the lease ends it
                await self._lane.ask(release)
            if is_end(error):
                raise
            failed(event, error)
            return answers.FAILED
        await self._done(event, Done(claim.digest, claim.token, window))
        return answers.HANDLED

    async def _done(self, event: Event, step: Done) -> None:
        # Whatever becomes of this, the handler has succeeded, and Leat must not deliver again.
        try:
            kept = await self._lane.ask(step)
        except SeenStoreError as error:
            logger.error("%s was handled, which is not recorded: an equal delivery calls again: %s", event, error)
        else:
            if not kept:
                logger.error("%s took longer than its lease, and may have been handled by somebody else too", event)


def _expire(work: asyncio.Task[WebhookAnswer], event: Event) -> None:
    if not work.done():
        logger.error("the handler of %s is cancelled, since its lease is about to end", event)
        work.cancel()


def read_delivery(body: bytes, headers: Headers, settings: ReceiverSettings) -> Event | WebhookAnswer:
    """The event, or what to answer if there is none."""
    if not isinstance(body, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"body must be the request's bytes, before any decoding, got {type(body).__name__}")
    if len(body) > settings.max_body:
        return answers.TOO_LARGE
    if not fits(body, signature_in(headers), settings.keys):
        return answers.FORGED
    try:
        return parse(body)
    except ValueError as error:
        logger.error("a genuine delivery can't be read: %s", error)
        return answers.UNREADABLE


def unreachable(error: SeenStoreError) -> WebhookAnswer:
    """Tell the log, and what to answer."""
    logger.error("%s; answered 503, so that Leat delivers again", error)
    return answers.NO_STORE
