"""What one incremental export tells the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from ..errors import ConfigError
from .keystore import KeyStore

_HIDDEN = dt.timedelta(hours=26)
"""How long after the beginning of a run the keys of its rows are kept, by the rows' own moments: a day and some."""

LASTING = "lasting "
"""Before the keys of rows that every run meets again, and that are never forgotten."""


@attrs.frozen(kw_only=True)
class Reached:
    """Where the next run begins. `behind`: rows that the API has between `first`, where the first run began, and there.

    More of them the next time are rows that showed up late.
    """

    since: str
    first: str | None
    behind: int | None


class ExportState(KeyStore):
    """What an incremental export has read: up to when, and the keys of rows that the next run will meet again.

    The file is moved to its place between `stage` and `promote`. A run that was killed there left staged keys and the
    file's identity, which tells the next run whether the file arrived.
    """

    def begin(self, identity: Mapping[str, Any]) -> None:
        """Start, or go on; the state of another export is an error."""
        found = self.get("identity")
        if found is None:
            self.set(identity=identity)
        elif found != identity:
            differing = ", ".join(sorted(k for k in {*found, *identity} if found.get(k) != identity.get(k)))
            raise ConfigError(f"{self.path} is the state of another export, which differs in {differing}")
        staged = self.get("staged")
        if staged is not None and staged["file"] == _identity(Path(staged["path"])):
            self.promote()

    @property
    def reached(self) -> Reached | None:
        """Where the run before ended, if there was one."""
        since = self.get("since")
        return None if since is None else Reached(since=since, first=self.get("first"), behind=self.get("behind"))

    def stage(self, keys: Iterable[tuple[str]], reached: Reached | None, ready: Path, path: Path) -> None:
        """Note what will be true once the ready file is at its path; `reached` None: the keys add to those known."""
        self._stage(keys, reached, path=str(path), file=_identity(ready))
        self.commit()

    def replace(self, keys: Iterable[tuple[str]], reached: Reached | None) -> None:
        """Note what is true now."""
        self._stage(keys, reached)
        self.promote()

    def _stage(self, keys: Iterable[tuple[str]], reached: Reached | None, **facts: Any) -> None:
        self._db.execute("DELETE FROM staged")
        self._db.executemany("INSERT OR IGNORE INTO staged VALUES (?)", keys)
        facts |= {"since": None} if reached is None else attrs.asdict(reached)
        self.set(staged=facts)

    def promote(self) -> None:
        """The file is in its place."""
        staged = self.get("staged")
        if staged["since"] is not None:
            self._age(staged["since"])
        self._db.execute("INSERT OR IGNORE INTO keys SELECT key FROM staged")
        self._db.execute("DELETE FROM staged")
        self.set(since=staged["since"], first=staged.get("first"), behind=staged.get("behind"), staged=None)
        self.commit()

    def _age(self, since: str) -> None:
        """Forget keys of rows that no later run can meet; a replica that lags may have hidden them from this one."""
        before = self.get("since")
        if before is not None:
            until = (dt.datetime.fromisoformat(before) + _HIDDEN).isoformat()
            add = "INSERT OR REPLACE INTO older SELECT key, ? FROM keys WHERE key NOT LIKE ?"
            self._db.execute(add, (until, f"{LASTING}%"))
        self._db.execute("DELETE FROM keys WHERE key NOT LIKE ?", (f"{LASTING}%",))
        self._db.execute("DELETE FROM older WHERE until < ?", (since,))


def _identity(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_dev, found.st_ino, found.st_size]
