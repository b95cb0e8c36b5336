"""Who a row is: digests that are the same in every file, order and run.

The formula is a promise: change it, and rows that were imported before look new.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any, cast

from .._core.codec import encode
from .._core.params import Instant, Json, Param
from .._core.pipeline import Pipeline
from .._core.unset import UNSET
from ..errors import ApiError, AuthenticationError, RateLimitError
from ..resources.system import System

_ANYTHING = Json()
# Bytes of memory to tell rows that come first from those that may have come before.
_SLOTS = 2**22
_FRESH = 128
_INSERT = "INSERT INTO seen VALUES (?, 1, ?, NULL)"


def packed(*parts: str | bytes) -> bytes:
    """Texts as one; where one ends and the next begins counts."""
    pieces = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join([b"%d:%b" % (len(piece), piece) for piece in pieces])


def digest(*parts: str | bytes) -> str:
    """A digest of texts."""
    return hashlib.blake2b(packed(*parts), digest_size=16).hexdigest()


def digest_after(beginning: bytes, last: bytes) -> str:
    """The digest of several texts of which all but the last are packed already."""
    return hashlib.blake2b(b"%b%d:%b" % (beginning, len(last), last), digest_size=16).hexdigest()


def canonical(params: Mapping[str, Param], row: Mapping[str, Any]) -> bytes:
    """A row's content as bytes: keys sorted, what is not sent left out, moments in UTC however they were written."""
    content: dict[str, Any] = {}
    for name, value in sorted(row.items()):
        if type(params.get(name)) is Instant and value:
            content[name] = in_utc(value)
        elif type(value) is str:
            content[name] = value
        elif value is not UNSET and value is not None:
            content[name] = _ANYTHING.wire(name, value)
    return encode(content)


def is_usual(moment: str) -> bool:
    """Whether a moment, if it is one, is written as a content has it."""
    return moment[19:] == "+00:00" and moment[4:19:3] == "--T::"


def in_utc(value: str | dt.datetime) -> str:
    """A moment as a content has it."""
    if type(value) is str and is_usual(value):
        return value
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    try:
        moment = moment.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError(f"{value} is out of range: in UTC it is no date") from None
    # As isoformat writes it, at a quarter of the price.
    return str(encode(moment)[1:-2], "ascii") + "+00:00"


def generated_id(account: str, kind: str, content: bytes, occurrence: int) -> str:
    """The `external_id` of a row that has none: made of the account, the kind, the content, and which of several
    equal rows it is."""
    made = digest("external_id", account, kind, content, str(occurrence))
    return str(uuid.UUID(hex=made, version=5))


async def account_of(pipeline: Pipeline) -> str:
    """The account that the token belongs to, as the API names it; its token may change, this does not.

    The answer is not documented. Without an identifier in it, the origin and the API stand for the account: two
    accounts at one origin then can't be told apart.
    """
    config = pipeline.config
    try:
        answer = await System(pipeline).health_check()
    except (AuthenticationError, RateLimitError):
        raise
    except ApiError as error:
        if error.status >= 500:
            raise
        answer = None
    named = _identifier(answer)
    return f"{config.api}:{named}" if named else f"{config.api}@{config.base_url}"


def _identifier(answer: Any) -> str | None:
    known = cast(dict[str, Any], answer) if isinstance(answer, dict) else {}
    for name in ("uuid", "id"):
        value = known.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return f"{name}:{value}"
    return None


class Seen:
    """What this run has met, on disk, so that memory does not grow with the rows.

    How often each identity came, what became of rows that share one, and which contact an address belongs to.
    """

    def __init__(self) -> None:
        # An empty name is a private file that SQLite creates when its cache is full, and that vanishes by itself.
        self._base = sqlite3.connect("", isolation_level=None, cached_statements=16)
        self._base.execute("PRAGMA journal_mode=OFF")
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.execute("PRAGMA cache_size=-2000")
        self._base.execute("CREATE TABLE seen (who TEXT PRIMARY KEY, n INTEGER, mark INTEGER, fate TEXT) WITHOUT ROWID")
        self._base.execute("CREATE TABLE contacts (address TEXT PRIMARY KEY, uuid TEXT) WITHOUT ROWID")
        # Identities that are not in the table yet, with their mark: most come once, and go there many at a time.
        self._fresh: dict[str, int] = {}
        self._insert = ", ".join([_INSERT, *["(?, 1, ?, NULL)"] * (_FRESH - 1)])
        # Whether any identity of a slot has come; where none has, nobody need look.
        self._slots = bytearray(_SLOTS)

    def count(self, who: str, mark: int) -> int:
        """How many came before this one."""
        slot = int(who[:8], 16) % _SLOTS
        if not self._slots[slot]:
            self._slots[slot] = 1
            self._fresh[who] = mark
            if len(self._fresh) >= _FRESH:
                self._settle_fresh()
            return 0
        if who in self._fresh:
            self._settle_fresh()
        found = self._base.execute(
            "INSERT INTO seen VALUES (?, 1, ?, NULL) ON CONFLICT (who) DO UPDATE SET n = n + 1 RETURNING n",
            (who, mark),
        ).fetchone()
        return int(found[0]) - 1

    def _settle_fresh(self) -> None:
        if len(self._fresh) == _FRESH:
            # One statement, and each time the same, which is compiled already.
            self._base.execute(self._insert, [value for pair in self._fresh.items() for value in pair])
        else:
            self._base.execute("BEGIN")
            self._base.executemany(_INSERT, self._fresh.items())
            self._base.execute("COMMIT")
        self._fresh.clear()

    def settle(self, who: str, mark: int, fate: str) -> None:
        """Keep what became of the latest row with this identity; the first one is taken as done until then."""
        if who in self._fresh:
            self._settle_fresh()
        self._base.execute("UPDATE seen SET mark = ?, fate = ? WHERE who = ?", (mark, fate, who))

    def fate(self, who: str) -> tuple[int, str | None]:
        """The latest row with this identity: its mark, and what became of it (None: it is done)."""
        if who in self._fresh:
            self._settle_fresh()
        found: tuple[int, str | None] = self._base.execute(
            "SELECT mark, fate FROM seen WHERE who = ?", (who,)
        ).fetchone()
        return found

    def contact(self, address: str) -> str | None:
        """The contact of an address: its uuid, empty text for none, None for not asked yet."""
        found = self._base.execute("SELECT uuid FROM contacts WHERE address = ?", (address,)).fetchone()
        return found[0] if found else None

    def keep_contact(self, address: str, uuid: str) -> None:
        """Remember an answer."""
        self._base.execute("INSERT OR REPLACE INTO contacts VALUES (?, ?)", (address, uuid))

    def close(self) -> None:
        """Let go of it."""
        self._base.close()
