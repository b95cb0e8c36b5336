"""What a ledger keeps, and what keeps it: the same for every place that a ledger may be kept in."""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs
import msgspec

from ..errors import ConfigError
from .course import Course


class RowState(enum.StrEnum):
    """Where a row stands.

    PENDING: not sent, or turned away before it was applied. SENT: perhaps applied. HALF: the object is there, and a
    second write of it, an update, may or may not be applied. DONE, REJECTED, UNKNOWN: its outcome.
    """

    PENDING = "pending"
    SENT = "sent"
    HALF = "half"
    DONE = "done"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Rest(msgspec.Struct, array_like=True, gc=False):
    """What is never asked for by itself shares a column, as a JSON list in this order; new fields go to its end.

    Times are whole seconds since 1970; `sent_at` is 0 for a row never sent.
    """

    status: str | None
    attempts: int
    uuid: str | None
    error: str | None
    code: str | None
    sent_at: int
    changed_at: int


class WholeRest(Rest, array_like=True, gc=False):
    """`unasked`: it was sent in a way in which the API can't be asked about it. Most rows are spared the field."""

    unasked: bool = False


class Known(msgspec.Struct, gc=False):
    """What a ledger knows of a row.

    `number` is the row's own in the ledger, `run` the one that last wrote it down, `index` its place in that run's
    source. `content` is the row's fingerprint (see `fingerprints`), empty where the key is made of all of the content,
    and where it is not known.
    """

    number: int
    run: int
    index: int
    state: str
    content: bytes
    rest: WholeRest


@attrs.frozen(kw_only=True)
class Source:
    """Where the rows of a run come from, for the list of runs: a file's name, its size, a digest of its bytes."""

    name: str
    size: int | None = None
    digest: str | None = None


@attrs.frozen
class RunStart:
    """What is written down when a run begins; `started` is seconds since 1970."""

    source: Source | None
    on_change: str
    batch: str | None
    started: float
    pid: int


@attrs.frozen(kw_only=True)
class RefusedRow:
    """A row that this run refused, by its place in the source; `number` is its record in the ledger, 0 for none."""

    index: int
    number: int
    error: str | None
    code: str | None


@attrs.frozen
class RunSums:
    """The sums of a run: outcomes by status and rows "taken", and its course."""

    counts: dict[str, int]
    course: Course


@attrs.frozen
class Commit:
    """What goes to disk together: all of it or nothing.

    `rows` are the values of `COLUMNS`, one row's after the other's; a row whose number is there already is written
    over, except for its key. `contacts` are pairs of an address's digest and a contact's uuid. `sums`: those of the run
    so far, or None to leave them.
    """

    rows: list[int | str | bytes]
    contacts: list[tuple[str, str]]
    refusals: list[RefusedRow]
    sums: RunSums | None


COLUMNS = ("number", "key", "run", "idx", "state", "content", "rest")
# Up to when all contacts were made that a ledger remembers stands among their addresses, so that what forgets those
# forgets it with them. They are digests, so it is none of theirs, not even that of an empty address.
LISTED_UNTIL = ""
# The format of what is kept.
VERSION = "2"
# The refusals and courses of so many runs are kept.
RUNS_KEPT = 20


def newly_bound(name: str, held: Mapping[str, str], account: str, kind: str) -> dict[str, str]:
    """What a ledger that holds this must be told of whose it is; `ConfigError` if it is another's."""
    reasons = {
        "account": ("it belongs to another account", "use the token of that account, or name another ledger"),
        "kind": (f"it is the one of {held.get('kind')}", f"name another ledger for {kind}"),
    }
    asked = {"account": account, "kind": kind}
    for what, value in asked.items():
        if held.get(what, value) != value:
            reason, safe = reasons[what]
            raise ConfigError(f"{name} can't be the ledger of this import: {reason}; {safe}")
    given = {what: value for what, value in asked.items() if what not in held}
    if "version" not in held:
        given |= {"version": VERSION, "created_at": str(time.time())}
    return given


class LedgerStore(Protocol):
    """Where a ledger is kept: one account's, one kind's, for one run at a time.

    A commit is one call of `put`, from a thread of the ledger's own. What finds what earlier runs left comes from the
    loop's thread and is quick; everything else is called in another thread and may take long. All raise `ConfigError`
    where the place is not a ledger, damaged or in use.
    """

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    def open(self) -> None:
        """Keep others out, and make it if it is not there."""
        ...

    def look_in(self) -> None:
        """Instead: open what is there as it stands, beside whoever is using it, to be asked, not written to."""
        ...

    @property
    def held(self) -> Mapping[str, str]:
        """Whose it is, once that is known: the "account" and the "kind"; and what else it knows of itself."""
        ...

    def bind(self, account: str, kind: str) -> None:
        """Say whose it is; `ConfigError` if it is another's."""
        ...

    def look_over(self) -> None:
        """Make sure of what earlier runs left, and ready to find it."""
        ...

    def begin(self, run: RunStart) -> int:
        """Begin a run: its number."""
        ...

    def end(self, sums: RunSums, stopped: str | None) -> None:
        """The run that was begun ends, with these sums."""
        ...

    @property
    def has_earlier(self) -> bool:
        """Whether it has rows of the first version, whose keys may be others."""
        ...

    def source_of(self, run: int) -> Source | None:
        """Where the rows of a run came from."""
        ...

    @property
    def last_number(self) -> int:
        """The highest number of any row, 0 if there is none."""
        ...

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """What earlier runs left of rows, by their keys; those of which nothing is left are not in it."""
        ...

    def contact(self, address: str) -> str | None:
        """The contact of an address, which is given as its digest, if an earlier run found it."""
        ...

    def put(self, commit: Commit) -> None:
        """Write it down; it is on disk when this returns."""
        ...

    def close(self) -> None:
        """Make what this run wrote ready to be found, and let go."""
        ...
