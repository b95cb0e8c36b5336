"""Sees each request of a run at the moment it leaves, which is when the ledger must know of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from contextvars import ContextVar
from typing import Protocol, cast

import attrs

from .._core.pipeline import Pipeline
from .._core.transport import Answer, Progress, Transport
from ..config import RetryPolicy
from ..errors import TransportError
from .jobs import Job

# Answers that come before the request is looked at: nothing was applied, and nothing said about the row.
_TURNED_AWAY = (401, 429)


class Watcher(Protocol):
    """What is told about writes."""

    def before(self, job: Job, progress: Progress) -> Awaitable[None] | None:
        """The first byte leaves when this has been awaited; at once if it is None."""

    def unsent(self, job: Job) -> None:
        """The write certainly was not applied: it never left, or was turned away."""

    def answered(self, job: Job | None, status: int, seconds: float) -> None:
        """A write, or a read where there is no job, was answered."""


class Witness:
    """Stands before the transport of a view of the client whose requests are all reads."""

    def __init__(self, transport: Transport, watcher: Watcher) -> None:
        self._transport = transport
        self._watcher = watcher
        self.check = transport.check
        self.in_flight: int = 0

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, progress: Progress
    ) -> Answer:
        """As the transport's."""
        self.in_flight += 1
        try:
            answer = await self._transport.send(method, url, headers, body, progress)
        finally:
            self.in_flight -= 1
        self._watcher.answered(None, answer.status, 0.0)
        return answer


class Writes(Witness):
    """The same for a view whose requests are all writes, of the job that the task said last that it writes."""

    def __init__(self, transport: Transport, watcher: Watcher) -> None:
        super().__init__(transport, watcher)
        self._job: ContextVar[Job] = ContextVar("leat_bulk_job")

    def of(self, job: Job) -> None:
        """What this task sends from now on is of this job."""
        self._job.set(job)

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, progress: Progress
    ) -> Answer:
        """As the transport's."""
        job = self._job.get()
        self.in_flight += 1
        try:
            # Until the ledger knows of it nothing leaves, so a deadline that passes meanwhile leaves no doubt.
            progress.connecting = True
            written = self._watcher.before(job, progress)
            if written is not None:
                await written
            progress.connecting = False
            started = time.perf_counter()
            answer = await self._transport.send(method, url, headers, body, progress)
        except TransportError as error:
            if not error.sent:
                self._watcher.unsent(job)
            raise
        except asyncio.CancelledError:
            if progress.connecting:
                self._watcher.unsent(job)
            raise
        finally:
            self.in_flight -= 1
        if answer.status in _TURNED_AWAY:
            self._watcher.unsent(job)
        else:
            self._watcher.answered(job, answer.status, time.perf_counter() - started)
        return answer


def patient(pipeline: Pipeline, transport: Witness) -> Pipeline:
    """A view for which waiting for pace or after a 429 uses up no deadline, and which the witness sees."""
    retry = pipeline.retry if pipeline.retry is not None else RetryPolicy(attempts=1)
    return attrs.evolve(pipeline, transport=cast(Transport, transport), patient=True, retry=retry)
