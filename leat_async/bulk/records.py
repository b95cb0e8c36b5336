"""Reading and clearing a ledger without running it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import attrs

from ..errors import ConfigError
from .ledger import FORGET, SELECT, Entry, connect, entry_of, read_meta
from .lock import Lock


@attrs.frozen(kw_only=True)
class Summary:
    """What a ledger holds: whose it is, and how many rows are in which state (see `State`).

    `created_at` is seconds since 1970. `contacts` counts remembered addresses. `forgotten`: its personal data was
    removed.
    """

    path: str
    kind: str | None
    account: str | None
    source: str | None
    mapping: str | None
    created_at: float | None
    states: Mapping[str, int]
    contacts: int
    forgotten: bool


def status(path: str | os.PathLike[str]) -> Summary:
    """Sum up a ledger, also while a run is using it.

    Parameters:
        path: the ledger.

    Returns:
        The sums.

    Raises:
        ConfigError: there is none, or it is something else.

    Repeating: safe.
    """
    with closing(_existing(path)) as base:
        meta = read_meta(base)
        states = dict(base.execute("SELECT state, count(*) FROM rows GROUP BY state ORDER BY state").fetchall())
        contacts = int(base.execute("SELECT count(*) FROM contacts").fetchone()[0])
    return Summary(
        path=os.fspath(path),
        kind=meta.get("kind"),
        account=meta.get("account"),
        source=meta.get("source"),
        mapping=meta.get("mapping"),
        created_at=float(meta["created_at"]) if "created_at" in meta else None,
        states=states,
        contacts=contacts,
        forgotten="forgotten" in meta,
    )


def show(path: str | os.PathLike[str], index: int) -> Entry | None:
    """What became of one row.

    Parameters:
        path: the ledger.
        index: the row's place in its source, from 0.

    Returns:
        Its entry, or None if the row was never reached.

    Raises:
        ConfigError: there is no such ledger.

    Repeating: safe.
    """
    with closing(_existing(path)) as base:
        found = [entry_of(row) for row in base.execute(f"{SELECT} WHERE idx = ?", (index,))]
    return max(found, key=lambda entry: entry.changed_at, default=None)


def rejects(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """The rejected rows of a ledger, of all its runs, by their place in the source.

    Parameters:
        path: the ledger.

    Returns:
        An iterator of entries; `error` is the reason.

    Raises:
        ConfigError: there is no such ledger.

    Repeating: safe.
    """
    with closing(_existing(path)) as base:
        for row in base.execute(f"{SELECT} WHERE state = 'rejected' ORDER BY idx"):
            yield entry_of(row)


def forget(path: str | os.PathLike[str]) -> None:
    """Remove the personal data that a ledger holds: the contacts of addresses, and the texts of errors.

    What was done stays known, so the import can still be resumed, and every row still goes only once.

    Parameters:
        path: the ledger; not in use.

    Raises:
        ConfigError: there is none, or a run is using it.

    Repeating: safe.
    """
    with closing(_existing(path)) as base:
        lock = Lock(Path(path))
        try:
            base.execute("PRAGMA secure_delete=ON")
            base.execute("BEGIN IMMEDIATE")
            base.execute("DELETE FROM contacts")
            base.execute(FORGET)
            base.execute("INSERT OR REPLACE INTO meta VALUES ('forgotten', '1')")
            base.execute("COMMIT")
            # The old pages are in the log and in free space as well.
            base.execute("VACUUM")
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            lock.release()


def _existing(path: str | os.PathLike[str]) -> sqlite3.Connection:
    if not Path(path).is_file():
        raise ConfigError(f"there is no ledger at {os.fspath(path)}")
    base = connect(Path(path))
    if "version" not in read_meta(base):
        base.close()
        raise ConfigError(f"{os.fspath(path)} is not a ledger of an import")
    return base
