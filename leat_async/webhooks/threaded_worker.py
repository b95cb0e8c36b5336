"""Working on an outbox, in threads."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref

from .events import Event
from .log import logger
from .outbox import TROUBLE, failed, pause, worker_settings
from .settings import PlainHandler, Window, check_handler, check_result
from .stores.base import SeenStoreError
from .stores.opening import Seen
from .stores.steps import DeliveryRecord, Due, Step


class ThreadedWorker:
    """As `Worker`, for a plain function, in threads of its own."""

    def __init__(
        self,
        handler: PlainHandler,
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
            handler: a plain function that takes an event.
            store, attempts, backoff, window: as for `Worker`.
            concurrency: how many threads there are, each with one handler at a time.
            lease: seconds that a handler may take. A thread can't be stopped: where a handler takes longer, another
                one may be called meanwhile.

        Raises:
            ConfigError: the store needs an extra that is not installed.
            TypeError: the handler is no plain function.
            ValueError: a setting is out of bounds, or the store can't hold an outbox.
        """
        check_handler(handler, awaited=False, instead="webhooks.Worker")
        self._handler = handler
        self._settings = worker_settings(store, attempts, backoff, concurrency, lease, window)
        self._threads: list[threading.Thread] = []
        self._process = 0
        self._starting = threading.Lock()
        self._awake = threading.Condition()
        self._stopping = False
        _workers.add(self)

    def __repr__(self) -> str:
        return f"<ThreadedWorker on {self._settings.store!r}>"

    def start(self) -> None:
        """Begin to work, in threads of this process, until `close` or its end.

        Repeating: safe, one that works goes on.
        """
        if self._process == os.getpid() and not self._stopping:
            return
        with self._starting:
            if self._process == os.getpid() and not self._stopping:
                return
            self._stopping, self._process = False, os.getpid()
            self._threads = [
                threading.Thread(target=self._run, name=f"leat-webhooks-{number}", daemon=True)
                for number in range(self._settings.concurrency)
            ]
            for thread in self._threads:
                thread.start()

    def run(self) -> None:
        """Work until `close` is called by another thread, or the process is told to end.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed; what runs comes to its end first.

        Repeating: safe; any number of workers may share a store.
        """
        self.start()
        try:
            while any(thread.is_alive() for thread in self._threads):
                self._threads[0].join(0.5)
        finally:
            self.close()

    def close(self) -> None:
        """Take no more events, and wait for the handlers that run. Repeating: safe."""
        self._stopping = True
        self.wake()
        if self._process == os.getpid():
            for thread in self._threads:
                if thread is not threading.current_thread():
                    thread.join()

    def wake(self) -> None:
        """Look for events now, since one was stored."""
        with self._awake:
            self._awake.notify_all()

    def _run(self) -> None:
        settings = self._settings
        while not self._stopping:
            asked = time.monotonic()
            try:
                due = settings.store.due(1, settings.lease, settings.attempts)
                for job in due.jobs:
                    self._handle(job, asked)
            except Exception as error:  # whatever it is, since a thread that ends is missed by nobody
                logger.error("%s; asked again", error, exc_info=not isinstance(error, SeenStoreError))
                due = Due[DeliveryRecord]([], TROUBLE)
            if not due.jobs:
                with self._awake:
                    if not self._stopping:
                        self._awake.wait(pause(due.wait))

    def _handle(self, job: DeliveryRecord, asked: float) -> None:
        settings = self._settings
        event: Event | DeliveryRecord = job
        step: Step[bool]
        try:
            event = settings.event_of(job)
            step = settings.done(job, event)
            check_result(self._handler(event))
        except BaseException as error:  # also SystemExit, which would end the thread and nothing else
            failed(event, error)
            step = settings.failure(job, error)
        while True:
            try:
                if not settings.store.ask(step):
                    logger.error("%s took longer than its lease, and may have been handled by somebody else too", event)
                return
            except SeenStoreError as error:
                if self._stopping or time.monotonic() > asked + settings.lease:
                    logger.error("what became of %s is not recorded, so that it is called again: %s", event, error)
                    return
                time.sleep(TROUBLE)

    def after_fork(self) -> None:
        """Forget, in a new process, what belongs to its parent."""
        self._starting, self._awake = threading.Lock(), threading.Condition()


_workers: weakref.WeakSet[ThreadedWorker] = weakref.WeakSet()


def _after_fork() -> None:
    for worker in list(_workers):
        worker.after_fork()


@atexit.register
def _at_exit() -> None:
    # The threads end with the process, in the middle of a handler if nobody waits for it.
    for worker in list(_workers):
        worker.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
