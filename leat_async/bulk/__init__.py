"""Bulk imports: rows in, outcomes out, each row exactly once.

`create` streams an `Outcome` per row, `run` consumes them and returns the `Report`. With a ledger an import can be
killed at any moment and run again, and another with newer rows goes on where it ended; `memories`, `status`, `runs`,
`show`, `find`, `rejects` and `in_doubt` read ledgers, `resolve` and `forget` change them, and `take_over` ends the
session of a run that has one and can't be ended otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Protocol, Self, TypeAlias, TypeVar, cast

import attrs

from .._core.arguments import check_function
from .._core.kept_text import kept_text
from .._core.params import Boolean
from .._core.pipeline import Pipeline
from ..resources._base import of_which_side
from ..resources.credit_receptions import IDENTITY_ATTRIBUTE
from .access import store_of
from .changes import ChangedError, OnChange
from .course import Course, CourseStep
from .engine import Engine
from .kinds import BATCH_CALLS, KINDS, UNDOING
from .ledger import Ledger
from .memory import (
    Entry,
    RunRecord,
    Summary,
    find,
    forget,
    in_doubt,
    memories,
    rejects,
    resolve,
    runs,
    show,
    status,
    take_over,
)
from .options import Options
from .outcomes import BadRow, EarlierError, Outcome, Progress, Report, Status, T
from .places import AccountLedger, LedgerName, ledger_place
from .rows import Row
from .store import RowState, Source
from .undoing import UndoneLedger, made_by

__all__ = [
    "create",
    "run",
    "undo",
    "Run",
    "Rows",
    "Status",
    "Outcome",
    "Report",
    "Progress",
    "BadRow",
    "EarlierError",
    "ChangedError",
    "ACCOUNT",
    "Source",
    "memories",
    "status",
    "runs",
    "show",
    "find",
    "rejects",
    "in_doubt",
    "resolve",
    "forget",
    "take_over",
    "Summary",
    "RunRecord",
    "Course",
    "CourseStep",
    "Entry",
    "State",
]

ACCOUNT: Final = AccountLedger.ACCOUNT
State = RowState
M = TypeVar("M", covariant=True)
Rows: TypeAlias = Iterable[Row | BadRow] | AsyncIterable[Row | BadRow]


class Makes(Protocol[M]):
    """A resource whose rows `create` takes: `leat.visits`, `leat.credit_receptions` and so on, as `create` says."""

    _pipeline: Pipeline

    @property
    def _makes(self) -> M: ...


class Run(AsyncIterator[Outcome[T]], Generic[T]):
    """The outcomes of a bulk import, as they come; `report` has their sums, complete once the last was seen.

    Left early, it ends when it is closed (`aclose`, or leaving `async with`): what is on its way is cut off, nothing
    goes on in the background, and the ledger says what is in doubt.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._batches = engine.batches()
        self._outcomes = _each(self._batches)

    @property
    def report(self) -> Report:
        """The sums so far."""
        return self._engine.tally.report()

    @property
    def ledger(self) -> str | None:
        """Where the ledger is, also of `bulk.ACCOUNT`; None without one, and before it was opened."""
        return self._engine.ledger_name

    @property
    def progress(self) -> Progress:
        """The moment as it is now."""
        return self._engine.progress()

    def __repr__(self) -> str:
        return f"<Run of {self._engine.name}: iterate it with async for>"

    if not TYPE_CHECKING:  # hidden from type checkers, which miss the method and say so

        def __iter__(self) -> NoReturn:
            raise TypeError(
                "the outcomes of an import come asynchronously: write 'async for outcome in bulk.create(…)', or "
                "'report = await bulk.run(…)'; for plain 'for' use leat_async.sync"
            )

        def __await__(self) -> NoReturn:
            raise TypeError(
                "the outcomes of an import are iterated: write 'async for outcome in bulk.create(…)', or "
                "'report = await bulk.run(…)'"
            )

    def __anext__(self) -> Awaitable[Outcome[T]]:
        return anext(self._outcomes)

    async def aclose(self) -> None:
        """End the import now; again is no error."""
        await self._outcomes.aclose()
        await self._batches.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


async def _each(batches: AsyncIterable[list[Outcome]]) -> AsyncGenerator[Outcome, None]:
    async for some in batches:
        for outcome in some:
            yield outcome


def create(
    resource: Makes[T],
    rows: Rows,
    *,
    ledger: LedgerName | AccountLedger | None = None,
    concurrency: int | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    create_contacts: bool = False,
    update_existing: bool = False,
    max_errors: int | float | None = None,
    grace: float = 30.0,
    patience: float = 120.0,
    retry_rejected: bool = False,
    resend_unknown: bool = False,
    accept_unknown: bool = False,
    on_change: OnChange = "reject",
    clear_empty: bool = False,
    batch: str | None = None,
    wait: bool = False,
    source: Source | None = None,
    account: str | None = None,
    identity_attribute: str = IDENTITY_ATTRIBUTE,
    ensure_identity: bool = False,
    batch_calls: bool = False,
) -> Run[T]:
    """Create many objects of one kind, each exactly once.

    Parameters:
        resource: `leat.visits`, `leat.bookings`, `leat.contacts`, `leat.credit_receptions`, `leat.contact_identifiers`,
            `leat.vouchers`, `leat.orders`, `leat.products` or `leat.product_categories`; its client's pace, slots and
            timeout count.
        rows: any iterable or async iterable of mappings, read as far ahead as needed and in a thread where it is not
            async. Keys are the keywords of the resource's `create`. A visit or booking may name its contact by
            `contact_email` (or `email`) instead of `contact_uuid`; a contact may have `attributes`, a mapping for
            `contacts.update`. A visit or booking without `external_id` gets one made of the account and its content.
        ledger: what records each row before and after it is sent, so that the same call resumes after any interruption,
            and any later one knows what was done: `bulk.ACCOUNT`, the account's own for this kind, in the user's state
            folder; the path of a file; or "postgresql://host/database?ledger=NAME" (extra `postgres`), for imports that
            run on more than one machine. None: nothing is kept, and a second run relies on the API's refusing an
            `external_id` it has, which only newer documentation states, for visits.
        concurrency: rows in work at a time; left out, enough to fill the client's slots.
        on_progress: called a few times a second, and once at the end, with a `Progress`.
        create_contacts: create the contact of an address that has none; otherwise such rows are rejected.
        update_existing: for contacts, the same as `on_change="update"`.
        max_errors: how many rejected and unknown rows are put up with (a whole number), or which share of the rows
            so far (below 1.0, from the hundredth row on); one more stops the run.
        grace: seconds for which a write whose answer was lost may still land: if it is not there so long after the
            attempt ended (or after this run began, where the attempt was an earlier run's), it is sent again.
        patience: seconds without any success after which a run that meets nothing but failures stops.
        retry_rejected: send rows again that the API refused in an earlier run of the ledger.
        resend_unknown, accept_unknown: what to do with rows of unknown outcome in the ledger that the API can't be
            asked about (bookings): send them again, at the risk of doubling them, or take them as done.
        on_change: what to do with a row whose identifier is known, to the ledger, the server or this run, with other
            data: "reject" it, with an error that names what differs, "update" what it made, by the API's own update, or
            "skip" it.
        clear_empty: with "update", send null for fields of a row that are None, where the ledger knows that they were
            not; otherwise those stay as they are.
        batch: name of what the rows are, such as a day's till roll. It makes part of the identity of rows that have
            neither an `external_id` nor a moment; without it those are refused, since nothing tells them from equal
            ones of another time.
        wait: wait for another run that has the ledger to end; otherwise that is an error.
        source: where the rows come from, for the ledger's list of runs.
        account: name of the account, where the API is not to be asked for it; generated identifiers are made of it.
        identity_attribute: the loyalty transaction attribute that keeps the identities of credit receptions, by which
            those in doubt are found again. Where the account has none of this name they are at most once, and
            `report.notes` says so.
        ensure_identity: make that attribute if the account does not have it.
        batch_calls: send contacts, or visits whose contacts are named by address, up to 250 in a call whose answer
            nobody documents, and look in the API's lists for what it made; as exactly once as without.

    Returns:
        An async iterator of `Outcome`, one for each row, in the order in which they are done.

    Raises:
        ConfigError: the ledger belongs to another account or kind, is in use, damaged, without its `-wal`, on a
            network file system or behind a pooler that lends connections by the transaction; or nothing tells whose
            account it is (when iterated).
        LedgerError: the ledger can't be written, or its server can't be reached (when iterated).
        ValueError, TypeError: a wrong argument; a wrong row is an outcome instead.
        Exception: what the rows raise, after the outcomes of the rows before it.

    Repeating: safe with the ledger, also with rows that came in another order, from another file, or in part. Without
    it: visits and contacts already there are EXISTED, as far as the API
    refuses duplicates; bookings are made again.
    """
    options = Options(
        concurrency=concurrency,
        on_progress=on_progress,
        create_contacts=create_contacts,
        max_errors=max_errors,
        grace=grace,
        patience=patience,
        retry_rejected=retry_rejected,
        resend_unknown=resend_unknown,
        accept_unknown=accept_unknown,
        on_change=on_change,
        clear_empty=clear_empty,
        batch=batch,
        wait=wait,
        source=source,
        account=account,
        identity_attribute=identity_attribute,
        ensure_identity=ensure_identity,
        batch_calls=batch_calls,
    )
    if batch is not None:
        options = attrs.evolve(options, batch=kept_text(batch))
    Boolean().wire("update_existing", update_existing)
    if ledger is None and (resend_unknown or accept_unknown or retry_rejected):
        raise ValueError("resend_unknown, accept_unknown and retry_rejected are about rows of a ledger; name it")
    kind = _kind(resource)
    pipeline = resource._pipeline  # pyright: ignore[reportPrivateUsage]
    if batch_calls and (kind not in BATCH_CALLS or pipeline.config.api == "register"):
        raise ValueError(
            f"batch_calls is for {' and '.join(BATCH_CALLS)} under the OAuth API, not for {kind} under the "
            f"{pipeline.config.api} API: leave it out"
        )
    if update_existing:
        if on_change == "skip" or kind != "contacts":
            raise ValueError("update_existing is on_change='update' for contacts; give on_change alone")
        options = attrs.evolve(options, on_change="update")
    book = None
    if ledger is not None:
        book = Ledger(None if isinstance(ledger, AccountLedger) else store_of(ledger_place(ledger)))
    return Run(Engine(kind, pipeline, rows, book, options))


async def run(
    resource: Makes[T],
    rows: Rows,
    *,
    on_outcome: Callable[[Outcome[T]], object] | None = None,
    **options: Any,
) -> Report:
    """Create many objects of one kind, each exactly once, and sum up.

    Parameters:
        resource, rows, options: as for `create`.
        on_outcome: called with each outcome.

    Returns:
        The `Report`.

    Raises:
        ConfigError, ValueError, TypeError, Exception: as `create`.

    Repeating: as `create`.
    """
    check_function("on_outcome", on_outcome)
    async with create(resource, rows, **options) as outcomes:
        async for some in outcomes._batches:  # pyright: ignore[reportPrivateUsage]
            if on_outcome is not None:
                for outcome in some:
                    on_outcome(outcome)
    return outcomes.report


def undo(
    resource: Makes[T],
    *,
    ledger: LedgerName,
    run: int,
    concurrency: int | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    max_errors: int | float | None = None,
    resend_unknown: bool = False,
    wait: bool = False,
) -> Run[T]:
    """Take back what a run of a ledger made, each at most once.

    Parameters:
        resource: `leat.credit_receptions`; what else imports make, the API can't undo.
        ledger: the path of the ledger that the run is in, such as `Run.ledger` and `Summary.path` tell.
        run: the number of the run; see `runs`.
        concurrency, on_progress, max_errors, wait: as for `create`.
        resend_unknown: send again what was sent and not answered, at the risk of taking it back twice.

    Returns:
        An async iterator of `Outcome`, one for each row that the run made; CREATED ones have the reversal as `result`.
        What was undone before, by whatever run, is SKIPPED; what was sent and not answered is UNKNOWN.

    Raises:
        ConfigError: the ledger is of another kind or has no such run; or of another account (when iterated).
        ValueError, TypeError: a wrong argument.

    Repeating: safe, what was undone is remembered beside the ledger. Undone rows stay done for imports: the same row
    again gives nothing; another batch or identity does.
    """
    if isinstance(run, bool) or not isinstance(cast("object", run), int) or run < 1:
        raise ValueError(f"run must be a whole number of at least 1, got {run!r}")
    name = _kind(resource)
    if name not in UNDOING:
        raise TypeError(f"the API can undo {', '.join(UNDOING)}, not {name}")
    place, kind = ledger_place(ledger), UNDOING[name]
    options = Options(
        concurrency=concurrency,
        on_progress=on_progress,
        max_errors=max_errors,
        resend_unknown=resend_unknown,
        wait=wait,
    )
    pipeline = resource._pipeline  # pyright: ignore[reportPrivateUsage]
    rows = made_by(place, run, kind.identifier)
    return Run(Engine(kind.name, pipeline, rows, UndoneLedger(place, name, run), options))


def _kind(resource: object) -> str:
    for name, kind in KINDS.items():
        if isinstance(resource, kind.resource):
            return name
    raise TypeError(f"bulk creates {', '.join(KINDS)}: give leat.visits, …, not {of_which_side(resource, 'bulk')}")
