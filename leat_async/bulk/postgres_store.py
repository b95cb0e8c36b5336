"""A ledger in PostgreSQL, for imports that run now on this machine, now on that.

What earlier runs left is read once, into a private database of SQLite's, so that nothing waits for the server when a
row is looked for. A commit is one statement, which says in the same breath that it is still this run's turn.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import ConfigError, LeatError, LedgerError
from .ledger_file import SCHEMA
from .places import LedgerUrl
from .postgres_base import PostgresBase
from .sqlite_store import MERGE, known_in
from .store import COLUMNS, RUNS_KEPT, Commit, Known, RunStart, RunSums, Source, newly_bound

if TYPE_CHECKING:
    pass

_WIDTH = len(COLUMNS)
_TYPES = ("int8", "bytea", "int8", "int8", "text", "bytea", "text")
# All of it or nothing, and nothing unless the ledger is still this run's: whoever takes it over waits until this is
# done, and counts the epoch up. Then `mine` is empty, and so is all that is put together with it.
_COMMIT = f"""
WITH mine AS MATERIALIZED (
  SELECT 1 FROM meta WHERE name = 'epoch' AND value = %b AND pg_backend_pid() = %b FOR SHARE
), kept AS (
  INSERT INTO rows SELECT came.* FROM mine, unnest({", ".join(f"%b::{each}[]" for each in _TYPES)}) AS came
  ON CONFLICT (number) DO UPDATE SET run = excluded.run, idx = excluded.idx, state = excluded.state,
    content = excluded.content, rest = excluded.rest
), found AS (
  INSERT INTO contacts SELECT came.* FROM mine, unnest(%b::text[], %b::text[]) AS came
  ON CONFLICT (address) DO UPDATE SET uuid = excluded.uuid
), turned_away AS (
  INSERT INTO refused
  SELECT came.* FROM mine, unnest(%b::int8[], %b::int8[], %b::int8[], %b::text[], %b::text[]) AS came
  ON CONFLICT (run, idx) DO UPDATE SET number = excluded.number, error = excluded.error, code = excluded.code
), summed AS (
  UPDATE runs SET counts = told.counts FROM mine, unnest(%b::text[]) AS told(counts) WHERE run = %b
), gone AS (
  INSERT INTO courses SELECT came.* FROM mine, unnest(%b::int8[], %b::text[]) AS came
  ON CONFLICT (run) DO UPDATE SET course = excluded.course
)
SELECT count(*) FROM mine
""".encode()  # noqa: S608 - what is put together here is text of this module
_BEGIN = (
    "INSERT INTO runs (source, size, digest, on_change, batch, started, pid) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING run"
)
_encode = msgspec.json.Encoder().encode


class PostgresLedgerStore:
    """A `LedgerStore` in a database."""

    def __init__(self, place: LedgerUrl) -> None:
        self._place = place
        self._base: PostgresBase | None = None
        self._meta: dict[str, str] = {}
        self._earlier: sqlite3.Connection | None = None
        self._sources: dict[int, Source] = {}
        self._run = 0
        self._last = 0

    @property
    def name(self) -> str:
        """The URL, without what is secret in it."""
        return str(self._place)

    @property
    def _mine(self) -> PostgresBase:
        assert self._base is not None
        return self._base

    def open(self) -> None:
        """Connect and lock it; made if missing."""
        base = PostgresBase(self._place)
        try:
            base.take(make=True)
            self._meta = base.meta()
        except BaseException:
            base.close()
            raise
        self._base = base

    def look_in(self) -> None:
        """Read it as it stands."""
        self._base = base = PostgresBase(self._place)
        if base.is_there():
            self._meta = base.meta()
            self.look_over()

    @property
    def held(self) -> dict[str, str]:
        """What it knows of itself: whose it is, once that is known."""
        return self._meta

    def bind(self, account: str, kind: str) -> None:
        """Say whose it is; `ConfigError` if it is another's."""
        given = newly_bound(self.name, self._meta, account, kind)
        if given:
            insert = "INSERT INTO meta SELECT * FROM unnest(?::text[], ?::text[])"
            self._mine.execute(insert, (list(given), list(given.values())))
            self._meta |= given

    def look_over(self) -> None:
        """Read what earlier runs left."""
        base = self._mine
        for run, name, size, digest in base.execute("SELECT run, source, size, digest FROM runs"):
            if name:
                self._sources[run] = Source(name=name, size=size, digest=digest)
        # An empty name is a private file of SQLite's, that vanishes by itself; asked by the loop, closed by a thread.
        earlier = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        try:
            earlier.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {SCHEMA}")
            earlier.execute("BEGIN")
            for table, types in (("rows", _TYPES), ("contacts", ("text", "text"))):
                marks = ", ".join("?" * len(types))
                earlier.executemany(f"INSERT INTO {table} VALUES ({marks})", self._copied(table, types))  # noqa: S608 - ours
            earlier.execute(MERGE, (0,))
            earlier.execute("COMMIT")
            (self._last,) = earlier.execute("SELECT coalesce(max(number), 0) FROM rows").fetchone()
        except sqlite3.Error as error:
            earlier.close()
            raise LedgerError(
                f"what is in the ledger {self.name} can't be kept at hand on this machine: {error}"
            ) from None
        except BaseException:
            earlier.close()
            raise
        self._earlier = earlier

    def _copied(self, table: str, types: Sequence[str]) -> Iterable[tuple[Any, ...]]:
        import psycopg

        base = self._mine
        # Of `rows` in the order of their numbers, in which they go to the end of a table quickly.
        asked: Any = f"COPY (SELECT * FROM {table} ORDER BY 1) TO STDOUT (FORMAT BINARY)"  # noqa: S608 - ours
        try:
            with base.connection.cursor().copy(asked) as copy:
                copy.set_types(types)
                yield from copy.rows()
        except psycopg.Error as error:
            raise base.failed(error) from None

    def begin(self, run: RunStart) -> int:
        """Begin a run: its number."""
        source = run.source
        told = (source.name, source.size, source.digest) if source is not None else (None, None, None)
        values = (*told, run.on_change, run.batch, run.started, run.pid)
        found = self._mine.execute(_BEGIN, [_text(value) if isinstance(value, str) else value for value in values])
        [(self._run,)] = found
        if source is not None:
            self._sources[self._run] = source
        for table in ("refused", "courses"):
            self._mine.execute(f"DELETE FROM {table} WHERE run <= ?", (self._run - RUNS_KEPT,))  # noqa: S608 - ours
        return self._run

    def end(self, sums: RunSums, stopped: str | None) -> None:
        """The run that was begun ends, with these sums."""
        asked = "UPDATE runs SET ended = ?, stopped = ? WHERE run = ?"
        with suppress(LeatError):  # the server, or the ledger, is gone: then it counts as killed
            self.put(Commit([], [], [], sums))
            self._mine.execute(asked, (time.time(), stopped, self._run))

    @property
    def has_earlier(self) -> bool:
        """The first version had no ledgers in databases."""
        return False

    def source_of(self, run: int) -> Source | None:
        """Where the rows of a run came from."""
        return self._sources.get(run)

    @property
    def last_number(self) -> int:
        """The highest number of any row, 0 if there is none."""
        return self._last

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """What earlier runs left of rows, by their keys."""
        assert self._earlier is not None
        return known_in(self._earlier, keys) if self._last else {}

    def contact(self, address: str) -> str | None:
        """The contact of an address, which is given as its digest, if an earlier run found it."""
        assert self._earlier is not None
        found = self._earlier.execute("SELECT uuid FROM contacts WHERE address = ?", (address,)).fetchone()
        return found[0] if found is not None else None

    def put(self, commit: Commit) -> None:
        """Write it down; it is on disk when this returns."""
        import psycopg

        base = self._mine
        contacts = dict(commit.contacts)
        refused = list({refusal.index: refusal for refusal in commit.refusals}.values())
        sums = [] if commit.sums is None else [commit.sums]
        values: list[Any] = [base.epoch, base.backend, *_columns(commit.rows)]
        values += [list(contacts), [_text(uuid) for uuid in contacts.values()]]
        values += [[self._run] * len(refused), [each.index for each in refused], [each.number for each in refused]]
        values += [[_text(each.error) for each in refused], [_text(each.code) for each in refused]]
        values += [[_encode(each.counts).decode() for each in sums], self._run]
        values += [[self._run] * len(sums), [_encode(each.course).decode() for each in sums]]
        try:
            written = base.connection.execute(_COMMIT, values, prepare=True).fetchone()
        except psycopg.Error as error:
            raise base.failed(error) from None
        if written != (1,):
            raise ConfigError(
                f"the ledger {self.name} was taken over while this run had it: the run ends here, and the one that "
                "has the ledger now looks after the rows that were on their way"
            )

    def close(self) -> None:
        """Let go; the next run reads what this one wrote."""
        if self._earlier is not None:
            self._earlier.close()
            self._earlier = None
        if self._base is not None:
            self._base.close()
            self._base = None


def _columns(values: list[int | str | bytes]) -> list[list[int | str | bytes]]:
    """The rows of a commit, column by column; of a row that is there twice, as it was last."""
    numbers = values[::_WIDTH]
    if len(set(numbers)) == len(numbers):
        return [values[place::_WIDTH] for place in range(_WIDTH)]
    last = {values[start]: values[start : start + _WIDTH] for start in range(0, len(values), _WIDTH)}
    return [list(column) for column in zip(*last.values(), strict=True)]


def _text(text: str | None) -> str | None:
    """As PostgreSQL can keep it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text is not None else None
