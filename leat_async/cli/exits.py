"""Exit codes, and which error means which."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Exit(enum.IntEnum):
    """What the command says when it ends; of an import, it describes the whole file."""

    DONE = 0
    REJECTED = 1
    USAGE = 2
    AUTHENTICATION = 3
    TRY_AGAIN = 4
    UNKNOWN = 5
    MAX_ERRORS = 6
    BROKEN = 70
    INTERRUPTED = 130


_PRECEDENCE = (
    Exit.INTERRUPTED,
    Exit.AUTHENTICATION,
    Exit.TRY_AGAIN,
    Exit.MAX_ERRORS,
    Exit.UNKNOWN,
    Exit.REJECTED,
    Exit.DONE,
)

# Why an import stopped by itself: its exit code, and what is said.
STOPPED = {
    "authentication": (Exit.AUTHENTICATION, "the token is not accepted"),
    "permission": (Exit.AUTHENTICATION, "the token may not do this"),
    "maintenance": (Exit.TRY_AGAIN, "the API is in maintenance"),
    "unreachable": (Exit.TRY_AGAIN, "the API can't be reached"),
    "max_errors": (Exit.MAX_ERRORS, "too many rows failed (--max-errors)"),
}


class Stop(Exception):
    """Ends a command with a message on stderr and an exit code."""

    def __init__(self, message: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.code = code


def worst(codes: Iterable[Exit]) -> Exit:
    """The one that counts where several hold."""
    found = {Exit.DONE, *codes}
    return next(code for code in _PRECEDENCE if code in found)


def exit_of(error: BaseException) -> Exit:
    """The exit code that an error of a single call means."""
    from .. import errors

    if isinstance(error, errors.OutcomeUnknownError):
        return Exit.UNKNOWN
    if isinstance(error, (errors.AuthenticationError, errors.PermissionDeniedError)):
        return Exit.AUTHENTICATION
    passing = (errors.RateLimitError, errors.ServerError, errors.MaintenanceError)
    if isinstance(error, (*passing, errors.LedgerError, errors.TransportError, errors.DeadlineExceeded)):
        return Exit.TRY_AGAIN
    if isinstance(error, errors.ConfigError) or not isinstance(error, errors.LeatError):
        return Exit.USAGE
    return Exit.REJECTED


def worded(error: OSError) -> str:
    """What the system says, with the file it is about, and without its number."""
    if error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
