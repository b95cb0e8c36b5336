"""Rows in, outcomes out: workers that pull from one source, and rows in doubt that wait beside them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Coroutine, Iterable
from operator import length_hint
from typing import Any

import attrs

from .._core.pipeline import Pipeline, Send
from .._core.retry import End
from ..config import RetryPolicy
from ..errors import AuthenticationError, PermissionDeniedError
from ..resources.contacts import Contacts
from .address_book import AddressBook
from .addresses import Addresses
from .course import Waiting
from .health import Health
from .intake import Intake
from .kinds import kind_of
from .ledger import Ledger, refusal_of, to_its_end
from .lock import InUse
from .naming import AccountNaming
from .options import Options
from .outcomes import FAILED, BadRow, Outcome, Progress, Status, Tally
from .own_store import own_store
from .rows import ActiveRow, Passing, Row
from .seen import SeenKeys, fate_of
from .steps import Steps
from .store import RunStart

# Rows in doubt that may wait at a time; more hold up the others.
_WAITING = 512
_TICK = 0.25
# Calls of many rows that are filled at a time.
_CALLS = 4
# Seconds between two looks whether another run has let go of the ledger.
_BUSY = 0.5
# Ends and answers after which nothing was applied, and nothing is said about the row.
_DENIED = (401, 403)


class Engine:
    """One run."""

    def __init__(
        self,
        name: str,
        pipeline: Pipeline,
        rows: Iterable[Row | BadRow] | AsyncIterable[Row | BadRow],
        ledger: Ledger | None,
        options: Options,
    ) -> None:
        self.tally: Tally = Tally(pipeline.clock.now)
        self.name = name
        self._options = options
        self._gate, self._clock = pipeline.gate, pipeline.clock
        # Waiting for the pace or after a 429 uses up no row's deadline.
        self._pipeline = attrs.evolve(
            pipeline, patient=True, later=True, observer=self, retry=pipeline.retry or RetryPolicy(attempts=1)
        )
        self._health = Health(
            self.tally, self._clock, patience=options.patience, max_errors=options.max_errors, stopped=self._stop
        )
        self._seen = SeenKeys()
        self._ledger = ledger
        self._account = options.account
        contacts = Contacts(self._pipeline)
        # Of other kinds a contact is remembered only where a row was sent: before one is, its address is asked for.
        kept = ledger if name == "contacts" else None
        book = AddressBook(contacts, self._seen, self._health, length_hint(rows), lambda: self.tally.taken, kept)
        addresses = Addresses(*(contacts, self._seen, ledger, self._health), create=options.create_contacts, book=book)
        self._kind = kind_of(name, self._pipeline, self._health, addresses, options, remembers=ledger is not None)
        self._intake = Intake(rows, self._kind, self._seen, ledger)
        self._steps = Steps(self._kind, ledger, self._clock, self._health, options)
        # A worker has one row, so calls of many take as many workers.
        self._workers = options.concurrency or pipeline.config.concurrency
        if self._kind.together > 1:
            self._workers = self._kind.together * min(_CALLS, self._workers)
        # Outcomes on their way out. So many may wait to be taken: a slow consumer slows the workers.
        self._ready: list[Outcome] = []
        self._arrived: asyncio.Future[None] | None = None
        self._untaken, self._most = 0, 4 * self._workers
        self._freed = asyncio.Event()
        self._over = False
        self._settles = options.on_change == "update"
        self._naming = AccountNaming(self._pipeline, self._health, self._clock, ledger, options.account)
        self._may_wait = asyncio.Semaphore(_WAITING)
        # The serial keys in work; rows that share one wait for each other, and only then there is an event.
        self._serial: dict[bytes, asyncio.Event | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Those that have something on its way, which is finished also when the run stops.
        self._busy: set[asyncio.Task[Any] | None] = set()
        self._in_flight = 0
        self._in_doubt = 0
        self._abandoned = False
        self._quiet = asyncio.Event()
        self._failure: BaseException | None = None

    @property
    def ledger_name(self) -> str | None:
        """What messages call the ledger; None without one, and before it was opened."""
        return self._ledger.name if self._ledger is not None else None

    async def batches(self) -> AsyncGenerator[list[Outcome], None]:
        """Work, and yield the outcomes as they come."""
        manager = asyncio.create_task(self._manage())
        try:
            while self._ready or not self._over:
                if not self._ready:
                    self._arrived = asyncio.get_running_loop().create_future()
                    await self._arrived
                    continue
                some, self._ready = self._ready, []
                yield some
                self._untaken -= len(some)
                self._freed.set()
            await manager
        finally:
            self._abandoned = True
            manager.cancel()
            await asyncio.gather(manager, return_exceptions=True)
            self.tally.end()

    async def _manage(self) -> None:
        ticker = asyncio.create_task(self._tick())
        try:
            if self._ledger is not None:
                await self._open(self._ledger)
            if await self._begin():
                for _ in range(self._workers):
                    self._start(self._worker())
                await self._quiet.wait()
            if self._ledger is not None and self._failure is None:
                await self._ledger.commit()
        except Exception as error:
            self._failure = error
        finally:
            self.tally.look(self._waiting())
            await to_its_end(self._close([*self._tasks, ticker]))
        if self._failure is None:
            self._tell()
        self._over = True
        self._wake()
        if self._failure is not None:
            raise self._failure

    async def _close(self, helpers: list[asyncio.Task[None]]) -> None:
        """Let go of everything."""
        for task in helpers:
            task.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        self._intake.close()
        # Before the ledger ends, which takes memory of its own to let its rows be found.
        self._seen.close()
        if self._ledger is not None:
            left = "interrupted" if self._abandoned else "failed" if self._failure is not None else None
            self._ledger.shut()
            for outcome in await asyncio.to_thread(self._ledger.flush):
                self.tally.count(outcome)
            await asyncio.to_thread(self._ledger.end, self.tally.stopped or left)

    def _wake(self) -> None:
        """Tell the consumer that there is something new."""
        if self._arrived is not None:
            if not self._arrived.done():
                self._arrived.set_result(None)
            self._arrived = None

    async def _open(self, ledger: Ledger) -> None:
        """Take the ledger, if it is free and this account's."""
        if not ledger.is_placed:
            found = await own_store(self._pipeline, self.name, self._identify, self._options.account)
            if found is None:
                return
            self._account, store = found
            ledger.place(store)
        while self.tally.stopped is None:
            try:
                await ledger.open(self._hand_over, self._intake.look_ahead, self.tally.sums)
                break
            except InUse:
                if not self._options.wait:
                    raise
                await self._clock.sleep(_BUSY)
        account = await self._identify(ledger.account)
        if account is None:
            return
        own = self._options
        start = RunStart(*(own.source, own.on_change, own.batch), started=self._clock.wall(), pid=os.getpid())
        await ledger.begin(account, self.name, start)

    async def _begin(self) -> bool:
        """Make the kind ready; False when the run had to be stopped."""
        while self.tally.stopped is None:
            try:
                note = await self._kind.begin()
            except Passing as passing:
                self._health.failed("read", passing.error)
                await self._clock.sleep(1.0)
            except (AuthenticationError, PermissionDeniedError) as error:
                self._health.deny(error)
            else:
                self.tally.notes += [note] if note is not None else []
                return True
        return False

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
        if not self._tasks or self._failure is not None:
            self._quiet.set()

    async def _tick(self) -> None:
        while self._failure is None:
            await asyncio.sleep(_TICK)
            self.tally.look(self._waiting())
            self._tell()

    def _tell(self) -> None:
        if self._options.on_progress is None:
            return
        try:
            self._options.on_progress(self.progress())
        except Exception as error:
            self._failure = self._failure or error
            self._quiet.set()

    def progress(self) -> Progress:
        """The moment as it is now."""
        return self.tally.progress(in_flight=self._in_flight, in_doubt=self._in_doubt, waiting=self._waiting())

    def _waiting(self) -> Waiting | None:
        """What holds requests back, if anything does."""
        blocked = self._gate.blocked_by() if self._gate.waiting else "slot"
        if blocked != "slot":
            return "pace" if blocked == "pace" else "rate limit"
        if self._health.storm:
            return "failures"
        if self._in_flight:
            return None
        return "doubt" if self._in_doubt else "rows"

    # -- rows ------------------------------------------------------------------------------------

    async def _worker(self) -> None:
        task = asyncio.current_task()
        while (row := self._next() or await self._take()) is not None:
            row.task = task
            serial = row.serial_key
            if serial is not None:
                while serial in self._serial:
                    earlier = self._serial[serial] = self._serial[serial] or asyncio.Event()
                    await earlier.wait()
                self._serial[serial] = None
            handed_over = False
            try:
                step: Outcome | float | None = None
                if row.occurrence and serial == row.identity:
                    step = self._steps.duplicate(row, self._seen.fate(row.identity), self._account or "")
                if step is None:
                    if row.in_doubt:
                        step = self._judged(row, await self._steps.advance(row))
                    else:
                        if self._health.storm:
                            await self._health.calm()
                        # All that most rows need; said here as well, it spares each a coroutine.
                        try:
                            step = self._steps.done(row, await self._kind.write(row))
                        except Exception as error:
                            step = self._judged(row, await self._steps.advance(row, error))
                if isinstance(step, float):
                    await self._may_wait.acquire()
                    if self.tally.stopped is None:
                        self._in_doubt += 1
                        self._start(self._wait_out(row, step))
                        handed_over = True
                        continue
                    self._may_wait.release()
                    step = self._judged(row, None)
                if isinstance(step, Outcome):
                    self._finish(row, step)
            except asyncio.CancelledError:
                self._cut_off(row)
                raise
            finally:
                if serial is not None and not handed_over:
                    self._leave(serial)

    def _next(self) -> ActiveRow | None:
        """The next row that is to be worked on, identified; None if there is none here, or now is not the time."""
        coming = self._intake.coming
        while coming and self._untaken < self._most and self.tally.stopped is None:
            row = coming[0]
            if self._account is None and isinstance(row, ActiveRow) and self._kind.needs_account(row):
                return None
            coming.popleft()
            self.tally.taken += 1
            if isinstance(row, Outcome):
                self._finish(None, row)
                continue
            done = self._steps.recall(row, self._account or "")
            if done is None:
                return row
            self._finish(row, done)
        return None

    async def _take(self) -> ActiveRow | None:
        """As `_next`, but waits; None at the end."""
        intake = self._intake
        while self.tally.stopped is None:
            while self._untaken >= self._most:
                self._freed.clear()
                await self._freed.wait()
            row = self._next()
            if row is not None:
                return row
            if intake.coming:
                if self._untaken < self._most and await self._identify() is None:
                    return None
            elif intake.ended:
                if intake.failure is not None:
                    # The rows taken before are finished; then this ends the run.
                    self._start(self._fail_last(intake.failure))
                    intake.failure = None
                return None
            elif not intake.look():
                await intake.fill()
        return None

    async def _fail_last(self, error: Exception) -> None:
        while others := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(others)
        raise error

    async def _wait_out(self, row: ActiveRow, seconds: float) -> None:
        """See a row in doubt to its end, beside the workers."""
        row.task = asyncio.current_task()
        try:
            step: Outcome | float | None = seconds
            while step is not None and not isinstance(step, Outcome):
                await self._clock.sleep(step)
                step = self._judged(row, await self._steps.advance(row))
            if step is not None:
                self._finish(row, step)
        except asyncio.CancelledError:
            self._cut_off(row)
            raise
        finally:
            self._in_doubt -= 1
            self._may_wait.release()
            if row.serial_key is not None:
                self._leave(row.serial_key)

    def _leave(self, serial_key: bytes) -> None:
        later = self._serial.pop(serial_key)
        if later is not None:
            later.set()

    def _judged(self, row: ActiveRow, step: Outcome | float | None) -> Outcome | float | None:
        """What a step of a row brought: its outcome, seconds until the next, or None if it remains undone."""
        if isinstance(step, Outcome):
            return step
        if self.tally.stopped is None:
            self._busy.discard(row.task)
            return step
        return self._steps.unknown(row) if row.touched else None

    def _finish(self, row: ActiveRow | None, outcome: Outcome) -> None:
        """Record an outcome, then hand it over; nobody need wait for that."""
        self._untaken += 1
        status = outcome.status
        if row is not None:
            self._busy.discard(row.task)
            if row.serial_key is not None and (row.occurrence or self._settles or status in FAILED):
                fate = fate_of(row, outcome)
                if fate is not None:
                    self._seen.settle(row.identity, fate)
        if self._ledger is None:
            self._hand_over([outcome], None)
            return
        note = self._steps.note(row, outcome) if row is not None else None
        refusal = refusal_of(row, outcome) if status is Status.REJECTED else None
        if note is None and refusal is None:
            self._hand_over([outcome], None)
        else:
            self._ledger.record(note, outcome, refusal)

    def _hand_over(self, outcomes: list[Outcome], error: Exception | None) -> None:
        if error is not None:
            self._failure = self._failure or error
            self._quiet.set()
            return
        for outcome in outcomes:
            self.tally.count(outcome)
            if self._options.max_errors is not None:
                self._health.check_errors()
        self._ready.extend(outcomes)
        self._wake()

    def _cut_off(self, row: ActiveRow) -> None:
        """A row whose work ends here: cancelled, or the run is stopping, and then it may need its outcome."""
        if self.tally.stopped is not None and not self._abandoned and self._failure is None and row.touched:
            self._finish(row, self._steps.unknown(row))

    def _stop(self) -> None:
        """The run is to end; not at once: a task that has not begun could not say what becomes of its row."""
        asyncio.get_running_loop().call_soon(self._cut, asyncio.current_task())

    def _cut(self, stopper: asyncio.Task[Any] | None) -> None:
        for task in self._tasks - self._busy:
            if task is not stopper:
                task.cancel()

    # -- each send, as the pipeline tells of it ----------------------------------------------------

    def before(self, row: ActiveRow | None, send: Send) -> Awaitable[None] | None:
        """A write of this row, or a read, is about to leave: of a write the ledger must know first."""
        self._in_flight += 1
        if row is None:
            return None
        if self.tally.stopped is not None:
            raise asyncio.CancelledError
        self._busy.add(row.task)
        if row.sent_stage == row.stage:
            self.tally.retried += 1
        row.sent_stage = row.stage
        return self._steps.sending(row)

    def after(self, row: ActiveRow | None, send: Send) -> None:
        """It has ended."""
        self._in_flight -= 1
        end, status = send.end, send.status
        if end is End.REJECTED:
            self.tally.rate_limited += 1
        if row is None:
            return
        if end is End.ANSWERED and status not in _DENIED:
            self.tally.latency.add(send.elapsed)
            return
        if send.connecting if end is None else end is not End.MAYBE_APPLIED:
            self._busy.discard(row.task)
            self._steps.unsent(row)
            if self.tally.stopped is not None and row.task is not None:
                row.task.cancel()
        elif end is not None and status is not None:
            self.tally.latency.add(send.elapsed)

    async def _identify(self, known: str | None = None) -> str | None:
        """The account, asked for once; None when nothing tells and the run had to be stopped."""
        if self._account is None:
            self._account = await self._naming.find(known)
        return self._account
