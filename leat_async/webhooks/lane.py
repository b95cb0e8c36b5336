"""A store as an event loop uses it: without waiting for it, and all that comes meanwhile in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from .stores.base import SeenStore
from .stores.steps import Step

T = TypeVar("T")


class StoreLane:
    """Takes steps of one event loop to a store, in a thread."""

    def __init__(self, store: SeenStore) -> None:
        self._store = store
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[Step[Any], asyncio.Future[Any]]] = []
        self._busy = False
        self._thread: ThreadPoolExecutor | None = None

    async def ask(self, step: Step[T]) -> T:
        """Take one step; raises `SeenStoreError`. It is taken also when whoever asked is cancelled."""
        if self._store.at_once:
            return self._store.ask(step)
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._waiting, self._busy = loop, [], False
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((step, future))
        if not self._busy:
            self._busy = True
            # In the next turn of the loop, so that all that comes in this one goes together.
            loop.call_soon(self._go, loop)
        return cast("T", await future)

    async def call(self, function: Callable[..., T], *given: Any) -> T:
        """Call something of the store in the lane's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor(), function, *given)

    def close(self) -> None:
        """End the thread, once it has done what it was told."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)
            self._thread = None

    def _executor(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="leat-webhooks")
        return self._thread

    def _go(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting, []
        if not batch:
            self._busy = False
            return
        work = self._executor().submit(self._store.apply, [step for step, _ in batch])
        work.add_done_callback(lambda done: _call(loop, self._over, loop, batch, done))

    def _over(
        self, loop: asyncio.AbstractEventLoop, batch: Sequence[tuple[Step[Any], asyncio.Future[Any]]], done: Any
    ) -> None:
        error = done.exception()
        answers = [None] * len(batch) if error is not None else done.result()
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(answer)
        self._go(loop)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *given: Any) -> None:
    try:
        loop.call_soon_threadsafe(function, *given)
    except RuntimeError:
        return  # the loop has ended, and with it whoever waited
