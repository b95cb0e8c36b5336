"""What became of the rows: one outcome each, and the sums."""

from __future__ import annotations

import enum
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias

import attrs
import msgspec

from ..errors import ApiError, LeatError
from .course import Course, CourseRecorder, Latency, Waiting, rounded
from .store import RunSums

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    # What the rows make. Plain `Outcome` is one of anything; Python itself knows such a default from 3.13 on.
    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")

Stopped: TypeAlias = Literal["authentication", "permission", "maintenance", "unreachable", "max_errors"]


class Status(enum.StrEnum):
    """What became of a row.

    CREATED: made by this import, also when only asking showed that our own attempt had worked.
    EXISTED: there before our first attempt. UPDATED: there, and changed to what the row says now. SKIPPED: done in an
    earlier run of the same ledger, or left as it is although the row has changed (`on_change="skip"`).
    REJECTED: refused, by a check here or by the API; nothing was made.
    UNKNOWN: sent, and nothing tells whether it was applied.
    """

    CREATED = "created"
    EXISTED = "existed"
    UPDATED = "updated"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Outcome(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What became of one row.

    `index` counts rows from 0, `row` is the row as it was given, `result` the object made or found (None where it is
    not known), `error` the reason of REJECTED and UNKNOWN, `attempts` how often a write was sent for it, in all runs.
    `changed` names the fields in which a row that was known differs from what was known of it, `not_emptied` those that
    became empty in a row that was updated, and were left as they are in Leat for want of `clear_empty`.
    """

    index: int
    row: Mapping[str, Any]
    status: Status
    result: T | None = None
    error: Exception | None = None
    attempts: int = 0
    changed: tuple[str, ...] = ()
    not_emptied: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # Without the row, which may be personal.
        return (
            f"Outcome(index={self.index}, status={self.status!r}, result={self.result!r}, error={self.error!r}, "
            f"attempts={self.attempts})"
        )


def refused(index: int, row: Any, error: Exception) -> Outcome[Any]:
    """The outcome of a row that can't be sent."""
    return Outcome(index=index, row=row, status=Status.REJECTED, error=error)


FAILED = (Status.REJECTED, Status.UNKNOWN)
_COUNTS = (*(status.value for status in Status), "taken", "retried", "rate_limited")
# Seconds from which on a rate is worth telling.
_WORTH = 0.2


@attrs.frozen(kw_only=True)
class BadRow:
    """Stands among the rows for one that could not even be made: its outcome is REJECTED, with this error."""

    row: Mapping[str, Any] = attrs.field(repr=False)
    error: Exception


@attrs.frozen(kw_only=True)
class Progress:
    """A moment of a run.

    `in_flight`: requests on their way. `retried`: sends beyond the first of a row. `rate_limited`: answers 429.
    `in_doubt`: rows that wait to be asked about or sent again. `waiting`: what holds requests back: the "pace"; the
    "rate limit", after a 429; "failures", since writes keep failing and so go one at a time; "doubt", when only rows in
    doubt are left; "rows", when there is nothing to send yet. None: nothing does, and answers are waited for. `waits`:
    seconds so far by each of these, and by "answers". `per_second`: outcomes, and `latency`: seconds that half of the
    writes took to be answered, both over the last seconds. `seconds`: since the start.
    """

    created: int
    existed: int
    updated: int
    skipped: int
    rejected: int
    unknown: int
    taken: int
    in_flight: int
    retried: int
    in_doubt: int
    waiting: Waiting | None
    per_second: float
    seconds: float
    rate_limited: int = 0
    latency: float | None = None
    waits: Mapping[str, float] = attrs.field(factory=dict[str, float])

    @property
    def total(self) -> int:
        """Outcomes so far."""
        return self.created + self.existed + self.updated + self.skipped + self.rejected + self.unknown


@attrs.frozen(kw_only=True)
class Report:
    """The sums of a run.

    `taken`: rows read from the source; more than `total` only after a stop, when rows that were not sent have no
    outcome. `retried`: sends beyond the first of a row. `rate_limited`: answers 429. `seconds`: how long the run took.
    `waits`: seconds of it by what was waited for, seen four times a second: see `Progress`. `latency`: seconds that
    writes took to be answered, as "p50", "p90", "p99" and "max", within five per cent. `errors_by_code`: rows that
    were refused or left unknown, by the API's code, else the HTTP status, else the error's name. `changed`: rows that
    were known with other data, by the fields that differ, whether they were updated, refused or skipped; `not_emptied`:
    rows that were updated, by the fields that became empty and stay as they are in Leat for want of `clear_empty`.
    `stopped`: why the run ended before its rows did, or None; `error` is then the error behind it. "permission" is a
    refusal of what the account may do (403), "unreachable" also a redirect. `notes`: sentences about what the run could
    not do, such as ask the API about credits in doubt.
    """

    created: int = 0
    existed: int = 0
    updated: int = 0
    skipped: int = 0
    rejected: int = 0
    unknown: int = 0
    taken: int = 0
    retried: int = 0
    rate_limited: int = 0
    seconds: float = 0.0
    waits: Mapping[str, float] = attrs.field(factory=dict[str, float])
    latency: Mapping[str, float] = attrs.field(factory=dict[str, float])
    errors_by_code: Mapping[str, int] = attrs.field(factory=dict[str, int])
    changed: Mapping[str, int] = attrs.field(factory=dict[str, int])
    not_emptied: Mapping[str, int] = attrs.field(factory=dict[str, int])
    stopped: Stopped | None = None
    error: Exception | None = None
    notes: tuple[str, ...] = ()
    # From which percentiles can be had again: writes answered, on a logarithmic scale of seconds.
    _answered: Mapping[int, int] = attrs.field(factory=dict[int, int], repr=False, eq=False, alias="answered")

    def __add__(self, other: object) -> Report:
        """The sums of two runs, percentiles included; `seconds` is how long both took, one after the other."""
        if not isinstance(other, Report):
            return NotImplemented
        sums = {name: getattr(self, name) + getattr(other, name) for name in (*_COUNTS, "seconds")}
        largest = max(self.latency.get("max", 0.0), other.latency.get("max", 0.0))
        latency = Latency(Counter(self._answered) + Counter(other._answered), largest)
        first = self if self.stopped is not None else other
        return Report(
            **sums,
            waits=rounded(Counter(self.waits) + Counter(other.waits)),
            latency=latency.percentiles(),
            errors_by_code=dict((Counter(self.errors_by_code) + Counter(other.errors_by_code)).most_common()),
            changed=dict((Counter(self.changed) + Counter(other.changed)).most_common()),
            not_emptied=dict((Counter(self.not_emptied) + Counter(other.not_emptied)).most_common()),
            stopped=first.stopped,
            error=first.error,
            notes=tuple(dict.fromkeys((*self.notes, *other.notes))),
            answered=latency.counts,
        )

    @property
    def total(self) -> int:
        """Outcomes in all."""
        return self.created + self.existed + self.updated + self.skipped + self.rejected + self.unknown


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


class Tally:
    """The counts of a run while it goes on; `now` tells seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.counts: Counter[Status] = Counter()
        self.errors: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self.not_emptied: Counter[str] = Counter()
        self.latency: Latency = Latency()
        self.taken = 0
        self.retried = 0
        self.rate_limited = 0
        self.stopped: Stopped | None = None
        self.error: Exception | None = None
        self.notes: list[str] = []
        self._now = now
        self._started = now()
        self._ended: float | None = None
        self._earlier = (self._started, 0)
        self._rate = 0.0
        self._course = CourseRecorder()

    def count(self, outcome: Outcome) -> None:
        """Take one outcome in."""
        self.counts[outcome.status] += 1
        if outcome.status in FAILED:
            self.errors[code_of(outcome.error)] += 1
        if outcome.changed:
            self.changed.update(outcome.changed)
        if outcome.not_emptied:
            self.not_emptied.update(outcome.not_emptied)

    def look(self, waiting: Waiting | None) -> None:
        """Take in how far it is, and what is waited for; to be called at intervals."""
        now, counts = self._now(), self.counts
        total = counts.total()
        at, before = self._earlier
        if now - at >= _WORTH:
            latest = (total - before) / (now - at)
            self._rate = latest if not self._rate else 0.7 * self._rate + 0.3 * latest
            self._earlier = now, total
        known, failed = counts[Status.SKIPPED], sum(counts[status] for status in FAILED)
        rows = total - known - failed, known, failed
        self._course.add(now - self._started, rows, self.latency.counts, waiting)

    def end(self) -> None:
        """Stop the watch."""
        self._ended = self._now()

    def progress(self, *, in_flight: int, in_doubt: int, waiting: Waiting | None) -> Progress:
        """The moment as it is now."""
        return Progress(
            **self._sums(),
            in_flight=in_flight,
            in_doubt=in_doubt,
            waiting=waiting,
            per_second=self._rate,
            latency=self._course.latest,
            waits=rounded(self._course.waits),
            seconds=self._now() - self._started,
        )

    def report(self) -> Report:
        """The sums so far."""
        return Report(
            **self._sums(),
            seconds=(self._ended or self._now()) - self._started,
            waits=rounded(self._course.waits),
            latency=self.latency.percentiles(),
            answered=dict(self.latency.counts),
            errors_by_code=dict(self.errors.most_common()),
            changed=dict(self.changed.most_common()),
            not_emptied=dict(self.not_emptied.most_common()),
            stopped=self.stopped,
            error=self.error,
            notes=tuple(self.notes),
        )

    def sums(self) -> RunSums:
        """What a ledger keeps of the run; from any thread."""
        # Going through the counts themselves would fail when the loop's thread adds one.
        counts = {status.value: self.counts[status] for status in Status}
        counts = {**{name: count for name, count in counts.items() if count}, "taken": self.taken}
        course = Course(
            steps=self._course.steps(),
            waits=rounded(self._course.waits),
            latency={name: round(seconds, 4) for name, seconds in self.latency.percentiles().items()},
            errors_by_code=dict(Counter(dict(self.errors)).most_common()),
            changed=dict(Counter(dict(self.changed)).most_common()),
            retried=self.retried,
            rate_limited=self.rate_limited,
        )
        return RunSums(counts, course)

    def _sums(self) -> dict[str, Any]:
        return {
            **{status.value: self.counts[status] for status in Status},
            "taken": self.taken,
            "retried": self.retried,
            "rate_limited": self.rate_limited,
        }
