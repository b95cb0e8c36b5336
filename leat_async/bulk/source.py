"""Rows in: one at a time out of any iterable, without blocking the loop."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Protocol

# A mapping, or what stands for one.
Row = Any
EMPTY: Any = object()
# Tables give their columns when iterated. How each kind is known, and what gives its rows.
_TABLES = {
    "to_dicts": "frame.to_dicts()",
    "to_pylist": "table.to_pylist()",
    # Pandas has NaN and NaT for what is not there.
    "itertuples": 'frame.astype(object).where(frame.notna(), None).to_dict("records")',
}
_BATCH = 256
# With so many left the next batch is asked for, so that it is there when it is needed.
_LOW = 128
# A slow source hands over what it has after so many seconds, rather than fill its batch.
_PATIENCE = 0.02


class RowSource(Protocol):
    """Where rows come from."""

    def take(self) -> Any:
        """The next row if it is here already, else `EMPTY`; raises `StopAsyncIteration` at the end."""

    async def fill(self) -> None:
        """Wait until something came, which others may have taken by then; one caller at a time."""

    def close(self) -> None:
        """No more rows are wanted."""


def source_of(rows: Any) -> RowSource:
    """The right way to read these rows."""
    kind = rows.__class__
    if issubclass(kind, AsyncIterable):
        return _Asynchronous(rows)
    advice = advice_for_table(rows)
    if advice or issubclass(kind, (str, bytes, Mapping)) or not issubclass(kind, Iterable):
        raise TypeError(f"rows must be an iterable or async iterable of mappings, got {kind.__name__}{advice}")
    return _InMemory(rows) if issubclass(kind, (list, tuple)) else _Threaded(rows)


def advice_for_table(value: Any) -> str:
    """What gives the rows of a table of pandas, Polars, Arrow or DuckDB; empty for what is none."""
    return next((f", whose rows are {write}" for method, write in _TABLES.items() if hasattr(value, method)), "")


class _Asynchronous:
    def __init__(self, rows: AsyncIterable[Row]) -> None:
        self._rows: AsyncIterator[Row] = aiter(rows)
        self._next: Row = EMPTY
        self._end: Exception | None = None

    def take(self) -> Any:
        if self._end is not None:
            raise self._end
        row, self._next = self._next, EMPTY
        return row

    async def fill(self) -> None:
        if self._next is EMPTY and self._end is None:
            try:
                self._next = await anext(self._rows)
            except Exception as error:  # `take` raises it, after the row before it
                self._end = error

    def close(self) -> None:
        """The iterator stays with its owner."""


class _InMemory:
    """Rows that are there already: nothing to wait for."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: Iterator[Row] = iter(rows)

    def take(self) -> Any:
        for row in self._rows:
            return row
        raise StopAsyncIteration

    async def fill(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Threaded:
    """A thread of its own reads, a batch when asked: the same thread all the time, for sources that insist on it.

    A daemon, unlike those of a pool: a read that never returns must not keep the process alive.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self._batch: deque[Row] = deque()
        # What the thread has read of the next batch.
        self._read_ahead: deque[Row] = deque()
        self._end: BaseException | None = None
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._asked = False
        self._arrived = asyncio.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> Any:
        if self._batch:
            if len(self._batch) == _LOW:
                self._ask()
            return self._batch.popleft()
        if self._end is not None:
            raise self._end
        return EMPTY

    async def fill(self) -> None:
        # Once: what comes may be taken by somebody else, and then there are checked rows to be had.
        if not self._batch and self._end is None:
            self._arrived.clear()
            self._ask()
            await self._arrived.wait()

    def _ask(self) -> None:
        if self._asked or self._end is not None:
            return
        if self._thread is None:
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._read, args=(loop,), name="leat-bulk-rows", daemon=True)
            self._thread.start()
        self._asked = True
        self._wanted.put(True)

    def close(self) -> None:
        self._wanted.put(False)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        rows: Iterator[Row] | None = None
        while self._wanted.get():
            read = 0
            end: BaseException | None = None
            until = time.monotonic() + _PATIENCE
            try:
                rows = iter(self._rows) if rows is None else rows
                for row in rows:
                    self._read_ahead.append(row)
                    read += 1
                    if read >= _BATCH or time.monotonic() >= until:
                        break
                    if read == 1:
                        # The next row may be long in coming, and this one is not to wait for it.
                        loop.call_soon_threadsafe(loop.call_later, _PATIENCE, self._hand_over)
                else:
                    end = StopAsyncIteration()
            except BaseException as error:
                end = error if not isinstance(error, StopIteration) else RuntimeError("rows raised StopIteration")
            try:
                loop.call_soon_threadsafe(self._deliver, end)
            except RuntimeError:  # the loop is closed, nobody waits any more
                return

    def _deliver(self, end: BaseException | None) -> None:
        self._end = end
        self._asked = False
        self._hand_over()
        self._arrived.set()

    def _hand_over(self) -> None:
        while self._read_ahead:
            self._batch.append(self._read_ahead.popleft())
            self._arrived.set()
