"""Bulk imports: rows in, outcomes out, each row exactly once.

`create` streams an `Outcome` per row, `run` consumes them and returns the `Report`. With a ledger an import can be
killed at any moment and run again; `status`, `show`, `rejects` and `forget` read and clear a ledger.
"""

from __future__ import annotations

import math
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self, TypeAlias

from .._core.params import show as _shown
from ..resources.bookings import Bookings
from ..resources.contacts import Contacts
from ..resources.visits import Visits
from .engine import Engine, Options
from .jobs import Row
from .ledger import Entry, Ledger, State
from .outcomes import BadRow, EarlierError, Outcome, Progress, Report, Status
from .records import Summary, forget, rejects, show, status

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

Rows: TypeAlias = Iterable[Row | BadRow] | AsyncIterable[Row | BadRow]


class Run(AsyncIterator[Outcome]):
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
    def progress(self) -> Progress:
        """The moment as it is now."""
        return self._engine.progress()

    def __anext__(self) -> Awaitable[Outcome]:
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
        rows: any iterable or async iterable of mappings, read as far ahead as needed and in a thread where it is not
            async. Keys are the keywords of the resource's `create`. A visit or booking may name its contact by
            `contact_email` (or `email`) instead of `contact_uuid`; a contact may have `attributes`, a mapping for
            `contacts.update`. A visit or booking without `external_id` gets one made of the account and its content.
        ledger: path of the file that records each row before and after it is sent, so that the same call resumes
            after any interruption. None: nothing is kept, and a second run relies on the API's refusing an
            `external_id` it has, which only newer documentation states, for visits.
        concurrency: rows in work at a time; left out, enough to fill the client's slots.
        on_progress: called a few times a second, and once at the end, with a `Progress`.
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
        An async iterator of `Outcome`, one for each row, in the order in which they are done.

    Raises:
        ConfigError: the ledger belongs to another account, kind, source or mapping, or is in use (when iterated).
        ValueError, TypeError: a wrong argument; a wrong row is an outcome instead.
        Exception: what the rows raise, after the outcomes of the rows before it.

    Repeating: safe with the ledger. Without it: visits and contacts already there are EXISTED, as far as the API
    refuses duplicates; bookings are made again.
    """
    _whole("concurrency", concurrency)
    _least("grace", grace)
    _least("patience", patience)
    _limit("max_errors", max_errors)
    if resend_unknown and accept_unknown:
        raise ValueError("resend_unknown and accept_unknown exclude each other; give one")
    if ledger is None and (resend_unknown or accept_unknown or retry_rejected):
        raise ValueError("resend_unknown, accept_unknown and retry_rejected are about rows of a ledger; name it")
    options = Options(
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
    book = Ledger(ledger) if ledger is not None else None
    pipeline = resource._pipeline  # pyright: ignore[reportPrivateUsage]
    return Run(Engine(_kind(resource), pipeline, rows, book, options))


async def run(
    resource: Visits | Bookings | Contacts,
    rows: Rows,
    *,
    on_outcome: Callable[[Outcome], object] | None = None,
    **options: Any,
) -> Report:
    """Create many visits, bookings or contacts, each exactly once, and sum up.

    Parameters:
        resource, rows, options: as for `create`.
        on_outcome: called with each outcome.

    Returns:
        The `Report`.

    Raises:
        ConfigError, ValueError, TypeError, Exception: as `create`.

    Repeating: as `create`.
    """
    async with create(resource, rows, **options) as outcomes:
        async for some in outcomes._batches:  # pyright: ignore[reportPrivateUsage]
            if on_outcome is not None:
                for outcome in some:
                    on_outcome(outcome)
    return outcomes.report


def _kind(resource: object) -> str:
    for kind, name in ((Visits, "visits"), (Bookings, "bookings"), (Contacts, "contacts")):
        if isinstance(resource, kind):
            return name
    raise TypeError(f"bulk creates visits, bookings and contacts: give leat.visits, …, not {_shown(resource)}")


def _whole(name: str, value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"{name} must be a whole number of at least 1, or None, got {value!r}")


def _limit(name: str, value: object) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if value is not None and not whole and not (isinstance(value, float) and 0 <= value < 1):
        raise ValueError(f"{name} must be a whole number, or a share of at least 0 and below 1, got {value!r}")


def _least(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be seconds, 0 or more, got {value!r}")
