"""What a run made, to be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from .._core.digests import digest
from ..errors import ConfigError
from .access import existing, store_of
from .ledger import Ledger
from .outcomes import BadRow, Status
from .places import MOST_LETTERS, LedgerPlace
from .rows import Row
from .sqlite_store import rest_of
from .store import RowState, RunStart

_LEDGER = ".ledger"
_UNDONE = ".undone"
_FORGOTTEN = "its uuid was forgotten, so it can't be undone; undo it in Leat"
# Rows that are read together: a question that stays open keeps a ledger's file from being tidied.
_TOGETHER = 1_000


def undone_place(place: LedgerPlace) -> LedgerPlace:
    """Where it is kept what was undone of a ledger's runs: beside that."""
    if isinstance(place, Path):
        return place.with_name(f"{place.name.removesuffix(_LEDGER)}{_UNDONE}{_LEDGER}")
    name = place.name
    if len(name) + len(_UNDONE) > MOST_LETTERS:
        # Cut off, two ledgers could have one name for this.
        name = f"{name[:26]}.{digest('undone', name)[:16]}"
    return attrs.evolve(place, name=name + _UNDONE)


def owner_of(place: LedgerPlace, kind: str, run: int) -> str | None:
    """Whose a run is; raises `ConfigError` if the ledger is of another kind, or has no such run."""
    with existing(place) as (base, _):
        meta: dict[str, str] = dict(base.execute("SELECT name, value FROM meta").fetchall())
        runs = sorted(number for (number,) in base.execute("SELECT run FROM runs"))
    if meta.get("kind") != kind:
        raise ConfigError(f"{place} is the ledger of {meta.get('kind')}, not of {kind}")
    if run not in runs:
        raise ConfigError(f"{place} has no run {run}; its last one is {runs[-1] if runs else 'none'}")
    return meta.get("account")


class UndoneLedger(Ledger):
    """The ledger of what was undone of another's runs, which is of the same account."""

    def __init__(self, place: LedgerPlace, kind: str, run: int) -> None:
        """Raises `ConfigError` as `owner_of`."""
        self._of, self._owner = place, owner_of(place, kind, run)
        super().__init__(store_of(undone_place(place)))

    @property
    def account(self) -> str | None:
        """Whose the runs are."""
        return self._owner

    async def begin(self, account: str, kind: str, run: RunStart) -> None:
        """Begin, or raise `ConfigError` if the runs are another's."""
        if account != self._owner:
            raise ConfigError(f"{self._of}: the runs are of the account {self._owner}, and this token is another's")
        await super().begin(account, kind, run)


def made_by(place: LedgerPlace, run: int, identifier: str) -> Iterator[Row | BadRow]:
    """What a run of a ledger made, as rows of the kind that undoes them."""
    asked = "SELECT number, idx, rest FROM rows WHERE run = ? AND state = ? AND number > ? ORDER BY number LIMIT ?"
    last = 0
    with existing(place) as (base, _):
        while some := base.execute(asked, (run, RowState.DONE.value, last, _TOGETHER)).fetchall():
            last = some[-1][0]
            for _, index, text in some:
                rest = rest_of(text)
                if rest.status != Status.CREATED:
                    continue
                yield {identifier: rest.uuid} if rest.uuid else BadRow(row={"row": index}, error=ValueError(_FORGOTTEN))
