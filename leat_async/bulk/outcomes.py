"""What became of the rows: one outcome each, and the sums."""

from __future__ import annotations

import enum
import math
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs
import msgspec

from ..errors import ApiError, LeatError

Stopped: TypeAlias = Literal["authentication", "maintenance", "unreachable", "max_errors"]


class Status(enum.StrEnum):
    """What became of a row.

    CREATED: made by this import, also when only asking showed that our own attempt had worked.
    EXISTED: there before our first attempt. SKIPPED: done in an earlier run of the same ledger.
    REJECTED: refused, by a check here or by the API; nothing was made.
    UNKNOWN: sent, and nothing tells whether it was applied.
    """

    CREATED = "created"
    EXISTED = "existed"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row.

    `index` counts rows from 0, `row` is the row as it was given, `result` the object made or found (None where it is
    not known), `error` the reason of REJECTED and UNKNOWN, `attempts` how often a write was sent for it, in all runs.
    """

    index: int
    row: Mapping[str, Any]
    status: Status
    result: Any = None
    error: Exception | None = None
    attempts: int = 0

    def __repr__(self) -> str:
        # Without the row, which may be personal.
        return (
            f"Outcome(index={self.index}, status={self.status!r}, result={self.result!r}, error={self.error!r}, "
            f"attempts={self.attempts})"
        )


def refused(index: int, row: Any, error: Exception) -> Outcome:
    """The outcome of a row that can't be sent."""
    return Outcome(index=index, row=row, status=Status.REJECTED, error=error)


FAILED = (Status.REJECTED, Status.UNKNOWN)


@attrs.frozen(kw_only=True)
class BadRow:
    """Stands among the rows for one that could not even be made: its outcome is REJECTED, with this error."""

    row: Mapping[str, Any] = attrs.field(repr=False)
    error: Exception


@attrs.frozen(kw_only=True)
class Progress:
    """A moment of a run.

    `in_flight`: requests on their way. `retried`: sends beyond the first of a row. `in_doubt`: rows that wait to be
    asked about or sent again. `waiting`: what holds requests back. `per_second`: outcomes, over the last seconds.
    `seconds`: since the start.
    """

    created: int
    existed: int
    skipped: int
    rejected: int
    unknown: int
    taken: int
    in_flight: int
    retried: int
    in_doubt: int
    waiting: Literal["pace", "rate limit"] | None
    per_second: float
    seconds: float

    @property
    def total(self) -> int:
        """Outcomes so far."""
        return self.created + self.existed + self.skipped + self.rejected + self.unknown


@attrs.frozen(kw_only=True)
class Report:
    """The sums of a run.

    `taken`: rows read from the source; more than `total` only after a stop, when rows that were not sent have no
    outcome. `retried`: sends beyond the first of a row. `seconds`: how long the run took. `latency`: seconds that
    writes took to be answered, as "p50", "p90", "p99" and "max", within five per cent. `errors_by_code`: rows that
    were refused or left unknown, by the API's code, else the HTTP status, else the error's name. `stopped`: why the
    run ended before its rows did, or None; `error` is then the error behind it.
    """

    created: int = 0
    existed: int = 0
    skipped: int = 0
    rejected: int = 0
    unknown: int = 0
    taken: int = 0
    retried: int = 0
    seconds: float = 0.0
    latency: Mapping[str, float] = attrs.field(factory=dict[str, float])
    errors_by_code: Mapping[str, int] = attrs.field(factory=dict[str, int])
    stopped: Stopped | None = None
    error: Exception | None = None

    @property
    def total(self) -> int:
        """Outcomes in all."""
        return self.created + self.existed + self.skipped + self.rejected + self.unknown


def code_of(error: BaseException | None) -> str:
    """The name under which an error is counted."""
    if error is None:
        return "none"
    known = getattr(error, "recorded_code", None)
    if isinstance(known, str):
        return known
    if isinstance(error, ApiError):
        return str(error.code if error.code is not None else error.status)
    return type(error).__name__


class EarlierError(LeatError):
    """An error of an earlier run, as the ledger kept it: its text, and `recorded_code`, by which it is counted."""

    def __init__(self, message: str, recorded_code: str) -> None:
        super().__init__(message)
        self.recorded_code = recorded_code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.recorded_code)


# To a factor of e: each is about two per cent more than the one before.
_STEPS = 50


class Latency:
    """Percentiles in constant memory: counts on a logarithmic scale."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._largest = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        step = int(math.log(seconds + 1e-9) * _STEPS)
        self._counts[step] = self._counts.get(step, 0) + 1
        if seconds > self._largest:
            self._largest = seconds

    def percentiles(self) -> dict[str, float]:
        """ "p50", "p90", "p99" and "max", or nothing if nothing was counted."""
        total = sum(self._counts.values())
        if not total:
            return {}
        found: dict[str, float] = {}
        seen = 0
        wanted = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]
        for step in sorted(self._counts):
            seen += self._counts[step]
            while wanted and seen >= wanted[0][1] * total:
                found[wanted.pop(0)[0]] = min(math.exp(step / _STEPS), self._largest)
        found["max"] = self._largest
        return found


class Tally:
    """The counts of a run while it goes on."""

    def __init__(self) -> None:
        self.counts: Counter[Status] = Counter()
        self.errors: Counter[str] = Counter()
        self.latency = Latency()
        self.taken = 0
        self.retried = 0
        self.stopped: Stopped | None = None
        self.error: Exception | None = None
        self._started = time.monotonic()
        self._ended: float | None = None
        self._earlier = (self._started, 0)
        self._rate = 0.0

    def count(self, outcome: Outcome) -> None:
        """Take one outcome in."""
        self.counts[outcome.status] += 1
        if outcome.status in FAILED:
            self.errors[code_of(outcome.error)] += 1

    def end(self) -> None:
        """Stop the watch."""
        self._ended = time.monotonic()

    def progress(self, *, in_flight: int, in_doubt: int, waiting: Literal["pace", "rate limit"] | None) -> Progress:
        """The moment as it is now; called at intervals, since the rate is that since the call before."""
        now, total = time.monotonic(), self.counts.total()
        at, before = self._earlier
        if now - at >= 0.2:
            latest = (total - before) / (now - at)
            self._rate = latest if not self._rate else 0.7 * self._rate + 0.3 * latest
            self._earlier = now, total
        return Progress(
            **self._sums(),
            in_flight=in_flight,
            in_doubt=in_doubt,
            waiting=waiting,
            per_second=self._rate,
            seconds=now - self._started,
        )

    def report(self) -> Report:
        """The sums so far."""
        return Report(
            **self._sums(),
            seconds=(self._ended or time.monotonic()) - self._started,
            latency=self.latency.percentiles(),
            errors_by_code=dict(self.errors.most_common()),
            stopped=self.stopped,
            error=self.error,
        )

    def _sums(self) -> dict[str, Any]:
        return {
            **{status.value: self.counts[status] for status in Status},
            "taken": self.taken,
            "retried": self.retried,
        }
