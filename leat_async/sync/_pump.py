"""Async generators as plain ones, a batch a crossing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from typing import Generic, TypeVar

from ._bridge import GRACE, Bridge

T = TypeVar("T")

# How long (seconds) a batch that has begun waits to be filled.
_LINGER = 0.02


class _Pump(Generic[T]):
    """Steps an async iterator from its start to its end in one task: it may hold a task group, which tasks can't share.

    It runs ahead of its consumer by one batch at most.
    """

    def __init__(self, make: Callable[[], AsyncIterator[T]], batch: int) -> None:
        self._make = make
        self._batch = batch
        self._items: list[T] = []
        self._some, self._full, self._space = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._ended = False
        self.error: BaseException | None = None
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            source = self._make()
            try:
                async for item in source:
                    self._items.append(item)
                    self._some.set()
                    if len(self._items) >= self._batch:
                        self._space.clear()
                        self._full.set()
                        await self._space.wait()
            finally:
                close = getattr(source, "aclose", None)
                if close is not None:
                    await close()
        except BaseException as error:
            self.error = error
        finally:
            self._ended = True
            self._some.set()
            self._full.set()

    async def take(self) -> tuple[list[T], bool]:
        """The next items, and whether they are the last."""
        await self._some.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                await self._full.wait()
        items, self._items = self._items, []
        if not self._ended:
            self._some.clear()
            self._full.clear()
            self._space.set()
        return items, self._ended

    async def stop(self, patience: float | None) -> None:
        """Cancel the task and wait for it, `patience` seconds at most."""
        self.task.cancel()
        await asyncio.wait({self.task}, timeout=patience)


def iterate(bridge: Bridge, make: Callable[[], AsyncIterator[T]], batch: int = 64) -> Generator[T, None, None]:
    """Go through the async iterator that `make` gives, `batch` items a crossing.

    Items that are there are handed out when the batch is full or after a fiftieth of a second. Leaving early stops
    the work behind it before the loop over this generator is left.
    """

    async def begin() -> _Pump[T]:
        pump = _Pump(make, batch)
        bridge.pumps.add(pump.task)
        pump.task.add_done_callback(bridge.pumps.discard)
        return pump

    pump = bridge.call(begin)
    patience = None
    try:
        ended = False
        while not ended:
            items, ended = bridge.call(pump.take)
            yield from items
        if pump.error is not None:
            raise bridge.crossing(pump.error)
    except GeneratorExit:
        raise
    except BaseException:
        patience = GRACE
        raise
    finally:
        if not pump.task.done() and not bridge.tidy(pump.stop, patience):
            bridge.cancel_soon(pump.task)
