"""Where the files of an export are, and what is said of trouble with them."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ConfigError, LeatError
from ..private_files import NotPrivateError


@contextmanager
def plain_errors(path: Path | None) -> Generator[None]:
    """Trouble with files as the same errors, whatever kind of file it is."""
    try:
        yield
    except NotPrivateError as error:
        raise ConfigError(str(error)) from None
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        number = errno.ENOSPC if full else errno.EIO
        raise OSError(number, os.strerror(number) if full else str(error), str(path)) from error


def places(path: Path, *, incremental: bool) -> tuple[Path, Path, Path]:
    """Where the file goes, what is not complete, and the checkpoint. A link is followed, not replaced."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path} is no regular file; name a file, or - for stdout")
    if not path.parent.is_dir():
        raise ConfigError(f"there is no directory {path.parent}")
    part, notes = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.checkpoint")
    if incremental and path.exists() and not part.exists():
        raise ConfigError(
            f"{path} exists, and an incremental export writes new rows only: give each run a file of its own"
        )
    return path, part, notes


@contextmanager
def leftovers(part: Path, notes: Path, begun: Callable[[], bool]) -> Generator[None]:
    """Take away what nobody needs: all of it at the end, and after a refusal what there is nothing to go on from."""
    before = os.path.lexists(part) or os.path.lexists(notes)
    try:
        yield
    except ConfigError:
        raise
    except LeatError:
        if not before and not begun():
            _remove(part, notes)
        raise
    _remove(part, notes)


def _remove(*paths: Path) -> None:
    for path in paths:
        for suffix in ("", "-journal", ".parquet", ".xlsx"):
            path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
