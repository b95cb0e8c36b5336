"""The way of one call: deadline → token → slot and pace → attempts → decode."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

import attrs
import msgspec
from multidict import CIMultiDict, istr

from ..config import ClientCredentials, Config, RetryPolicy
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
from .deadline import Deadline, Deadlines, Watch
from .limiter import Gate
from .operation import Effect, Operation, Request
from .retry import End, RetryBudget, asked_wait, backoff, end_of_status, may_repeat
from .transport import Answer, Progress, Transport

T = TypeVar("T")
LookUp = Callable[[], Awaitable[Any]]
Read = Callable[[Operation[Any], Answer], T]
log = logging.getLogger("leat_async")
log.addHandler(logging.NullHandler())
_NOTHING = Answer(0, {}, b"")
_READ: Read[Any] = answers.read
_REMAINING = istr("X-RateLimit-Remaining")


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


class _Send(Progress, gc=False):
    """One attempt while it is under way, and how it ended."""

    started: float = 0.0
    end: End | None = None
    error: str | None = None
    elapsed: float = 0.0
    waited: float = 0.0


class _Call(msgspec.Struct):
    """What one call has been through so far."""

    request: Request[Any]
    sends: list[_Send] = []
    phase: str = "slot"
    failures: int = 0
    reauthenticated: bool = False
    open: bool = False
    last: LeatError | None = None

    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts that have ended; made on demand, since most calls succeed and nobody asks."""
        return tuple(
            Attempt(
                number=number,
                end=send.end.value,
                status=send.status,
                error=send.error,
                elapsed=send.elapsed,
                waited=send.waited,
            )
            for number, send in enumerate(self.sends, 1)
            if send.end is not None
        )


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
    watch: Watch = attrs.field(factory=Watch, repr=False)
    _deadlines: Deadlines = attrs.field(
        default=attrs.Factory(lambda self: self.watch.lasting(self.timeout), takes_self=True), repr=False, init=False
    )
    _base: str = attrs.field(
        default=attrs.Factory(lambda self: self.config.base_url + self.config.root, takes_self=True),
        repr=False,
        init=False,
    )
    _headers: dict[tuple[str | None, bool], CIMultiDict[str]] = attrs.field(
        factory=dict[tuple[str | None, bool], CIMultiDict[str]], repr=False, init=False
    )
    _hooked: bool = attrs.field(
        default=attrs.Factory(lambda self: self.hooks != Hooks(), takes_self=True), repr=False, init=False
    )

    def run(self, request: Request[T], look_up: LookUp | None = None) -> Coroutine[Any, Any, T]:
        """Send a request and decode the object that comes back."""
        return self._answer(_Call(request), look_up, _READ)

    def run_list(self, request: Request[T]) -> Coroutine[Any, Any, answers.Listing[T]]:
        """Send a request and decode the list that comes back."""
        return self._answer(_Call(request), None, answers.read_list)

    async def send(self, request: Request[Any], look_up: LookUp | None = None) -> tuple[Answer, tuple[Attempt, ...]]:
        """Send a request until it is answered 2xx."""
        call = _Call(request)
        answer = await self._answer(call, look_up, _undecoded)
        return answer, call.attempts()

    async def _answer(self, call: _Call, look_up: LookUp | None, read: Read[T]) -> T:
        """What a call is answered, under one deadline for everything but the decoding."""
        self.transport.check()
        request, operation, now = call.request, call.request.operation, self.clock.now
        deadline = self._deadlines.begin()
        try:
            with deadline:
                while True:
                    call.phase = "token"
                    token = None if operation.anonymous else self.tokens.current() or await self.tokens.fetch()
                    if not self.gate.try_enter():
                        await self._enter(call, deadline)
                    try:
                        send = _Send(started=now())
                        call.sends.append(send)
                        call.phase = "connect"
                        watched = self._hooked or log.isEnabledFor(logging.DEBUG)
                        if watched:
                            self._tell(self.hooks.on_request, "leat.request", call)
                        failure: TransportError | None = None
                        try:
                            answer = await self.transport.send(
                                operation.method,
                                (self.config.base_url if operation.at_origin else self._base) + request.target,
                                self._headers.get((token, request.body is not None))
                                or self._headers_for(token, request.body),
                                request.body,
                                send,
                            )
                        except TransportError as error:
                            answer, failure = _NOTHING, error
                        send.elapsed = now() - send.started
                        if self.gate.paced:
                            self._learn(answer.headers)
                        if 200 <= answer.status < 300 and answer.complete and not answer.too_large:
                            send.end = end = End.ANSWERED
                            failed = None
                        else:
                            end, failed = self._judge(operation, send, answer, failure, token)
                        if watched:
                            self._tell(self.hooks.on_response, "leat.response", call, error=failure)
                    finally:
                        self.gate.leave()
                    if failed is None:
                        break
                    wait = self._go_on(call, answer, end, failed, token, deadline)
                    if wait:
                        call.phase = "backoff"
                        await self.clock.sleep(wait)
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
        self.budget.earn()
        try:
            return read(operation, answer)
        except DecodeError as error:
            error.attempts = call.attempts()
            raise

    def _go_on(
        self, call: _Call, answer: Answer, end: End, failed: LeatError, token: str | None, deadline: Deadline
    ) -> float:
        """After an attempt that failed: seconds to wait before the next, or raise if there is to be none."""
        send = call.sends[-1]
        call.last = failed
        call.open = call.open or end is End.MAYBE_APPLIED
        if isinstance(failed, RateLimitError):
            send.waited = self._rejected(failed, deadline)
        elif not self._renews(call, answer, token):
            send.waited = self._failed(call, end, failed, deadline)
        self._tell(self.hooks.on_retry, "leat.retry", call, error=failed, waits=send.waited)
        # After a 429 it is the gate that waits.
        return 0.0 if isinstance(failed, RateLimitError) else send.waited

    async def _enter(self, call: _Call, deadline: Deadline) -> None:
        call.phase = ""  # the gate knows which of its three reasons it is
        if not self.patient:
            await self.gate.enter(ahead=bool(call.sends))
            return
        left = deadline.pause()
        await self.gate.enter(ahead=bool(call.sends))
        deadline.resume(left)

    def _judge(
        self, operation: Operation[Any], send: _Send, answer: Answer, failure: TransportError | None, token: str | None
    ) -> tuple[End, LeatError]:
        """How an attempt ended that brought no whole 2xx, and the error it stands for."""
        if failure is not None:
            send.error = str(failure)
            send.end = End.MAYBE_APPLIED if failure.sent else End.NOT_SENT
            return send.end, failure
        send.end = end_of_status(answer.status)
        if not 200 <= answer.status < 300:
            wait = asked_wait(*_waits(answer.headers), self.clock)
            credentials = self.config.token
            if operation.anonymous and isinstance(credentials, ClientCredentials):
                token = credentials.client_secret
            return send.end, answers.error_of(operation, answer, token, wait)
        if answer.too_large:
            text = f"{operation.id}: the answer has more than max_body={self.config.max_body} bytes"
            return send.end, DecodeError(text, status=answer.status)
        # A 2xx was seen, so a write is done; a read can be asked again.
        end = End.ANSWERED if operation.effect is Effect.ACTION else End.MAYBE_APPLIED
        return end, DecodeError(f"{operation.id}: the answer ended early", status=answer.status)

    def _learn(self, headers: Mapping[str, str]) -> None:
        remaining = headers.get(_REMAINING)
        if remaining is not None and remaining.isdecimal():
            self.gate.learn(int(remaining[:9]))

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
        on_its_way = call.sends[-1] if call.phase == "connect" else None
        if on_its_way is not None:
            on_its_way.error = "deadline passed"
            if on_its_way.connecting:
                on_its_way.end = End.NOT_SENT
            else:
                on_its_way.end = End.MAYBE_APPLIED
                call.phase, call.open = "response", True
        phase = call.phase or self.gate.blocked_by()
        error: LeatError
        if phase == "rate limit" and isinstance(call.last, RateLimitError):
            error = call.last
        else:
            error = DeadlineExceeded(
                f"{operation.id}: the deadline of {self.timeout:g} s passed in phase {phase!r}", phase=phase
            )
        status = on_its_way.status if on_its_way is not None else None
        if status is not None and 200 <= status < 300 and operation.effect is not Effect.SAFE:
            # The status line said 2xx, so the write is done; only the body of the answer is missing.
            unread = DecodeError(f"{operation.id}: the answer did not arrive in time", status=status)
            unread.__cause__ = error
            error = unread
        return self._final(call, error, look_up)

    def _final(self, call: _Call, error: LeatError, look_up: LookUp | None) -> LeatError:
        """What leaves the pipeline: `error`, or `OutcomeUnknownError` around it if a write was left open."""
        operation = call.request.operation
        error.operation, error.attempts = operation.id, call.attempts()
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

    def _headers_for(self, token: str | None, body: bytes | None) -> CIMultiDict[str]:
        if len(self._headers) > 8:
            self._headers.clear()
        headers = CIMultiDict[str]()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.config.partner_id is not None:
            headers["X-Partner-ID"] = self.config.partner_id
        self._headers[token, body is not None] = headers
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
        last = call.sends[-1] if name != "leat.request" else None
        event = Event(
            operation=operation.id,
            method=operation.method,
            path=operation.path,
            attempt=len(call.sends),
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


def _undecoded(_: Operation[Any], answer: Answer) -> Answer:
    return answer


def _waits(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    return headers.get("Retry-After"), headers.get("X-RateLimit-Reset")
