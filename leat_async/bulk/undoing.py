"""What a run made, to be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import ConfigError
from .access import existing
from .outcomes import BadRow, Status
from .places import LedgerPlace
from .rows import Row
from .sqlite_store import SqliteLedgerStore, rest_of
from .store import RowState

_LEDGER = ".ledger"
_FORGOTTEN = "its uuid was forgotten, so it can't be undone; undo it in Leat"


class UndoneStore(SqliteLedgerStore):
    """The ledger of what was undone of another's runs: it stands beside that, and is of the same account."""

    def __init__(self, place: LedgerPlace, kind: str, run: int) -> None:
        """Raises `ConfigError` if the ledger is of another kind, or has no such run."""
        if not isinstance(place, Path):
            raise ConfigError(f"{place}: only runs of a ledger in a file can be undone so far")
        super().__init__(place.with_name(f"{place.name.removesuffix(_LEDGER)}.undone{_LEDGER}"))
        with existing(place) as (base, _):
            meta: dict[str, str] = dict(base.execute("SELECT name, value FROM meta").fetchall())
            there = base.execute("SELECT 1 FROM runs WHERE run = ?", (run,)).fetchone() is not None
        if meta.get("kind") != kind:
            raise ConfigError(f"{place} is the ledger of {meta.get('kind')}, not of {kind}")
        if not there:
            raise ConfigError(f"{place} has no run {run}")
        self._owner = meta.get("account")

    @property
    def account(self) -> str | None:
        """Whose the runs are."""
        return self._owner

    def bind(self, account: str, kind: str) -> None:
        """Say whose it is; `ConfigError` if the runs are another's."""
        if account != self._owner:
            raise ConfigError(f"{self.path}: the runs are of the account {self._owner}, and this token is another's")
        super().bind(account, kind)


def made_by(place: LedgerPlace, run: int, identifier: str) -> Iterator[Row | BadRow]:
    """What a run of a ledger made, as rows of the kind that undoes them."""
    with existing(place) as (base, _):
        asked = "SELECT idx, rest FROM rows WHERE run = ? AND state = ? ORDER BY number"
        for index, text in base.execute(asked, (run, RowState.DONE.value)):
            rest = rest_of(text)
            if rest.status != Status.CREATED:
                continue
            yield {identifier: rest.uuid} if rest.uuid else BadRow(row={"row": index}, error=ValueError(_FORGOTTEN))
