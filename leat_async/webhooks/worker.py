"""Working on an outbox, in an event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from .events import Event
from .lane import StoreLane
from .log import logger
from .outbox import TROUBLE, USABLE, failed, is_end, pause, worker_settings
from .settings import Handler, Window, check_handler, check_result
from .stores.base import SeenStoreError
from .stores.opening import Seen
from .stores.steps import DeliveryRecord, Due, Step


class Worker:
    """Calls an async handler for each event of an outbox, again where it fails, until it is done or given up."""

    def __init__(
        self,
        handler: Handler,
        store: Seen,
        *,
        attempts: int = 8,
        backoff: float = 5.0,
        concurrency: int = 4,
        lease: float = 60.0,
        window: Window | None = None,
    ) -> None:
        """Work on the outbox of a store; nothing begins before `run` or `start`.

        Parameters:
            handler: an async function that takes an event.
            store: where the receiver puts what it receives: a SQLite file, "postgresql://…", or a store.
            attempts: how often a handler is called for one event, before the event goes to the dead-letter list.
            backoff: seconds between the first attempt and the second; four times as many before each further one, an
                hour at most.
            concurrency: how many handlers run at the same time in this worker; 1 takes events in the order in which
                they came, save those that failed.
            lease: seconds that a handler may take; after nine tenths of them it is cancelled. A worker that dies gives
                its events back when they are over.
            window: as for `receiver`.

        Raises:
            ConfigError: the store needs an extra that is not installed.
            TypeError: the handler is no async function.
            ValueError: a setting is out of bounds, or the store can't hold an outbox.
        """
        check_handler(handler, awaited=True, instead="webhooks.ThreadedWorker")
        self._handler = handler
        self._settings = worker_settings(store, attempts, backoff, concurrency, lease, window)
        self._task: asyncio.Task[None] | None = None
        self._awake = asyncio.Event()
        self._stopping = False

    def __repr__(self) -> str:
        return f"<Worker on {self._settings.store!r}>"

    def start(self) -> None:
        """Begin to work, in the running loop. Repeating: safe, one that works goes on."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._awake, self._stopping = asyncio.Event(), False
            self._task = loop.create_task(self._run())
            self._task.add_done_callback(_tell)

    async def run(self) -> None:
        """Work until cancelled; what runs then is cancelled too, and its events are given back.

        Raises:
            asyncio.CancelledError: it was cancelled.

        Repeating: safe; any number of workers may share a store.
        """
        self.start()
        assert self._task is not None
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            raise

    async def aclose(self) -> None:
        """Take no more events, and wait for the handlers that run. Repeating: safe."""
        self._stopping = True
        self.wake()
        if self._task is not None and self._task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait((self._task,))
        self._task = None

    def wake(self) -> None:
        """Look for events now, since one was stored."""
        self._awake.set()

    async def _run(self) -> None:
        lane, running = StoreLane(self._settings.store), set[asyncio.Task[None]]()
        try:
            while not self._stopping:
                free = self._settings.concurrency - len(running)
                self._awake.clear()
                asked = asyncio.get_running_loop().time()
                due = await self._due(lane, free) if free else Due[DeliveryRecord]([], None)
                for job in due.jobs:
                    task = asyncio.create_task(self._handle(lane, job, asked))
                    running.add(task)
                    task.add_done_callback(running.discard)
                    task.add_done_callback(lambda _: self._awake.set())
                if not free or len(due.jobs) < free:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(pause(due.wait)):
                            await self._awake.wait()
            while running:
                await asyncio.wait(running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            lane.close()

    async def _due(self, lane: StoreLane, free: int) -> Due[DeliveryRecord]:
        settings = self._settings
        asking = asyncio.ensure_future(lane.call(settings.store.due, free, settings.lease, settings.attempts))
        try:
            return await asyncio.shield(asking)
        except SeenStoreError as error:
            logger.error("%s; asked again", error)
            return Due([], TROUBLE)
        except asyncio.CancelledError:
            with suppress(SeenStoreError):
                for job in (await asking).jobs:
                    await lane.ask(settings.released(job))
            raise

    async def _handle(self, lane: StoreLane, job: DeliveryRecord, asked: float) -> None:
        settings = self._settings
        event: Event | DeliveryRecord = job
        step: Step[bool]
        try:
            event = settings.event_of(job)
            step = settings.done(job, event)
            async with asyncio.timeout_at(asked + settings.lease * USABLE):
                check_result(await self._handler(event))
        except BaseException as error:
            if is_end(error):
                with suppress(SeenStoreError):  # then the lease ends it
                    await lane.ask(settings.released(job))
                raise
            failed(event, error)
            step = settings.failure(job, error)
        await self._settle(lane, event, step, asked + settings.lease)

    async def _settle(self, lane: StoreLane, event: Event | DeliveryRecord, step: Step[bool], ends: float) -> None:
        while True:
            try:
                if not await lane.ask(step):
                    logger.error("%s took longer than its lease, and may have been handled by somebody else too", event)
                return
            except SeenStoreError as error:
                if asyncio.get_running_loop().time() > ends:
                    logger.error("what became of %s is not recorded, so that it is called again: %s", event, error)
                    return
                await asyncio.sleep(TROUBLE)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.error("a worker has ended; the next delivery starts another", exc_info=task.exception())
