"""One run per ledger: a lock that the operating system lets go when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..errors import ConfigError

if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lock:
    """Held from its making to `release`. A file of its own: closing the ledger's would undo SQLite's own locks."""

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_name(ledger.name + ".lock")
        while True:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise ConfigError(f"{ledger} can't be used as a ledger: {error}") from None
            try:
                _take(self._file)
            except OSError:
                os.close(self._file)
                raise ConfigError(
                    f"{ledger} is in use by another run; wait for it to end, or give this import a ledger of its own"
                ) from None
            if self._current():
                return
            os.close(self._file)

    def _current(self) -> bool:
        """Whether the file that is locked is still the one of that name: its last holder removed it."""
        try:
            return os.path.samestat(os.fstat(self._file), os.stat(self._path))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go."""
        if sys.platform != "win32":
            self._path.unlink(missing_ok=True)
        os.close(self._file)
