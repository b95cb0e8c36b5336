"""An import while it goes on: a picture that changes on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from ..written import duration, has_bars, spark
from .console import Terminal

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from ..bulk.outcomes import Progress

    Watcher: TypeAlias = Callable[[Progress], None]

# Seconds between two lines.
_EVERY = 5.0
# Bars that are shown at most, each of a second; and those that say anything.
_BARS, _FEWEST = 40, 8
_WAITS = {
    "pace": "the pace",
    "rate limit": "429s",
    "failures": "failing writes",
    "doubt": "rows in doubt",
    "rows": "rows to come",
    "answers": "answers",
}


def held(waiting: str | None, rate: int | None = None) -> str:
    """What holds an import back, in words; nothing where it only waits for answers. `rate`: of the pace, a minute."""
    words = {
        "pace": f"held by the pace of {rate:,} requests a minute" if rate is not None else "held by the pace",
        "rate limit": "held by a 429: Leat wants a break",
        "failures": "writes keep failing: they are tried one at a time",
        "doubt": "asking about rows in doubt",
        "rows": "reading rows",
    }
    return words.get(waiting or "", "")


@contextmanager
def progress_of(total: int, rate: int | None) -> Generator[Watcher]:
    """Show a run while it goes on. `rate`: the requests a minute that its pace allows, None for no pace."""
    console = Terminal(stderr=True)
    # A log keeps everything that is written, whatever its terminal is called.
    if not console.is_interactive or not console.file.isatty() or os.environ.get("CI"):
        yield lines(total, rate)
        return
    from rich.live import Live

    picture = ProgressPicture(total, rate, plain=not has_bars(console.encoding))
    # Nothing of it stays: the sums that follow say the same of the end.
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda seen: live.update(picture.show(seen, console.width), refresh=True)


def lines(total: int, rate: int | None) -> Watcher:
    """A line on stderr every few seconds."""
    told = 0.0

    def watch(seen: Progress) -> None:
        nonlocal told
        if seen.seconds - told < _EVERY:
            return
        told = seen.seconds
        answers = f"answers in {_answers(seen)}" if seen.latency is not None else ""
        share = f" ({seen.total / total:.0%})" if total else ""
        parts = [f"{seen.total:,} of {total:,} rows{share}", f"{seen.per_second:,.0f} a second", answers]
        parts += [*_counts(seen), held(seen.waiting, rate), _left(seen, total)]
        print(", ".join(part for part in parts if part), file=sys.stderr, flush=True)

    return watch


class ProgressPicture:
    """A run as a few lines of a terminal. `plain`: it knows ASCII only."""

    def __init__(self, total: int, rate: int | None, *, plain: bool) -> None:
        self._total = total
        self._rate = rate
        self._plain = plain
        self._rates: deque[float] = deque(maxlen=_BARS)
        self._answers: deque[float | None] = deque(maxlen=_BARS)
        self._at = (0.0, 0)

    def show(self, seen: Progress, width: int) -> RenderableType:
        """The picture of a moment, on so many columns."""
        from rich.console import Group
        from rich.text import Text

        self._keep(seen)
        failed = seen.rejected + seen.unknown
        style = "yellow" if seen.waiting in ("rate limit", "failures", "doubt") else ""
        told = [
            Text(self._speeds(seen, width - 2)),
            Text(_fitting([held(seen.waiting, self._rate) or "waiting for answers"], width - 2), style=style),
            Text(_fitting(self._waited(seen), width - 2), style="dim"),
            Text(_fitting(_counts(seen), width - 2), style="red" if failed else ""),
        ]
        parts: list[RenderableType] = [self._bar(seen, width)]
        parts += [Text("  ").append_text(text) for text in told if text]
        return Group(*parts)

    def _keep(self, seen: Progress) -> None:
        """Take a bar in for each second that went by."""
        at, total = self._at
        went = seen.seconds - at
        if went >= 1:
            self._rates.append((seen.total - total) / went)
            self._answers.append(seen.latency)
            self._at = seen.seconds, seen.total

    def _bar(self, seen: Progress, width: int) -> Text:
        from rich.text import Text

        told = _fitting(filter(None, (f"{seen.total:,} of {self._total:,} rows", _left(seen, self._total))), width)
        room = max(0, width - len(told) - 2)
        full = min(room, room * seen.total // max(1, self._total))
        done, todo = ("#", ".") if self._plain else ("━", "╌")
        return (
            Text()
            .append(done * full, style="green")
            .append(todo * (room - full), style="dim")
            .append(f" {told}" if room else told, style="bold")
        )

    def _speeds(self, seen: Progress, width: int) -> str:
        """Throughput and answers, as numbers and as bars of the last seconds, as far as there is room."""
        told = [f"{seen.per_second:,.0f} rows a second"]
        told += [f"answers in {_answers(seen)}"] if seen.latency is not None else []
        bars = min(_BARS, (width - sum(map(len, told)) - 2 * len(told)) // len(told))
        if bars < _FEWEST or len(self._rates) < 2:
            return _fitting(told, width)
        histories: tuple[list[float | None], ...] = [*self._rates], [*self._answers]
        drawn = zip(told, histories, strict=False)
        return "  ".join(f"{text} {spark(values[-bars:], plain=self._plain)}" for text, values in drawn)

    def _waited(self, seen: Progress) -> list[str]:
        """What the time went by with, the most first."""
        spent = [f"{_WAITS[name]} {duration(seconds)}" for name, seconds in seen.waits.items() if seconds >= 1]
        return [f"so far: {spent[0]}", *spent[1:]] if spent else []


def _counts(seen: Progress) -> list[str]:
    """How many rows went wrong, wait or are on their way, what matters most first."""
    counts = {
        "rejected": seen.rejected,
        "unknown": seen.unknown,
        "in doubt": seen.in_doubt,
        "answered 429": seen.rate_limited,
        "sent again": seen.retried,
        "on their way": seen.in_flight,
    }
    return [f"{count:,} {name}" for name, count in counts.items() if count]


def _fitting(parts: Iterable[str], width: int) -> str:
    """As many of the parts, from the first on, as there is room for; of the first alone, its beginning."""
    told = ""
    for part in parts:
        longer = f"{told}, {part}" if told else part
        if len(longer) > width:
            return told or f"{part[: max(0, width - 1)]}…"
        told = longer
    return told


def _answers(seen: Progress) -> str:
    latency = seen.latency or 0.0
    return f"{latency * 1000:.0f} ms" if latency < 1 else f"{latency:.1f} s"


def _left(seen: Progress, total: int) -> str:
    done = seen.total - seen.skipped
    if done <= 0 or seen.seconds < 1 or seen.total + seen.in_doubt >= total:
        return ""  # how long rows in doubt take is not a matter of pace
    seconds = (total - seen.total) * seen.seconds / done
    return f"{duration(seconds)} left"
