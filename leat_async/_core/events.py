"""What is told of each call and attempt: to hooks, to logging and to `responses()`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs

from ..errors import Attempt, ConfigError
from .arguments import is_function
from .operation import Operation

log = logging.getLogger("leat_async")
log.addHandler(logging.NullHandler())
_REQUEST_ID = "X-Request-Id"
_LEVELS = ("debug", "info")


@attrs.frozen(kw_only=True)
class Event:
    """What hooks are told: an operation by name, never its arguments, which may be personal.

    `call` is the same for all attempts of one call. `phase` is how far the attempt came: "connect" at its beginning
    and when nothing has left, else "response"; "backoff" for retries. `status`, `elapsed` (seconds), `error` (the name
    of a class) and `request_id` (the answer's `X-Request-Id`) are set for ends and retries, as far as there are any,
    `waits` (seconds) for retries.

    At the end of a call, `attempt` counts its attempts, which are in `attempts`, `elapsed` is the whole call's, `error`
    what was raised; where it ended while it waited, `phase` is for what: "token", "slot", "pace", "rate limit" or
    "backoff".
    """

    operation: str
    method: str
    path: str
    call: str = ""
    attempt: int
    phase: str = "connect"
    status: int | None = None
    elapsed: float | None = None
    waits: float | None = None
    error: str | None = None
    request_id: str | None = None
    attempts: tuple[Attempt, ...] = ()


Hook = Callable[[Event], None]


@attrs.frozen(kw_only=True)
class Hooks:
    """Callbacks around each attempt, and at a call's end; they run in the call's task and should return at once."""

    on_request: Hook | None = attrs.field(default=None, validator=is_function)
    on_response: Hook | None = attrs.field(default=None, validator=is_function)
    on_retry: Hook | None = attrs.field(default=None, validator=is_function)
    on_end: Hook | None = attrs.field(default=None, validator=is_function)


@attrs.frozen(kw_only=True)
class HookSet:
    """All hooks of a view, by what they are told of; `attempts`: whether any is told of attempts."""

    request: tuple[Hook, ...]
    response: tuple[Hook, ...]
    retry: tuple[Hook, ...]
    end: tuple[Hook, ...]
    attempts: bool

    @classmethod
    def of(cls, *all_hooks: Hooks) -> HookSet:
        """Those of several sets, in that order."""
        by_moment = {
            moment: tuple(hook for hooks in all_hooks if (hook := getattr(hooks, f"on_{moment}")) is not None)
            for moment in ("request", "response", "retry", "end")
        }
        return cls(**by_moment, attempts=any(by_moment[moment] for moment in ("request", "response", "retry")))


@attrs.frozen(kw_only=True)
class ResponseInfo:
    """One attempt as `responses()` collects it; `elapsed` is seconds.

    Where no answer came, `status` and `request_id` are None and `headers` is empty.
    """

    operation: str
    status: int | None
    headers: Mapping[str, str] = attrs.field(repr=False)
    elapsed: float
    attempt: int
    request_id: str | None


# A list for each `responses()` that the present call is inside of.
collecting: ContextVar[tuple[list[ResponseInfo], ...]] = ContextVar("leat_async.responses", default=())


@contextmanager
def responses() -> Generator[list[ResponseInfo], None, None]:
    """Collect what was answered to the calls inside, beside their typed results: `with responses() as seen:`.

    Returns:
        A list that gets a `ResponseInfo` for each attempt when it ends, in that order; also for those of tasks that
        were begun inside, and of the synchronous client.

    Facts: it can be nested, and then each collects. It grows by every attempt, so put it around calls, not around an
        import.
    """
    seen: list[ResponseInfo] = []
    token = collecting.set((*collecting.get(), seen))
    try:
        yield seen
    finally:
        collecting.reset(token)


def named(operation: Operation[Any]) -> tuple[str, str]:
    """Id and path of an operation as they may be told: a path that the caller wrote is cut, since ids may be in it."""
    if operation.id != f"{operation.method} {operation.path}":
        return operation.id, operation.path
    first, slash, _ = operation.path[1:].partition("/")
    path = f"/{first}/…" if slash else operation.path
    return f"{operation.method} {path}", path


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """What the server calls the request, if it says so."""
    return headers.get(_REQUEST_ID)


def tell(hooks: Iterable[Hook], event: Event) -> None:
    """Tell hooks."""
    for hook in hooks:
        try:
            hook(event)
        except Exception:
            # What a hook does must not decide what becomes of a write that is under way.
            log.exception("leat.hook_failed %s", event.operation, extra={"event": "leat.hook_failed"})


def write(name: str, event: Event) -> None:
    """Tell the log of an attempt."""
    level = logging.INFO if name == "leat.retry" else logging.DEBUG
    if log.isEnabledFor(level):
        log.log(level, "%s", _line(name, event), extra={"event": name, "leat": attrs.asdict(event)})


def _line(name: str, event: Event) -> str:
    what = f"{event.method} {event.path}"
    if name == "leat.request":
        return f"{what} begins attempt {event.attempt}"
    said = [str(event.status)] if event.status is not None else []
    if event.error is not None and (event.status is None or event.status < 300):
        said.append(event.error)
    if name == "leat.retry":
        return f"{what} {' '.join(said)} again in {event.waits or 0:.3g} s after attempt {event.attempt}"
    return f"{what} {' '.join(said)} {(event.elapsed or 0) * 1000:.0f} ms attempt {event.attempt}"


class _LogLines(logging.StreamHandler[Any]):
    """What `LEAT_LOG` asks for, on standard error."""


def log_as_told(environ: Mapping[str, str] | None = None) -> None:
    """Switch logging on if `LEAT_LOG` says so: a line for each attempt, and at "debug" for its beginning and retries.

    Without the variable, nothing is touched.
    """
    told = (os.environ if environ is None else environ).get("LEAT_LOG")
    if not told:
        return
    level = told.lower()
    if level not in _LEVELS:
        raise ConfigError(f"LEAT_LOG must be one of {', '.join(map(repr, _LEVELS))}, or not set, got {told!r}")
    for known in log.handlers:
        if isinstance(known, _LogLines):
            return
    handler = _LogLines()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    if level == "info":
        handler.addFilter(_is_no_detail)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    # The application's handlers would write each line once more.
    log.propagate = False


def _is_no_detail(record: logging.LogRecord) -> bool:
    return getattr(record, "event", None) not in ("leat.request", "leat.retry")
