"""What comes next for one row: send, ask, wait or be done; and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from contextlib import suppress
from typing import Any, Literal

from .._core.clock import Clock
from ..errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    DecodeError,
    LeatError,
    LifecycleError,
    OutcomeUnknownError,
    PermissionDeniedError,
)
from .changes import changed_error, earlier_error
from .fingerprints import absent, carried_on, differing, fingerprint, has_field, is_same
from .health import Health
from .identity import no_moment
from .kinds import Kind
from .ledger import NO_ERROR, Ledger, Note, told_of
from .options import Options
from .outcomes import FAILED, Outcome, Status, refused
from .rows import PASSING, ActiveRow, Found, Passing, Refused, is_verdict
from .seen import Fate
from .store import Known, RowState, WholeRest

_STATES = {Status.REJECTED: RowState.REJECTED, Status.UNKNOWN: RowState.UNKNOWN}
# When a row in doubt is asked about, in parts of the grace period after the attempt ended, or this run began.
_ASKED_AT = (0.125, 0.25, 0.5, 1.0)
# How often a row is sent, if each time its fate stays open, before it is given up as unknown.
_ROUNDS = 3
# How often a refusal that can't be read is tried again.
_UNREADABLE = 12


class Steps:
    """The life of a row."""

    def __init__(self, kind: Kind, ledger: Ledger | None, clock: Clock, health: Health, policy: Options) -> None:
        self._kind = kind
        self._ledger = ledger
        self._clock = clock
        self._health = health
        self._policy = policy
        # When this run first met a row of an earlier one, and so no earlier than that one's end.
        self._resumed: float | None = None

    # -- before ----------------------------------------------------------------------------------

    def recall(self, row: ActiveRow, account: str) -> Outcome | None:
        """What an earlier run did with this row: its outcome, or how to go on with it."""
        self._kind.identify(row, account)
        if row.occurrence and row.serial_key is not None:
            return None  # judged when the row before it is done
        return self._judge(row, account)

    def _judge(self, row: ActiveRow, account: str) -> Outcome | None:
        ledger = self._ledger
        known = ledger.known(row.key) if ledger is not None else None
        if known is None and ledger is not None and ledger.has_earlier:
            known = self._of_earlier_version(row, account, ledger)
        if known is None:
            if row.momentless and self._policy.batch is None:
                row.committed = True
                return refused(row.index, row.given, Refused(no_moment(self._kind.identifier)))
            if ledger is not None:
                row.number = ledger.new_number()
            return None
        rest, state = known.rest, known.state
        row.number, row.attempts, row.uuid, row.sent_wall = known.number, rest.attempts, rest.uuid, rest.sent_at
        if state == RowState.DONE:
            return self._done_before(row, known)
        if state == RowState.REJECTED:
            return self._rejected_before(row, known)
        if state == RowState.HALF:
            return self._half_before(row, known)
        if state in (RowState.SENT, RowState.UNKNOWN):
            return self._doubt(row, known)
        return None

    def _of_earlier_version(self, row: ActiveRow, account: str, ledger: Ledger) -> Known | None:
        """What a ledger of the first version has of a row, whose key may have been another."""
        for key in self._kind.earlier_keys(row):
            known = ledger.known(key)
            if known is not None:
                if row.earlier is not None and row.serial_key is None:
                    # Its identifier was made of the texts as they were then.
                    row.content, row.occurrence = row.earlier.content, row.earlier.occurrence
                    self._kind.identify(row, account)
                if row.earlier is None and not known.content:
                    # The key was made of all of the content, so that is the same.
                    known.content = row.fingerprint
                return known
        return None

    def _is_same(self, row: ActiveRow, known: bytes) -> bool:
        return row.serial_key is None or is_same(known, row.fingerprint)

    def _differing(self, row: ActiveRow, known: bytes) -> list[str]:
        """The fields in which it differs from the content of this fingerprint; none where that is not known."""
        return differing(known, row.content, self._kind.fields) if known else []

    def _done_before(self, row: ActiveRow, known: Known) -> Outcome | None:
        if known.rest.status == Status.SKIPPED:
            # It was there with other data, and left so, as that run was told to.
            if self._policy.on_change == "skip":
                row.committed = True
                return self._outcome(row, Status.SKIPPED)
            if row.stage != "look":
                # What it is now has to be seen; nothing of it is on its way, so if it is not there it is gone.
                row.before, row.in_doubt, row.doubt_since = known, True, self._clock.now() - self._policy.grace
            return None
        emptied = [name for name in self._emptied(row) if has_field(known.content, name)]
        if not emptied and self._is_same(row, known.content):
            row.committed = True
            return self._outcome(row, Status.SKIPPED)
        row.before = known
        if known.content:
            names = self._differing(row, known.content)
            return self._changed(row, list(dict.fromkeys((*names, *emptied))), known)
        if self._policy.on_change == "update":
            return self._changed(row, [], known)
        # Nothing tells what it was: versions did not keep that. From now on it is known.
        self._keep(row, known)
        return self._outcome(row, Status.SKIPPED)

    def _emptied(self, row: ActiveRow) -> Collection[str]:
        """The fields that are to be emptied, if they are not empty."""
        return self._kind.emptied(row) if self._policy.clear_empty else ()

    def _change(self, row: ActiveRow, before: Known | None, status: Status) -> None:
        """A change is what is left to do, to be known by what it leaves behind: also fields that it does not empty."""
        row.stage, row.status = "update", status
        if before is not None and before.content:
            own = fingerprint(self._kind.fingerprinted, row.content)
            row.fingerprint = carried_on(before.content, own, self._emptied(row))

    def _keep(self, row: ActiveRow, known: Known) -> None:
        """Write down that a row is done, with the content that it has now."""
        assert self._ledger is not None
        status = Status(known.rest.status or Status.CREATED)
        self._ledger.record((row, RowState.DONE, Status.CREATED if status in FAILED else status, NO_ERROR))
        row.committed = True

    def _rejected_before(self, row: ActiveRow, known: Known) -> Outcome | None:
        # What was refused unsent is judged anew, since options may have changed; and so is what was corrected.
        if known.rest.attempts and self._is_same(row, known.content) and not self._policy.retry_rejected:
            row.committed = True
            return self._outcome(row, Status.REJECTED, error=earlier_error(known))
        if row.uuid is not None:
            # It is there, and only a second write was refused.
            row.stage, row.status = "update", Status.UPDATED
        return None

    def _half_before(self, row: ActiveRow, known: Known) -> Outcome | None:
        row.before = known
        if not self._is_same(row, known.content) and self._policy.on_change != "update":
            row.committed = True
            return self._changed(row, self._differing(row, known.content), known)
        self._change(row, known, Status(known.rest.status or Status.CREATED))
        return None

    def _doubt(self, row: ActiveRow, known: Known) -> Outcome | None:
        row.altered = row.serial_key is not None and bool(known.content) and not self._is_same(row, known.content)
        can_ask = self._kind.can_ask and not known.rest.unasked
        elsewhere = row.altered and not self._kind.found_by.isdisjoint(self._differing(row, known.content))
        row.error = earlier_error(known, elsewhere=can_ask and elsewhere)
        if can_ask and not elsewhere:
            row.was_in_doubt, row.in_doubt, row.stage = True, True, "create"
            row.before = known if row.altered else None
            # When it was sent is no help: the clock on the wall may have been set since.
            if self._resumed is None:
                self._resumed = self._clock.now()
            row.doubt_since = self._resumed
            return None
        if self._policy.resend_unknown:
            row.was_in_doubt = True
            return None
        row.before, row.unasked = known if row.altered else None, row.unasked or known.rest.unasked
        if self._policy.accept_unknown:
            if not row.altered:
                self._keep(row, known)
                return self._outcome(row, Status.SKIPPED)
            outcome = self._changed(row, self._differing(row, known.content), known)
            if outcome is not None:
                # What is there is what was sent then.
                row.fingerprint = known.content
                self._keep(row, known)
            return outcome
        row.was_in_doubt = True
        row.committed = known.state == RowState.UNKNOWN
        return self.unknown(row)

    def duplicate(self, row: ActiveRow, fate: Fate, account: str) -> Outcome | None:
        """A row with the identifier of an earlier one of this run: its outcome, or None if something is to be sent."""
        if fate.status == Status.REJECTED:
            return self._judge(row, account)
        row.repeats = row.committed = True
        if self._is_same(row, fate.fingerprint):
            if fate.status == Status.UNKNOWN:
                row.error = Refused("an earlier row with the same identifier has an unknown outcome")
                return self.unknown(row)
            return self._outcome(row, Status.EXISTED)
        names = self._differing(row, fate.fingerprint)
        known = self._ledger.known(row.key) if self._ledger is not None and not fate.number else None
        if known is None:
            rest = WholeRest(Status.CREATED, 1, fate.uuid, None, None, 0, 0)
            known = Known(fate.number, 0, 0, RowState.DONE, fate.fingerprint, rest)
        row.before, row.number, row.uuid = known, known.number, known.rest.uuid
        if fate.status == Status.UNKNOWN and not self._kind.can_ask:
            row.error = Refused("an earlier row with the same identifier has an unknown outcome")
            return self.unknown(row)
        step = self._changed(row, names, None)
        if step is None:
            row.repeats = row.committed = False
        return step

    # -- changes ---------------------------------------------------------------------------------

    def _changed(self, row: ActiveRow, names: list[str], known: Known | None, *, there: bool = False) -> Outcome | None:
        """Its identifier is known, with other data: its outcome, or None if it is to be updated.

        `known`: what the ledger has; `there`: the API shows it so. Neither: an earlier row of this run.
        """
        on_change = self._policy.on_change
        if on_change == "update" and not self._policy.clear_empty:
            row.not_emptied = tuple(absent(row.content, names))
            names = [name for name in names if name not in row.not_emptied]
        row.changed = tuple(names)
        if on_change == "skip":
            row.committed = row.before is not None
            return self._outcome(row, Status.EXISTED if there and row.before is None else Status.SKIPPED)
        fixed = [name for name in names if name in self._kind.fixed]
        if on_change == "update" and not fixed:
            self._change(row, row.before, Status.UPDATED)
            return None
        run = self._ledger.source_of(known.run) if known is not None and self._ledger is not None else None
        row.committed = not there
        error = changed_error(self._kind.identifier, row, names, fixed, known, run, there=there)
        return self._outcome(row, Status.REJECTED, error=error)

    # -- on the way ------------------------------------------------------------------------------

    async def advance(self, row: ActiveRow, raised: Exception | None = None) -> Outcome | float | None:
        """Go on until there is an outcome, or seconds to wait; None when the run had to be stopped.

        `raised` is what a write of the row, just made, ended with.
        """
        step: Outcome | float | None = None
        while step is None:
            try:
                if raised is not None:
                    error, raised = raised, None
                    step = await self._after(row, error)
                elif row.in_doubt:
                    step = await self._ask(row)
                else:
                    await self._health.calm()
                    try:
                        return self.done(row, await self._kind.write(row))
                    except Exception as error:
                        raised = error
            except Passing as passing:
                step = self._later(row, passing.error, "read")
            except (AuthenticationError, PermissionDeniedError) as error:
                self._health.deny(error)
                return None
            except (LifecycleError, ConfigError):
                raise
            except (ApiError, ValueError, TypeError) as error:
                step = self._failed(row, error)
        return step

    def done(self, row: ActiveRow, result: Any) -> Outcome:
        """The outcome of a row whose writes are done."""
        if self._health.troubled and row.sent_stage is not None:
            self._health.worked("write")
        return Outcome(
            index=row.index,
            row=row.given,
            status=row.status,
            result=result,
            attempts=row.attempts,
            changed=row.changed,
            not_emptied=row.not_emptied,
        )

    async def _after(self, row: ActiveRow, error: Exception) -> Outcome | float | None:
        """After a write that raised; raises what says nothing about whether it was applied."""
        if isinstance(error, Found):
            return self._found(row, error.found)
        if isinstance(error, OutcomeUnknownError):
            return self._open(row, error)
        if isinstance(error, DecodeError):
            return await self._accepted(row)
        if isinstance(error, PASSING):
            return self._later(row, error, "write")
        if isinstance(error, ApiError) and is_verdict(error):
            self._health.worked("write")
            if self._kind.says_busy(error):
                return self._busy(row, error)
            if self._kind.says_taken(row, error):
                return await self._taken(row, error)
        raise error

    def _failed(self, row: ActiveRow, error: ApiError | ValueError | TypeError) -> Outcome | float:
        """Refused: for good, unless the refusal says nothing about the row, which is worth another try."""
        if isinstance(error, ApiError) and not is_verdict(error):
            row.unreadable += 1
            if row.unreadable <= _UNREADABLE or self._health.failing("write"):
                self.unsent(row)
                return self._later(row, error, "write")
        if row.in_doubt:
            row.error = error
            return self.unknown(row)
        return self._outcome(row, Status.REJECTED, error=error)

    async def _ask(self, row: ActiveRow) -> Outcome | float | None:
        """Is it there? None to go on with the row's writes."""
        # As old as it is when that is asked: until it is answered it may land.
        age, grace = self._clock.now() - row.doubt_since, self._policy.grace
        if (found := await self._kind.find(row)) is not None:
            row.in_doubt, row.taken = False, None
            return self._found(row, found)
        for share in _ASKED_AT:
            if share * grace > age + 1e-6:
                return max(0.0, share * grace - (self._clock.now() - row.doubt_since))
        if row.taken is not None:
            return self._taken_unseen(row, row.taken)
        if row.rounds >= _ROUNDS or row.unsure:
            return self.unknown(row)
        row.in_doubt, row.before = False, None
        return None

    def _found(self, row: ActiveRow, found: Any) -> Outcome | None:
        if not self._kind.resolve(row, found, ours=row.was_in_doubt):
            return None
        if not row.was_in_doubt or row.altered or row.status is Status.EXISTED:
            names = self._kind.differing(row, found)
            if row.altered and row.before is not None:
                # What is not shown tells nothing, but is not what was sent.
                names = list(dict.fromkeys((*names, *self._differing(row, row.before.content))))
            if names:
                row.uuid = row.uuid or getattr(found, "uuid", None)
                return self._changed(row, names, None, there=True)
        return self._outcome(row, row.status, row.result)

    def _open(self, row: ActiveRow, error: OutcomeUnknownError) -> Outcome | float | None:
        """Sent, and nothing tells whether it was applied."""
        self._health.failed("write", error)
        row.error = error
        if row.stage == "update":  # sets the same values again
            return self._pause(row)
        self._doubts(row)
        row.rounds += 1
        return None if self._kind.can_ask else self.unknown(row)

    def _doubts(self, row: ActiveRow) -> None:
        row.in_doubt = row.was_in_doubt = True
        row.doubt_since = self._clock.now()

    async def _accepted(self, row: ActiveRow) -> Outcome | None:
        """Answered 2xx by something that can't be read: it is done, only what was made is not known."""
        if row.stage == "update":
            return self._outcome(row, row.status, row.result)
        found = None
        if self._kind.can_ask:
            with suppress(Passing, ApiError):
                found = await self._kind.find(row)
        if found is not None:
            row.was_in_doubt = True
            return self._found(row, found)
        if row.attributes is None:
            return self._outcome(row, Status.CREATED)
        # Its attributes need its uuid, so it must be found first.
        self._doubts(row)
        row.rounds += 1
        return None

    async def _taken(self, row: ActiveRow, error: ApiError) -> Outcome | float | None:
        """Its identifier is taken, perhaps by the row itself."""
        if not self._kind.can_ask:
            return self._taken_unseen(row, error)
        # What is asked may lag behind, so it is asked as about a row in doubt.
        self.unsent(row)
        row.in_doubt, row.taken, row.doubt_since = True, error, self._clock.now()
        return None

    def _taken_unseen(self, row: ActiveRow, error: ApiError) -> Outcome:
        """Taken, and not to be seen where it should be."""
        row.in_doubt, row.taken = False, None
        if self._kind.needs_account(row) or (row.was_in_doubt and not self._kind.can_ask):
            # An identifier that we made up can only have been taken by the same row.
            return self._outcome(row, Status.CREATED if row.was_in_doubt else Status.EXISTED)
        if row.was_in_doubt:
            row.error = error
            return self.unknown(row)
        return self._outcome(row, Status.REJECTED, error=error)

    def _busy(self, row: ActiveRow, error: ApiError) -> Outcome | float | None:
        """Something like it is being made, perhaps by a send of its own: wait, ask, and send it if it is not there."""
        row.error, row.unreadable = error, row.unreadable + 1
        often = row.unreadable > _UNREADABLE
        if not self._kind.can_ask:
            if row.was_in_doubt:
                return self.unknown(row)
            self.unsent(row)
            return self._outcome(row, Status.REJECTED, error=error) if often else self._pause(row)
        if row.rounds or often:
            self._doubts(row)
            row.rounds += 1
            return None
        row.was_in_doubt, row.stage = True, "look"
        return self._pause(row)

    def _later(self, row: ActiveRow, error: LeatError, what: Literal["read", "write"]) -> float:
        """Nothing was applied by this; try again."""
        self._health.failed(what, error)
        if not row.touched:
            row.error = error
        return self._pause(row)

    def _pause(self, row: ActiveRow) -> float:
        row.failures += 1
        return min(8.0, 0.5 * 2.0 ** min(row.failures - 1, 10)) * (0.5 + self._clock.random() / 2)

    # -- after -----------------------------------------------------------------------------------

    def unknown(self, row: ActiveRow) -> Outcome:
        """The outcome of a row that may or may not be there."""
        error = row.error or LeatError("sent, and nothing tells whether it was applied")
        return self._outcome(row, Status.UNKNOWN, error=error)

    def _outcome(
        self, row: ActiveRow, status: Status, result: Any = None, *, error: Exception | None = None
    ) -> Outcome:
        made = row.stage == "update" and row.status is not Status.UPDATED
        if status is Status.REJECTED and made and error is not None and not row.committed:
            what = self._kind.name.removesuffix("s")
            error.add_note(f"the {what} exists; only what its second write was to set was refused")
        return Outcome(
            index=row.index,
            row=row.given,
            status=status,
            result=result,
            error=error,
            attempts=row.attempts,
            changed=row.changed,
            not_emptied=row.not_emptied,
        )

    # -- the ledger ------------------------------------------------------------------------------

    def sending(self, row: ActiveRow) -> Awaitable[None] | None:
        """It is about to be sent: what to wait for until the ledger has that on disk."""
        row.attempts += 1
        row.sent_wall = self._clock.wall()
        if self._ledger is None:
            return None
        return self._ledger.commit(
            (row, RowState.HALF if row.stage == "update" else RowState.SENT, row.status, NO_ERROR)
        )

    def unsent(self, row: ActiveRow) -> None:
        """It certainly was not applied, so it is in doubt no more, unless an earlier send is."""
        if self._ledger is not None and not row.touched:
            self._ledger.record((row, RowState.PENDING, row.status, NO_ERROR))

    def note(self, row: ActiveRow, outcome: Outcome) -> Note | None:
        """An outcome for the ledger, if it does not know yet."""
        if row.committed:
            return None
        status = outcome.status
        uuid = getattr(outcome.result, "uuid", None)
        if uuid and isinstance(uuid, str):
            row.uuid = uuid
        if row.before is not None and status in FAILED and row.sent_stage is None:
            return None  # what was known of it stands
        if status is Status.REJECTED:
            before = row.before
            if before is not None:  # a change of it was refused
                row.fingerprint = before.content
                return row, RowState(before.state), Status(before.rest.status or Status.CREATED), NO_ERROR
            if not row.attempts:
                return None  # judged anew in every run
            # What is there with other data is not what this row made.
            row.uuid = None if row.changed else row.uuid
        told = NO_ERROR if outcome.error is None else told_of(outcome.error)
        if status is Status.EXISTED and row.changed:
            # Left as it is; what this row says is not done by that.
            status, row.fingerprint = Status.SKIPPED, b""
        if status is Status.UNKNOWN and row.stage == "update":
            return row, RowState.HALF, row.status, told
        return row, _STATES.get(status, RowState.DONE), status, told
