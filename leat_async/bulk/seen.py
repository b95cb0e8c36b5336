"""The identities that a run has met, on disk, so that memory does not grow with the rows."""

from __future__ import annotations

import sqlite3
from functools import cached_property
from typing import NamedTuple

from .._core.digests import digest
from .outcomes import Outcome, Status
from .rows import ActiveRow

# Bytes of memory whose bits tell identities that come for the first time from those that may have come before.
_SLOTS = 2**20
# Identities that are kept in memory, and how many go to the table at a time: nearly always the same, so that the
# statement is compiled once.
_FRESH = 5_120
_TOGETHER = 256
# KiB of a cache that is full before 10,000 rows have come. A larger one holds hardly more of the pages that are asked
# for, since any page may be the next.
_CACHE = 500
_TABLES = (
    "CREATE TABLE seen (identity BLOB PRIMARY KEY, n INTEGER, place INTEGER) WITHOUT ROWID",
    # Apart, in the order they come: the other, whose rows go anywhere, is searched all the time, and so must be small.
    "CREATE TABLE fates (place INTEGER PRIMARY KEY, fingerprint BLOB, fate TEXT, uuid TEXT, number INTEGER)",
    "CREATE TABLE contacts (address TEXT PRIMARY KEY, uuid TEXT) WITHOUT ROWID",
    "CREATE TABLE listed (address TEXT PRIMARY KEY, uuid TEXT, shown BLOB) WITHOUT ROWID",
)


class Fate(NamedTuple):
    """What became of the latest row with an identity.

    `fingerprint` is its content's, or of a change what it left behind; empty where that is not known. `status`: None if
    it is done.
    """

    fingerprint: bytes
    status: str | None
    uuid: str | None
    number: int


def fate_of(row: ActiveRow, outcome: Outcome) -> Fate | None:
    """What became of a row, for later ones with the same identifier; None if that is what it was before."""
    status, changing = outcome.status, row.stage == "update" and row.status is Status.UPDATED
    if row.repeats or (status is Status.SKIPPED and not row.occurrence):
        return None
    if changing and status is Status.REJECTED and row.occurrence:
        return None
    # Of a change that is in doubt nothing is known but that it differs from what was before.
    known = b"" if changing and status is Status.UNKNOWN else row.fingerprint
    uuid = row.uuid or getattr(outcome.result, "uuid", None)
    return Fate(known, Status.CREATED if changing and status is Status.UNKNOWN else status, uuid, row.number)


def key_of_address(address: str) -> str:
    """What a ledger keeps instead of an address."""
    return digest("address", address)


class SeenKeys:
    """What this run has met, on disk, so that memory does not grow with the rows.

    How often each identity came, what became of rows that share one, and which contact an address belongs to.
    """

    def __init__(self) -> None:
        # The latest identities, each with its content's fingerprint: most come once, and small runs have no others; and
        # what is left of those before them, which go to disk as the latest come. One mapping that gained and lost
        # entries all the time would take four times the room.
        self._latest: dict[bytes, bytes] = {}
        self._leaving: dict[bytes, bytes] = {}
        self._places = 0
        # Whether any identity of a bit has come; where none has, there is nothing to look for.
        self._slots = bytearray(_SLOTS)

    @cached_property
    def _base(self) -> sqlite3.Connection:
        # Made when it is needed, so that a run that never begins leaves nothing open. An empty name is a private file
        # that SQLite creates when its cache is full, and that vanishes by itself.
        base = sqlite3.connect("", isolation_level=None, cached_statements=16)
        base.execute("PRAGMA journal_mode=OFF")
        base.execute("PRAGMA synchronous=OFF")
        base.execute(f"PRAGMA cache_size=-{_CACHE}")
        for table in _TABLES:
            base.execute(table)
        return base

    def count(self, identity: bytes, fingerprint: bytes) -> int:
        """How many came before this one."""
        slot, bit = int.from_bytes(identity[:4]) % _SLOTS, 1 << (identity[0] >> 5)
        if not self._slots[slot] & bit:
            self._slots[slot] |= bit
            self._latest[identity] = fingerprint
            if not len(self._latest) % _TOGETHER:
                self._move_on()
            return 0
        self._to_disk(identity)
        found = self._base.execute("UPDATE seen SET n = n + 1 WHERE identity = ? RETURNING n", (identity,)).fetchone()
        if found is not None:
            return int(found[0]) - 1
        self._keep([(identity, fingerprint)])
        return 0

    def _move_on(self) -> None:
        """Some more of the latest have come: let as many that came before them leave."""
        some = [self._leaving.popitem() for _ in range(min(_TOGETHER, len(self._leaving)))]
        if some:
            self._keep(some)
        if len(self._latest) >= _FRESH and not self._leaving:
            self._leaving, self._latest = self._latest, {}

    def _to_disk(self, identity: bytes) -> None:
        """Keep an identity where what is asked and said of it can be."""
        for some in (self._latest, self._leaving):
            if identity in some:
                self._keep([(identity, some.pop(identity))])

    def _keep(self, some: list[tuple[bytes, bytes]]) -> None:
        """Keep identities and the fingerprints of their contents, for the first time."""
        first, self._places = self._places, self._places + len(some)
        # As bytearrays, for what SQLite's module makes of bytes before Python 3.12: see `sqlite_store`.
        keys = [value for place, (identity, _) in enumerate(some, first) for value in (bytearray(identity), place)]
        self._base.execute(_many("INSERT INTO seen VALUES (?, 1, ?)", len(some)), keys)
        known = [value for place, (_, known) in enumerate(some, first) for value in (place, bytearray(known))]
        self._base.execute(_many("INSERT INTO fates VALUES (?, ?, NULL, NULL, 0)", len(some)), known)

    def settle(self, identity: bytes, fate: Fate) -> None:
        """Keep what became of the latest row with this identity; the first one is taken as done until then."""
        self._to_disk(identity)
        self._base.execute(
            "UPDATE fates SET fingerprint = ?, fate = ?, uuid = ?, number = ? "
            "WHERE place = (SELECT place FROM seen WHERE identity = ?)",
            (*fate, identity),
        )

    def fate(self, identity: bytes) -> Fate:
        """What became of the latest row with this identity."""
        self._to_disk(identity)
        asked = "SELECT fingerprint, fate, uuid, number FROM fates NATURAL JOIN seen WHERE identity = ?"
        return Fate(*self._base.execute(asked, (identity,)).fetchone())

    def contact(self, address: str) -> str | None:
        """The contact of an address: its uuid, empty text for none, None for not asked yet."""
        found = self._base.execute("SELECT uuid FROM contacts WHERE address = ?", (address,)).fetchone()
        return found[0] if found else None

    def keep_contact(self, address: str, uuid: str) -> None:
        """Remember an answer."""
        self._base.execute("INSERT OR REPLACE INTO contacts VALUES (?, ?)", (address, uuid))

    def listed(self, address: str) -> tuple[str, bytes] | None:
        """The contact of an address as it was listed: its uuid, and what it shows."""
        asked = "SELECT uuid, shown FROM listed WHERE address = ?"
        return self._base.execute(asked, (address,)).fetchone()  # type: ignore[no-any-return]  # the columns asked for

    def keep_listed(self, address: str, uuid: str, shown: bytes) -> None:
        """Keep a contact that was listed."""
        self._base.execute("INSERT OR REPLACE INTO listed VALUES (?, ?, ?)", (address, uuid, shown))

    def close(self) -> None:
        """Let go of it, and of its memory."""
        self._latest, self._leaving, self._slots = {}, {}, bytearray()
        if "_base" in self.__dict__:
            self._base.close()


def _many(statement: str, times: int) -> str:
    """A statement that inserts so many records."""
    values = statement[statement.index("(") :]
    return statement + f", {values}" * (times - 1)
