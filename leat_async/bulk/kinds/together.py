"""Rows that go together in one call, and what becomes of each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any

import attrs

from ..._core.codec import encode
from ..._core.operation import Request
from ..._core.pipeline import Observer, Pipeline, Send
from ...errors import ApiError, DecodeError, LeatError, OutcomeUnknownError
from ..health import Health
from ..rows import ActiveRow, Found, Passing, is_verdict

MOST_ROWS = 250
MOST_BYTES = 950_000
# Seconds without another row after which no more is waited for.
_QUIET = 0.02
# Seconds before each look for what an answered call made.
_LOOKS = (0.0, 1.0, 2.0, 4.0)


@attrs.define(eq=False)
class _Waiting:
    """A row, what is sent for it, and what waits to know what became of it."""

    row: ActiveRow
    sent: dict[str, Any]
    size: int
    done: asyncio.Future[Any]


class _OfEach:
    """Tells an observer of rows that are sent together."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def before(self, rows: Sequence[ActiveRow], send: Send) -> Awaitable[Any] | None:
        """They are about to leave."""
        ready = [each for row in rows if (each := self._observer.before(row, send)) is not None]
        return asyncio.gather(*ready) if ready else None

    def after(self, rows: Sequence[ActiveRow], send: Send) -> None:
        """It has ended."""
        for row in rows:
            self._observer.after(row, send)


class Together:
    """Sends rows together, as many as there are.

    `request` makes the call for what is sent of several rows, `alone` makes one row, `find` asks for it. `told` is what
    a call made of each of its rows, by its answer, None where that is not known. After a call that is refused each is
    asked for, and those that are not there are sent in two halves, so that in the end a bad row goes alone. Once that
    has shown that good rows are not made beside bad ones, the first is asked for, and if it is not there no other.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        health: Health,
        *,
        request: Callable[[list[dict[str, Any]]], Request[Any]],
        alone: Callable[[ActiveRow], Awaitable[Any]],
        find: Callable[[ActiveRow], Awaitable[Any]],
        told: Callable[[Any, list[ActiveRow]], Awaitable[list[Any]]],
    ) -> None:
        observer = pipeline.observer
        self._pipeline = attrs.evolve(pipeline, observer=_OfEach(observer) if observer is not None else None)
        self._health = health
        self._request, self._alone, self._find, self._told = request, alone, find, told
        self._gathered: list[_Waiting] = []
        self._size = 0
        self._quiet: asyncio.TimerHandle | None = None
        self._calls: dict[asyncio.Task[None], list[_Waiting]] = {}
        # Whether a call was refused that would have made none of its good rows.
        self._spares_none = False
        # Whoever has this is about to find out.
        self._learning = asyncio.Lock()

    async def send(self, row: ActiveRow, sent: dict[str, Any]) -> Any:
        """Send a row with others, as this: what it made. Raises what its call, or it alone, ended with."""
        size = len(encode(sent)) + 1
        if len(self._gathered) >= MOST_ROWS or self._size + size > MOST_BYTES:
            self._go()
        waiting = _Waiting(row, sent, size, asyncio.get_running_loop().create_future())
        self._gathered.append(waiting)
        self._size += size
        if len(self._gathered) >= MOST_ROWS:
            self._go()
        else:
            self._wait()
        try:
            return await waiting.done
        except asyncio.CancelledError:
            self._leave(waiting)
            raise

    def _wait(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = asyncio.get_running_loop().call_later(_QUIET, self._go)

    def _go(self) -> None:
        """Send those that have come."""
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        rows, self._gathered, self._size = self._gathered, [], 0
        if rows:
            call = asyncio.create_task(self._call(rows))
            self._calls[call] = rows
            call.add_done_callback(self._ended)

    def _ended(self, call: asyncio.Task[None]) -> None:
        fault = None if call.cancelled() else call.exception()
        for each in self._calls.pop(call):
            if isinstance(fault, Exception):
                _fail(each, fault)
            elif not each.done.done():
                each.done.cancel()

    def _leave(self, waiting: _Waiting) -> None:
        """Nobody waits for this row any more; a call of which that holds for all is cut off."""
        if waiting in self._gathered:
            self._gathered.remove(waiting)
            self._size -= waiting.size
        for call, rows in self._calls.items():
            if waiting in rows and all(each.done.done() for each in rows):
                call.cancel()

    async def _call(self, rows: list[_Waiting], *, spared: bool | None = None) -> None:
        """Send these rows, and tell each what became of it.

        `spared`: whether a call with them that was refused made none of its rows; None if there was no such call.
        """
        if len(rows) == 1:
            [each] = rows
            made = [await self._tell(each, self._alone(each.row))]
        else:
            made = await self._sent(rows, spared)
        if spared and any(made):
            self._spares_none = True

    async def _sent(self, rows: list[_Waiting], spared: bool | None) -> list[Any]:
        """Send them in one call: what it made."""
        try:
            made = await self._made([each.sent for each in rows], [each.row for each in rows])
        except ApiError as error:
            if is_verdict(error):
                self._health.worked("write")
                async with self._learning if spared is None and not self._spares_none else nullcontext():
                    await self._refused(rows, error)
            else:
                _tell_all(rows, error)
            return []
        except DecodeError as error:
            # Done, but of which rows, it does not tell.
            doubt = OutcomeUnknownError(f"{self.what}: its answer can't be read ({error})")
            doubt.__cause__ = error
            _tell_all(rows, doubt)
            return []
        except (LeatError, ValueError, TypeError) as error:
            _tell_all(rows, error)
            return []
        for each, one in zip(rows, made, strict=True):
            if one is None:
                _fail(each, OutcomeUnknownError(f"{self.what}: nothing shows whether it made this row"))
            else:
                _settle(each, one)
        return made

    async def _made(self, sent: list[dict[str, Any]], rows: list[ActiveRow]) -> list[Any]:
        """Make the call: what it made of each row, None where nothing tells."""
        return await self._told(await self._pipeline.run(self._request(sent), rows), rows)

    async def _there(self, rows: list[ActiveRow]) -> list[Any]:
        """What is there of rows whose call was refused."""
        first = await self._find(rows[0])
        if first is None and self._spares_none:
            return [None] * len(rows)
        others = await asyncio.gather(*map(self._find, rows[1:]), return_exceptions=True)
        for each in others:
            if isinstance(each, BaseException):
                raise each
        return [first, *others]

    @property
    def what(self) -> str:
        """The operation that makes many."""
        return self._request([]).operation.id

    async def _refused(self, rows: list[_Waiting], error: ApiError) -> None:
        try:
            there = await self._there([each.row for each in rows])
        except (Passing, ApiError) as fault:
            # What is not known to be absent is asked for as any row in doubt.
            doubt = OutcomeUnknownError(f"{self.what}: refused, and perhaps done in part ({error})")
            doubt.__cause__ = fault.error if isinstance(fault, Passing) else fault
            _tell_all(rows, doubt)
            return
        absent: list[_Waiting] = []
        for each, found in zip(rows, there, strict=True):
            if found is None:
                absent.append(each)
            else:
                _fail(each, Found(found))
        half = len(absent) // 2
        for part in (absent[:half], absent[half:]):
            if part:
                await self._call(part, spared=len(absent) == len(rows))

    async def _tell(self, waiting: _Waiting, work: Awaitable[Any]) -> bool:
        try:
            _settle(waiting, await work)
        except Exception as error:
            _fail(waiting, error)
            return False
        return True


class Unanswered(Together):
    """As `Together`, of a call whose answer nobody documents: what it made is `told` by a list instead.

    So whatever the call ended with, a refusal apart, is no news of its rows. Those that are not listed are in doubt,
    and asked for one by one.
    """

    async def _made(self, sent: list[dict[str, Any]], rows: list[ActiveRow]) -> list[Any]:
        looks: Sequence[float] = (0.0,)
        try:
            await self._pipeline.run(self._request(sent), rows)
            # It may be made after it was answered.
            looks = _LOOKS
        except DecodeError:
            looks = _LOOKS
        except OutcomeUnknownError as error:
            self._health.failed("write", error)
        made: list[Any] = []
        try:
            for pause in looks:
                await self._pipeline.clock.sleep(pause)
                made = await self._told(None, rows)
                if None not in made:
                    break
        except (Passing, ApiError) as fault:
            doubt = OutcomeUnknownError(f"{self.what}: what it made can't be looked for")
            doubt.__cause__ = fault.error if isinstance(fault, Passing) else fault
            raise doubt from doubt.__cause__
        return made

    async def _there(self, rows: list[ActiveRow]) -> list[Any]:
        listed = await self._told(None, rows)
        if not any(listed) and await self._find(rows[0]) is None:
            return listed
        return [one or await self._find(row) for one, row in zip(listed, rows, strict=True)]


def _settle(waiting: _Waiting, made: Any) -> None:
    if not waiting.done.done():
        waiting.done.set_result(made)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)


def _tell_all(rows: list[_Waiting], error: Exception) -> None:
    for each in rows:
        _fail(each, error)
