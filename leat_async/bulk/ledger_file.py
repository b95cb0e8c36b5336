"""The file of a ledger: made whole, opened by one run at a time, and refused when something of it is missing.

A run that is killed leaves its last commits in the `-wal` beside the file; without it the file alone would be a ledger
that knows less than was sent. So each run first writes into the file itself that it has begun, and into the `-wal` that
this is known: a file in which the first is there and the second is not has lost its `-wal`.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from ..errors import ConfigError
from .earlier_ledger import convert
from .lock import FileLock
from .store import VERSION
from .wal import is_damaged

_EARLIER = "1"
# What reading a damaged file may raise.
DAMAGE = (sqlite3.Error, msgspec.MsgspecError, UnicodeDecodeError)
# `rows.number` counts up; `keys` finds rows by their key, as far as it has been told of them. `refused` are the rows
# that a run refused, by their place in its source; `runs.rejects` is a digest of the file that they were written to.
# `courses` tell how runs went; ledgers of before they were kept have none.
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY, source TEXT, size INTEGER, digest TEXT, on_change TEXT NOT NULL, batch TEXT,
    started REAL NOT NULL, ended REAL, pid INTEGER, counts TEXT, stopped TEXT, rejects TEXT
);
CREATE TABLE IF NOT EXISTS rows (
    number INTEGER PRIMARY KEY, key BLOB NOT NULL, run INTEGER NOT NULL, idx INTEGER NOT NULL, state TEXT NOT NULL,
    content BLOB NOT NULL, rest TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS keys (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    run INTEGER NOT NULL, idx INTEGER NOT NULL, number INTEGER NOT NULL, error TEXT, code TEXT, PRIMARY KEY (run, idx)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contacts (address TEXT PRIMARY KEY, uuid TEXT NOT NULL) WITHOUT ROWID;
"""
_COURSES = "CREATE TABLE IF NOT EXISTS courses (run INTEGER PRIMARY KEY, course TEXT NOT NULL)"
_TABLES = {"meta", "rows", "contacts"}
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
# What is in the file itself, and what only the `-wal` adds to that.
_IN_FILE, _IN_WAL = "checkpoints", "checkpoints_known"
# Bytes of a `-wal` from which on its content goes into the file.
_MUCH = 4 * 2**20
# Bytes of a ledger up to which all of it is looked through before a run; of a larger one, each page when it is read.
_LOOKED_THROUGH = 16 * 2**20
# KiB of a run's cache: it writes the end of a table, and at its own end keys in their order, each page once.
_CACHE = 500
# Milliseconds to wait for whatever else has locked the database.
_PATIENCE = 30_000
_ROOM = 1 << 20


class LedgerFile:
    """The ledger of a run: `base` for what is written, `reader` for what is asked meanwhile."""

    def __init__(self, path: Path) -> None:
        """Raises `ConfigError` if it is in use, something else, or not whole."""
        self.path = path
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} can't be used as a ledger: it is a directory, a device or a pipe; name a file")
        real = Path(os.path.realpath(path))
        self._wal = Path(f"{real}-wal")
        try:
            _make(real)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{path} can't be used as a ledger: {error}") from None
        self._lock = FileLock(path)
        try:
            if is_damaged(self._wal):
                raise damaged(path, f"{self._wal.name} is damaged, and what a run wrote last is in it")
            self.base: sqlite3.Connection = connect(path)
            try:
                self._own()
                self._begin()
                self.reader: sqlite3.Connection = connect(path)
            except BaseException as error:
                self.base.close()
                if isinstance(error, sqlite3.Error):
                    raise damaged(path, error) from None
                raise
        except BaseException:
            self._lock.release()
            raise

    def _own(self) -> None:
        """What others could read is made private, now that it is known to be a ledger."""
        if os.name != "posix":
            return
        for path in (self.path, self._wal, self._wal.with_name(f"{self._wal.name.removesuffix('-wal')}-shm")):
            with suppress(OSError):  # another owner's, or a file system without modes
                if os.stat(path).st_mode & 0o077:
                    os.chmod(path, 0o600)

    def check(self) -> None:
        """Raise `ConfigError` if the file is damaged, as far as that can be told soon."""
        try:
            if self.path.stat().st_size > _LOOKED_THROUGH:
                return
            found = self.base.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            found = str(error)
        if found != "ok":
            raise damaged(self.path, found)

    def bring_up_to_date(self) -> None:
        """Make a ledger of the first version one of this one."""
        if read_meta(self.base).get("version") == _EARLIER:
            convert(self.base, SCHEMA, VERSION)
        # Apart from the rest, since it is new, and other versions are none the worse for it.
        self.base.execute(_COURSES)

    def _begin(self) -> None:
        """From now on the file is not whole without its `-wal`."""
        self.base.execute(f"PRAGMA cache_size=-{_CACHE}")
        # SQLite's own checkpoints would not say that they were made.
        self.base.execute("PRAGMA wal_autocheckpoint=0")
        # After one the `-wal` is as long as what is written next, and until then as it was: never empty.
        self.base.execute("PRAGMA journal_size_limit=0")
        self._checkpoint()

    def tidy(self) -> None:
        """Move what the `-wal` holds into the file, if it is much."""
        with suppress(FileNotFoundError):
            if self._wal.stat().st_size >= _MUCH:
                self._checkpoint()

    def _checkpoint(self) -> None:
        count = str(int(read_meta(self.base).get(_IN_FILE, "0")) + 1)
        self.base.execute(_SET, (_IN_FILE, count))
        # Rows must not wait for whatever else is reading.
        self.base.execute("PRAGMA busy_timeout=0")
        self.base.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        self.base.execute(f"PRAGMA busy_timeout={_PATIENCE}")
        self.base.execute(_SET, (_IN_WAL, count))

    def close(self) -> None:
        """Let it go. When nothing else reads it, SQLite leaves one whole file."""
        self.reader.close()
        self.base.close()
        self._lock.release()


def _make(path: Path) -> None:
    """Make a ledger if there is none: under another name until it is whole, and with a name as lasting as itself."""
    if path.exists():
        return
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as base:
            base.executescript(f"BEGIN IMMEDIATE;{SCHEMA}COMMIT;")
            base.execute("PRAGMA journal_mode=WAL")
        try:
            os.link(new, path)
        except FileExistsError:  # another run was quicker
            pass
        except OSError:  # a file system without links
            os.rename(new, path)
    finally:
        new.unlink(missing_ok=True)
    if os.name == "posix":
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger that is there; raises `ConfigError` if it is something else, or not whole."""
    wal = Path(f"{os.path.realpath(path)}-wal")
    _need_room(path, wal.parent)
    # SQLite makes an empty one where there is none.
    with_wal = wal.exists() and wal.stat().st_size > 0
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_PATIENCE / 1000)
    try:
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= _TABLES:
            raise _no_ledger(path, wal, tables)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=FULL")
        meta = read_meta(base)
        if meta.get(_IN_FILE) != meta.get(_IN_WAL) and not with_wal:
            raise _without_wal(path, wal)
        if meta.get("version", VERSION) not in (VERSION, _EARLIER):
            raise ConfigError(f"{path} was written by a newer version (format {meta['version']}); go on with that one")
    except sqlite3.Error as error:
        base.close()
        raise damaged(path, error) from None
    except ConfigError:
        base.close()
        raise
    return base


def _need_room(path: Path, folder: Path) -> None:
    """Raise `ConfigError` where SQLite would take the process down.

    It maps a file, the index of the `-wal`. Where blocks are smaller than pages, some of a page has no block until it
    is written to, and a disk that is full by then ends the process by a signal.
    """
    if not hasattr(os, "statvfs"):
        return
    disk = os.statvfs(folder)
    if disk.f_frsize < mmap.PAGESIZE and disk.f_bavail * disk.f_frsize < _ROOM:
        raise ConfigError(
            f"{path} can't be used as a ledger: the disk is full, and on one with blocks of {disk.f_frsize} bytes a "
            f"ledger needs {_ROOM:,} bytes of room even to be read; make room, and do the same again"
        )


def readable(path: Path) -> sqlite3.Connection:
    """A ledger to read from: itself, or a copy in today's format of one of the first version."""
    base = connect(path)
    if read_meta(base).get("version") != _EARLIER:
        if base.execute("SELECT 1 FROM sqlite_master WHERE name = 'courses'").fetchone() is None:
            base.execute(_COURSES.replace("TABLE", "TEMP TABLE"))
        return base
    # An empty name is a private file of SQLite's, that vanishes by itself.
    copy = sqlite3.connect("", isolation_level=None)
    try:
        with closing(base):
            base.backup(copy)
        convert(copy, SCHEMA, VERSION)
        copy.execute(_COURSES)
    except DAMAGE as error:
        copy.close()
        raise damaged(path, error) from None
    return copy


def _no_ledger(path: Path, wal: Path, tables: set[str]) -> ConfigError:
    if tables:
        return ConfigError(f"{path} is not a ledger but another database; name another file")
    if path.stat().st_size:
        # Earlier versions had even the tables in the -wal until it was full.
        return _without_wal(path, wal)
    return damaged(path, "it is empty, which a ledger never is")


def _without_wal(path: Path, wal: Path) -> ConfigError:
    return ConfigError(
        f"{path} is not whole: a run was under way when it was written, and what that run wrote last is in {wal.name}, "
        f"which is not beside it. Find that file, for one where the ledger was moved from, and put it back as {wal}: "
        "without it rows that were sent would be sent again"
    )


def damaged(path: Path, what: object) -> ConfigError:
    """The error for a file that is no ledger, or no more."""
    return ConfigError(
        f"{path} can't be used as a ledger: {what}. If it was one, it is damaged: restore it from a copy, with the "
        "-wal beside it if there is one. A new ledger knows nothing of the rows that were sent"
    )


def read_meta(base: sqlite3.Connection) -> Mapping[str, str]:
    """What the ledger says of itself."""
    return dict(base.execute("SELECT name, value FROM meta").fetchall())
