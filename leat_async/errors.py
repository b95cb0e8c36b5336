"""Everything this package raises on purpose.

LeatError
├── ConfigError              a setting or a call that can't work as asked (also a ValueError)
├── LifecycleError           closed, from another event loop, or after a fork
├── LedgerError              what keeps a ledger can't be used now
├── TransportError           no answer: refused, reset, name not found, TLS
├── DeadlineExceeded         the call's `timeout` ran out; `.phase` says where (also a TimeoutError)
├── DecodeError              an answer that can't be read; the write behind it was accepted
├── OutcomeUnknownError      a write that may or may not have happened; `await err.reconcile()` asks
└── ApiError                 the API refused
    ├── InvalidInputError    code 1003
    ├── NotFoundError        every "... not found" code, and HTTP 404
    ├── AlreadyExistsError   every "... already exists" code
    ├── AuthenticationError  HTTP 401
    ├── PermissionDeniedError  HTTP 403
    ├── RateLimitError       HTTP 429
    ├── MaintenanceError     HTTP 503
    └── ServerError          any other 5xx

A bad argument is a `ValueError` or a `TypeError`, raised before anything is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

import attrs

_E = TypeVar("_E", bound="LeatError")


@attrs.frozen(kw_only=True)
class Attempt:
    """One send of a call, as kept in `.attempts` of errors and answers.

    `end` is "answered", "not sent", "rejected" or "maybe applied"; `elapsed` and `waited` are seconds,
    `waited` the pause that followed. `began`: seconds after the call did.
    """

    number: int
    end: str
    status: int | None = None
    error: str | None = None
    elapsed: float = 0.0
    waited: float = 0.0
    began: float = 0.0


def _rebuild(cls: type[_E], args: tuple[Any, ...], state: dict[str, Any], cause: Any) -> _E:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    error.__cause__ = cause
    return error


class LeatError(Exception):
    """Base of all errors of this package. Pickles, with its cause where that pickles by design."""

    attempts: tuple[Attempt, ...] = ()
    operation: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        cause = self.__cause__ if isinstance(self.__cause__, LeatError) else None
        return _rebuild, (type(self), self.args, self._state(), cause)

    def _state(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "__notes__"}

    def __copy__(self) -> Self:
        return _rebuild(type(self), self.args, self._state(), self.__cause__)


class ConfigError(LeatError, ValueError):
    """A setting, or a call that the chosen settings don't allow."""


class LifecycleError(LeatError):
    """The client is closed, belongs to another event loop, or was carried through a fork."""


class LedgerError(LeatError):
    """What keeps a ledger can't be used now: a disk that is full, or a database that can't be reached."""


class TransportError(LeatError):
    """No answer came: the connection was refused, reset or never made.

    `sent` is False when it is certain that no byte of the request reached the server.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class DeadlineExceeded(LeatError, TimeoutError):
    """The deadline passed. `phase`: "slot", "pace", "rate limit", "token", "connect", "response" or "backoff"."""

    def __init__(self, message: str, *, phase: str) -> None:
        super().__init__(message)
        self.phase = phase


class DecodeError(LeatError):
    """An answer that can't be read.

    `path` is the JSON path of the fault (`$` for the whole body), `body` the bytes as they came, `status` the
    HTTP status. `accepted` is True when the answer is visibly the API's own 2xx: a write behind it has been applied.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str = "$",
        body: bytes = b"",
        status: int | None = None,
        accepted: bool = True,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.body = body
        self.status = status
        self.accepted = accepted


class OutcomeUnknownError(LeatError):
    """A write was sent and nothing tells whether it was applied; the error behind it is `__cause__`.

    Don't repeat the write blindly: ask first, with `await err.reconcile()`. A write may land late, so a first
    "not there" soon after the fault proves nothing.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self._look_up: Callable[[], Awaitable[Any]] | None = None
        self._why_not = "the API offers none for this write"
        self._drive: Callable[[Awaitable[Any]], Any] | None = None

    def _state(self) -> dict[str, Any]:
        # A look-up belongs to a live client, which does not travel.
        why_not = self._why_not if self._look_up is None else "the error came from another process, without the client"
        return {**super()._state(), "_look_up": None, "_why_not": why_not, "_drive": None}

    def ask_with(self, look_up: Callable[[], Awaitable[Any]] | None) -> None:
        """Give it the look-up that `reconcile` makes.

        Parameters:
            look_up: called without arguments, and what it returns is awaited; None takes it away.
        """
        self._look_up = look_up

    def can_not_ask(self, why: str) -> None:
        """Give it the reason why `reconcile` has no look-up to make.

        Parameters:
            why: a sentence, which `reconcile` raises.
        """
        self._why_not = why

    @property
    def reconcilable(self) -> bool:
        """Whether the API can be asked about this write, by this error object."""
        return self._look_up is not None

    def reconcile(self) -> Any:
        """Ask the API whether the write was applied (awaitable; a plain call under `leat_async.sync`).

        Returns the object that the write made or changed, or None if there is none yet; what kind that is says the
        operation's return type. Raises `LeatError` with the reason where nobody can be asked (`reconcilable` is
        False), and what any read may raise.
        """
        if self._look_up is None:
            raise LeatError(f"{self.operation}: no look-up: {self._why_not}; check by hand before repeating the write")
        asked = self._look_up()
        return asked if self._drive is None else self._drive(asked)


class ApiError(LeatError):
    """The API answered with an error.

    `status`: HTTP status. `code`: the API's own code, or None. `message`: its text. `errors`: field → texts.
    `headers`: those of the answer, looked up in any case. `body`: its text, of which some 4,000 characters are kept.
    Secrets that were sent are cut out of both; they are empty where no answer came.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: int | None = None,
        errors: Mapping[str, Sequence[str]] | None = None,
        operation: str | None = None,
        attempts: Sequence[Attempt] = (),
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        body: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.errors: dict[str, list[str]] = {k: list(v) for k, v in (errors or {}).items()}
        self.operation = operation
        self.attempts: tuple[Attempt, ...] = tuple(attempts)
        self.retry_after = retry_after
        self.headers: Mapping[str, str] = {} if headers is None else headers
        self.body = body

    def __str__(self) -> str:
        where = f"{self.operation}: " if self.operation else ""
        code = f", code {self.code}" if self.code is not None else ""
        fields = "".join(f"; {name}: {' '.join(texts)}" for name, texts in self.errors.items())
        return f"{where}{self.message} (HTTP {self.status}{code}){fields}"


class InvalidInputError(ApiError):
    """The API found the input invalid (code 1003); `errors` names the fields."""


class NotFoundError(ApiError):
    """The thing asked for, or one that the request names, does not exist."""


class AlreadyExistsError(ApiError):
    """There is one already."""


class AuthenticationError(ApiError):
    """The token is missing, wrong or expired (HTTP 401)."""


class PermissionDeniedError(ApiError):
    """The token may not do this (HTTP 403)."""


class RateLimitError(ApiError):
    """Too many requests (HTTP 429), or more than the pace allows, and the wait is known to outlast the deadline.

    `retry_after`: seconds until a request may go again.
    """


class MaintenanceError(ApiError):
    """The API is in maintenance mode (HTTP 503)."""


class ServerError(ApiError):
    """The API failed (5xx other than 503)."""


_NOT_FOUND = frozenset(
    {
        1008,
        1027,
        1028,
        1041,
        1048,
        1100,
        1103,
        5001,
        5010,
        6003,
        13010,
        55004,
        55007,
        55012,
        55020,
        55030,
        55031,
    }
    | {55032, 60003, 60007, 60013, 80002, 80004, 80300, 80530, 80531, 80540, 80550, 110000}
)
_ALREADY_EXISTS = frozenset({55005, 55017, 55045, 60005, 60006, 60009, 80003})
_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
    503: MaintenanceError,
}


def class_for(status: int, code: int | None = None, message: str = "") -> type[ApiError]:
    """The class that an error answer raises: by HTTP status where that decides, else by the API's code.

    Parameters:
        status: the HTTP status.
        code: the API's own number for the error, if it gives one.
        message: the API's words for it, which tell apart what shares a code.

    Returns:
        A class of `leat_async.errors`; `ApiError` where nothing more is known.
    """
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return ServerError
    if code == 1003:
        return InvalidInputError
    # 80300 and 80531 have several messages each, so for them the text decides.
    if code == 80531 and "already exists" in message:
        return AlreadyExistsError
    if code == 80300 and "expired" in message:
        return ApiError
    if code in _NOT_FOUND:
        return NotFoundError
    if code in _ALREADY_EXISTS:
        return AlreadyExistsError
    # The codes of products and orders are not documented, so for them the text decides as well.
    if "not found" in message.lower():
        return NotFoundError
    return AlreadyExistsError if "already exists" in message.lower() else ApiError
