"""Bulk imports without `await`: rows in, outcomes out, each row exactly once.

`create` is a generator of an `Outcome` per row, `run` consumes it and returns the `Report`; the rest is that of
`leat_async.bulk`.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Generator, Iterable
from contextlib import closing
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, Self, TypeAlias

from .._core.arguments import check_function
from ..bulk import (
    ACCOUNT,
    BadRow,
    ChangedError,
    Course,
    CourseStep,
    EarlierError,
    Entry,
    M,
    Outcome,
    Progress,
    Report,
    RunRecord,
    Source,
    State,
    Status,
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
from ..bulk import Makes as AsyncMakes
from ..bulk import Run as AsyncRun
from ..bulk import create as create_async
from ..bulk import undo as undo_async
from ..bulk.changes import OnChange
from ..bulk.kinds import KINDS
from ..bulk.outcomes import T
from ..bulk.places import AccountLedger, LedgerName
from ..bulk.rows import Row
from ..resources.credit_receptions import IDENTITY_ATTRIBUTE
from ._base import SyncResource
from ._bridge import Bridge
from ._pump import iterate

__all__ = [
    "create",
    "run",
    "undo",
    "Run",
    "Rows",
    "Status",
    "Outcome",
    "Report",
    "Course",
    "CourseStep",
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
    "Entry",
    "State",
]

Rows: TypeAlias = Iterable[Row | BadRow]


class Makes(Protocol[M]):
    """A resource whose rows `create` takes: `leat.visits`, `leat.credit_receptions` and so on, as `create` says."""

    _bridge: Bridge

    @property
    def _async(self) -> AsyncMakes[M]: ...


class Run(Generator[Outcome[T], None, None], Generic[T]):
    """The outcomes of a bulk import, as they come; `report` has their sums, complete once the last was seen.

    Left early, it ends when it is closed (`close`, leaving `with`, or being dropped): what is on its way is cut off,
    nothing goes on in the background, and the ledger says what is in doubt. Outcomes come in batches, so when it is
    left, a few rows more than were seen may have been done.
    """

    def __init__(self, bridge: Bridge, run: AsyncRun[T]) -> None:
        self._run = run
        self._outcomes = _outcomes(bridge, run)

    @property
    def report(self) -> Report:
        """The sums so far."""
        return self._run.report

    @property
    def ledger(self) -> str | None:
        """Where the ledger is, also of `bulk.ACCOUNT`; None without one, and before it was opened."""
        return self._run.ledger

    @property
    def progress(self) -> Progress:
        """The moment as it is now."""
        return self._run.progress

    def __repr__(self) -> str:
        return f"<sync {repr(self._run).removeprefix('<').replace('async for', 'for')}"

    if not TYPE_CHECKING:  # hidden from type checkers, which miss the method and say so

        def __aiter__(self) -> NoReturn:
            raise TypeError("the outcomes come without async: write 'for outcome in …', or use leat_async.bulk")

        __await__ = __aiter__

    def send(self, value: None, /) -> Outcome[T]:
        """Give the next outcome, as `next()` does; `value` must be None, since generators are sent nothing here."""
        return self._outcomes.send(value)

    def throw(self, *error: Any) -> Outcome[T]:
        """Raise an `error` where the import stands, which ends it."""
        return self._outcomes.throw(*error)

    def close(self) -> None:
        """End the import now; again is no error."""
        self._outcomes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _outcomes(bridge: Bridge, run: AsyncRun[T]) -> Generator[Outcome[T], None, None]:
    with closing(iterate(bridge, lambda: run)) as outcomes:
        for outcome in outcomes:
            bridge.adopt(outcome.error)
            yield outcome
    bridge.adopt(run.report.error)


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
        rows: any iterable of mappings, read as far ahead as needed and, unless it is a list or tuple, in a thread of
            its own, where it may use the client. Keys are the keywords of the resource's `create`. A visit or booking
            may name its contact by `contact_email` (or `email`) instead of `contact_uuid`; a contact may have
            `attributes`, a mapping for `contacts.update`. A visit or booking without `external_id` gets one made of
            the account and its content.
        ledger: what records each row before and after it is sent, so that the same call resumes after any interruption,
            and any later one knows what was done: `bulk.ACCOUNT`, the account's own for this kind, in the user's state
            folder; the path of a file; or "postgresql://host/database?ledger=NAME" (extra `postgres`), for imports that
            run on more than one machine. None: nothing is kept, and a second run relies on the API's refusing an
            `external_id` it has, which only newer documentation states, for visits.
        concurrency: rows in work at a time; left out, enough to fill the client's slots.
        on_progress: called a few times a second, and once at the end, with a `Progress`, in the client's own thread:
            it must not use the client.
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
        A generator of `Outcome`, one for each row, in the order in which they are done.

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
    if not _is_right(resource):
        raise TypeError(
            f"bulk creates {', '.join(KINDS)}: give leat.visits, … of a leat_async.sync client, "
            f"not {type(resource).__name__}"
        )
    if isinstance(rows, AsyncIterable):
        raise TypeError("rows must be a plain iterable of mappings here, not an async one; that is for leat_async.bulk")

    inner, bridge = resource._async, resource._bridge  # pyright: ignore[reportPrivateUsage]

    # Made on the loop, whose thread some of its parts belong to.
    async def make() -> AsyncRun[T]:
        return create_async(
            inner,
            rows,
            ledger=ledger,
            concurrency=concurrency,
            on_progress=on_progress,
            create_contacts=create_contacts,
            update_existing=update_existing,
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

    return Run(bridge, bridge.call(make))


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
        A generator of `Outcome`, one for each row that the run made; CREATED ones have the reversal as `result`. What
        was undone before, by whatever run, is SKIPPED; what was sent and not answered is UNKNOWN.

    Raises:
        ConfigError: the ledger is of another kind or has no such run; or of another account (when iterated).
        ValueError, TypeError: a wrong argument.

    Repeating: safe, what was undone is remembered beside the ledger. Undone rows stay done for imports: the same row
    again gives nothing; another batch or identity does.
    """
    if not _is_right(resource):
        raise TypeError(f"give leat.credit_receptions of a leat_async.sync client, not {type(resource).__name__}")
    inner, bridge = resource._async, resource._bridge  # pyright: ignore[reportPrivateUsage]

    async def make() -> AsyncRun[T]:
        return undo_async(
            inner,
            ledger=ledger,
            run=run,
            concurrency=concurrency,
            on_progress=on_progress,
            max_errors=max_errors,
            resend_unknown=resend_unknown,
            wait=wait,
        )

    return Run(bridge, bridge.call(make))


def run(
    resource: Makes[T],
    rows: Rows,
    *,
    on_outcome: Callable[[Outcome[T]], object] | None = None,
    **options: Any,
) -> Report:
    """Create many objects of one kind, each exactly once, and sum up.

    Parameters:
        resource, rows, options: as for `create`.
        on_outcome: called with each outcome, in the calling thread: it may use the client.

    Returns:
        The `Report`.

    Raises:
        ConfigError, ValueError, TypeError, Exception: as `create`.

    Repeating: as `create`.
    """
    check_function("on_outcome", on_outcome)
    with create(resource, rows, **options) as outcomes:
        for outcome in outcomes:
            if on_outcome is not None:
                on_outcome(outcome)
    return outcomes.report


def _is_right(resource: object) -> bool:
    inner = getattr(resource, "_async", None)
    return isinstance(resource, SyncResource) and isinstance(inner, tuple(kind.resource for kind in KINDS.values()))
