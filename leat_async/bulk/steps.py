"""What comes next for one row: send, ask, wait or be done; and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

from .._core.clock import Clock
from .._core.transport import Progress as Sending
from ..errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    DecodeError,
    InvalidInputError,
    LeatError,
    LifecycleError,
    OutcomeUnknownError,
)
from .jobs import PASSING, Job, Passing, Refused, unfit
from .kinds import Kind
from .ledger import NO_ERROR, Entry, Ledger, Note, State, Told
from .outcomes import EarlierError, Outcome, Status, Stopped, code_of, refused

_STATES = {
    Status.CREATED: State.DONE,
    Status.EXISTED: State.DONE,
    Status.SKIPPED: State.DONE,
    Status.REJECTED: State.REJECTED,
    Status.UNKNOWN: State.UNKNOWN,
}
# When a row in doubt is asked about, in parts of the grace period after it was sent.
_ASKED_AT = (0.125, 0.25, 0.5, 1.0)
# How often a row is sent, if each time its fate stays open, before it is given up as unknown.
_ROUNDS = 3
# How often a refusal that can't be read is tried again.
_UNREADABLE = 12


class Run(Protocol):
    """What a row can do to its run."""

    def stop(self, reason: Stopped, error: Exception | None) -> None:
        """End the run."""

    def trouble(self, error: LeatError, what: str) -> None:
        """A read or a write failed in passing."""


class Policy(Protocol):
    """The options that matter here."""

    @property
    def grace(self) -> float: ...
    @property
    def retry_rejected(self) -> bool: ...
    @property
    def resend_unknown(self) -> bool: ...
    @property
    def accept_unknown(self) -> bool: ...


class Steps:
    """The life of a row."""

    def __init__(self, kind: Kind, ledger: Ledger | None, clock: Clock, run: Run, policy: Policy) -> None:
        self._kind = kind
        self._ledger = ledger
        self._clock = clock
        self._run = run
        self._policy = policy

    # -- before ----------------------------------------------------------------------------------

    def recall(self, job: Job) -> Outcome | None:
        """What an earlier run did with this row: its outcome, or how to go on with it."""
        job.key = f"{job.who}-{job.occurrence}"
        if self._ledger is None:
            return None
        job.number, entry = self._ledger.entry(job.key)
        if entry is None:
            return None
        job.attempts, job.uuid, job.sent_wall = entry.attempts, entry.uuid, entry.sent_at
        if entry.state is State.DONE:
            job.committed = True
            return self._outcome(job, Status.SKIPPED)
        if entry.state is State.REJECTED:
            # What was refused before anything was sent is judged anew, since options may have changed; and what was
            # corrected.
            if not entry.attempts or entry.content != self._kind.fingerprint(job) or self._policy.retry_rejected:
                return None
            job.committed = True
            return self._outcome(job, Status.REJECTED, error=_earlier(entry))
        if entry.state is State.HALF and job.uuid is not None:
            job.stage, job.status = "update", Status(entry.status or Status.CREATED)
        elif entry.state in (State.SENT, State.HALF, State.UNKNOWN):
            return self._doubt(job, entry)
        return None

    def _doubt(self, job: Job, entry: Entry) -> Outcome | None:
        job.error = _earlier(entry)
        job.doubted = True
        if self._kind.can_ask:
            job.in_doubt, job.stage = True, "create"
            job.sent_at = self._clock.now() - max(0.0, self._clock.wall() - entry.sent_at)
            return None
        if self._policy.resend_unknown:
            return None
        if self._policy.accept_unknown:
            return self._outcome(job, Status.SKIPPED)
        return self.unknown(job)

    def twin(self, job: Job, mark: int, fate: str | None) -> Outcome | None:
        """A row with the `external_id` of an earlier one: its outcome, or None if it is to be sent."""
        if fate == Status.REJECTED:
            return None
        if mark != job.mark:
            return refused(job.index, job.row, Refused("an earlier row has the same external_id and other data"))
        if fate == Status.UNKNOWN:
            job.error = Refused("an earlier row with the same external_id has an unknown outcome")
            return self.unknown(job)
        return self._outcome(job, Status.EXISTED)

    # -- on the way ------------------------------------------------------------------------------

    async def advance(self, job: Job, raised: Exception | None = None) -> Outcome | float | None:
        """Go on until there is an outcome, or seconds to wait; None when the run had to be stopped.

        `raised` is what a write of the row, just made, ended with.
        """
        step: Outcome | float | None = None
        while step is None:
            try:
                if raised is not None:
                    error, raised = raised, None
                    step = await self._after(job, error)
                elif job.in_doubt:
                    step = await self._ask(job)
                else:
                    try:
                        return self.done(job, await self._kind.write(job))
                    except Exception as error:
                        raised = error
            except Passing as passing:
                step = self._later(job, passing.error, "read")
            except AuthenticationError as error:
                self._run.stop("authentication", error)
                return None
            except (LifecycleError, ConfigError):
                raise
            except (ApiError, ValueError, TypeError) as error:
                step = self._failed(job, error)
        return step

    def done(self, job: Job, result: Any) -> Outcome:
        """The outcome of a row whose writes are done."""
        return Outcome(index=job.index, row=job.row, status=job.status, result=result, attempts=job.attempts)

    async def _after(self, job: Job, error: Exception) -> Outcome | float | None:
        """After a write that raised; raises what says nothing about whether it was applied."""
        if isinstance(error, OutcomeUnknownError):
            return self._open(job, error)
        if isinstance(error, DecodeError):
            return await self._accepted(job) if job.accepted else self._later(job, error, "write")
        if isinstance(error, PASSING):
            return self._later(job, error, "write")
        if isinstance(error, InvalidInputError):
            return await self._refused(job, error)
        raise error

    def _failed(self, job: Job, error: ApiError | ValueError | TypeError) -> Outcome | float:
        """Refused: for good, unless the refusal can't be read, which is worth another try."""
        # The API gives every refusal a code; without one it was cut short, or came from something in between.
        if type(error) is ApiError and error.code is None and job.unreadable < _UNREADABLE:
            job.unreadable += 1
            self.unsent(job)
            return self._later(job, error, "read")
        if job.in_doubt:
            job.error = error
            return self.unknown(job)
        return self._outcome(job, Status.REJECTED, error=error)

    async def _ask(self, job: Job) -> Outcome | float | None:
        """Is it there? None to go on with the row's writes."""
        found = await self._kind.find(job)
        if found is not None:
            job.in_doubt = False
            return self._outcome(job, Status.CREATED, found) if self._kind.resolve(job, found) else None
        age, grace = self._clock.now() - job.sent_at, self._policy.grace
        for share in _ASKED_AT:
            if share * grace > age + 1e-6:
                return share * grace - age
        if job.rounds >= _ROUNDS:
            return self.unknown(job)
        job.in_doubt = False
        return None

    def _open(self, job: Job, error: OutcomeUnknownError) -> Outcome | float | None:
        """Sent, and nothing tells whether it was applied."""
        self._run.trouble(error, "write")
        job.error = error
        if job.stage == "update":  # sets the same values again
            return self._pause(job)
        job.in_doubt = job.doubted = True
        job.rounds += 1
        return None if self._kind.can_ask else self.unknown(job)

    async def _accepted(self, job: Job) -> Outcome | None:
        """Answered 2xx by something that can't be read: it is done, only what was made is not known."""
        if job.stage == "update":
            return self._outcome(job, job.status, job.result)
        found = None
        if self._kind.can_ask:
            try:
                found = await self._kind.find(job)
            except (Passing, ApiError):
                found = None
        if found is not None:
            return self._outcome(job, Status.CREATED, found) if self._kind.resolve(job, found) else None
        if job.attributes is None:
            return self._outcome(job, Status.CREATED)
        # Its attributes need its uuid, so it must be found first.
        job.in_doubt = job.doubted = True
        job.rounds += 1
        return None

    async def _refused(self, job: Job, error: InvalidInputError) -> Outcome:
        """Invalid; unless it is that the row's identifier is taken, perhaps by the row itself."""
        own = job.lane is None
        if "external_id" in error.errors and (own or isinstance(job.body.get("external_id"), str)):
            status = Status.CREATED if job.doubted else Status.EXISTED
            if self._kind.can_ask:
                found = await self._kind.find(job)
                if found is not None:
                    return self._outcome(job, status, found)
            elif own or job.doubted:
                # An identifier that we made up can only have been taken by the same row.
                return self._outcome(job, status)
        return self._outcome(job, Status.REJECTED, error=error)

    def _later(self, job: Job, error: LeatError, what: str) -> float:
        """Nothing was applied by this; try again."""
        self._run.trouble(error, what)
        if not job.touched:
            job.error = error
        return self._pause(job)

    def _pause(self, job: Job) -> float:
        job.failures += 1
        return min(8.0, 0.5 * 2.0 ** min(job.failures - 1, 10)) * (0.5 + self._clock.random() / 2)

    # -- after -----------------------------------------------------------------------------------

    def unknown(self, job: Job) -> Outcome:
        """The outcome of a row that may or may not be there."""
        error = job.error or LeatError("sent, and nothing tells whether it was applied")
        return self._outcome(job, Status.UNKNOWN, error=error)

    def _outcome(self, job: Job, status: Status, result: Any = None, *, error: Exception | None = None) -> Outcome:
        if status is Status.REJECTED and job.stage == "update" and error is not None and not job.committed:
            error.add_note("the contact exists; only its attributes were refused")
        return Outcome(index=job.index, row=job.row, status=status, result=result, error=error, attempts=job.attempts)

    # -- the ledger ------------------------------------------------------------------------------

    def sending(self, job: Job, progress: Sending) -> Awaitable[None] | None:
        """It is about to be sent: what to wait for until the ledger has that on disk."""
        job.attempts += 1
        job.progress = progress
        job.sent_at, job.sent_wall = self._clock.now(), self._clock.wall()
        if self._ledger is None:
            return None
        return self._ledger.commit((job, State.HALF if job.stage == "update" else State.SENT, job.status, NO_ERROR))

    def unsent(self, job: Job) -> None:
        """It certainly was not applied, so it is in doubt no more, unless an earlier send is."""
        if self._ledger is not None and not job.touched:
            self._ledger.record((job, State.PENDING, job.status, NO_ERROR))

    def note(self, job: Job | None, outcome: Outcome) -> Note | None:
        """An outcome for the ledger, if there is one and it does not know yet."""
        if self._ledger is None:
            return None
        if job is None:
            job = unfit(outcome.index, outcome.row)
            job.number, _ = self._ledger.entry(job.key)
        elif job.committed:
            return None
        else:
            uuid = getattr(outcome.result, "uuid", None)
            if uuid and isinstance(uuid, str):
                job.uuid = uuid
            if outcome.status is Status.REJECTED:
                job.fingerprint = self._kind.fingerprint(job)
        told = NO_ERROR if outcome.error is None else _told(outcome.error)
        return job, _STATES[outcome.status], outcome.status, told


def _told(error: Exception) -> Told:
    """The text and the code of an error."""
    text = " ".join([str(error), *(f"({note})" for note in getattr(error, "__notes__", ()))])
    # Half a character, as a broken row may bring it, can't be written down.
    return text.encode(errors="backslashreplace").decode(), code_of(error)


def _earlier(entry: Entry) -> EarlierError:
    text = entry.error or "sent in an earlier run, and nothing tells whether it was applied"
    return EarlierError(text, entry.code or "EarlierError")
