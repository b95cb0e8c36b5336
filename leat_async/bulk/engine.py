"""Rows in, outcomes out: workers that pull from one source, and rows in doubt that wait beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Coroutine, Iterable
from typing import Any

import attrs

from .._core.pipeline import Pipeline
from .._core.transport import Progress as Sending
from ..errors import AuthenticationError, DecodeError, LeatError, MaintenanceError
from ..resources.contacts import Contacts
from .addresses import Addresses
from .collector import room_for
from .identity import Seen, account_of
from .intake import Intake
from .jobs import Job, Passing, Row, read
from .kinds import kind_of
from .ledger import Ledger
from .outcomes import FAILED, BadRow, Outcome, Progress, Status, Stopped, Tally
from .steps import Steps
from .witness import Witness, Writes, patient

# Rows in doubt that may wait at a time; more hold up the others.
_WAITING = 512
# With a share as stop rule, so many rows are looked at before it counts.
_SAMPLE = 100
# Writes that may fail one after the other before the next ones go one at a time.
_CALM = 3
_LONGEST_PAUSE = 30.0
_TICK = 0.25
# Answers about the account that may come garbled.
_UNREADABLE = 20


@attrs.frozen(kw_only=True)
class Options:
    """The settings of a run; see `bulk.create`."""

    concurrency: int | None = None
    on_progress: Callable[[Progress], object] | None = None
    create_contacts: bool = False
    update_existing: bool = False
    max_errors: int | float | None = None
    grace: float = 30.0
    patience: float = 120.0
    retry_rejected: bool = False
    resend_unknown: bool = False
    accept_unknown: bool = False
    source: str | None = None
    mapping: str | None = None
    account: str | None = None


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
        self.tally = Tally()
        self._name = name
        self._options = options
        self._gate, self._clock = pipeline.gate, pipeline.clock
        self._reads, self._writes = Witness(pipeline.transport, self), Writes(pipeline.transport, self)
        self._pipeline = patient(pipeline, self._reads)
        self._seen = Seen()
        self._ledger = ledger
        self._account = options.account
        addresses = Addresses(Contacts(self._pipeline), self._seen, ledger, create=options.create_contacts)
        writing = patient(pipeline, self._writes)
        self._kind = kind_of(
            name, self._pipeline, writing, self._writes, addresses, update_existing=options.update_existing
        )
        self._intake = Intake(rows, self._kind, self._seen)
        self._steps = Steps(self._kind, ledger, self._clock, self, options)
        self._workers = options.concurrency or pipeline.config.concurrency
        # Outcomes on their way out. So many may wait to be taken: a slow consumer slows the workers.
        self._ready: list[Outcome] = []
        self._arrived: asyncio.Future[None] | None = None
        self._untaken, self._most = 0, 4 * self._workers
        self._freed = asyncio.Event()
        self._over = False
        self._naming = asyncio.Lock()
        self._room = asyncio.Semaphore(_WAITING)
        self._probe = asyncio.Lock()
        # Rows of one lane wait for each other; an event only where one does.
        self._lanes: dict[str, asyncio.Event | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[Any] | None] = set()
        self._in_doubt = 0
        self._abandoned = False
        self._quiet = asyncio.Event()
        self._failure: BaseException | None = None
        self._faults = 0
        self._failing: dict[str, float] = {}

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
        ticker = asyncio.create_task(self._tick()) if self._options.on_progress is not None else None
        try:
            if self._ledger is not None:
                await self._open(self._ledger)
            if self.tally.stopped is None:
                with room_for(self._workers):
                    for _ in range(self._workers):
                        self._start(self._worker())
                    await self._quiet.wait()
            if self._ledger is not None and self._failure is None:
                await self._ledger.commit()
        except Exception as error:
            self._failure = error
        finally:
            helpers = [*self._tasks, *([ticker] if ticker is not None else [])]
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self._intake.close()
            if self._ledger is not None:
                self._ledger.close()
            self._seen.close()
        if self._options.on_progress is not None and self._failure is None:
            self._tell(self._options.on_progress)
        self._over = True
        self._wake()
        if self._failure is not None:
            raise self._failure

    def _wake(self) -> None:
        """Tell the consumer that there is something new."""
        if self._arrived is not None:
            if not self._arrived.done():
                self._arrived.set_result(None)
            self._arrived = None

    async def _open(self, ledger: Ledger) -> None:
        """Take the ledger, if it is free and this account's."""
        ledger.open(self._hand_over, self._intake.look_ahead)
        account = await self._identify()
        if account is None:
            return
        ledger.bind(account=account, kind=self._name, source=self._options.source, mapping=self._options.mapping)
        await ledger.index()

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
        while self._options.on_progress is not None and self._failure is None:
            await asyncio.sleep(_TICK)
            self._tell(self._options.on_progress)

    def _tell(self, on_progress: Callable[[Progress], object]) -> None:
        try:
            on_progress(self.progress())
        except Exception as error:
            self._failure = self._failure or error
            self._quiet.set()

    def progress(self) -> Progress:
        """The moment as it is now."""
        blocked = self._gate.blocked_by() if self._gate.waiting else "slot"
        return self.tally.progress(
            in_flight=self._reads.in_flight + self._writes.in_flight,
            in_doubt=self._in_doubt,
            waiting="pace" if blocked == "pace" else "rate limit" if blocked == "rate limit" else None,
        )

    # -- rows ------------------------------------------------------------------------------------

    async def _worker(self) -> None:
        task = asyncio.current_task()
        while (job := self._next() or await self._take()) is not None:
            job.task = task
            lane = job.lane
            if lane is not None:
                while lane in self._lanes:
                    elder = self._lanes[lane] = self._lanes[lane] or asyncio.Event()
                    await elder.wait()
                self._lanes[lane] = None
            handed_over = False
            try:
                step: Outcome | float | None = None
                if job.occurrence and lane == job.who:
                    step = self._steps.twin(job, *self._seen.fate(job.who))
                if step is None:
                    if self._faults >= _CALM:
                        await self._calm()
                    if job.in_doubt:
                        step = self._judged(job, await self._steps.advance(job))
                    else:
                        # All that most rows need; said here as well, it spares each a coroutine.
                        try:
                            step = self._steps.done(job, await self._kind.write(job))
                        except Exception as error:
                            step = self._judged(job, await self._steps.advance(job, error))
                if isinstance(step, float):
                    await self._room.acquire()
                    if self.tally.stopped is None:
                        self._in_doubt += 1
                        self._start(self._wait_out(job, step))
                        handed_over = True
                        continue
                    self._room.release()
                    step = self._judged(job, None)
                if isinstance(step, Outcome):
                    self._finish(job, step)
            except asyncio.CancelledError:
                self._cut_off(job)
                raise
            finally:
                if lane is not None and not handed_over:
                    self._leave(lane)

    def _next(self) -> Job | None:
        """The next row that is to be worked on, identified; None if there is none here, or now is not the time."""
        coming = self._intake.coming
        while coming and self._untaken < self._most and self.tally.stopped is None:
            row = coming[0]
            if self._account is None and isinstance(row, Job) and self._kind.needs_account(row):
                return None
            coming.popleft()
            self.tally.taken += 1
            if isinstance(row, Outcome):
                self._finish(None, row)
                continue
            self._kind.identify(row, self._account or "")
            done = self._steps.recall(row)
            if done is None:
                return row
            self._finish(row, done)
        return None

    async def _take(self) -> Job | None:
        """As `_next`, but waits; None at the end."""
        intake = self._intake
        while self.tally.stopped is None:
            while self._untaken >= self._most:
                self._freed.clear()
                await self._freed.wait()
            job = self._next()
            if job is not None:
                return job
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

    async def _wait_out(self, job: Job, seconds: float) -> None:
        """See a row in doubt to its end, beside the workers."""
        job.task = asyncio.current_task()
        try:
            step: Outcome | float | None = seconds
            while step is not None and not isinstance(step, Outcome):
                await self._clock.sleep(step)
                if self._faults >= _CALM:
                    await self._calm()
                step = self._judged(job, await self._steps.advance(job))
            if step is not None:
                self._finish(job, step)
        except asyncio.CancelledError:
            self._cut_off(job)
            raise
        finally:
            self._in_doubt -= 1
            self._room.release()
            if job.lane is not None:
                self._leave(job.lane)

    def _leave(self, lane: str) -> None:
        younger = self._lanes.pop(lane)
        if younger is not None:
            younger.set()

    def _judged(self, job: Job, step: Outcome | float | None) -> Outcome | float | None:
        """What a step of a row brought: its outcome, seconds until the next, or None if it remains undone."""
        if isinstance(step, Outcome):
            return step
        if self.tally.stopped is None:
            self._busy.discard(job.task)
            return step
        return self._steps.unknown(job) if job.touched else None

    def _finish(self, job: Job | None, outcome: Outcome) -> None:
        """Record an outcome, then hand it over; nobody need wait for that."""
        self._untaken += 1
        if job is not None:
            self._busy.discard(job.task)
            if job.lane == job.who and (job.occurrence or outcome.status in FAILED):
                self._seen.settle(job.who, job.mark, outcome.status)
        note = self._steps.note(job, outcome)
        if note is None or self._ledger is None:
            self._hand_over([outcome], None)
        else:
            self._ledger.record(note, outcome)

    def _hand_over(self, outcomes: list[Outcome], error: Exception | None) -> None:
        if error is not None:
            self._failure = self._failure or error
            self._quiet.set()
            return
        for outcome in outcomes:
            self.tally.count(outcome)
            if self._options.max_errors is not None:
                self._check_errors()
        self._ready.extend(outcomes)
        self._wake()

    def _cut_off(self, job: Job) -> None:
        """A row whose work ends here: cancelled, or the run is stopping, and then it may need its outcome."""
        if self.tally.stopped is not None and not self._abandoned and self._failure is None and job.touched:
            self._finish(job, self._steps.unknown(job))

    async def _calm(self) -> None:
        """While writes keep failing, let them go one at a time, further and further apart."""
        async with self._probe:
            if self._faults >= _CALM:
                await self._clock.sleep(min(_LONGEST_PAUSE, 0.25 * 2.0 ** min(self._faults - _CALM, 20)))

    # -- stopping --------------------------------------------------------------------------------

    def stop(self, reason: Stopped, error: Exception | None) -> None:
        """End the run: what is on its way is finished, what was not sent stays undone."""
        if self.tally.stopped is not None:
            return
        self.tally.stopped, self.tally.error = reason, error
        # Not at once: a task that has not begun could not say what becomes of its row.
        asyncio.get_running_loop().call_soon(self._cut, asyncio.current_task())

    def _cut(self, stopper: asyncio.Task[Any] | None) -> None:
        for task in self._tasks - self._busy:
            if task is not stopper:
                task.cancel()

    def trouble(self, error: LeatError, what: str) -> None:
        """A read or a write failed in passing; if that lasts too long, the run stops."""
        if what == "write":
            self._faults += 1
        now = self._clock.now()
        since = self._failing.setdefault(what, now)
        if now - since >= self._options.patience:
            behind = error.__cause__ if isinstance(error.__cause__, LeatError) else error
            self.stop("maintenance" if isinstance(behind, MaintenanceError) else "unreachable", behind)

    def _check_errors(self) -> None:
        most, counts = self._options.max_errors, self.tally.counts
        if most is None:
            return
        errors, total = counts[Status.REJECTED] + counts[Status.UNKNOWN], counts.total()
        if errors > most if isinstance(most, int) else total >= _SAMPLE and errors > most * total:
            self.stop("max_errors", None)

    # -- what the witness sees -------------------------------------------------------------------

    def before(self, job: Job, progress: Sending) -> Awaitable[None] | None:
        """A write is about to leave: the ledger first."""
        if self.tally.stopped is not None:
            raise asyncio.CancelledError
        self._busy.add(job.task)
        if job.sent_stage == job.stage:
            self.tally.retried += 1
        job.sent_stage = job.stage
        return self._steps.sending(job, progress)

    def unsent(self, job: Job) -> None:
        """A write was certainly not applied."""
        self._busy.discard(job.task)
        self._steps.unsent(job)
        if self.tally.stopped is not None and job.task is not None:
            job.task.cancel()

    def answered(self, job: Job | None, status: int, seconds: float) -> None:
        """The server answered."""
        if self._failing and status < 500 and status != 429:
            self._failing.pop("write" if job is not None else "read", None)
        if job is not None:
            self.tally.latency.add(seconds)
            if status < 500:
                self._faults = 0

    async def _identify(self) -> str | None:
        """The account, asked for once; None when nobody tells and the run had to be stopped."""
        unreadable = 0
        async with self._naming:
            while self._account is None and self.tally.stopped is None:
                try:
                    self._account = await read(account_of(self._pipeline))
                except AuthenticationError as error:
                    self.stop("authentication", error)
                except Passing as passing:
                    unreadable += isinstance(passing.error, DecodeError)
                    if unreadable >= _UNREADABLE:
                        raise passing.error from None
                    self.trouble(passing.error, "read")
                    await self._clock.sleep(1.0)
        return self._account
