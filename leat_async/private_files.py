"""Files that hold personal data: for their owner only, and where their name says.

A file that somebody else put there first, a link to another file, or one that others may read would take what is
written to where it does not belong. Each is made private, or refused before anything is written.
"""

from __future__ import annotations

import errno
import os
import stat
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import sqlite3

_MINE = 0o600
# Windows has neither; there the folder's rules hold.
_SAFELY: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_OF_SQLITE = ("-journal", "-wal", "-shm")


class NotPrivateError(ValueError):
    """A file is not the caller's own, or no file; it is left as it is."""


def open_private(path: Path) -> BinaryIO:
    """Open a file for reading and writing; it is made if it is missing, and private however it was."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | _SAFELY, _MINE)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise _link(path) from None
        raise
    try:
        _claim(path, handle)
        return os.fdopen(handle, "r+b")
    except BaseException:
        os.close(handle)
        raise


def make_private(path: Path) -> None:
    """As `open_private`, for a file that is then opened by its name."""
    if not _is_private(path):
        open_private(path).close()


def make_private_database(path: Path) -> None:
    """As `make_private`, for a SQLite file and what may lie beside it."""
    for suffix in _OF_SQLITE:
        beside = path.with_name(path.name + suffix)
        if os.path.lexists(beside):
            make_private(beside)
    make_private(path)


def _is_private(path: Path) -> bool:
    """Whether nothing is to be done. To open a file of SQLite's and close it again would undo SQLite's locks on it."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(found.st_mode):
        raise _link(path)
    _check(path, found)
    return os.name == "nt" or not found.st_mode & 0o077


def _claim(path: Path, handle: int) -> None:
    found = os.fstat(handle)
    _check(path, found)
    if os.name != "nt" and found.st_mode & 0o077:
        os.fchmod(handle, _MINE)


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotPrivateError(f"{path} is no regular file; move it away, or name another")
    if os.name == "nt":
        return
    if found.st_uid != os.geteuid():
        raise NotPrivateError(f"{path} belongs to another user, who could read what is written; move it away")
    if found.st_nlink > 1:
        raise NotPrivateError(f"{path} has a second name (a hard link), where others may read it; make a copy of it")


def _link(path: Path) -> NotPrivateError:
    return NotPrivateError(f"{path} is a link; name the file that it points to, or move it away")


def close_when_gone(owner: object, connection: sqlite3.Connection) -> None:
    """Close a database with the object that opened it, where nobody does so before.

    Not in a forked process, where it is the parent's, and not at the end of the process, which closes everything.
    """
    weakref.finalize(owner, _close_here, connection, os.getpid()).atexit = False


def _close_here(connection: sqlite3.Connection, process: int) -> None:
    if os.getpid() == process:
        connection.close()
