"""Ledgers without a run: to read from, also while a run has them, or to change, which no run may have meanwhile.

Wherever a ledger is kept, it is asked in the same words.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from ..errors import ConfigError
from .ledger_file import DAMAGE, LedgerFile, damaged, read_meta, readable
from .lock import is_held
from .places import LedgerPlace
from .postgres_base import PostgresBase
from .postgres_store import PostgresLedgerStore
from .sqlite_store import SqliteLedgerStore
from .store import LedgerStore


class Records(Protocol):
    """What a ledger answers."""

    def fetchone(self) -> Any:
        """The first record, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All of them."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class LedgerBase(Protocol):
    """A ledger that can be asked."""

    def execute(self, question: str, values: Sequence[Any] = ..., /) -> Records:
        """Ask, with `?` for each of the values."""
        ...


class HeldLedger(Protocol):
    """A ledger that no run has, to be changed. `BARE`: what `rest` is without uuid and error."""

    BARE: str

    @property
    def base(self) -> LedgerBase:
        """To be asked and told."""
        ...

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """All that is told in this, or nothing."""
        ...

    def scrub(self) -> None:
        """Leave no byte of what was removed."""
        ...


class _HeldFile:
    BARE: str = "json_set(rest, '$[2]', NULL, '$[3]', NULL)"

    def __init__(self, file: LedgerFile) -> None:
        self.base = file.base

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        self.base.execute("PRAGMA secure_delete=ON")
        self.base.execute("BEGIN IMMEDIATE")
        yield
        self.base.execute("COMMIT")

    def scrub(self) -> None:
        # The old pages are in the log and in free space as well.
        self.base.execute("VACUUM")
        self.base.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _HeldDatabase:
    # As `json`, which takes any text that JSON may have; `jsonb` does not.
    BARE: str = (
        "json_build_array(rest::json->0, rest::json->1, NULL, NULL, rest::json->4, rest::json->5, rest::json->6)::text"
    )

    def __init__(self, base: PostgresBase) -> None:
        self.base = base

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        with self.base.connection.transaction():
            yield

    def scrub(self) -> None:
        # What was removed stays in the pages until others use them.
        self.base.execute("VACUUM FULL rows, refused, runs, contacts")


@contextmanager
def existing(place: LedgerPlace) -> Generator[tuple[LedgerBase, bool], None, None]:
    """The ledger to read from, and whether a run is using it."""
    if isinstance(place, Path):
        _need(place, place.is_file())
        running = is_held(place)
        with closing(readable(place)) as file, _told(place):
            _need_used(place, dict(read_meta(file)))
            yield file, running
    else:
        with closing(PostgresBase(place)) as base:
            _need(place, base.is_there())
            _need_used(place, base.meta())
            yield base, bool(base.holders())


@contextmanager
def held(place: LedgerPlace) -> Generator[HeldLedger, None, None]:
    """The ledger to change, which no run is using."""
    if isinstance(place, Path):
        _need(place, place.is_file())
        with closing(LedgerFile(place)) as file, _told(place):
            file.bring_up_to_date()
            _need_used(place, dict(read_meta(file.base)))
            yield _HeldFile(file)
    else:
        with closing(PostgresBase(place)) as base:
            _need(place, base.is_there())
            base.take()
            _need_used(place, base.meta())
            yield _HeldDatabase(base)


def store_of(place: LedgerPlace) -> LedgerStore:
    """What keeps a ledger for a run."""
    return SqliteLedgerStore(place) if isinstance(place, Path) else PostgresLedgerStore(place)


def is_there(place: LedgerPlace) -> bool:
    """Whether there is a ledger, or what may be one."""
    if isinstance(place, Path):
        return place.exists()
    with closing(PostgresBase(place)) as base:
        return base.is_there()


def _need(place: LedgerPlace, found: bool) -> None:
    if not found:
        raise ConfigError(f"there is no ledger at {place}")


def _need_used(place: LedgerPlace, meta: dict[str, str]) -> None:
    if "version" not in meta:
        raise ConfigError(f"{place} is not a ledger of an import")


@contextmanager
def _told(path: Path) -> Generator[None, None, None]:
    """What is found damaged while it is read."""
    try:
        yield
    except DAMAGE as error:
        raise damaged(path, error) from None
