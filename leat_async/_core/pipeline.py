"""The way of one call: deadline → token → slot and pace → attempts → decode."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

import attrs

from .._version import __version__
from ..config import Config, RetryPolicy
from ..errors import (
    Attempt,
    DeadlineExceeded,
    DecodeError,
    LeatError,
    LifecycleError,
    OutcomeUnknownError,
    RateLimitError,
    TransportError,
)
from . import answers
from .auth import Tokens
from .clock import Clock
from .deadline import Deadline, Deadlines
from .limiter import Gate
from .operation import Effect, Request
from .retry import End, RetryBudget, asked_wait, backoff, end_of_status, may_repeat
from .transport import Answer, Progress, Transport

T = TypeVar("T")
LookUp = Callable[[], Awaitable[Any]]
log = logging.getLogger("leat_async")
log.addHandler(logging.NullHandler())
_NOTHING = Answer(0, {}, b"")


@attrs.frozen(kw_only=True)
class Event:
    """What hooks are told: an operation by name, never its arguments, which may be personal.

    `waits` (seconds) is set for retries; `status`, `elapsed` (seconds) and `error` for answers and retries.
    """

    operation: str
    method: str
    path: str
    attempt: int
    status: int | None = None
    elapsed: float | None = None
    waits: float | None = None
    error: str | None = None


Hook = Callable[[Event], None]


@attrs.frozen(kw_only=True)
class Hooks:
    """Callbacks around each attempt; they run in the call's task and should return at once."""

    on_request: Hook | None = None
    on_response: Hook | None = None
    on_retry: Hook | None = None


@attrs.define
class _Call:
    """What one call has been through so far."""

    request: Request[Any]
    attempts: list[Attempt]
    phase: str = "slot"
    progress: Progress | None = None
    failures: int = 0
    reauthenticated: bool = False
    open: bool = False
    last: LeatError | None = None


@attrs.define
class Pipeline:
    """Everything that calls share, and the settings that a view of the client may change."""

    config: Config
    transport: Transport
    gate: Gate
    tokens: Tokens
    clock: Clock
    budget: RetryBudget
    hooks: Hooks
    timeout: float
    retry: RetryPolicy | None
    # Bulk: waiting for the pace or a 429 does not use up the deadline.
    patient: bool = False
    _deadlines: Deadlines = attrs.field(
        default=attrs.Factory(lambda self: Deadlines(self.timeout), takes_self=True), repr=False, init=False
    )
    _headers: dict[tuple[str | None, bool], dict[str, str]] = attrs.field(
        factory=dict[tuple[str | None, bool], dict[str, str]], repr=False, init=False
    )

    async def run(self, request: Request[T], look_up: LookUp | None = None) -> T:
        """Send a request and decode the object that comes back."""
        answer, attempts = await self.send(request, look_up)
        return cast(T, answers.read(request.operation, answer, attempts))

    async def run_list(self, request: Request[T]) -> answers.Listing[T]:
        """Send a request and decode the list that comes back."""
        answer, attempts = await self.send(request)
        return answers.read_list(request.operation, answer, attempts)

    async def send(self, request: Request[Any], look_up: LookUp | None = None) -> tuple[Answer, tuple[Attempt, ...]]:
        """Send a request until it is answered 2xx, under one deadline for everything."""
        self.transport.check()
        call = _Call(request, [])
        deadline = self._deadlines.begin()
        try:
            with deadline:
                answer = await self._attempt_until_done(call, deadline)
        except LeatError as error:
            final = self._final(call, error, look_up)
            if final is error:
                raise
            raise final from error
        except TimeoutError:
            if not deadline.expired:
                raise
            late = self._late(call, look_up)
            raise late from late.__cause__
        return answer, tuple(call.attempts)

    async def _attempt_until_done(self, call: _Call, deadline: Deadline) -> Answer:
        operation = call.request.operation
        while True:
            call.phase = "token"
            token = None if operation.anonymous else self.tokens.current() or await self.tokens.fetch()
            call.phase = "slot"
            if not self.gate.try_enter():
                await self._enter(call, deadline)
            try:
                self.transport.check()
                end, answer, error = await self._send_once(call, token)
            finally:
                self.gate.leave()
            if error is None:
                self.budget.earn()
                return answer
            call.last = error
            call.open = call.open or end is End.MAYBE_APPLIED
            if isinstance(error, RateLimitError):
                wait = self._rejected(error, deadline)
            elif self._renews(call, answer, token):
                wait = 0.0
            else:
                wait = self._failed(call, end, error, deadline)
            call.attempts[-1] = attrs.evolve(call.attempts[-1], waited=wait)
            self._tell(self.hooks.on_retry, "leat.retry", call, error=error, waits=wait)
            if wait and not isinstance(error, RateLimitError):
                call.phase = "backoff"
                await self.clock.sleep(wait)

    async def _enter(self, call: _Call, deadline: Deadline) -> None:
        call.phase = ""  # the gate knows which of its three reasons it is
        if not self.patient:
            await self.gate.enter(ahead=bool(call.attempts))
            return
        left = deadline.pause()
        await self.gate.enter(ahead=bool(call.attempts))
        deadline.resume(left)

    async def _send_once(self, call: _Call, token: str | None) -> tuple[End, Answer, LeatError | None]:
        """One attempt: how it ended, what came back, and the error it stands for (None for success)."""
        request, operation = call.request, call.request.operation
        progress = Progress()
        call.phase, call.progress = "connect", progress
        self._tell(self.hooks.on_request, "leat.request", call)
        started = self.clock.now()
        answer = _NOTHING
        error: LeatError | None = None
        try:
            answer = await self.transport.send(
                operation.method,
                self.config.base_url + (request.target if operation.at_origin else self.config.root + request.target),
                self._headers_for(token, request.body is not None),
                request.body,
                progress,
            )
        except TransportError as failure:
            end, error = (End.MAYBE_APPLIED if failure.sent else End.NOT_SENT), failure
        else:
            end = end_of_status(answer.status)
            self._learn(answer.headers)
        self._record(call, end, answer, error, self.clock.now() - started)
        if error is None and not 200 <= answer.status < 300:
            error = answers.error_of(operation, answer, token, asked_wait(*_waits(answer.headers), self.clock))
        elif error is None and answer.too_large:
            error = DecodeError(
                f"{operation.id}: the answer has more than max_body={self.config.max_body} bytes", status=answer.status
            )
        elif error is None and not answer.complete:
            error = DecodeError(f"{operation.id}: the answer ended early", status=answer.status)
            # A 2xx was seen, so a write is done; a read can be asked again.
            end = End.ANSWERED if operation.effect is Effect.ACTION else End.MAYBE_APPLIED
        return end, answer, error

    def _learn(self, headers: Mapping[str, str]) -> None:
        remaining = headers.get("X-RateLimit-Remaining")
        if remaining is not None and remaining.isdecimal():
            self.gate.learn(int(remaining[:9]))

    def _record(self, call: _Call, end: End, answer: Answer, error: LeatError | None, elapsed: float) -> None:
        call.attempts.append(
            Attempt(
                number=len(call.attempts) + 1,
                end=end.value,
                status=answer.status or None,
                error=str(error) if error is not None else None,
                elapsed=elapsed,
            )
        )
        self._tell(self.hooks.on_response, "leat.response", call, error=error)

    def _rejected(self, error: RateLimitError, deadline: Deadline) -> float:
        """After a 429: hold the whole token back, and go on unless that outlasts the deadline."""
        wait = error.retry_after if error.retry_after is not None else 1.0
        self.gate.pause(wait)
        if self.retry is None or (not self.patient and wait >= deadline.left()):
            raise error
        return wait

    def _renews(self, call: _Call, answer: Answer, token: str | None) -> bool:
        """Whether a 401 is worth one more try with a fresh token."""
        if answer.status != 401 or token is None or not self.tokens.renewable or call.reauthenticated:
            return False
        call.reauthenticated = True
        self.tokens.reject(token)
        return True

    def _failed(self, call: _Call, end: End, error: LeatError, deadline: Deadline) -> float:
        """After a failure: seconds to wait before the next attempt, or raise if there is to be none."""
        call.failures += 1
        policy = self.retry
        if policy is None or call.failures >= policy.attempts or not may_repeat(end, call.request.operation.effect):
            raise error
        wait = max(backoff(policy, call.failures, self.clock), getattr(error, "retry_after", None) or 0.0)
        if wait >= deadline.left() or not self.budget.spend():
            raise error
        return wait

    def _late(self, call: _Call, look_up: LookUp | None) -> LeatError:
        """The error for a deadline that passed, by where it passed."""
        operation = call.request.operation
        on_its_way = call.phase == "connect"
        progress = call.progress or Progress()
        accepted = progress.status is not None and 200 <= progress.status < 300
        if on_its_way and not progress.connecting:
            call.phase, call.open = "response", True
            call.attempts.append(
                Attempt(number=len(call.attempts) + 1, end=End.MAYBE_APPLIED.value, error="deadline passed")
            )
        elif on_its_way:
            call.attempts.append(
                Attempt(number=len(call.attempts) + 1, end=End.NOT_SENT.value, error="deadline passed")
            )
        phase = call.phase or self.gate.blocked_by()
        error: LeatError
        if phase == "rate limit" and isinstance(call.last, RateLimitError):
            error = call.last
        else:
            error = DeadlineExceeded(
                f"{operation.id}: the deadline of {self.timeout:g} s passed in phase {phase!r}", phase=phase
            )
        if on_its_way and accepted and operation.effect is not Effect.SAFE:
            # The status line said 2xx, so the write is done; only the body of the answer is missing.
            unread = DecodeError(f"{operation.id}: the answer did not arrive in time", status=progress.status)
            unread.__cause__ = error
            error = unread
        return self._final(call, error, look_up)

    def _final(self, call: _Call, error: LeatError, look_up: LookUp | None) -> LeatError:
        """What leaves the pipeline: `error`, or `OutcomeUnknownError` around it if a write was left open."""
        operation = call.request.operation
        error.operation, error.attempts = operation.id, tuple(call.attempts)
        if (
            isinstance(error, TransportError | LifecycleError)
            and error.args
            and not str(error).startswith(operation.id)
        ):
            error.args = (f"{operation.id}: {error}",)
        if not call.open or operation.effect is Effect.SAFE or isinstance(error, DecodeError):
            return error
        unknown = OutcomeUnknownError(
            f"{operation.id}: sent, and nothing tells whether it was applied ({error}); "
            "don't repeat it blindly, ask first with reconcile()"
        )
        unknown.operation, unknown.attempts = operation.id, error.attempts
        unknown.__cause__ = error
        unknown.ask_with(look_up)
        return unknown

    def _headers_for(self, token: str | None, has_body: bool) -> dict[str, str]:
        known = self._headers.get((token, has_body))
        if known is not None:
            return known
        if len(self._headers) > 8:
            self._headers.clear()
        headers = {"Accept": "application/json", "User-Agent": f"leat-async/{__version__}"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if has_body:
            headers["Content-Type"] = "application/json"
        if self.config.partner_id is not None:
            headers["X-Partner-ID"] = self.config.partner_id
        self._headers[token, has_body] = headers
        return headers

    def _tell(
        self,
        hook: Hook | None,
        name: str,
        call: _Call,
        *,
        error: LeatError | None = None,
        waits: float | None = None,
    ) -> None:
        level = logging.INFO if waits is not None else logging.DEBUG
        if hook is None and not log.isEnabledFor(level):
            return
        operation = call.request.operation
        last = call.attempts[-1] if call.attempts and name != "leat.request" else None
        event = Event(
            operation=operation.id,
            method=operation.method,
            path=operation.path,
            attempt=last.number if last is not None else len(call.attempts) + 1,
            status=last.status if last is not None else None,
            elapsed=last.elapsed if last is not None else None,
            waits=waits,
            error=type(error).__name__ if error is not None else None,
        )
        if hook is not None:
            try:
                hook(event)
            except Exception:
                # What a hook does must not decide what becomes of a write that is under way.
                log.exception("leat.hook_failed %s", operation.id, extra={"event": "leat.hook_failed"})
        if log.isEnabledFor(level):
            log.log(level, "%s %s", name, operation.id, extra={"event": name, "leat": attrs.asdict(event)})


def _waits(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    return headers.get("Retry-After"), headers.get("X-RateLimit-Reset")
