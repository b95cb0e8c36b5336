# ruff: noqa: S608 - what is put together here is text of this module
"""What ledgers hold, read and cleared without a run.

Everything that reads may be done while a run is using the ledger; `resolve` and `forget` may not. Ledgers of the first
version are read like today's.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import attrs
import msgspec

from .._core.params import show as _shown
from ..errors import ConfigError
from .access import LedgerBase, existing, held
from .course import Course
from .identity import identified
from .places import LedgerName, LedgerPlace, account_ledgers, ledger_place
from .postgres_base import PostgresBase
from .sqlite_store import known_of, rest_of
from .store import LISTED_UNTIL, Known, RowState, Source, WholeRest

_ROWS = "SELECT number, run, idx, state, content, rest, key FROM rows"
_RUNS = "SELECT run, source, size, digest, on_change, batch, started, ended, pid, counts, stopped FROM runs"
_OPEN = (RowState.SENT, RowState.HALF, RowState.UNKNOWN)
_encode = msgspec.json.Encoder().encode
_counts = msgspec.json.Decoder(dict[str, int]).decode
_course = msgspec.json.Decoder(Course).decode


@attrs.frozen(kw_only=True)
class Entry:
    """What a ledger holds of one row.

    `number` is the row's own in the ledger, `key` a digest of what makes it the same row, as hexadecimal text. `run` is
    the run that last wrote it down, `index` its place in that run's source, from 0. `status` is what it was told as,
    `attempts` how often a write was sent for it, in all runs. Times are seconds since 1970; `sent_at` is 0 for a row
    never sent. `unasked`: it was sent without an identity, so that the API can't be asked about it.
    """

    number: int
    key: str
    run: int
    index: int
    state: RowState
    status: str | None
    attempts: int
    uuid: str | None
    error: str | None = attrs.field(repr=False)
    code: str | None
    sent_at: float
    changed_at: float
    unasked: bool = False


@attrs.frozen(kw_only=True)
class RunRecord:
    """A run of a ledger.

    `number` counts the runs of a ledger from 1. `source` is where its rows came from, None where that was not told.
    Times are seconds since 1970; `ended` is None while it is `running`, and for good if it was killed. `counts` are its
    outcomes by status, as of its end or of shortly before it was killed, and "taken", the rows that it read. `stopped`
    is as in `Report`, or "interrupted" where the caller left. `course` is how it went; of the latest twenty runs it is
    kept, and of none that an earlier version made.
    """

    number: int
    source: Source | None
    on_change: str
    batch: str | None
    started: float
    ended: float | None
    pid: int | None
    counts: Mapping[str, int]
    stopped: str | None
    running: bool
    course: Course | None = None


@attrs.frozen(kw_only=True)
class Summary:
    """What a ledger holds: whose it is, and how many rows are in which state (see `State`).

    `path` says where it is, without what is secret in a URL; `place` is for the functions that take a ledger. `account`
    is as the API names it, `created_at` seconds since 1970. `contacts` counts remembered addresses, `runs`
    the runs. `last`: the latest run, and with it whether one is `running` now. `in_doubt`: rows of which nothing tells
    whether they are there. `forgotten`: personal data was removed.
    """

    path: str
    place: LedgerPlace = attrs.field(repr=False)
    kind: str | None
    account: str | None
    created_at: float | None
    states: Mapping[str, int]
    contacts: int
    runs: int
    last: RunRecord | None
    forgotten: bool

    @property
    def in_doubt(self) -> int:
        """Rows of which nothing tells whether they are there."""
        return sum(self.states.get(state, 0) for state in _OPEN)

    @property
    def asks_itself(self) -> bool:
        """Whether the next run asks Leat about rows in doubt, `unasked` ones aside, so that nobody need say."""
        if self.kind in ("visits", "credit_receptions"):
            return (self.account or "").startswith("oauth")
        return self.kind not in ("bookings", "credit_reversals")


def memories() -> list[Summary]:
    """The ledgers in the state folder, which `ledger=bulk.ACCOUNT` and the command line make: one for each account and
    kind.

    Returns:
        Their sums, by place. What is no ledger, or damaged, is left out: `status` of its path says what is wrong.

    Raises:
        Nothing of its own.

    Repeating: safe.
    """
    found: list[Summary] = []
    for path in account_ledgers():
        try:
            found.append(status(path))
        except ConfigError:
            continue
    return found


def status(path: LedgerName) -> Summary:
    """Sum up a ledger, also while a run is using it.

    Parameters:
        path: the ledger, by its path or URL.

    Returns:
        The sums.

    Raises:
        ConfigError: there is none, or it is something else.

    Repeating: safe.
    """
    place = ledger_place(path)
    with existing(place) as (base, running):
        meta = _meta(base)
        states = dict(base.execute("SELECT state, count(*) FROM rows GROUP BY state ORDER BY state").fetchall())
        contacts = int(base.execute("SELECT count(*) FROM contacts WHERE address <> ?", (LISTED_UNTIL,)).fetchone()[0])
        number = int(base.execute("SELECT count(*) FROM runs").fetchone()[0])
        last = base.execute(f"{_RUNS} ORDER BY run DESC LIMIT 1").fetchone()
        courses = _courses(base)
    return Summary(
        path=str(place),
        place=place,
        kind=meta.get("kind"),
        account=meta.get("account"),
        created_at=float(meta["created_at"]) if "created_at" in meta else None,
        states=states,
        contacts=contacts,
        runs=number,
        last=_run_of(last, courses, running) if last is not None else None,
        forgotten="forgotten" in meta,
    )


def runs(path: LedgerName) -> list[RunRecord]:
    """The runs of a ledger, the latest first.

    Parameters:
        path: the ledger, by its path or URL.

    Returns:
        The runs; of an earlier version's ledger one, which stands for all that it had.

    Raises:
        ConfigError: there is no such ledger.

    Repeating: safe.
    """
    with existing(ledger_place(path)) as (base, running):
        found, courses = base.execute(f"{_RUNS} ORDER BY run DESC").fetchall(), _courses(base)
        return [_run_of(record, courses, running and place == 0) for place, record in enumerate(found)]


def show(path: LedgerName, index: int, *, run: int | None = None) -> Entry | None:
    """What became of one row, by its place in its source.

    Parameters:
        path: the ledger, by its path or URL.
        index: the row's place, from 0.
        run: the run of that source; left out, the latest that wrote such a row down. A run that finds a row done writes
            nothing of it, so a row is found by the run that did something with it.

    Returns:
        Its entry, or None if no such row was written down.

    Raises:
        ConfigError: there is no such ledger.

    Repeating: safe.
    """
    place = _number("index", index)
    asked, values = ("", (place,)) if run is None else (" AND run = ?", (place, _number("run", run)))
    with existing(ledger_place(path)) as (base, _):
        found = base.execute(f"{_ROWS} WHERE idx = ?{asked} ORDER BY run DESC LIMIT 1", values).fetchone()
        refused = _refused(base, f"refused.idx = ?{asked.replace('run', 'refused.run')}", values)
    entries = [*refused, *([_entry_of(found)] if found is not None else [])]
    return max(entries, key=lambda entry: entry.run, default=None)


def find(path: LedgerName, identifier: str) -> Entry | None:
    """What a ledger holds of the row with an identifier.

    Parameters:
        path: the ledger, by its path or URL.
        identifier: the `external_id` of a visit or booking, the address of a contact.

    Returns:
        Its entry, or None if there is none. Rows without an `external_id` of their own are not found so.

    Raises:
        ConfigError: there is no such ledger.
        ValueError: no identifier.

    Repeating: safe.
    """
    if not isinstance(cast(object, identifier), str):
        raise TypeError(f"identifier must be text, got {_shown(identifier)}")
    with existing(ledger_place(path)) as (base, _):
        meta = _meta(base)
        try:
            key = identified(meta.get("kind", ""), identifier)
        except UnicodeEncodeError:
            return None  # no text that could ever have been sent
        merged = int(meta.get("merged", "0"))
        by_key = base.execute(f"{_ROWS} WHERE number = (SELECT number FROM keys WHERE key = ?)", (key,)).fetchone()
        # Those of a run that has not ended are not among the keys yet.
        fresh = base.execute(f"{_ROWS} WHERE number > ? AND key = ?", (merged, key)).fetchone()
    found = fresh or by_key
    return _entry_of(found) if found is not None else None


def rejects(path: LedgerName, *, run: int | None = None) -> Iterator[Entry]:
    """The rows that a run refused, by their place in its source.

    Parameters:
        path: the ledger, by its path or URL.
        run: which; left out, the latest. Of the latest twenty runs the refusals are kept.

    Returns:
        An iterator of entries; `error` is the reason. `number` is 0, and `key` empty, for a row that could not be made
        one.

    Raises:
        ConfigError: there is no such ledger.

    Repeating: safe.
    """
    with existing(ledger_place(path)) as (base, _):
        asked = _number("run", run) if run is not None else base.execute("SELECT max(run) FROM runs").fetchone()[0]
        # All at once: a file that is being read can't be given back by a run that ends meanwhile.
        return iter(_refused(base, "refused.run = ?", (asked,)))


def in_doubt(path: LedgerName) -> list[Entry]:
    """The rows of which nothing tells whether they are there, or are as they should be, in the order they came.

    Parameters:
        path: the ledger, by its path or URL.

    Returns:
        Entries: UNKNOWN ones, which only a person can tell of (`resolve`) where the API can't be asked; SENT and HALF
        ones, which the next run looks after. `run` and `index` say where each stood; the ledger holds no row.

    Raises:
        ConfigError: there is no such ledger.

    Repeating: safe.
    """
    with existing(ledger_place(path)) as (base, _):
        marks = ", ".join("?" * len(_OPEN))
        found = base.execute(f"{_ROWS} WHERE state IN ({marks}) ORDER BY number", _OPEN).fetchall()
    return [_entry_of(record) for record in found]


def resolve(path: LedgerName, number: int, *, made: bool, uuid: str | None = None) -> Entry:
    """Say of a row in doubt whether it was made.

    Parameters:
        path: the ledger, by its path or URL; not in use.
        number: the row's own, as its entry has it.
        made: True: it is there, and is done. False: it is not, so the next run that has the row sends it. A HALF row is
            there, so of that one only True can be said: its change was applied.
        uuid: the object's, if it is known, so that a later change of the row can be sent.

    Returns:
        The entry as it is now.

    Raises:
        ConfigError: there is no such ledger, or a run is using it.
        ValueError: there is no such row, it is not in doubt, or it is HALF and said not to be there.

    Repeating: not needed: the row is in doubt no more, so a second call is refused.
    """
    place = ledger_place(path)
    with held(place) as ledger:
        base = ledger.base
        found = base.execute(f"{_ROWS} WHERE number = ?", (_number("number", number),)).fetchone()
        if found is None or (entry := _entry_of(found)).state not in _OPEN:
            raise ValueError(f"no row in doubt of {place} has the number {_shown(number)}; see bulk.in_doubt")
        if entry.state is RowState.HALF and not made:
            # Sent as a new one it would be there twice.
            raise ValueError(
                f"the row with the number {number} is there, and only a change of it is in doubt: the next run that "
                "has the row sends that again, which is safe"
            )
        status = entry.status if entry.status in ("created", "existed", "updated") else "created"
        state = RowState.DONE if made else RowState.PENDING
        rest = known_of(found[:-1]).rest
        rest.status, rest.uuid = status, uuid or entry.uuid if made else None
        rest.error = rest.code = None
        base.execute("UPDATE rows SET state = ?, rest = ? WHERE number = ?", (state, _encode(rest).decode(), number))
        return _entry_of(base.execute(f"{_ROWS} WHERE number = ?", (number,)).fetchone())


def forget(path: LedgerName, *, before: dt.datetime | None = None, run: int | None = None) -> None:
    """Remove the personal data that a ledger holds: the contacts of addresses, uuids, and the texts of errors.

    What was done stays known, so every row still goes only once. A change of a booking whose uuid was removed can't be
    sent any more; visits and contacts are looked up.

    Parameters:
        path: the ledger, by its path or URL; not in use.
        before: only of runs that began before this aware datetime.
        run: only of this run.

    Raises:
        ConfigError: there is none, or a run is using it.
        ValueError: `before` is naive, or both are given.

    Repeating: safe.
    """
    if before is not None and run is not None:
        raise ValueError("before and run exclude each other; give one")
    if before is not None and before.tzinfo is None:
        raise ValueError(f"before must be an aware datetime, got {before!r}")
    which: tuple[str, tuple[float, ...]] = "", ()
    if run is not None:
        which = " WHERE run = ?", (_number("run", run),)
    elif before is not None:
        which = " WHERE run IN (SELECT run FROM runs WHERE started < ?)", (before.timestamp(),)
    asked, values = which
    with held(ledger_place(path)) as ledger:
        base = ledger.base
        with ledger.transaction():
            if not asked:
                base.execute("DELETE FROM contacts")
                base.execute("INSERT INTO meta VALUES ('forgotten', '1') ON CONFLICT (name) DO NOTHING")
            base.execute(f"UPDATE rows SET rest = {ledger.BARE}{asked}", values)
            base.execute(f"UPDATE refused SET error = NULL{asked}", values)
            base.execute(f"UPDATE runs SET source = NULL{asked}", values)
        ledger.scrub()


def _number(name: str, value: object) -> int:
    """A number to look for; one that no ledger could hold is made one that none holds."""
    try:
        found = operator.index(value)  # type: ignore[arg-type]  # what is none raises
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {_shown(value)}") from None
    return found if abs(found) < 2**63 else -1


def take_over(path: LedgerName) -> bool:
    """Take a ledger in PostgreSQL away from the run that has it, where that run can't be ended otherwise.

    For a run on a machine that hangs or can't be reached; one that has ended has let its ledger go. Should the run go
    on after all, it is refused at its next commit. But what it had committed and not yet sent it may still send, and so
    may the next run: rows are doubled then, at most as many as its `concurrency`. Make sure first that it is stopped.

    Parameters:
        path: the ledger's URL.

    Returns:
        Whether a run had it.

    Raises:
        ConfigError: there is none, it is a file, or the database's user may not end that session.
        LedgerError: the server can't be reached, or the session does not end.

    Repeating: safe.
    """
    place = ledger_place(path)
    if isinstance(place, Path):
        raise ConfigError(f"{place} is a file, which is let go when the process that has it ends: end that process")
    with closing(PostgresBase(place)) as base:
        if not base.is_there():
            raise ConfigError(f"there is no ledger at {place}")
        return base.cut_off()


def wrote_rejects(path: LedgerName, digest: str) -> bool:
    """Whether a rejects file with these bytes was written after a run of this ledger."""
    with existing(ledger_place(path)) as (base, _):
        return base.execute("SELECT 1 FROM runs WHERE rejects = ?", (digest,)).fetchone() is not None


def keep_rejects(path: LedgerName, digest: str) -> None:
    """Remember the bytes of the rejects file that was written after the latest run."""
    with held(ledger_place(path)) as ledger:
        ledger.base.execute("UPDATE runs SET rejects = ? WHERE run = (SELECT max(run) FROM runs)", (digest,))


def _meta(base: LedgerBase) -> dict[str, str]:
    return dict(base.execute("SELECT name, value FROM meta").fetchall())


def _entry_of(record: tuple[Any, ...]) -> Entry:
    *told, key = record
    known: Known = known_of(told)
    return Entry(
        number=known.number,
        key=key.hex(),
        run=known.run,
        index=known.index,
        state=RowState(known.state),
        **msgspec.structs.asdict(known.rest),
    )


def _refused(base: LedgerBase, asked: str, values: tuple[object, ...]) -> list[Entry]:
    found = base.execute(
        "SELECT refused.run, refused.idx, refused.number, refused.error, refused.code, rows.key, rows.rest "
        f"FROM refused LEFT JOIN rows ON rows.number = refused.number WHERE {asked} ORDER BY refused.idx",
        values,
    )
    entries: list[Entry] = []
    for run, index, number, error, code, key, text in found:
        rest = rest_of(text) if text is not None else WholeRest("rejected", 0, None, None, None, 0, 0)
        entries.append(
            Entry(
                number=number,
                key=key.hex() if key is not None else "",
                run=run,
                index=index,
                state=RowState.REJECTED,
                status="rejected",
                attempts=rest.attempts,
                uuid=rest.uuid,
                error=error,
                code=code,
                sent_at=rest.sent_at,
                changed_at=rest.changed_at,
            )
        )
    return entries


def _courses(base: LedgerBase) -> dict[int, str]:
    """The courses of runs, by their number."""
    return dict(base.execute("SELECT run, course FROM courses").fetchall())


def _run_of(record: tuple[Any, ...], courses: Mapping[int, str], running: bool) -> RunRecord:
    number, name, size, sum_, on_change, batch, started, ended, pid, counts, stopped = record
    return RunRecord(
        number=number,
        source=Source(name=name or "", size=size, digest=sum_) if name or sum_ else None,
        on_change=on_change,
        batch=batch,
        started=started,
        ended=ended,
        pid=pid,
        counts=_counts(counts) if counts is not None else {},
        stopped=stopped,
        running=running and ended is None,
        course=_course(courses[number]) if number in courses else None,
    )
