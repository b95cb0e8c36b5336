"""Working on an outbox: what the worker of an event loop and that of threads have in common."""

from __future__ import annotations

import asyncio
from typing import cast

import attrs

from .events import Event, parse
from .log import logger
from .settings import Window, check_seconds, outbox_of, seconds_of, window_or_default
from .stores.base import OutboxStore
from .stores.opening import Seen, open_store
from .stores.steps import DeliveryRecord, Done, Fail, Release

# Of a lease: what is left is for the cancelled handler to end before somebody else calls it.
USABLE = 0.9
# Seconds after which to look for what other processes have stored; and again at a store that was out of reach.
POLL, TROUBLE = 1.0, 1.0
SOON = 0.02
# What ends a process or a task. All else that a handler raises is its failure, whatever it is derived from.
ENDS = (SystemExit, KeyboardInterrupt, GeneratorExit)
_LONGEST_BACKOFF = 3600.0
_ERROR_LENGTH = 300


@attrs.frozen
class OutboxSettings:
    """How an outbox is worked on."""

    store: OutboxStore
    attempts: int
    backoff: float
    concurrency: int
    lease: float
    window: Window

    def event_of(self, job: DeliveryRecord) -> Event:
        """The event of what the store holds."""
        return attrs.evolve(parse(job.body or b""), key=job.key, attempt=job.attempt)

    def done(self, job: DeliveryRecord, event: Event) -> Done:
        """What to record when the handler has succeeded."""
        return Done(job.digest, job.token, seconds_of(self.window, event))

    def failure(self, job: DeliveryRecord, error: BaseException) -> Fail:
        """What to record when it has not: when to try again, if at all."""
        spent = job.attempt - job.base
        delay = min(self.backoff * 4.0 ** min(spent - 1, 20), _LONGEST_BACKOFF)
        return Fail(job.digest, job.token, _text_of(error), delay if spent < self.attempts else None)

    def released(self, job: DeliveryRecord) -> Release:
        """What to record when it did not come to an end."""
        return Release(job.digest, job.token)


def worker_settings(
    store: Seen, attempts: int, backoff: float, concurrency: int, lease: float, window: Window | None
) -> OutboxSettings:
    """Check what a worker was told; raises `ValueError`, `TypeError` and `ConfigError`."""
    for name, value in (("attempts", attempts), ("concurrency", concurrency)):
        if type(cast(object, value)) is not int or value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1, got {value!r}")
    check_seconds("backoff", backoff)
    check_seconds("lease", lease)
    return OutboxSettings(
        outbox_of(open_store(store)), attempts, backoff, concurrency, lease, window_or_default(window)
    )


def pause(wait: float | None) -> float:
    """How long to sleep when nothing is due for so many seconds."""
    return POLL if wait is None else min(POLL, max(SOON, wait))


def is_end(error: BaseException) -> bool:
    """Whether an error is not the handler's own, but the end of the task or the process."""
    if isinstance(error, asyncio.CancelledError):
        # A handler may have met the cancellation of something that it waited for.
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    return isinstance(error, ENDS)


def _text_of(error: BaseException) -> str:
    """What the dead-letter list says of an error, as any store can keep it; an error may fail to tell what it is."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # of the handler's own class, which may do anything
        text = type(error).__name__
    return text[:_ERROR_LENGTH].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def failed(event: Event | DeliveryRecord, error: BaseException) -> None:
    """Tell the log; of an event that can't be read, by its record."""
    logger.error("the handler of %s failed, attempt %d", event, event.attempt, exc_info=error)
