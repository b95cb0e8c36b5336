"""Bulk imports without `await`: rows in, outcomes out, each row exactly once.

`create` is a generator of an `Outcome` per row, `run` consumes it and returns the `Report`; the rest is that of
`leat_async.bulk`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Callable, Generator, Iterable
from contextlib import closing
from types import TracebackType
from typing import Any, Self, TypeAlias

from ..bulk import (
    BadRow,
    EarlierError,
    Entry,
    Outcome,
    Progress,
    Report,
    State,
    Status,
    Summary,
    forget,
    rejects,
    show,
    status,
)
from ..bulk import Run as AsyncRun
from ..bulk import create as create_async
from ..bulk.jobs import Row
from ._bridge import Bridge
from ._pump import iterate
from .resources.bookings import Bookings
from .resources.contacts import Contacts
from .resources.visits import Visits

__all__ = [
    "create",
    "run",
    "Run",
    "Rows",
    "Status",
    "Outcome",
    "Report",
    "Progress",
    "BadRow",
    "EarlierError",
    "status",
    "show",
    "rejects",
    "forget",
    "Summary",
    "Entry",
    "State",
]

Rows: TypeAlias = Iterable[Row | BadRow]


class Run(Generator[Outcome, None, None]):
    """The outcomes of a bulk import, as they come; `report` has their sums, complete once the last was seen.

    Left early, it ends when it is closed (`close`, leaving `with`, or being dropped): what is on its way is cut off,
    nothing goes on in the background, and the ledger says what is in doubt. Outcomes come in batches, so when it is
    left, a few rows more than were seen may have been done.
    """

    def __init__(self, bridge: Bridge, run: AsyncRun) -> None:
        self._run = run
        self._outcomes = _outcomes(bridge, run)

    @property
    def report(self) -> Report:
        """The sums so far."""
        return self._run.report

    @property
    def progress(self) -> Progress:
        """The moment as it is now."""
        return self._run.progress

    def send(self, value: None, /) -> Outcome:
        return self._outcomes.send(value)

    def throw(self, *error: Any) -> Outcome:
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


def _outcomes(bridge: Bridge, run: AsyncRun) -> Generator[Outcome, None, None]:
    with closing(iterate(bridge, lambda: run)) as outcomes:
        for outcome in outcomes:
            bridge.adopt(outcome.error)
            yield outcome
    bridge.adopt(run.report.error)


def create(
    resource: Visits | Bookings | Contacts,
    rows: Rows,
    *,
    ledger: str | os.PathLike[str] | None = None,
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
    source: str | None = None,
    mapping: str | None = None,
    account: str | None = None,
) -> Run:
    """Create many visits, bookings or contacts, each exactly once.

    Parameters:
        resource: `leat.visits`, `leat.bookings` or `leat.contacts`; its client's pace, slots and timeout count.
        rows: any iterable of mappings, read as far ahead as needed and, unless it is a list or tuple, in a thread of
            its own, where it may use the client. Keys are the keywords of the resource's `create`. A visit or booking
            may name its contact by `contact_email` (or `email`) instead of `contact_uuid`; a contact may have
            `attributes`, a mapping for `contacts.update`. A visit or booking without `external_id` gets one made of
            the account and its content.
        ledger: path of the file that records each row before and after it is sent, so that the same call resumes
            after any interruption. None: nothing is kept, and a second run relies on the API's refusing an
            `external_id` it has, which only newer documentation states, for visits.
        concurrency: rows in work at a time; left out, enough to fill the client's slots.
        on_progress: called a few times a second, and once at the end, with a `Progress`, in the client's own thread:
            it must not use the client.
        create_contacts: create the contact of an address that has none; otherwise such rows are rejected.
        update_existing: give `attributes` also to contacts that exist already; otherwise those stay as they are.
        max_errors: how many rejected and unknown rows are put up with (a whole number), or which share of the rows
            so far (below 1.0, from the hundredth row on); one more stops the run.
        grace: seconds after which a write whose answer was lost, and which is still not there, is sent again.
        patience: seconds of nothing but failures after which the run stops.
        retry_rejected: send rows again that the API refused in an earlier run of the ledger.
        resend_unknown, accept_unknown: what to do with rows of unknown outcome in the ledger that the API can't be
            asked about (bookings): send them again, at the risk of doubling them, or take them as done.
        source, mapping: fingerprints of where the rows come from and how they were mapped; a ledger with another
            one is refused.
        account: name of the account, where the API is not to be asked for it.

    Returns:
        A generator of `Outcome`, one for each row, in the order in which they are done.

    Raises:
        ConfigError: the ledger belongs to another account, kind, source or mapping, or is in use (when iterated).
        ValueError, TypeError: a wrong argument; a wrong row is an outcome instead.
        Exception: what the rows raise, after the outcomes of the rows before it.

    Repeating: safe with the ledger. Without it: visits and contacts already there are EXISTED, as far as the API
    refuses duplicates; bookings are made again.
    """
    if not _is_right(resource):
        raise TypeError(
            f"bulk creates visits, bookings and contacts: give leat.visits, … of a leat_async.sync client, "
            f"not {type(resource).__name__}"
        )
    if isinstance(rows, AsyncIterable):
        raise TypeError("rows must be a plain iterable of mappings here, not an async one; that is for leat_async.bulk")

    inner, bridge = resource._async, resource._bridge  # pyright: ignore[reportPrivateUsage]

    # Made on the loop, whose thread some of its parts belong to.
    async def make() -> AsyncRun:
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
            source=source,
            mapping=mapping,
            account=account,
        )

    return Run(bridge, bridge.call(make))


def run(
    resource: Visits | Bookings | Contacts,
    rows: Rows,
    *,
    on_outcome: Callable[[Outcome], object] | None = None,
    **options: Any,
) -> Report:
    """Create many visits, bookings or contacts, each exactly once, and sum up.

    Parameters:
        resource, rows, options: as for `create`.
        on_outcome: called with each outcome, in the calling thread: it may use the client.

    Returns:
        The `Report`.

    Raises:
        ConfigError, ValueError, TypeError, Exception: as `create`.

    Repeating: as `create`.
    """
    with create(resource, rows, **options) as outcomes:
        for outcome in outcomes:
            if on_outcome is not None:
                on_outcome(outcome)
    return outcomes.report


def _is_right(resource: object) -> bool:
    return isinstance(resource, (Visits, Bookings, Contacts))
