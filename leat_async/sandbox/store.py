"""The state of the account: tables of rows, changed in transactions."""

from __future__ import annotations

import hashlib
import sqlite3
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ..private_files import make_private_database

Row = dict[str, Any]
Change = tuple[str, Row | None, Row | None]  # the table, and the row before and after

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (
    table_name TEXT, uuid TEXT, id INTEGER, data BLOB, PRIMARY KEY (table_name, uuid)
) WITHOUT ROWID;
"""
MAX_SNAPSHOTS = 32
MAX_STATE = 512 * 1024 * 1024  # bytes, as JSON
ROW_WEIGHT = 2048  # what a touched row is taken to add beside what was sent, until rows are weighed


class StateFull(Exception):
    """The account holds as much as the sandbox keeps."""


class Table:
    """Rows by uuid in the order they were made; a stored row is never changed, only replaced."""

    __slots__ = ("_indexes", "_log", "name", "rows", "version")

    def __init__(self, name: str, indexed: tuple[str, ...], log: list[tuple[Table, str, Row | None]]) -> None:
        self.name: str = name
        self.rows: dict[str, Row] = {}
        self.version: int = 0  # moves with every change
        self._indexes: dict[str, dict[Any, list[str]]] = {field: {} for field in indexed}
        self._log = log

    @property
    def indexed(self) -> frozenset[str]:
        """The fields that `find` and `first` know."""
        return frozenset(self._indexes)

    @property
    def owned(self) -> bool:
        """Do its rows belong to contacts, and can be found by them?"""
        return "contact_uuid" in self._indexes

    def get(self, uuid: str | None) -> Row | None:
        """The row, if there is one."""
        return self.rows.get(uuid) if uuid is not None else None

    def find(self, field: str, value: Any) -> list[Row]:
        """The rows whose indexed field has this value."""
        return [self.rows[uuid] for uuid in self._indexes[field].get(value, ())]

    def first(self, field: str, value: Any) -> Row | None:
        """The oldest row whose indexed field has this value."""
        uuids = self._indexes[field].get(value)
        return self.rows[uuids[0]] if uuids else None

    def update(self, row: Row, **changes: Any) -> Row:
        """Replace a row by one with some fields changed."""
        changed = {**row, **changes}
        self.put(row["uuid"], changed)
        return changed

    def delete(self, row: Row) -> None:
        """Remove a row."""
        self.put(row["uuid"], None)

    def put(self, uuid: str, row: Row | None) -> None:
        """Store, replace or remove the row of this uuid."""
        self._log.append((self, uuid, self.rows.get(uuid)))
        self._set(uuid, row)

    def undo(self, uuid: str, row: Row | None) -> None:
        """Put back what a transaction replaced."""
        back = row is not None and uuid not in self.rows
        self._set(uuid, row)
        if back:  # a removed row returns to its place, not to the end
            self.load(dict(sorted(self.rows.items(), key=lambda item: item[1]["id"])))

    def _set(self, uuid: str, row: Row | None) -> None:
        self.version += 1
        old = self.rows.get(uuid)
        for field, index in self._indexes.items():
            before = old.get(field) if old is not None else None
            after = row.get(field) if row is not None else None
            if before == after:
                continue
            if before is not None:
                index[before].remove(uuid)
                if not index[before]:
                    del index[before]
            if after is not None:
                uuids = index.setdefault(after, [])
                uuids.append(uuid)
                if old is not None:  # an older row that moved here keeps its place in time
                    uuids.sort(key=lambda uuid: self.rows[uuid]["id"])
        if row is None:
            self.rows.pop(uuid, None)
        else:
            self.rows[uuid] = row

    def load(self, rows: dict[str, Row]) -> None:
        """Take these rows instead of all there were."""
        self.rows = rows
        self.version += 1
        for field, index in self._indexes.items():
            index.clear()
            for uuid, row in rows.items():
                if row.get(field) is not None:
                    index.setdefault(row[field], []).append(uuid)


class Store:
    """All tables; a request's changes are kept together or not at all."""

    def __init__(self, tables: Mapping[str, tuple[str, ...]], seed: int, path: Path | None = None) -> None:
        self._log: list[tuple[Table, str, Row | None]] = []
        self.tables: dict[str, Table] = {name: Table(name, indexed, self._log) for name, indexed in tables.items()}
        self._snapshots: dict[str, tuple[int, int, dict[str, tuple[int, dict[str, Row]]]]] = {}
        self._seed = seed
        self._counter = self._begun = 0
        self._watched: tuple[Table, Callable[[list[Change]], object]] | None = None
        self._weight = 0  # of all rows in bytes of JSON, estimated
        self._file = _open(path) if path is not None else None
        if self._file is not None:
            # A sandbox that is made and never entered, or fails while it is being made, is not closed by anybody.
            weakref.finalize(self, self._file.close)
        self._read()

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    @property
    def is_new(self) -> bool:
        """Nothing has been stored yet."""
        return self._counter == 0

    def new_uuid(self) -> str:
        """The next uuid of this seed."""
        self._counter += 1
        digest = hashlib.blake2b(f"{self._seed}:{self._counter}".encode(), digest_size=16).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"

    def insert(self, table: str, **fields: Any) -> Row:
        """Add a row; it gets the next uuid and number."""
        uuid = self.new_uuid()
        row = {"uuid": uuid, "id": self._counter, **fields}
        self.tables[table].put(uuid, row)
        return row

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Keep everything done inside, or nothing when it raises."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            self.roll_back()
            raise

    def begin(self) -> None:
        """Start to note what changes."""
        self._log.clear()
        self._begun = self._counter

    def commit(self, sent: int | None = None) -> None:
        """Keep the changes, in the state file too; of those that a request made, `sent` bytes, bound the growth."""
        if self._log:
            if sent is not None:
                self._weight += sent + ROW_WEIGHT * len(self._log)
                if self._weight > MAX_STATE:
                    self._weigh()
            if self._file is not None:
                self._write(self._file)
            watched = self._watched
            if watched is not None and watched[0].rows:
                changes = self._changes()
                self._log.clear()
                watched[1](changes)
        self._log.clear()

    def watch(self, table: str, tell: Callable[[list[Change]], object]) -> None:
        """Have each commit told, as long as there are rows in a table."""
        self._watched = self.tables[table], tell

    def _weigh(self) -> None:
        """Put the true weight in place of the estimated one; near the bound the state may only shrink."""
        self._weight = sum(_weight_of(row) for table in self.tables.values() for row in table.rows.values())
        grown = sum(_weight_of(after) - _weight_of(before) for _, before, after in self._changes())
        if grown > 0 and self._weight > MAX_STATE - MAX_STATE // 8:
            raise StateFull(f"The sandbox keeps at most {MAX_STATE >> 20} MiB of state.")

    def _changes(self) -> list[Change]:
        """Of each row that the transaction touched: its table, and what it was and is."""
        if len(self._log) == 1:  # as mostly
            table, uuid, before = self._log[0]
            return [(table.name, before, table.rows.get(uuid))]
        found: dict[tuple[str, str], Change] = {}
        for table, uuid, before in self._log:
            if (table.name, uuid) not in found:
                found[table.name, uuid] = table.name, before, table.rows.get(uuid)
        return [*found.values()]

    def roll_back(self) -> None:
        """Take the changes back."""
        for table, uuid, row in reversed(self._log):
            table.undo(uuid, row)
        self._counter = self._begun
        self._log.clear()

    def snapshot(self, name: str) -> None:
        """Remember the state under a name."""
        if name not in self._snapshots and len(self._snapshots) >= MAX_SNAPSHOTS:
            raise ValueError(f"there are {MAX_SNAPSHOTS} snapshots already; take one again by its name")
        kept = {key: (table.version, dict(table.rows)) for key, table in self.tables.items()}
        self._snapshots[name] = self._counter, self._weight, kept

    def restore(self, name: str) -> None:
        """Return to a remembered state."""
        if name not in self._snapshots:
            raise KeyError(f"there is no snapshot named {name!r}")
        self._counter, self._weight, kept = self._snapshots[name]
        for key, table in self.tables.items():
            version, rows = kept[key]
            if table.version != version:  # otherwise it is as it was
                table.load(dict(rows))
                kept[key] = table.version, rows
        if self._file is not None:
            self._rewrite(self._file)

    def close(self) -> None:
        """Close the state file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self) -> None:
        if self._file is None:
            return
        meta = dict(self._file.execute("SELECT name, value FROM meta").fetchall())
        self._counter = int(meta.get("counter", 0))
        self._seed = int(meta.get("seed", self._seed))
        loaded: dict[str, dict[str, Row]] = {name: {} for name in self.tables}
        for name, uuid, data in self._file.execute("SELECT table_name, uuid, data FROM rows ORDER BY id"):
            loaded.setdefault(name, {})[uuid] = msgspec.json.decode(data)
            self._weight += len(data)
        for name, table in self.tables.items():
            table.load(loaded[name])

    def _write(self, file: sqlite3.Connection) -> None:
        touched = {(table.name, uuid): table.rows.get(uuid) for table, uuid, _ in self._log}
        self._save(file, ((name, uuid, row) for (name, uuid), row in touched.items()))

    def _rewrite(self, file: sqlite3.Connection) -> None:
        rows = ((name, uuid, row) for name, table in self.tables.items() for uuid, row in table.rows.items())
        self._save(file, rows, anew=True)

    def _save(
        self, file: sqlite3.Connection, rows: Iterator[tuple[str, str, Row | None]], *, anew: bool = False
    ) -> None:
        file.execute("BEGIN")
        try:
            if anew:
                file.execute("DELETE FROM rows")
            for name, uuid, row in rows:
                if row is None:
                    file.execute("DELETE FROM rows WHERE table_name = ? AND uuid = ?", (name, uuid))
                else:
                    file.execute(
                        "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)",
                        (name, uuid, row["id"], msgspec.json.encode(row)),
                    )
            file.execute("INSERT OR REPLACE INTO meta VALUES ('counter', ?)", (str(self._counter),))
            file.execute("INSERT OR REPLACE INTO meta VALUES ('seed', ?)", (str(self._seed),))
            file.execute("COMMIT")
        except BaseException:
            # On a full disk SQLite has done so itself.
            if file.in_transaction:
                file.execute("ROLLBACK")
            raise


def _weight_of(row: Row | None) -> int:
    return 0 if row is None else len(msgspec.json.encode(row))


def _open(path: Path) -> sqlite3.Connection:
    make_private_database(path)
    # The sandbox's own lock guards it; its loop may run in another thread than the one that made it.
    file = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        file.execute("PRAGMA locking_mode = EXCLUSIVE")  # one sandbox per file
        file.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing; only a power cut may cost the last moments.
        file.execute("PRAGMA synchronous = NORMAL")
        file.executescript(_SCHEMA)
    except BaseException:
        file.close()
        raise
    return file
