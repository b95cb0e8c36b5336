"""`leat import undo`: what a run made is taken back, for kinds that the API can undo."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import AsyncExitStack, closing, nullcontext

import attrs

from .. import bulk
from ..bulk.access import is_there, store_of
from ..bulk.kinds import UNDOING
from ..bulk.options import Options
from ..bulk.preview import PastLedger, preview
from ..bulk.reasons import EqualReasons
from ..bulk.rows import ActiveRow
from ..bulk.undoing import made_by, owner_of, undone_place
from ..client import LeatClient
from ..written import duration
from . import loop
from .account import client_of
from .display import show_sums
from .exits import STOPPED, Exit, worst
from .import_options import RATE
from .ledger_choice import Choice, only
from .progress import progress_of
from .rejected import worded

_WORDS = {
    bulk.Status.SKIPPED: "taken back before",
    bulk.Status.UNKNOWN: "unknown",
    bulk.Status.REJECTED: "would be refused",
}


@attrs.frozen(kw_only=True)
class Undoing:
    """What was asked for."""

    run: int
    dry_run: bool
    rate: int | None
    resend_unknown: bool
    wait: bool


def undo(choice: Choice, asked: Undoing) -> Exit:
    """Take back what a run made, or say what that would be."""
    found, _ = choice.found()
    memory = only([each for each in found if each.kind in UNDOING], "a run's number is its own ledger's")
    assert memory.kind is not None
    kind = UNDOING[memory.kind]
    owner_of(memory.place, memory.kind, asked.run)  # refused here if it has no such run
    total = sum(1 for _ in made_by(memory.place, asked.run, kind.identifier))
    what = f"run {asked.run} of {memory.kind.replace('_', '-')}"
    if asked.dry_run:
        return _dry_run(memory, asked, what, total)
    report, unfit = loop.run(_undo, memory, asked, total)
    counts = {
        "taken back": report.created,
        "taken back before": report.skipped,
        "refused": report.rejected,
        "unknown": report.unknown,
    }
    sums = [("made by it", f"{total:,}"), *[(name, f"{count:,}") for name, count in counts.items() if count]]
    details = unfit.lines()
    if report.unknown:
        details.append(
            "what was sent and not answered may be taken back or not: leat import resolve goes through it with you"
        )
    show_sums(what, sums, details)
    codes = [Exit.UNKNOWN] if report.unknown else []
    codes += [Exit.REJECTED] if report.rejected else []
    if report.stopped is not None:
        code, trouble = STOPPED[report.stopped]
        codes.append(code)
        print(f"leat: {trouble}; the same command again goes on where this ended", file=sys.stderr)
    return worst(codes)


async def _undo(memory: bulk.Summary, asked: Undoing, total: int) -> tuple[bulk.Report, EqualReasons]:
    unfit = EqualReasons("row")
    async with AsyncExitStack() as stack:
        leat = await client_of(stack, sandbox=False, rate=asked.rate)
        with progress_of(total, asked.rate or RATE) as watch:
            outcomes = bulk.undo(
                getattr(leat, memory.kind or ""),
                ledger=memory.place,
                run=asked.run,
                on_progress=watch,
                resend_unknown=asked.resend_unknown,
                wait=asked.wait,
            )
            async with outcomes:
                async for outcome in outcomes:
                    if outcome.error is not None:
                        unfit.add(outcome.index + 1, worded(str(outcome.error)))
        return outcomes.report, unfit


def _dry_run(memory: bulk.Summary, asked: Undoing, what: str, total: int) -> Exit:
    kind = UNDOING[memory.kind or ""]
    pipeline = LeatClient("none").visits._pipeline  # pyright: ignore[reportPrivateUsage]
    place = undone_place(memory.place)
    past = PastLedger(store_of(place)) if is_there(place) else None
    counts: Counter[str] = Counter()
    rows = made_by(memory.place, asked.run, kind.identifier)
    with closing(past) if past is not None else nullcontext():
        for row in preview(kind.name, pipeline, rows, past, Options(resend_unknown=asked.resend_unknown)):
            counts["would be taken back" if isinstance(row, ActiveRow) else _WORDS[row.status]] += 1
    rate = asked.rate or RATE
    sums = [("made by it", f"{total:,}"), *[(name, f"{count:,}") for name, count in sorted(counts.items())]]
    sums.append((f"at {rate:,} requests a minute", f"about {duration(60 * counts['would be taken back'] / rate)}"))
    show_sums(f"Dry run of undoing {what}: nothing was sent", sums, [])
    return Exit.DONE
