"""The ledger: what became of each row, on disk before and after it is sent.

One SQLite file. What is waiting goes into one commit (`synchronous=FULL`: a commit survives a power cut), made by a
thread, so that the loop has time for something else until the disk is done. A lock of the operating system keeps a
second run out, and ends with the process.
"""

from __future__ import annotations

import asyncio
import enum
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import msgspec

from ..errors import ConfigError, LeatError
from .jobs import Job
from .lock import Lock
from .outcomes import Outcome, Status

_VERSION = "1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, idx INTEGER NOT NULL, state TEXT NOT NULL, rest TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS contacts (address TEXT PRIMARY KEY, uuid TEXT NOT NULL) WITHOUT ROWID;
"""
# What is never asked for by itself shares a column, as a JSON list.
_ROW = "(?, ?, ?, ?, ?)"
_COLUMNS = _ROW.count("?")
_RECORD = (
    "INSERT INTO rows VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (number) DO UPDATE SET idx = excluded.idx, state = excluded.state, rest = excluded.rest"
)
# Keys are digests, each on another page of an index, so it is only made when there is something to be found by it: rows
# that are merely added go to the end of the table.
_INDEX = "CREATE INDEX IF NOT EXISTS by_key ON rows (key)"
_KEEP = (
    "INSERT OR REPLACE INTO contacts SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)"
)
SELECT = "SELECT key, idx, state, rest FROM rows"
FORGET = "UPDATE rows SET rest = json_set(rest, '$[3]', NULL, '$[4]', NULL)"
_ANY = "SELECT 1 FROM rows UNION ALL SELECT 1 FROM contacts LIMIT 1"
# Rows that make a commit worth while, even if more are about to come.
_ENOUGH = 64
# Rounds of the loop without another row after which none is about to come: from an answer to the next row takes three.
_IDLE = 4
# Rows in one statement, and the steps in which their number grows.
_MOST = 256
_STEP = 16
# How often the loop gives way to the thread, which on one core comes to the disk only then.
_GIVEN_WAY = 3
_give_way: Callable[[], None] = getattr(os, "sched_yield", lambda: None)
_encode = msgspec.json.Encoder().encode


class State(enum.StrEnum):
    """Where a row stands.

    PENDING: not sent, or turned away before it was applied. SENT: perhaps applied. HALF: the first of two writes is
    done. DONE, REJECTED, UNKNOWN: its outcome.
    """

    PENDING = "pending"
    SENT = "sent"
    HALF = "half"
    DONE = "done"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class Entry:
    """What the ledger holds of one row.

    `key` is its identity, `content` a digest of all of a row that was refused. Times are seconds since 1970; `sent_at`
    is 0 for a row never sent.
    """

    key: str
    content: str | None
    index: int
    state: State
    status: str | None
    attempts: int
    uuid: str | None
    error: str | None = attrs.field(repr=False)
    code: str | None
    sent_at: float
    changed_at: float


# The text and the code of an error.
Told = tuple[str | None, str | None]
NO_ERROR: Told = (None, None)
# What is to be written down of a row: where it stands, its status, and its error.
Note = tuple[Job, State, Status, Told]
Then = Callable[[list[Outcome], Exception | None], None]


def _written(notes: list[Note]) -> list[int | str]:
    """Notes as the values of their columns, one row's after the other's.

    All that go together in one loop, which is quicker than one between two requests.
    """
    now = time.time()
    written: list[int | str] = []
    for job, state, status, told in notes:
        # Content, status, attempts, uuid, error, code, sent_at, changed_at. And `_value_`, since `value` is a call.
        rest = (job.fingerprint, status, job.attempts, job.uuid, *told, job.sent_wall, now)
        written += (job.number, job.key, job.index, state._value_, _encode(rest).decode())
    return written


def entry_of(row: tuple[Any, ...]) -> Entry:
    """A row of the table as an entry."""
    key, index, state, rest = row
    content, status, attempts, uuid, error, code, sent_at, changed_at = msgspec.json.decode(rest)
    return Entry(
        key=key,
        content=content,
        index=index,
        state=State(state),
        status=status,
        attempts=attempts,
        uuid=uuid,
        error=error,
        code=code,
        sent_at=sent_at,
        changed_at=changed_at,
    )


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger file; raises `ConfigError` if it is something else."""
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
    try:
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not tables >= {"meta", "rows", "contacts"}:
            raise sqlite3.DatabaseError("it is not a ledger but another database")
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=FULL")
        if not tables:
            base.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
        found = base.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
    except sqlite3.Error as error:
        base.close()
        raise ConfigError(f"{path} can't be used as a ledger: {error}; name another file") from None
    if found is not None and found[0] != _VERSION:
        base.close()
        raise ConfigError(f"{path} was written by another version (format {found[0]}); finish it with that version")
    return base


class Ledger:
    """The ledger of one run."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock: Lock | None = None
        self._base: sqlite3.Connection | None = None
        self._known = False
        self._number = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._notes: list[Note] = []
        self._contacts: list[tuple[str, str]] = []
        self._outcomes: list[Outcome] = []
        self._waiting: list[asyncio.Future[None]] = []
        # Whether a commit is being gathered or written; what comes meanwhile goes into the next one.
        self._under_way = False
        self._work: queue.SimpleQueue[_Commit | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._broken: Exception | None = None

    def open(self, then: Then, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Lock the file and open it; made if missing, for its owner's eyes only.

        `then` is called with outcomes that are on disk, or with those that are not and the error that prevents it;
        `meanwhile` while the disk is busy with a commit.
        """
        self._then, self._meanwhile = then, meanwhile
        self._lock = Lock(self.path)
        try:
            _make(self.path)
            self._base = connect(self.path)
            self._reader = connect(self.path)
        except OSError as error:
            self._lock.release()
            raise ConfigError(f"{self.path} can't be used as a ledger: {error}") from None
        except BaseException:
            self._lock.release()
            raise
        self._known = self._reader.execute(_ANY).fetchone() is not None
        self._number = self._reader.execute("SELECT coalesce(max(number), 0) FROM rows").fetchone()[0]
        self._loop = asyncio.get_running_loop()

    def bind(self, *, account: str, kind: str, source: str | None, mapping: str | None) -> None:
        """Say whose ledger this is, or refuse when it is another's."""
        assert self._base is not None
        asked = {"account": account, "kind": kind, "source": source, "mapping": mapping}
        held = read_meta(self._base)
        reasons = {
            "account": "it belongs to another account",
            "kind": f"it is of an import of {held.get('kind')}",
            "source": "its rows came from another file, or the file has changed since",
            "mapping": "its rows were mapped otherwise",
        }
        for name, value in asked.items():
            if value is not None and held.get(name, value) != value:
                raise ConfigError(
                    f"{self.path} can't go on with this import: {reasons[name]}; finish that one first, or give "
                    "this import a ledger of its own"
                )
        given = {name: value for name, value in asked.items() if value is not None and name not in held}
        if "version" not in held:
            given |= {"version": _VERSION, "created_at": str(time.time())}
        self._base.executemany("INSERT INTO meta VALUES (?, ?)", given.items())

    async def index(self) -> None:
        """Make ready to find the rows of earlier runs."""
        if self._known and self._base is not None:
            await asyncio.to_thread(self._base.execute, _INDEX)

    def entry(self, key: str) -> tuple[int, Entry | None]:
        """The number of a row in the ledger, and what an earlier run left of it."""
        found = None
        if self._known:
            found = self._reader.execute(
                "SELECT number, key, idx, state, rest FROM rows WHERE key = ?", (key,)
            ).fetchone()
        if found is None:
            self._number += 1
            return self._number, None
        return found[0], entry_of(found[1:])

    def contact(self, address: str) -> str | None:
        """The contact of an address, if an earlier run found it."""
        if not self._known:
            return None
        found = self._reader.execute("SELECT uuid FROM contacts WHERE address = ?", (address,)).fetchone()
        return found[0] if found is not None else None

    def keep_contact(self, address: str, uuid: str) -> None:
        """Remember the contact of an address, which is kept as a digest."""
        self._contacts.append((address, uuid))
        if not self._under_way:
            self._schedule()

    def record(self, note: Note, outcome: Outcome | None = None) -> None:
        """Write down where a row stands, or its outcome, which is handed over when that is on disk."""
        if self._broken is not None:
            raise self._broken
        self._notes.append(note)
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
        if self._base is None:  # closed, which writes what is left
            return
        now = len(self._waiting)
        idle = 0 if before != now else idle + 1
        if idle < _IDLE and now < _ENOUGH:
            self._loop.call_soon(self._gather, now, idle)
            return
        self._flush()

    def _flush(self) -> None:
        assert self._base is not None
        commit = _Commit(_written(self._notes), self._contacts, self._outcomes, self._waiting)
        self._notes, self._contacts, self._outcomes, self._waiting = [], [], [], []
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._write, args=(self._base,), name="leat-bulk-ledger", daemon=True
            )
            self._thread.start()
        self._work.put(commit)

    def _committed(self, commit: _Commit, error: Exception | None) -> None:
        if error is not None:
            self._broken = LeatError(f"the ledger {self.path} can't be written: {error}")
        if commit.outcomes or error is not None:
            self._then(commit.outcomes, self._broken)
        for waiting in commit.waiting:
            if waiting.done():
                continue
            if self._broken is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(self._broken)
        self._under_way = False
        if self._notes or self._contacts or self._waiting:
            self._schedule()

    def _spare(self) -> None:
        """The disk is about to be busy."""
        for _ in range(_GIVEN_WAY):
            _give_way()
        self._meanwhile()

    def _write(self, base: sqlite3.Connection) -> None:
        while (commit := self._work.get()) is not None:
            # Before, so that the loop is woken when this thread lets go of the interpreter's lock.
            self._tell(self._spare)
            self._tell(self._committed, commit, _put(base, commit))

    def _tell(self, what: Callable[..., object], *args: object) -> None:
        assert self._loop is not None
        # When the loop is closed nobody waits any more; what is written is written.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *args)

    def close(self) -> None:
        """Write what is left, and let the file go; again is no error."""
        if self._base is None or self._lock is None:
            return
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
        _put(self._base, _Commit(_written(self._notes), self._contacts, [], []))
        self._reader.close()
        self._base.close()
        self._lock.release()
        self._base = self._lock = None


def _put(base: sqlite3.Connection, commit: _Commit) -> Exception | None:
    """Write it down, and return when it is on disk, or the error that prevents it."""
    values = commit.values
    whole = bool(commit.contacts) or len(values) > _MOST * _COLUMNS
    try:
        if whole:
            base.execute("BEGIN")
        if commit.contacts:
            base.execute(_KEEP, (_encode(commit.contacts).decode(),))
        for start in range(0, len(values), _MOST * _COLUMNS):
            # One statement for many rows: in a thread the interpreter's lock is then given up once, not once a row.
            some = values[start : start + _MOST * _COLUMNS]
            # The last one again and again: each length is another statement to compile, and so there are few.
            some += some[-_COLUMNS:] * (-len(some) // _COLUMNS % _STEP)
            base.execute(_statement(len(some) // _COLUMNS), some)
        if whole:
            base.execute("COMMIT")
    except Exception as error:
        return error
    return None


def _statement(rows: int) -> str:
    return _RECORD.replace(_ROW, ", ".join([_ROW] * rows))


def _make(path: Path) -> None:
    """Make the file if it is missing, and its name as lasting as what will be written into it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if os.name == "posix":
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


@attrs.frozen
class _Commit:
    """What goes to disk together."""

    values: list[int | str]
    contacts: list[tuple[str, str]]
    outcomes: list[Outcome]
    waiting: list[asyncio.Future[None]]


def read_meta(base: sqlite3.Connection) -> Mapping[str, str]:
    """What the ledger says of itself."""
    return dict(base.execute("SELECT name, value FROM meta").fetchall())
