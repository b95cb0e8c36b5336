"""How a run goes, as it is seen now and then: by moments that are given."""

from __future__ import annotations

import msgspec
import pytest

from leat_async.bulk import Course
from leat_async.bulk.course import CourseRecorder, Latency
from leat_async.bulk.outcomes import Outcome, Status, Tally


def test_steps_add_up_to_the_run_however_long_it_is() -> None:
    recorder, latency = CourseRecorder(), Latency()
    for tick in range(1, 10_001):
        latency.add(0.01 if tick <= 5000 else 0.1)
        waiting = "pace" if tick <= 2500 else "rate limit" if tick <= 3000 else None
        recorder.add(tick / 4, (tick * 3, tick, 7 if tick > 9000 else 0), latency.counts, waiting)
    steps = recorder.steps()
    assert 30 <= len(steps) <= 60
    assert sum(step.seconds for step in steps) == pytest.approx(2500)
    assert sum(step.done for step in steps) == 30_000
    assert sum(step.known for step in steps) == 10_000
    assert [step.failed for step in steps if step.failed] == [7]
    assert sum(step.answered for step in steps) == 10_000
    assert recorder.waits == {"pace": 625, "rate limit": 125, "answers": 1750}
    assert (steps[0].waits, steps[-1].waits) == ({"pace": steps[0].seconds}, {"answers": steps[-1].seconds})
    assert steps[0].p50 == pytest.approx(0.01, rel=0.05)
    assert steps[-1].p90 == pytest.approx(0.1, rel=0.05)
    assert recorder.latest == pytest.approx(0.1, rel=0.05)
    course = Course(steps=steps)
    kept = msgspec.json.encode(course)
    assert len(kept) < 8_000
    assert msgspec.json.decode(kept, type=Course) == course


def test_a_step_without_answers_has_no_latency() -> None:
    recorder = CourseRecorder()
    recorder.add(0.25, (0, 5, 0), {}, "rows")
    assert [(step.known, step.answered, step.p50, step.p90) for step in recorder.steps()] == [(5, 0, None, None)]
    assert recorder.latest is None


def test_a_tally_tells_by_its_clock() -> None:
    now = 100.0
    tally = Tally(lambda: now)
    for status, count in ((Status.CREATED, 40), (Status.SKIPPED, 8), (Status.UNKNOWN, 2)):
        for _ in range(count):
            tally.count(Outcome(index=0, row={}, status=status))
    tally.latency.add(0.05)
    now = 100.5
    tally.look("pace")
    seen = tally.progress(in_flight=3, in_doubt=0, waiting="pace")
    assert (seen.per_second, seen.seconds, seen.waits) == (100.0, 0.5, {"pace": 0.5})
    assert seen.latency == pytest.approx(0.05, rel=0.05)
    tally.rate_limited = 2
    now = 101.0
    tally.look("rate limit")
    tally.end()
    now = 200.0
    report = tally.report()
    assert (report.seconds, report.rate_limited, report.waits) == (1.0, 2, {"pace": 0.5, "rate limit": 0.5})
    both = report + report
    assert (both.rate_limited, both.waits) == (4, {"pace": 1.0, "rate limit": 1.0})
    sums = tally.sums()
    assert sums.counts == {"created": 40, "skipped": 8, "unknown": 2, "taken": 0}
    assert [(step.done, step.known, step.failed) for step in sums.course.steps] == [(40, 8, 2), (0, 0, 0)]
    assert sums.course.errors_by_code == {"none": 2}
