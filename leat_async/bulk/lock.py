"""One run per ledger: a lock that the operating system lets go when the process ends, however it ends.

It is the file's, whatever names it has, and on the file itself, so that there is none beside it to be removed. It lies
beyond all that SQLite locks or writes.
"""

from __future__ import annotations

import datetime as dt
import os
import struct
import sys
import threading
from pathlib import Path

from ..errors import ConfigError

_PLACE = 2**62

if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        os.lseek(file, _PLACE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    # `struct flock`, as 64-bit systems have it.
    _WRITE_LOCK = struct.pack("hhqqixxxx", fcntl.F_WRLCK, os.SEEK_SET, _PLACE, 1, 0)

    # A lock of one opening, where there are such: others are lost when anything closes the file.
    _SET, _ASK = (
        (getattr(fcntl, "F_OFD_SETLK", None), getattr(fcntl, "F_OFD_GETLK", None))
        if sys.platform == "linux" and struct.calcsize("P") == 8
        else (None, None)
    )

    def _take(file: int) -> None:
        if _SET is not None:
            fcntl.fcntl(file, _SET, _WRITE_LOCK)
        else:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _PLACE)


def _is_taken(file: int) -> bool:
    if sys.platform != "win32" and _ASK is not None:
        found: int = struct.unpack("hhqqixxxx", fcntl.fcntl(file, _ASK, _WRITE_LOCK))[0]
        return found != fcntl.F_UNLCK
    try:
        _take(file)
    except OSError:
        return True
    return False


# The files that this process has locked. Such a file must not be opened and closed: with any of its openings, a process
# gives back all that SQLite has locked of it.
_held: set[tuple[int, int]] = set()
_turn = threading.Lock()


class InUse(ConfigError):
    """Another run has the ledger."""


# Asks for what `told_holder` takes, wherever the ledger is.
HOLDER = "SELECT pid, started FROM runs WHERE ended IS NULL ORDER BY run DESC LIMIT 1"


def told_holder(found: tuple[int, float] | None, more: str = "") -> str:
    """Who has a ledger, by its process and when it began, for the end of a message."""
    if found is None:
        return f" ({more})" if more else ""
    began = dt.datetime.fromtimestamp(found[1], dt.UTC)
    return f" (process {found[0]}, since {began:%Y-%m-%d %H:%M:%S} UTC{more and ', ' + more})"


def is_held(ledger: Path) -> bool:
    """Whether a run, here or in another process, has the ledger now.

    Where the system can only say so by giving the lock away, it is taken for a moment.
    """
    with _turn:
        try:
            status = os.stat(ledger)
            if (status.st_dev, status.st_ino) in _held:
                return True
            file = os.open(ledger, os.O_RDWR)
        except OSError:
            return False
        try:
            return _is_taken(file)
        finally:
            os.close(file)


class FileLock:
    """Held from its making to `release`; to be made before SQLite opens the file, and released after it closed it."""

    def __init__(self, ledger: Path) -> None:
        in_use = InUse(f"{ledger} is in use by another run; wait for it to end")
        with _turn:
            try:
                status = os.stat(ledger)
                self._key = (status.st_dev, status.st_ino)
                if self._key in _held:
                    raise in_use
                self._file = os.open(ledger, os.O_RDWR)
            except OSError as error:
                raise ConfigError(f"{ledger} can't be used as a ledger: {error}") from None
            try:
                _take(self._file)
            except OSError:
                os.close(self._file)
                raise in_use from None
            _held.add(self._key)

    def current(self, ledger: Path) -> bool:
        """Whether the file of this name is still the one that is locked."""
        try:
            return os.path.samestat(os.fstat(self._file), os.stat(ledger))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go."""
        with _turn:
            os.close(self._file)
            _held.discard(self._key)
