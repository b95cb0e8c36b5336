"""Rounds in which contenders take turns, and what is made of their figures."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import attrs


@attrs.frozen
class Table:
    """Figures of contenders that took turns. `better` is "more" (rates) or "less" (times and sizes)."""

    name: str
    unit: str
    figures: Mapping[str, list[float]]
    against: str
    better: str = "more"
    note: str = ""

    def median(self, who: str) -> float:
        return statistics.median(self.figures[who])

    def ratio(self, who: str, other: str) -> float:
        """`who` ÷ `other`, the median over the rounds, in each of which both ran one after the other.

        Of rounds where `other` has nothing (no 429, say) there is no ratio; NaN if that is all of them.
        """
        found = [a / b for a, b in zip(self.figures[who], self.figures[other], strict=True) if b]
        return statistics.median(found) if found else math.nan

    def markdown(self) -> str:
        lines = [f"### {self.name}", "", f"| who | {self.unit} | spread | ÷ {self.against} |", "|---|---|---|---|"]
        for who, values in self.figures.items():
            shown = [_shown(value) for value in (self.median(who), min(values), max(values))]
            lines.append(f"| {who} | {shown[0]} | {shown[1]}–{shown[2]} | {self.ratio(who, self.against):.2f} |")
        return "\n".join([*lines, *(["", self.note] if self.note else []), ""])

    def as_json(self) -> dict[str, Any]:
        return attrs.asdict(self) | {
            "medians": {who: self.median(who) for who in self.figures},
            "ratios": {who: self.ratio(who, self.against) for who in self.figures},
        }


def quick() -> bool:
    """Whether a short run is asked for: QUICK=1."""
    return os.environ.get("QUICK", "0") not in ("", "0")


def show(*tables: Table) -> None:
    """Print a section's tables, for people or (`--json`) for `benchmarks.run`."""
    if "--json" in sys.argv:
        print(json.dumps([table.as_json() for table in tables]))
    else:
        print(*(table.markdown() for table in tables), sep="\n")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def prime_allocator() -> None:
    """Put this process into the state in which every process is that has ever freed a large block.

    glibc then serves asyncio's receive buffer of 256 KiB from the heap instead of by mmap; see docs/performance.md.
    """
    bytes(1 << 20)


def most_memory() -> float:
    """Peak resident memory of this process, in MB."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    # Linux counts what the parent held at the fork as the child's, but for this.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


Call = Callable[[], Awaitable[Any]]


async def calls_per_second(call: Call, in_flight: int, seconds: float) -> float:
    """Calls that `in_flight` workers complete in a second."""
    done = 0
    until = time.perf_counter() + seconds

    async def work() -> None:
        nonlocal done
        while time.perf_counter() < until:
            await call()
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return done / (time.perf_counter() - began)


async def take_turns(calls: Mapping[str, Call], in_flight: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Rates of all contenders, round by round, each second round in reverse."""
    rates: dict[str, list[float]] = {who: [] for who in calls}
    for call in calls.values():
        await calls_per_second(call, in_flight, seconds / 2)
    for number in range(rounds):
        for who in list(calls)[:: 1 if number % 2 == 0 else -1]:
            rates[who].append(await calls_per_second(calls[who], in_flight, seconds))
    return rates


def take_turns_timed(
    works: Mapping[str, Callable[[], object]], rounds: int, repeat: int, scale: float = 1e6
) -> dict[str, list[float]]:
    """Microseconds (or whatever `scale` makes of seconds) of each work, round by round."""
    times: dict[str, list[float]] = {who: [] for who in works}
    for work in works.values():
        work()
    for number in range(rounds):
        for who in list(works)[:: 1 if number % 2 == 0 else -1]:
            work = works[who]
            began = time.perf_counter()
            for _ in range(repeat):
                work()
            times[who].append((time.perf_counter() - began) / repeat * scale)
    return times
