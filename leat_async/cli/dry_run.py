"""The part of an import that says what it would do, and sends nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import attrs

from .. import bulk
from ..account import account_of, is_same
from ..bulk.access import is_there, store_of
from ..bulk.kinds import KINDS
from ..bulk.kinds.together import MOST_ROWS
from ..bulk.options import Options
from ..bulk.own_store import own_path
from ..bulk.preview import PastLedger, preview
from ..bulk.reasons import EqualReasons
from ..bulk.rows import ActiveRow
from ..client import LeatClient
from ..errors import LeatError
from ..tables.plan import ColumnPlan, MappedRow
from ..tables.table import TableSource
from ..written import duration
from . import loop
from .account import client_from_env, connected, has_credentials
from .display import show_sums, warn_if_empty
from .exits import Exit, Stop, exit_of
from .import_options import RATE, ImportOptions
from .rejected import worded
from .sending import rows_of

if TYPE_CHECKING:
    from .._core.pipeline import Pipeline

T = TypeVar("T")
# What a call of many visits takes, itself included.
_SHOWING = 5
# So many addresses are told apart.
_MANY = 1_000_000
_SENT, _CHANGED, _ASKED = "would be sent", "would be updated", "in doubt, would be asked about"
_WORDS = {
    bulk.Status.EXISTED: "there already",
    bulk.Status.SKIPPED: "known from earlier runs",
    bulk.Status.UNKNOWN: "unknown",
    bulk.Status.REJECTED: "would be refused",
}


@attrs.define
class _Foreseen:
    """What a run would do, counted."""

    counts: Counter[str] = attrs.field(factory=Counter[str])
    refused: EqualReasons = attrs.field(factory=lambda: EqualReasons("line"))
    with_attributes: int = 0
    alone: int = 0
    # The addresses that would be looked up.
    addresses: set[int] = attrs.field(factory=set[int])

    def add(self, row: bulk.Outcome | ActiveRow) -> None:
        if isinstance(row, ActiveRow):
            name = _ASKED if row.in_doubt else _CHANGED if row.status is bulk.Status.UPDATED else _SENT
            self.counts[name] += 1
            self.with_attributes += row.attributes is not None
            self.alone += name is _SENT and row.address is None
            if row.address is not None and "email" not in row.body and len(self.addresses) < _MANY:
                self.addresses.add(hash(row.address))
            return
        self.counts[_WORDS[row.status]] += 1
        if row.status is bulk.Status.REJECTED:
            line = row.row.record.line if isinstance(row.row, MappedRow) else row.index + 1
            self.refused.add(line, worded(str(row.error)))

    def calls(self, kind: str, *, batch_calls: bool) -> int:
        """How many calls the rows take that would be sent, if contacts are looked up one by one."""
        sent = self.counts[_SENT]
        if kind == "contacts":
            return 2 * sent + (-(-sent // MOST_ROWS) if batch_calls else self.with_attributes)
        if batch_calls:
            # A call of many, and the pages that show what it made.
            return self.alone + _SHOWING * -(-(sent - self.alone) // MOST_ROWS)
        return -(-sent // KINDS[kind].together)


def dry_run(options: ImportOptions, source: TableSource, plan: ColumnPlan) -> Exit:
    """Check every row against the plan and what earlier runs left, and tell what a run would do."""
    # Without a token there is nothing to talk to, and nothing is.
    leat = client_from_env() if has_credentials() and not options.sandbox else LeatClient("none")
    pipeline = leat.visits._pipeline  # pyright: ignore[reportPrivateUsage]
    ledger = _ledger(options, pipeline)
    foreseen = _Foreseen()
    rows = rows_of(source, plan, clear_empty=options.clear_empty)
    with closing(ledger) if ledger is not None else nullcontext():
        for row in preview(options.kind, pipeline, rows, ledger, Options(**options.of_rows)):
            foreseen.add(row)
    return _show(options, source, foreseen)


def _ledger(options: ImportOptions, pipeline: Pipeline) -> PastLedger | None:
    """What earlier runs left, if anything did."""
    if options.sandbox or (options.ledger is None and not has_credentials()):
        return None

    def asked(ask: Callable[[Pipeline], Awaitable[T]]) -> T:
        async def connect() -> T:
            async with connected(options) as (leat, _):
                return await ask(leat.visits._pipeline)  # pyright: ignore[reportPrivateUsage]

        return loop.run(connect)

    try:
        place = options.ledger or asked(partial(own_path, kind=options.kind))
        if not is_there(place):
            return None
        with ExitStack() as stack:
            ledger = stack.enter_context(closing(PastLedger(store_of(place))))
            named = asked(account_of) if options.ledger is not None and has_credentials() else None
            known = ledger.account
            ledger.check(known if named and known and is_same(known, named, pipeline) else named, options.kind)
            stack.pop_all()
            return ledger
    except LeatError as error:
        raise Stop(f"{error}; nothing was sent", exit_of(error)) from None


def _show(options: ImportOptions, source: TableSource, foreseen: _Foreseen) -> Exit:
    counts, addresses = foreseen.counts, len(foreseen.addresses)
    total = counts.total()
    warn_if_empty(source, total)
    refused = counts[_WORDS[bulk.Status.REJECTED]]
    always = (_SENT, _WORDS[bulk.Status.REJECTED])
    names = (_SENT, _CHANGED, _ASKED, *_WORDS.values())
    sums = [("rows", f"{total:,}"), *[(name, f"{counts[name]:,}") for name in names if counts[name] or name in always]]
    if addresses:
        more = " or more" if addresses == _MANY else ""
        absent = "created if absent" if options.create_contacts else "to be looked up"
        sums.append((f"contacts, {absent}", f"{addresses:,}{more}"))
    requests = (
        counts[_CHANGED] + counts[_ASKED] + addresses + foreseen.calls(options.kind, batch_calls=options.batch_calls)
    )
    rate = options.rate or RATE
    sums.append(("calls, at most", f"{requests:,}"))
    sums.append((f"at {rate:,} requests a minute", f"about {duration(60 * requests / rate)}"))
    show_sums("Dry run: nothing was sent", sums, foreseen.refused.lines())
    if counts[_WORDS[bulk.Status.UNKNOWN]]:
        return Exit.UNKNOWN
    return Exit.REJECTED if refused else Exit.DONE
