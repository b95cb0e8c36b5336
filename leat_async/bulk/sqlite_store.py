# ruff: noqa: S608 - what is put together here is text of this module
"""A ledger in a file of SQLite's.

Rows that are added go to the end of the table, many in one statement. What finds them by their key is a table of its
own, and told of them when their run ends, or the next begins: within a run nothing looks for them, and one by one each
would be on another page.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from .ledger_file import DAMAGE, LedgerFile, damaged, read_meta, readable
from .lock import HOLDER, InUse, told_holder
from .places import check_local
from .store import COLUMNS, RUNS_KEPT, Commit, Known, RefusedRow, RunStart, RunSums, Source, WholeRest, newly_bound

_ROW = f"({', '.join('?' * len(COLUMNS))})"
_WIDTH = len(COLUMNS)
_BLOBS = COLUMNS.index("key"), COLUMNS.index("content")
_RECORD = (
    f"INSERT INTO rows VALUES {_ROW} ON CONFLICT (number) DO UPDATE SET run = excluded.run, idx = excluded.idx, "
    "state = excluded.state, content = excluded.content, rest = excluded.rest"
)
_KEEP = (
    "INSERT OR REPLACE INTO contacts SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)"
)
_REFUSE = "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?)"
_KNOWN = (
    "SELECT keys.key, rows.number, run, idx, state, content, rest FROM keys JOIN rows ON rows.number = keys.number "
    "WHERE keys.key IN (?)"
)
_LATE = (
    "CREATE TEMP TABLE late (key BLOB PRIMARY KEY, number INTEGER) WITHOUT ROWID",
    "INSERT OR REPLACE INTO late SELECT key, number FROM rows WHERE number > {merged} ORDER BY number",
    """CREATE TEMP VIEW keys AS SELECT key, number FROM late
    UNION ALL SELECT key, number FROM main.keys WHERE key NOT IN (SELECT key FROM late)""",
)
MERGE = "INSERT OR REPLACE INTO keys SELECT key, number FROM rows WHERE number > ? ORDER BY key, number"
# Up to which number `keys` knows the rows.
_MERGED = "merged"
# Keys in one question.
_ASKED = 64
# Rows in one statement, and the steps in which their number grows.
_MOST = 256
_STEP = 16
rest_of: Callable[[bytes | str], WholeRest] = msgspec.json.Decoder(WholeRest).decode
_encode = msgspec.json.Encoder().encode


def known_of(record: Sequence[Any]) -> Known:
    """What a record of the table says."""
    number, run, index, state, content, rest = record
    return Known(number, run, index, state, content, rest_of(rest))


def known_in(reader: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, Known]:
    """What a database with these tables knows of rows, by their keys."""
    found: dict[bytes, Known] = {}
    for start in range(0, len(keys), _ASKED):
        some = keys[start : start + _ASKED]
        # One or all: each number is another statement to compile.
        asked = [*some, *[some[-1]] * (_ASKED - len(some))] if len(some) > 1 else some
        question = _KNOWN.replace("?", ", ".join("?" * len(asked)))
        for key, *record in reader.execute(question, asked):
            found[key] = known_of(record)
    return found


class SqliteLedgerStore:
    """A `LedgerStore` in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: LedgerFile | None = None
        self._looking = False
        self._run = 0
        self._last = 0
        self._merged = 0

    @property
    def name(self) -> str:
        """The file's."""
        return str(self.path)

    @property
    def _base(self) -> sqlite3.Connection:
        assert self._file is not None
        return self._file.base

    def open(self) -> None:
        """Lock the file and open it; made if missing, for its owner's eyes only."""
        check_local(self.path)
        try:
            self._file = LedgerFile(self.path)
        except InUse as error:
            raise InUse(f"{error}{self._holder()}") from None
        self._reader = self._file.reader
        self._read_numbers()

    def look_in(self) -> None:
        """Open it as it stands, to be asked; one of the first version as a copy in today's format."""
        self._reader, self._looking = readable(self.path), True
        try:
            self._read_numbers()
            # What a run that is under way, or was killed, did not let `keys` know.
            for statement in _LATE:
                self._reader.execute(statement.format(merged=self._merged))
            self._merged = self._last
        except BaseException as error:
            self._reader.close()
            if isinstance(error, DAMAGE):
                raise damaged(self.path, error) from None
            raise

    def _holder(self) -> str:
        """Who has it, as far as that is written down and can be read at once: a holder that is frozen may bar it."""
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.path, timeout=0)) as base:
            return told_holder(base.execute(HOLDER).fetchone())
        return ""

    def _read_numbers(self) -> None:
        (self._last,) = self._ask("SELECT coalesce(max(number), 0) FROM rows")
        self._merged = int(self.held.get(_MERGED, "0"))

    @property
    def held(self) -> dict[str, str]:
        """What it knows of itself: whose it is, once that is known."""
        try:
            return dict(read_meta(self._reader))
        except sqlite3.Error as error:
            raise damaged(self.path, error) from None

    def bind(self, account: str, kind: str) -> None:
        """Say whose it is; `ConfigError` if it is another's."""
        given = newly_bound(self.name, self.held, account, kind)
        self._base.executemany("INSERT INTO meta VALUES (?, ?)", given.items())

    def look_over(self) -> None:
        """Make sure of what earlier runs left, and ready to find it."""
        assert self._file is not None
        self._file.check()
        try:
            self._file.bring_up_to_date()
            self._read_numbers()
            self._merge()
        except sqlite3.Error as error:
            raise damaged(self.path, error) from None

    def _merge(self) -> None:
        """Let `keys` know of the rows that it does not know yet."""
        if self._last <= self._merged:
            return
        base = self._base
        base.execute("BEGIN IMMEDIATE")
        base.execute(MERGE, (self._merged,))
        (last,) = base.execute("SELECT max(number) FROM rows").fetchone()
        base.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_MERGED, str(last)))
        base.execute("COMMIT")
        self._merged = last

    def begin(self, run: RunStart) -> int:
        """Begin a run: its number."""
        source = run.source
        (self._run,) = self._base.execute(
            "INSERT INTO runs (source, size, digest, on_change, batch, started, pid) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING run",
            (
                *((source.name, source.size, source.digest) if source is not None else (None, None, None)),
                *(run.on_change, run.batch, run.started, run.pid),
            ),
        ).fetchone()
        for table in ("refused", "courses"):
            self._base.execute(f"DELETE FROM {table} WHERE run <= ?", (self._run - RUNS_KEPT,))
        return self._run

    def end(self, sums: RunSums, stopped: str | None) -> None:
        """The run that was begun ends, with these sums."""
        base, ended = self._base, "UPDATE runs SET ended = ?, stopped = ? WHERE run = ?"
        with suppress(sqlite3.Error), _whole(base):  # a full disk: then it counts as killed
            self._put_sums(base, sums)
            base.execute(ended, (time.time(), stopped, self._run))

    def _put_sums(self, base: sqlite3.Connection, sums: RunSums) -> None:
        base.execute("UPDATE runs SET counts = ? WHERE run = ?", (_encode(sums.counts).decode(), self._run))
        base.execute("INSERT OR REPLACE INTO courses VALUES (?, ?)", (self._run, _encode(sums.course).decode()))

    @property
    def has_earlier(self) -> bool:
        """Whether it has rows of the first version, whose keys may be others."""
        return "earlier" in self.held

    def source_of(self, run: int) -> Source | None:
        """Where the rows of a run came from."""
        found = self._ask("SELECT source, size, digest FROM runs WHERE run = ?", run)
        return Source(name=found[0], size=found[1], digest=found[2]) if found is not None and found[0] else None

    @property
    def last_number(self) -> int:
        """The highest number of any row, 0 if there is none."""
        return self._last

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """What earlier runs left of rows, by their keys."""
        if not self._merged:
            return {}
        try:
            return known_in(self._reader, keys)
        except DAMAGE as error:
            raise damaged(self.path, error) from None

    def contact(self, address: str) -> str | None:
        """The contact of an address, which is given as its digest, if an earlier run found it."""
        found = self._ask("SELECT uuid FROM contacts WHERE address = ?", address)
        return found[0] if found is not None else None

    def _ask(self, question: str, *values: str | bytes | int) -> Any:
        """The first record of an answer, or None."""
        try:
            return self._reader.execute(question, values).fetchone()
        except sqlite3.Error as error:
            raise damaged(self.path, error) from None

    def put(self, commit: Commit) -> None:
        """Write it down; it is on disk when this returns."""
        assert self._file is not None
        base, values = self._file.base, commit.rows
        if not (commit.contacts or commit.refusals or commit.sums or len(values) > _MOST * _WIDTH):
            self._put_rows(base, values)
        else:
            with _whole(base):
                self._put_whole(base, commit)
        self._file.tidy()

    def _put_whole(self, base: sqlite3.Connection, commit: Commit) -> None:
        if commit.contacts:
            base.execute(_KEEP, (_encode(commit.contacts).decode(),))
        if commit.refusals:
            base.executemany(_REFUSE, [_refused(self._run, refusal) for refusal in commit.refusals])
        if commit.sums:
            self._put_sums(base, commit.sums)
        self._put_rows(base, commit.rows)

    def _put_rows(self, base: sqlite3.Connection, values: list[int | str | bytes]) -> None:
        for start in range(0, len(values), _MOST * _WIDTH):
            # One statement for many rows: in a thread the interpreter's lock is then given up once, not once a row.
            some: list[Any] = values[start : start + _MOST * _WIDTH]
            for column in _BLOBS:
                # Before Python 3.12 the module raises and catches an error to see whether bytes want to be adapted.
                some[column::_WIDTH] = map(bytearray, some[column::_WIDTH])
            # The last one again and again: each length is another statement to compile, and so there are few.
            some += some[-_WIDTH:] * (-len(some) // _WIDTH % _STEP)
            base.execute(_statement(len(some) // _WIDTH), some)

    def close(self) -> None:
        """Let what this run wrote be found, and let go."""
        if self._looking:
            self._reader.close()
        if self._file is None:
            return
        try:
            (self._last,) = self._base.execute("SELECT coalesce(max(number), 0) FROM rows").fetchone()
            self._merge()
        except sqlite3.Error:
            pass  # the next run does it, or says what is wrong
        finally:
            self._file.close()
            self._file = None


@contextmanager
def _whole(base: sqlite3.Connection) -> Generator[None]:
    """All of it or nothing."""
    base.execute("BEGIN")
    try:
        yield
        base.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        raise


def _refused(run: int, refusal: RefusedRow) -> tuple[int, int, int, str | None, str | None]:
    return run, refusal.index, refusal.number, refusal.error, refusal.code


def _statement(rows: int) -> str:
    return _RECORD.replace(_ROW, ", ".join([_ROW] * rows))
