"""An import from file to exit code."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from .. import bulk
from ..bulk.mapping import MappedRow, NoShopError, Plan, make_plan, mapped
from ..bulk.readers import Source, open_source, spool
from ..errors import ConfigError
from .display import duration, show_plan, show_sums
from .exits import Exit, Stop
from .imports import Job, ledger_of

RATE = 5000
"""Requests a minute that the API allows."""
_LISTED = 10
_MANY = 1_000_000


def run(job: Job) -> Exit:
    """Do what was asked; returns the exit code."""
    if job.resend_unknown and job.accept_unknown:
        raise Stop("--resend-unknown and --accept-unknown exclude each other")
    if job.sandbox and job.ledger is not None:
        raise Stop("--ledger goes with a real account: a --sandbox keeps nothing, so there is nothing to resume")
    if job.file == "-" and job.ledger is None and not (job.sandbox or job.dry_run):
        raise Stop("stdin has no place for a ledger beside it; name one: --ledger PATH")
    with tempfile.TemporaryDirectory(prefix="leat-") as scratch:
        path = spool(sys.stdin.buffer, Path(scratch)) if job.file == "-" else Path(job.file)
        sign = "\t" if job.delimiter in ("tab", r"\t") else job.delimiter
        source = open_source(path, format=job.format, encoding=job.encoding, delimiter=sign, sheet=job.sheet)
        plan = _plan(job, source.columns)
        show_plan(job.file if job.file != "-" else "stdin", source, plan, _example(source, plan))
        if job.dry_run:
            return _check(job, source, plan)
        from .sending import send

        return send(job, source, plan, Path(scratch))


def _plan(job: Job, columns: Sequence[str]) -> Plan:
    def make(shop: str | None) -> Plan:
        return make_plan(
            job.kind,
            columns,
            maps=job.map or (),
            sets=job.set or (),
            timezone=job.timezone,
            day_first=job.day_first,
            shop=shop,
        )

    try:
        return make(job.shop)
    except NoShopError:
        if not job.sandbox:
            raise
        from ..sandbox import Sandbox

        return make(Sandbox(seed="demo").shops[0]["uuid"])


def _example(source: Source, plan: Plan) -> MappedRow | None:
    """The first row that fits, as it would be sent."""
    return next((row for row in islice(mapped(source, plan), 100) if row.problem is None), None)


def _check(job: Job, source: Source, plan: Plan) -> Exit:
    """Check every row and tell what a run would do."""
    fit, total = 0, 0
    unfit: list[str] = []
    contacts: set[int] = set()
    for row in mapped(source, plan):
        total += 1
        if row.problem is None:
            fit += 1
            if len(contacts) < _MANY and "contact_email" in row:
                contacts.add(hash(row["contact_email"]))
        elif len(unfit) < _LISTED:
            unfit.append(f"line {row.record.line}: {row.problem}")
    refused, done = total - fit, _done(job, source, plan)
    sums = [("rows", f"{total:,}"), ("would be sent", f"{fit - done:,}"), ("would be refused", f"{refused:,}")]
    if done:
        sums.append(("done in an earlier run", f"{done:,}"))
    if contacts:
        more = " or more" if len(contacts) == _MANY else ""
        absent = "created if absent" if job.create_contacts else "to be looked up"
        sums.append((f"contacts, {absent}", f"{len(contacts):,}{more}"))
    least = 60 * (fit - done + len(contacts)) / (job.rate or RATE)
    sums.append((f"at {job.rate or RATE:,} requests a minute", f"about {duration(least)}"))
    if refused > len(unfit):
        unfit.append(f"… and {refused - len(unfit):,} more")
    show_sums("Dry run: nothing was sent", sums, unfit)
    return Exit.REJECTED if refused else Exit.DONE


def _done(job: Job, source: Source, plan: Plan) -> int:
    """How many rows an earlier run has done, by its ledger."""
    try:
        summary = bulk.status(ledger_of(job))
    except ConfigError:
        return 0
    same = (summary.source, summary.mapping) == (source.fingerprint, plan.fingerprint)
    return summary.states.get(bulk.State.DONE, 0) if same and not job.sandbox else 0
