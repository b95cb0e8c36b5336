"""What SQLite and PostgreSQL have in common: one table, one record an event."""
# ruff: noqa: S608 - the table's name is checked, and values are parameters

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import attrs

from .base import DeadLetter, OutboxStore, SeenStoreError, inherited
from .steps import KEPT, DeliveryRecord, Due, Hold, Revive, Step

T = TypeVar("T")
_COLUMNS = tuple(field.name for field in attrs.fields(DeliveryRecord))
_TIDY_SECONDS = 60.0
_TIDY_ROWS = 1000
_FORGETTABLE = "state IN ('done', 'free')"
_ABANDONED = "state = 'held' AND body IS NULL"


def key_of(digest: str, now: float) -> str:
    """The key of an event met for the first time: its content, and when that was."""
    return f"{digest}-{int(now * 1000):x}"


class SqlStore(OutboxStore):
    """Remembers in a table."""

    # What a connection raises.
    _failures: tuple[type[Exception], ...] = ()
    # What it raises when it is only this connection that does not work, and a new one may.
    _lost: tuple[type[Exception], ...] = ()
    # Added to a query whose rows will be changed; and where rows that somebody else is about to change are left out.
    _for_update = ""
    _skip_locked = ""

    def __init__(self, table: str, parameter: str) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._connection: Any = None
        self._tidied: float | None = None
        columns, marks = ", ".join(_COLUMNS), ", ".join([parameter] * len(_COLUMNS))
        open_ = "body IS NOT NULL AND state <> 'dead'"
        self._load_one = f"SELECT {columns} FROM {table} WHERE digest = {parameter}{self._for_update}"
        self._save_one = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
        self._load_due = (
            f"SELECT {columns} FROM {table} WHERE {open_} AND until <= {parameter} ORDER BY seq LIMIT {parameter}"
            f"{self._skip_locked}"
        )
        self._next_due = f"SELECT min(until) FROM {table} WHERE {open_}"
        self._load_dead = f"SELECT {columns} FROM {table} WHERE state = 'dead' ORDER BY seq LIMIT {parameter}"
        self._load_dead_one = f"SELECT {columns} FROM {table} WHERE state = 'dead' AND key = {parameter}"
        settings = ", ".join(f"{name} = {parameter}" for name in _COLUMNS[1:])
        self._update_one = f"UPDATE {table} SET {settings} WHERE digest = {parameter}"
        some = f"SELECT digest FROM {table} WHERE {{}} AND until <= {parameter} LIMIT {_TIDY_ROWS}{self._skip_locked}"
        self._tidy_some = f"DELETE FROM {table} WHERE digest IN ({some.format(_FORGETTABLE)})"
        # Without an index, which each delivery would have to keep up: they are few, and looked for once.
        self._tidy_held = f"DELETE FROM {table} WHERE digest IN ({some.format(_ABANDONED)})"
        self._schema = (
            f"CREATE INDEX IF NOT EXISTS {table}_open ON {table} (seq, until) WHERE {open_}",
            f"CREATE INDEX IF NOT EXISTS {table}_dead ON {table} (seq) WHERE state = 'dead'",
            f"CREATE INDEX IF NOT EXISTS {table}_old ON {table} (until) WHERE {_FORGETTABLE}",
        )

    # -- what differs ----------------------------------------------------------------------------

    @abstractmethod
    def _connect(self) -> Any:
        """A connection to a database that has the table."""

    @abstractmethod
    def _begin(self, connection: Any, digests: Sequence[str]) -> None:
        """Begin a transaction in which nobody else touches these events, whether they are there or not."""

    @abstractmethod
    def _now(self, connection: Any) -> float:
        """The moment, in seconds since some other, by a clock that all who share the store share."""

    def _worded(self, error: Exception) -> str:
        return str(error).strip() or type(error).__name__

    # -- what they share -------------------------------------------------------------------------

    def apply(self, steps: Sequence[Step[Any]]) -> list[Any]:
        """Take steps in one transaction, and return their answers; raises `SeenStoreError`."""
        with self._lock:
            return self._trying(self._apply, steps)

    def due(self, limit: int, lease: float, attempts: int) -> Due[DeliveryRecord]:
        """Hold up to `limit` events that are due, for `lease` seconds each; those held `attempts` times are given up.

        Raises `SeenStoreError`.
        """
        with self._lock:
            return self._trying(self._due, limit, lease, attempts)

    def dead(self, limit: int = 1000) -> list[DeadLetter]:
        """The dead-letter list, `limit` events of it at most; see `OutboxStore`."""
        with self._lock:
            found = self._trying(self._read, self._load_dead, (limit,))
        return [
            DeadLetter(key=one.key, attempts=one.attempt, error=one.error or "", body=one.body or b"") for one in found
        ]

    def revive(self, key: str | None = None) -> int:
        """Take events, of one `key` or all, from the dead-letter list back into the outbox; see `OutboxStore`."""
        count: int = 0
        while True:
            query, values = (self._load_dead, (1000,)) if key is None else (self._load_dead_one, (key,))
            with self._lock:
                found = self._trying(self._read, query, values)
                revived: int = sum(self._trying(self._apply, [Revive(one.digest) for one in found]))
            count += revived
            if not revived:
                return count

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        with self._lock:
            self._drop()

    def _trying(self, work: Callable[..., T], *given: Any) -> T:
        """Do it, once more where the connection had been lost meanwhile: a step that is taken twice does no harm."""
        for last in (False, True):
            try:
                if self._connection is None:
                    self._connection = self._connect()
                return work(self._connection, *given)
            except self._failures as error:
                self._drop()
                if last or not isinstance(error, self._lost):
                    raise SeenStoreError(f"{self!r} can't be used: {self._worded(error)}") from None
            except BaseException:
                self._drop()
                raise
        raise AssertionError

    def after_fork(self) -> None:
        """Forget, in a new process, what belongs to its parent."""
        inherited.append(self._connection)
        self._connection = None
        self._lock = threading.Lock()

    def _drop(self) -> None:
        connection, self._connection, self._tidied = self._connection, None, None
        if connection is not None:
            with suppress(*self._failures):
                connection.close()

    def _read(self, connection: Any, query: str, values: Sequence[Any]) -> list[DeliveryRecord]:
        return [_record(row) for row in connection.execute(query, values).fetchall()]

    def _apply(self, connection: Any, steps: Sequence[Step[Any]]) -> list[Any]:
        answers: list[Any] = [None] * len(steps)
        # Always in the same order, so that no two wait for each other.
        order = sorted(range(len(steps)), key=lambda number: steps[number].digest)
        self._begin(connection, sorted({step.digest for step in steps}))
        now = self._now(connection)
        for number in order:
            step = steps[number]
            row = connection.execute(self._load_one, (step.digest,)).fetchone()
            before = _record(row) if row is not None else None
            after, answers[number] = step.decide(before, now, key_of)
            self._save(connection, before, after)
        self._tidy(connection, now)
        connection.execute("COMMIT")
        return answers

    def _due(self, connection: Any, limit: int, lease: float, attempts: int) -> Due[DeliveryRecord]:
        jobs: list[DeliveryRecord] = []
        self._begin(connection, ())
        now = self._now(connection)
        rows = connection.execute(self._load_due, (now, limit)).fetchall()
        for row in rows:
            before = _record(row)
            after, job = Hold(before.digest, lease, attempts).decide(before, now, key_of)
            self._save(connection, before, after)
            if job is not None:
                jobs.append(job)
        soonest = connection.execute(self._next_due).fetchone()[0]
        connection.execute("COMMIT")
        return Due(jobs, None if soonest is None else max(0.0, soonest - now))

    def _save(self, connection: Any, before: DeliveryRecord | None, after: DeliveryRecord | None) -> None:
        if after is None or after is before:
            return
        digest, *rest = _values(after)
        if before is None:
            connection.execute(self._save_one, (digest, *rest))
        else:
            connection.execute(self._update_one, (*rest, digest))

    def _tidy(self, connection: Any, now: float) -> None:
        if self._tidied is None:
            connection.execute(self._tidy_held, (now - KEPT,))
        if self._tidied is None or not 0 <= now - self._tidied < _TIDY_SECONDS:
            self._tidied = now
            connection.execute(self._tidy_some, (now,))


def _record(row: Sequence[Any]) -> DeliveryRecord:
    *rest, body, error = row
    made = dict(zip(_COLUMNS, rest, strict=False))
    return DeliveryRecord(**made, body=bytes(body) if body is not None else None, error=error)


def _values(record: DeliveryRecord) -> tuple[Any, ...]:
    return tuple([getattr(record, name) for name in _COLUMNS])
