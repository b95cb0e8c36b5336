"""The ledger of a run: what became of each row, kept before and after it is sent.

What is waiting goes into one commit, made by a thread, so that the loop has time for something else until the disk, or
whatever else keeps the ledger, is done.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import msgspec

from ..errors import LeatError, LedgerError
from .course import Course
from .outcomes import Outcome, Status, code_of
from .rows import ActiveRow
from .store import Commit, Known, LedgerStore, RefusedRow, Rest, RowState, RunStart, RunSums, Source, WholeRest

# Rows that make a commit worth while, even if more are about to come.
_ENOUGH = 64
# Rounds of the loop without another row after which none is about to come: from an answer to the next row takes three.
_IDLE = 4
# How often the loop gives way to the thread, which on one core comes to the disk only then.
_GIVEN_WAY = 3
# Seconds between two writings of a run's sums.
_SUMS = 1.0
_give_way: Callable[[], None] = getattr(os, "sched_yield", lambda: None)
_encode = msgspec.json.Encoder().encode


_ABSENT: Any = object()

# The text and the code of an error.
Told = tuple[str | None, str | None]
NO_ERROR: Told = (None, None)
# What is to be written down of a row: where it stands, its status, and its error.
Note = tuple[ActiveRow, RowState, Status, Told]
Then = Callable[[list[Outcome], Exception | None], None]


def _written(notes: list[Note], run: int) -> list[int | str | bytes]:
    """Notes as the values of their columns, one row's after the other's.

    All that go together in one loop, which is quicker than one between two requests.
    """
    now = int(time.time())
    written: list[int | str | bytes] = []
    for row, state, status, told in notes:
        rest = Rest(status, row.attempts, row.uuid, *told, int(row.sent_wall), now)
        if row.unasked:
            rest = WholeRest(**msgspec.structs.asdict(rest), unasked=True)
        # `_value_`, since `value` is a call.
        written += (row.number, row.key, run, row.index, state._value_, row.fingerprint, _encode(rest).decode())
    return written


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do this to its end, whatever comes meanwhile; a cancellation counts then."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
        except BaseException:  # which its result raises
            break
    if cancelled:
        raise asyncio.CancelledError
    task.result()


class _Batch:
    """A commit, and who waits for it."""

    __slots__ = ("commit", "outcomes", "waiting")

    def __init__(self, commit: Commit, outcomes: list[Outcome], waiting: list[asyncio.Future[None]]) -> None:
        self.commit, self.outcomes, self.waiting = commit, outcomes, waiting


class Ledger:
    """The ledger of one run, over whatever keeps it."""

    def __init__(self, store: LedgerStore | None) -> None:
        self._placed = store
        # Whether no earlier run left anything; and what was found of rows that will be asked for.
        self.is_new: bool = True
        self._ahead: dict[bytes, Known | None] = {}
        self.has_earlier: bool = False
        # Whether this run has it now; and whether it ever had it.
        self._is_open = self._is_taken = False
        self._is_flushed = False
        self._run = 0
        self._number = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._notes: list[Note] = []
        self._contacts: list[tuple[str, str]] = []
        self._refusals: list[RefusedRow] = []
        self._outcomes: list[Outcome] = []
        self._waiting: list[asyncio.Future[None]] = []
        # Whether a commit is being gathered or written; what comes meanwhile goes into the next one.
        self._under_way = False
        self._work: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._broken: Exception | None = None
        self._summed = 0.0

    @property
    def name(self) -> str | None:
        """What messages call it, once a run has it."""
        return self._placed.name if self._placed is not None and self._is_taken else None

    @property
    def is_placed(self) -> bool:
        """Whether it is known where it is kept."""
        return self._placed is not None

    def place(self, store: LedgerStore) -> None:
        """Say where it is kept."""
        self._placed = store

    @property
    def _store(self) -> LedgerStore:
        assert self._placed is not None
        return self._placed

    async def open(
        self,
        then: Then,
        meanwhile: Callable[[], object] = lambda: None,
        sums: Callable[[], RunSums] = lambda: RunSums({}, Course()),
    ) -> None:
        """Take it, so that no other run can.

        `then` is called with outcomes that are on disk, or with those that are not and the error that prevents it;
        `meanwhile` while the disk is busy with a commit; `sums` for those of the run so far.
        """
        self._then, self._meanwhile, self._sums = then, meanwhile, sums
        self._loop = asyncio.get_running_loop()
        await to_its_end(asyncio.to_thread(self._take))

    def _take(self) -> None:
        self._store.open()
        self._is_open = self._is_taken = True

    @property
    def account(self) -> str | None:
        """The account that it belongs to, once that is known."""
        return self._store.held.get("account")

    async def begin(self, account: str, kind: str, run: RunStart) -> None:
        """Say whose it is, or refuse when it is another's; make ready to find what earlier runs left; begin a run."""
        await to_its_end(asyncio.to_thread(self._begin, account, kind, run))

    def _begin(self, account: str, kind: str, run: RunStart) -> None:
        self._store.bind(account, kind)
        self._store.look_over()
        self._run = self._store.begin(run)
        self._number = self._store.last_number
        self.is_new = not self._number
        self.has_earlier = self._store.has_earlier

    def source_of(self, run: int) -> Source | None:
        """Where the rows of a run came from."""
        return self._store.source_of(run)

    def look_up(self, keys: list[bytes]) -> None:
        """Look for rows that are about to be asked for, all at once, which is cheaper."""
        if self.is_new:
            return
        found = self._store.known(keys)
        for key in keys:
            self._ahead[key] = found.get(key)

    def known(self, key: bytes) -> Known | None:
        """What earlier runs left of a row."""
        if self.is_new:
            return None
        known = self._ahead.pop(key, _ABSENT)
        return self._store.known([key]).get(key) if known is _ABSENT else known

    def new_number(self) -> int:
        """The number of a row that is not known yet."""
        self._number += 1
        return self._number

    def contact(self, address: str) -> str | None:
        """The contact of an address, if an earlier run found it."""
        return self._store.contact(address)

    def keep_contact(self, address: str, uuid: str) -> None:
        """Remember the contact of an address, which is kept as a digest."""
        self._contacts.append((address, uuid))
        if not self._under_way:
            self._schedule()

    def record(self, note: Note | None, outcome: Outcome | None = None, refusal: RefusedRow | None = None) -> None:
        """Write down where a row stands, or its outcome, which is handed over when that is on disk."""
        if self._broken is not None:
            raise self._broken
        if note is not None:
            self._notes.append(note)
        if refusal is not None:
            self._refusals.append(refusal)
        if outcome is not None:
            self._outcomes.append(outcome)
        if not self._under_way:
            self._schedule()

    def commit(self, note: Note | None = None) -> asyncio.Future[None]:
        """To be awaited until this, and all that was recorded before it, is on disk."""
        if self._broken is not None:
            raise self._broken
        committed: asyncio.Future[None] = asyncio.Future(loop=self._loop)
        if note is not None:
            self._notes.append(note)
        self._waiting.append(committed)
        if not self._under_way:
            self._schedule()
        return committed

    def _schedule(self) -> None:
        assert self._loop is not None
        self._under_way = True
        self._loop.call_soon(self._gather, 0, 0)

    def _gather(self, before: int, idle: int) -> None:
        """Commit, once enough has come for one, or nothing more comes."""
        assert self._loop is not None
        if self._is_flushed:
            return
        now = len(self._waiting)
        idle = 0 if before != now else idle + 1
        if idle < _IDLE and now < _ENOUGH:
            self._loop.call_soon(self._gather, now, idle)
            return
        self._flush()

    def _flush(self) -> None:
        batch = _Batch(self._taken(), self._outcomes, self._waiting)
        self._outcomes, self._waiting = [], []
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="leat-bulk-ledger", daemon=True)
            self._thread.start()
        self._work.put(batch)

    def _taken(self) -> Commit:
        """What is waiting to be written."""
        now = time.monotonic()
        sums = None
        if self._run and now - self._summed >= _SUMS:
            self._summed, sums = now, self._sums()
        commit = Commit(_written(self._notes, self._run), self._contacts, self._refusals, sums)
        self._notes, self._contacts, self._refusals = [], [], []
        return commit

    def _committed(self, batch: _Batch, error: Exception | None) -> None:
        if error is not None:
            self._broken = _broken(self._store, error)
        if batch.outcomes or error is not None:
            self._then(batch.outcomes, self._broken)
        for waiting in batch.waiting:
            if waiting.done():
                continue
            if self._broken is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(self._broken)
        self._under_way = False
        if self._notes or self._contacts or self._refusals or self._waiting or self._outcomes:
            self._schedule()

    def _spare(self) -> None:
        """The disk is about to be busy."""
        for _ in range(_GIVEN_WAY):
            _give_way()
        self._meanwhile()

    def _write(self) -> None:
        while (batch := self._work.get()) is not None:
            # Before, so that the loop is woken when this thread lets go of the interpreter's lock.
            self._tell(self._spare)
            self._tell(self._committed, batch, _put(self._store, batch.commit))

    def _tell(self, what: Callable[..., object], *args: object) -> None:
        assert self._loop is not None
        # When the loop is closed nobody waits any more; what is written is written.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *args)

    def shut(self) -> None:
        """Begin no more commits; called by the loop before `flush`, which another thread makes."""
        self._is_flushed = True

    def flush(self) -> list[Outcome]:
        """Write what is left; the outcomes that nobody was told of, now on disk. Slow: for another thread."""
        self.shut()
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
            self._thread = None
        outcomes, self._outcomes = self._outcomes, []
        if self._broken is None and self._run:
            commit = self._taken()
            if commit.rows or commit.contacts or commit.refusals:
                self._broken = _put(self._store, commit)
        return outcomes if self._broken is None else []

    def end(self, stopped: str | None) -> None:
        """Write the sums of the run, and let go; again is no error. Slow: for another thread."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            self.flush()
            # Where that could not be written any more, the run counts as killed: the next one asks about its rows.
            if self._broken is None and self._run:
                self._store.end(self._sums(), stopped)
        finally:
            self._store.close()


def _put(store: LedgerStore, commit: Commit) -> Exception | None:
    try:
        store.put(commit)
    except Exception as error:
        return error
    return None


def _broken(store: LedgerStore, error: Exception) -> LeatError:
    if isinstance(error, LeatError):
        return error
    return LedgerError(f"the ledger {store.name} can't be written: {error}")


def refusal_of(row: ActiveRow | None, outcome: Outcome) -> RefusedRow:
    """A refused row for the ledger."""
    text, code = NO_ERROR if outcome.error is None else told_of(outcome.error)
    return RefusedRow(
        index=outcome.index, number=row.number if row is not None and row.attempts else 0, error=text, code=code
    )


def told_of(error: Exception) -> Told:
    """The text and the code of an error."""
    text = " ".join([str(error), *(f"({note})" for note in getattr(error, "__notes__", ()))])
    # Half a character, as a broken row may bring it, can't be written down.
    return text.encode(errors="backslashreplace").decode(), code_of(error)
