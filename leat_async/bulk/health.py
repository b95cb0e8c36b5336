"""How a run fares: faults that pass, how long there has been nothing else, and when that ends it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from .._core.clock import Clock
from ..errors import (
    ApiError,
    AuthenticationError,
    DecodeError,
    LeatError,
    MaintenanceError,
    OutcomeUnknownError,
    PermissionDeniedError,
)
from .outcomes import Status, Stopped, Tally
from .rows import PASSING, Passing, is_verdict

T = TypeVar("T")
# With a share as stop rule, so many rows are looked at before it counts.
_SAMPLE = 100
# Writes that may fail one after the other before the next ones go one at a time; and answers that speak of the account,
# or redirect, before the run ends.
_IN_A_ROW = 3
_LONGEST_PAUSE = 30.0


class Health:
    """The health of one run; `stopped` is called when it ends the run, once.

    Reads and writes fail separately, since either can while the other works. `storm`: writes keep failing, so `calm`
    is to be awaited before the next. `troubled`: something has failed since a write worked, so the next one that does
    is to be told.
    """

    def __init__(
        self,
        tally: Tally,
        clock: Clock,
        *,
        patience: float,
        max_errors: int | float | None,
        stopped: Callable[[], object],
    ) -> None:
        self._tally = tally
        self._clock = clock
        self._patience = patience
        self._max_errors = max_errors
        self._stopped = stopped
        self.storm: bool = False
        self.troubled: bool = False
        self._probe = asyncio.Lock()
        # Writes that failed since one worked, and pauses made since; and since when each has done nothing but fail, and
        # was denied how often.
        self._faults = self._pauses = 0
        self._failing: dict[str, float] = {}
        self._denied: Counter[str] = Counter()

    @property
    def has_stopped(self) -> bool:
        """Whether the run is to end."""
        return self._tally.stopped is not None

    async def calm(self) -> None:
        """While writes keep failing, let them go one at a time, further and further apart."""
        if not self.storm:
            return
        async with self._probe:
            if self.storm:
                # Not by how many failed: all that were on their way when it began fail at once.
                pause = min(_LONGEST_PAUSE, 0.25 * 2.0 ** min(self._pauses, 20))
                self._pauses += 1
                await self._clock.sleep(pause)

    async def read(self, asked: Awaitable[T]) -> T:
        """The answer to a question that may be asked again; whatever keeps it from coming is passing."""
        try:
            answer = await asked
        except (*PASSING, DecodeError, OutcomeUnknownError) as error:
            raise Passing(error) from error
        except AuthenticationError:
            raise
        except ApiError as error:
            if not is_verdict(error):
                raise Passing(error) from error
            self.worked("read")
            raise
        self.worked("read")
        return answer

    def worked(self, what: Literal["read", "write"]) -> None:
        """The API answered so that it could be understood."""
        if what == "write":
            self._faults = self._pauses = 0
            self.storm = self.troubled = False
            # Then there is no outage, whatever a read may have met.
            self._failing.clear()
            self._denied.clear()
        else:
            self._failing.pop(what, None)
            self._denied.pop(what, None)

    def failing(self, what: Literal["read", "write"]) -> bool:
        """Whether nothing has worked since something failed."""
        return what in self._failing

    def failed(self, what: Literal["read", "write"], error: LeatError) -> None:
        """A request failed in passing; if nothing works for too long, the run stops."""
        self.troubled = True
        if what == "write":
            self._faults += 1
            self.storm = self._faults >= _IN_A_ROW
        behind = error.__cause__ if isinstance(error.__cause__, LeatError) else error
        if isinstance(behind, ApiError) and (behind.status < 400 or isinstance(behind, PermissionDeniedError)):
            self._denied[what] += 1
            if self._denied[what] >= _IN_A_ROW:
                self.stop("permission" if behind.status >= 400 else "unreachable", behind)
        now = self._clock.now()
        if now - self._failing.setdefault(what, now) >= self._patience:
            self.stop("maintenance" if isinstance(behind, MaintenanceError) else "unreachable", behind)

    def check_errors(self) -> None:
        """Stop the run if more rows have failed than are put up with."""
        most, counts = self._max_errors, self._tally.counts
        if most is None:
            return
        errors, total = counts[Status.REJECTED] + counts[Status.UNKNOWN], counts.total()
        if errors > most if isinstance(most, int) else total >= _SAMPLE and errors > most * total:
            self.stop("max_errors", None)

    def note(self, text: str) -> None:
        """Have the report say something of how far it can be relied upon."""
        self._tally.notes += [text]

    def deny(self, error: AuthenticationError | PermissionDeniedError) -> None:
        """The API refuses who asks, or what the account may do: that ends the run."""
        self.stop("permission" if isinstance(error, PermissionDeniedError) else "authentication", error)

    def stop(self, reason: Stopped, error: Exception | None) -> None:
        """End the run: what is on its way is finished, what was not sent stays undone."""
        if self._tally.stopped is None:
            self._tally.stopped, self._tally.error = reason, error
            self._stopped()
