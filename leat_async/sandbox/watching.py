"""Server-sent events for the inspector: what is over, in batches, so that watching costs little."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import msgspec
from aiohttp import web

from .controls import SandboxControls
from .journal import JournalEntry

TICK_SECONDS = 0.25
MAX_WAITING = 1000  # entries of one tick; what is beyond is only counted
MAX_WATCHERS = 20


class Watchers:
    """The pages that look on."""

    def __init__(self, sandbox: SandboxControls) -> None:
        self._sandbox = sandbox
        self._requests: list[web.BaseRequest] = []
        self._closed = asyncio.Event()

    def close(self) -> None:
        """Let go of the pages."""
        self._closed.set()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Tell one page of everything, until it goes away."""
        # A page that has gone is noticed at its next tick, and its place is free before that.
        if sum(known.transport is not None for known in self._requests) >= MAX_WATCHERS:
            return web.Response(status=503, text="Too many pages look on.")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        waiting: deque[JournalEntry] = deque(maxlen=MAX_WAITING)
        self._requests.append(request)
        journal = self._sandbox.journal
        journal.listeners.append(waiting.append)
        try:
            await response.prepare(request)
            await self._tell(request, response, waiting)
        except ConnectionError:
            pass
        finally:
            journal.listeners.remove(waiting.append)
            self._requests.remove(request)
        return response

    async def _tell(self, request: web.BaseRequest, response: web.StreamResponse, waiting: deque[JournalEntry]) -> None:
        sandbox = self._sandbox
        told: tuple[Any, ...] = ()
        while not self._closed.is_set() and request.transport is not None:
            # Those of now: while they are told, another thread may add more.
            rows = [brief(waiting.popleft()) for _ in range(len(waiting))]
            now = (sandbox.journal.total, sandbox.deliveries.changes, sandbox.resets, len(sandbox.faults.rules))
            if rows or now != told:
                total, deliveries, resets, faults = told = now
                state = {"total": total, "deliveries": deliveries, "resets": resets, "faults": faults}
                await _send(response, {"rows": rows, "now": sandbox.clock.now(), **state})
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await self._closed.wait()
            except TimeoutError:
                continue


async def _send(response: web.StreamResponse, data: Any) -> None:
    await response.write(b"data: " + msgspec.json.encode(data) + b"\n\n")


def brief(entry: JournalEntry) -> list[Any]:
    """An entry as one line of the page shows it."""
    took = None if entry.seconds is None else round(entry.seconds * 1000, 2)
    path = entry.path[:200]
    return [
        entry.number, entry.at, entry.method[:20], path, entry.operation, entry.status, took, entry.fault,
        bool(entry.hint or entry.remarks or entry.unknown),
    ]  # fmt: skip
