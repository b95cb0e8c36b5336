"""How a run goes: rows, answers and waits over time, in a few dozen steps however long it takes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

Waiting: TypeAlias = Literal["pace", "rate limit", "failures", "doubt", "rows"]
# What time goes by with: one of these, or answers, which is as fast as Leat goes.
ANSWERS = "answers"

# Steps that a course has at most, and the seconds of the first ones; two become one when there are too many.
_MOST = 60
_LEAST = 0.25
# To a factor of e: each is about two per cent more than the one before.
_PER_E = 50


class CourseStep(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A stretch of a run: how many rows came to which end in it, and what the time went by with.

    `seconds`: how long it is. `done`: rows created, found or updated. `known`: rows done in an earlier run. `failed`:
    rows rejected or unknown. `answered`: writes answered; `p50` and `p90` are the seconds that these took, None for
    none. `waits`: seconds by what was waited for: "answers", or one of `Progress.waiting`.
    """

    seconds: float = 0.0
    done: int = 0
    known: int = 0
    failed: int = 0
    answered: int = 0
    p50: float | None = None
    p90: float | None = None
    waits: dict[str, float] = {}


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How a run went, as its ledger keeps it: a few dozen steps, and sums. Nothing of it is about a single row.

    `waits`: seconds by what was waited for. `latency`, `errors_by_code`, `changed`, `retried` and `rate_limited` are as
    in `Report`.
    """

    steps: list[CourseStep] = []
    waits: dict[str, float] = {}
    latency: dict[str, float] = {}
    errors_by_code: dict[str, int] = {}
    changed: dict[str, int] = {}
    retried: int = 0
    rate_limited: int = 0


class Latency:
    """Percentiles in constant memory: counts on a logarithmic scale."""

    def __init__(self, counts: Mapping[int, int] = MappingProxyType({}), largest: float = 0.0) -> None:
        self.counts: dict[int, int] = dict(counts)
        self.largest: float = largest

    def add(self, seconds: float) -> None:
        """Count one."""
        step = int(math.log(seconds + 1e-9) * _PER_E)
        self.counts[step] = self.counts.get(step, 0) + 1
        if seconds > self.largest:
            self.largest = seconds

    def percentiles(self) -> dict[str, float]:
        """ "p50", "p90", "p99" and "max", or nothing if nothing was counted."""
        total = sum(self.counts.values())
        if not total:
            return {}
        found: dict[str, float] = {}
        seen = 0
        wanted = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]
        for step in sorted(self.counts):
            seen += self.counts[step]
            while wanted and seen >= wanted[0][1] * total:
                found[wanted.pop(0)[0]] = min(math.exp(step / _PER_E), self.largest)
        found["max"] = self.largest
        return found


class _Step:
    """A step that may yet grow."""

    __slots__ = ("answers", "rows", "seconds", "told", "waits")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.rows = (0, 0, 0)
        self.answers: Counter[int] = Counter()
        self.waits: Counter[str] = Counter()
        self.told: CourseStep | None = None

    def add(self, seconds: float, rows: Iterable[int], answers: Mapping[int, int], waits: Mapping[str, float]) -> None:
        """Take in what happened in so many seconds."""
        self.seconds += seconds
        done, known, failed = (had + more for had, more in zip(self.rows, rows, strict=True))
        self.rows = done, known, failed
        self.answers.update(answers)
        self.waits.update(waits)
        self.told = None

    def tell(self) -> CourseStep:
        """What it came to."""
        if self.told is None:
            done, known, failed = self.rows
            took = Latency(self.answers, math.inf).percentiles()
            self.told = CourseStep(
                seconds=round(self.seconds, 3),
                done=done,
                known=known,
                failed=failed,
                answered=self.answers.total(),
                p50=round(took["p50"], 4) if took else None,
                p90=round(took["p90"], 4) if took else None,
                waits=rounded(self.waits),
            )
        return self.told


class CourseRecorder:
    """Keeps the course of a run that is looked at now and then; nothing is done for a row."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._width = _LEAST
        self._at = 0.0
        self._rows = (0, 0, 0)
        self._answers: dict[int, int] = {}
        self.waits: Counter[str] = Counter()
        self.latest: float | None = None
        """Seconds that half of the writes took that were answered lately; None before there were any."""

    def add(
        self, seconds: float, rows: tuple[int, int, int], answers: Mapping[int, int], waiting: Waiting | None
    ) -> None:
        """Look: so many `seconds` after the start, with the rows done, known and failed so far, and all answers."""
        went, self._at = seconds - self._at, seconds
        waits = {waiting or ANSWERS: went}
        self.waits.update(waits)
        new = {step: count - self._answers.get(step, 0) for step, count in answers.items()}
        new = {step: count for step, count in new.items() if count}
        if new:
            self.latest = Latency(new, math.inf).percentiles()["p50"]
        came = [now - before for now, before in zip(rows, self._rows, strict=True)]
        self._rows, self._answers = rows, dict(answers)
        if not self._steps or self._steps[-1].seconds + went / 2 > self._width:
            if len(self._steps) == _MOST:
                self._halve()
            self._steps.append(_Step())
        self._steps[-1].add(went, came, new, waits)

    def _halve(self) -> None:
        """Make one step of every two."""
        for first, second in zip(self._steps[::2], self._steps[1::2], strict=True):
            first.add(second.seconds, second.rows, second.answers, second.waits)
        del self._steps[1::2]
        self._width *= 2

    def steps(self) -> list[CourseStep]:
        """The steps so far."""
        return [step.tell() for step in self._steps]


def rounded(waits: Mapping[str, float]) -> dict[str, float]:
    """Seconds by what was waited for, the most first, as they are kept and told."""
    return {name: round(seconds, 3) for name, seconds in sorted(waits.items(), key=lambda item: -item[1])}
