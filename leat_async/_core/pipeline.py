"""The way of one call: deadline → token → slot and pace → attempts → decode."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

import attrs
import msgspec
from multidict import CIMultiDict, istr

from ..config import ClientCredentials, Config, RetryPolicy, Secret
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
from . import answers, events, verdict
from .auth import Tokens
from .clock import Clock
from .deadline import Deadline, Deadlines, Watch
from .events import Hook, Hooks, HookSet
from .limiter import Gate, too_long
from .operation import Effect, Operation, Request
from .retry import End, RetryBudget, asked_wait, backoff, may_repeat
from .transport import USER_AGENT, Answer, HeaderText, SendProgress, Transport

T = TypeVar("T")
Read = Callable[[Operation[Any], Answer], T]
_NOTHING = Answer(0, {}, b"")
_READ: Read[Any] = answers.read
_REMAINING = istr("X-RateLimit-Remaining")


class Send(SendProgress, gc=False):
    """One attempt while it is under way, and how it ended."""

    started: float = 0.0
    end: End | None = None
    # Asked again, the same would come.
    settled: bool = False
    error: str | None = None
    elapsed: float = 0.0
    waited: float = 0.0


class Observer(Protocol):
    """What is told of each send of a view's calls; `subject` is what the call was said to be about, or None."""

    def before(self, subject: Any, send: Send, /) -> Awaitable[None] | None:
        """It is about to leave, and does when this has been awaited; at once if there is nothing to await."""

    def after(self, subject: Any, send: Send, /) -> None:
        """It has ended; without an `end` if it was cut off, `connecting` if nothing had left by then."""


class _Call(msgspec.Struct):
    """What one call has been through so far."""

    request: Request[Any]
    subject: Any = None
    sends: list[Send] = []
    phase: str = "slot"
    failures: int = 0
    reauthenticated: bool = False
    open: bool = False
    last: LeatError | None = None
    # For hooks; made when the first is told.
    id: str = ""
    begun: float = 0.0

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
                began=send.started - self.begun,
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
    # Bulk and export: calls that somebody waits for go first.
    later: bool = False
    observer: Observer | None = None
    # Hooks that no view takes away.
    instruments: tuple[Hooks, ...] = ()
    watch: Watch = attrs.field(factory=Watch, repr=False)
    _deadlines: Deadlines = attrs.field(
        default=attrs.Factory(lambda self: self.watch.lasting(self.timeout), takes_self=True), repr=False, init=False
    )
    _base: str = attrs.field(
        default=attrs.Factory(lambda self: self.config.base_url + self.config.root, takes_self=True),
        repr=False,
        init=False,
    )
    # Without and with a body, for the token that was last sent.
    _headers: tuple[CIMultiDict[str], CIMultiDict[str]] = attrs.field(
        default=attrs.Factory(lambda self: self._headers_for(None), takes_self=True), repr=False, init=False
    )
    _headers_token: Secret | None = attrs.field(default=None, repr=False, init=False)
    _told: HookSet = attrs.field(
        default=attrs.Factory(lambda self: HookSet.of(self.hooks, *self.instruments), takes_self=True),
        repr=False,
        init=False,
    )

    def run(self, request: Request[T], subject: Any = None) -> Coroutine[Any, Any, T]:
        """Send a request and decode the object that comes back; `subject` is for the observer."""
        return (self._watched if self._told.end else self._answer)(_Call(request, subject), _READ)

    def run_list(self, request: Request[T]) -> Coroutine[Any, Any, answers.Listing[T]]:
        """Send a request and decode the list that comes back."""
        return (self._watched if self._told.end else self._answer)(_Call(request), answers.read_list)

    def run_as(self, request: Request[Any], read: Read[T]) -> Coroutine[Any, Any, T]:
        """Send a request and read what comes back, headers included, in a way of the caller's."""
        return (self._watched if self._told.end else self._answer)(_Call(request), read)

    async def run_raw(self, request: Request[Any]) -> answers.RawResponse:
        """Send a request and take what comes back as it is."""
        call = _Call(request)
        raw = await (self._watched if self._told.end else self._answer)(call, answers.read_raw)
        return attrs.evolve(raw, attempts=call.attempts())

    def instrument(self, hooks: Hooks) -> None:
        """Have these told as well from now on, in the views that are made from now on too."""
        self.instruments = (*self.instruments, hooks)
        self._told = HookSet.of(self.hooks, *self.instruments)

    async def _watched(self, call: _Call, read: Read[T]) -> T:
        """As `_answer`, and hooks are told of the call's end."""
        try:
            found = await self._answer(call, read)
        except BaseException as error:
            self._tell_call(call, error)
            raise
        self._tell_call(call, None)
        return found

    async def _answer(self, call: _Call, read: Read[T]) -> T:
        """What a call is answered, under one deadline for everything but the decoding."""
        call.begun = self.clock.now()
        self.transport.check()
        request, operation, now, observer = call.request, call.request.operation, self.clock.now, self.observer
        deadline = self._deadlines.begin()
        try:
            with deadline:
                while True:
                    call.phase = "token"
                    token = None if operation.anonymous else self.tokens.current() or await self._token(call, deadline)
                    if not self.gate.try_enter():
                        await self._enter(call, deadline)
                    # Nothing leaves until the observer is ready, so a deadline that passes meanwhile leaves no doubt.
                    send = Send(observer is not None, started=now())
                    answer, held = _NOTHING, 0.0
                    failed: LeatError | None = None
                    watched = self._told.attempts or events.log.isEnabledFor(logging.DEBUG) or events.collecting.get()
                    try:
                        call.sends.append(send)
                        call.phase = "connect"
                        if watched:
                            self._tell(self._told.request, "leat.request", call)
                        if observer is not None:
                            ready = observer.before(call.subject, send)
                            if ready is not None:
                                await ready
                                send.started, held = now(), self.gate.pause_left()
                            send.connecting = False
                        if held:
                            # Another was refused meanwhile, and so would this one be.
                            send.end, send.waited, failed = End.NOT_SENT, held, too_long(held)
                        else:
                            try:
                                answer = await self.transport.send(
                                    operation.method,
                                    (self.config.base_url if operation.at_origin else self._base) + request.target,
                                    (self._headers if token is self._headers_token else self._headers_for(token))[
                                        request.body is not None
                                    ],
                                    request.body,
                                    send,
                                )
                            except TransportError as error:
                                failed, send.error = error, str(error)
                                send.end = End.MAYBE_APPLIED if error.sent else End.NOT_SENT
                            send.elapsed = now() - send.started
                            if self.gate.paced:
                                self._learn(answer.headers)
                            if 200 <= answer.status < 300 and answer.complete and not answer.too_large:
                                try:
                                    found = read(operation, answer)
                                    if operation.echoes:
                                        verdict.check(request, found)
                                    send.end, failed = End.ANSWERED, None
                                except DecodeError as unread:
                                    failed = self._unread(operation, send, unread)
                            else:
                                failed = failed or self._judge(operation, send, answer, token)
                    finally:
                        self.gate.leave(unsent=held > 0)
                        if observer is not None:
                            observer.after(call.subject, send)
                        if watched:
                            self._tell_end(call, answer, failed, deadline)
                    if failed is None:
                        if self.gate.rejections:
                            self.gate.accept(send.started)
                        self.budget.earn()
                        return found  # pyright: ignore[reportReturnType, reportPossiblyUnboundVariable] - nothing failed
                    wait = self._go_on(call, answer, failed, token, deadline)
                    if wait:
                        call.phase = "backoff"
                        await self.clock.sleep(wait)
        except LeatError as error:
            final = self._final(call, error)
            if final is error:
                raise
            raise final from error
        except TimeoutError:
            if not deadline.expired:
                raise
        # Outside, or the cancellation would go with it, and with that all that aiohttp had in its hands.
        raise self._late(call)

    def _go_on(self, call: _Call, answer: Answer, failed: LeatError, token: Secret | None, deadline: Deadline) -> float:
        """After an attempt that failed: seconds to wait before the next, or raise if there is to be none."""
        send = call.sends[-1]
        call.last = failed
        call.open = call.open or send.end is End.MAYBE_APPLIED
        if isinstance(failed, RateLimitError):
            self._rejected(send, failed, deadline)
        elif not self._renews(call, answer, token):
            send.waited = self._failed(call, send, failed, deadline)
        self._tell(self._told.retry, "leat.retry", call, answer, type(failed).__name__, waits=send.waited)
        # After a 429 it is the gate that waits.
        return 0.0 if isinstance(failed, RateLimitError) else send.waited

    async def _token(self, call: _Call, deadline: Deadline) -> Secret:
        """A fresh token; who is patient waits for the rate limit here as well: the gate lets no request through."""
        while True:
            try:
                return await self.tokens.fetch()
            except RateLimitError:
                if not self.patient:
                    raise
            await self._enter(call, deadline)
            self.gate.leave(unsent=True)

    async def _enter(self, call: _Call, deadline: Deadline) -> None:
        call.phase = ""  # the gate knows which of its three reasons it is
        if not self.patient:
            await self.gate.enter(deadline.left(), ahead=bool(call.sends), later=self.later)
            return
        left = deadline.pause()
        await self.gate.enter(ahead=bool(call.sends), later=self.later)
        deadline.resume(left)

    def _judge(self, operation: Operation[Any], send: Send, answer: Answer, token: Secret | None) -> LeatError:
        """The error that an answer stands for which is no whole 2xx."""
        if not 200 <= answer.status < 300:
            wait = asked_wait(answer.headers, self.clock)
            if answer.status == 429:
                # Before the slot comes free, or whoever waits for it would leave.
                send.end, send.waited = End.REJECTED, self.gate.reject(wait, send.started)
                wait = wait or send.waited
            elif verdict.refuses(answer.status, answer.body):
                send.end = End.ANSWERED
            else:
                # Somebody's on the way, who says nothing about what happened behind: a gateway, a proxy, a redirect.
                send.end, send.settled = End.MAYBE_APPLIED, not verdict.may_change(answer.status)
            credentials = self.config.token
            if operation.anonymous and isinstance(credentials, ClientCredentials):
                token = credentials.client_secret
            return answers.error_of(operation, answer, (token, *self.config.headers.values()), wait)
        text = "the answer ended early"
        if answer.too_large:
            text = f"the answer has more than max_body={self.config.max_body} bytes"
            send.settled = True
        ours = verdict.begins_as_ours(operation, answer.body)
        unread = DecodeError(f"{operation.id}: {text}", status=answer.status, accepted=ours)
        return self._unread(operation, send, unread)

    def _unread(self, operation: Operation[Any], send: Send, error: DecodeError) -> DecodeError:
        """A 2xx that can't be read: one that is not the API's says nothing; where it is no JSON, the next may be."""
        if not error.accepted:
            send.end = End.MAYBE_APPLIED
        elif send.settled or error.path != "$" or operation.effect is Effect.ACTION:
            send.end = End.ANSWERED
        else:
            send.end = End.MAYBE_APPLIED
        return error

    def _learn(self, headers: Mapping[str, str]) -> None:
        remaining = headers.get(_REMAINING)
        if remaining is not None and remaining.isdecimal():
            self.gate.learn(int(remaining[:9]))

    def _rejected(self, send: Send, error: RateLimitError, deadline: Deadline) -> None:
        """After a 429, for which the whole token is held back: go on unless that outlasts the deadline."""
        if self.retry is None or (not self.patient and send.waited >= deadline.left()):
            send.waited = 0.0
            raise error

    def _renews(self, call: _Call, answer: Answer, token: Secret | None) -> bool:
        """Whether a 401 is worth one more try with a fresh token."""
        if answer.status != 401 or token is None or not self.tokens.renewable or call.reauthenticated:
            return False
        if call.sends[-1].end is End.MAYBE_APPLIED and call.request.operation.effect is Effect.ACTION:
            return False
        call.reauthenticated = True
        self.tokens.reject(token)
        return True

    def _failed(self, call: _Call, send: Send, error: LeatError, deadline: Deadline) -> float:
        """After a failure: seconds to wait before the next attempt, or raise if there is to be none."""
        call.failures += 1
        policy = self.retry
        if policy is None or call.failures >= policy.attempts or send.settled or send.end is None:
            raise error
        if not may_repeat(send.end, call.request.operation.effect):
            raise error
        wait = max(backoff(policy, call.failures, self.clock), getattr(error, "retry_after", None) or 0.0)
        if wait >= deadline.left() or not self.budget.spend():
            raise error
        return wait

    def _late(self, call: _Call) -> LeatError:
        """The error for a deadline that passed, by where it passed."""
        operation = call.request.operation
        on_its_way = call.sends[-1] if call.phase == "connect" else None
        if on_its_way is not None:
            on_its_way.error = "deadline passed"
            on_its_way.elapsed = self.clock.now() - on_its_way.started
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
        if on_its_way is not None and operation.effect is not Effect.SAFE:
            status = on_its_way.status
            if status is not None and 200 <= status < 300 and verdict.begins_as_ours(operation, on_its_way.begun):
                # The API's own answer, so the write is done; only the rest of it is missing.
                unread = DecodeError(f"{operation.id}: the answer did not arrive in time", status=status)
                unread.__cause__ = error
                error = unread
        return self._final(call, error)

    def _final(self, call: _Call, error: LeatError) -> LeatError:
        """What leaves the pipeline: `error`, or `OutcomeUnknownError` around it if a write was left open."""
        operation = call.request.operation
        error.operation, error.attempts = operation.id, call.attempts()
        if (
            isinstance(error, TransportError | LifecycleError)
            and error.args
            and not str(error).startswith(operation.id)
        ):
            error.args = (f"{operation.id}: {error}",)
        if not call.open or operation.effect is Effect.SAFE or (isinstance(error, DecodeError) and error.accepted):
            return error
        unknown = OutcomeUnknownError(
            f"{operation.id}: sent, and nothing tells whether it was applied ({error}); "
            "don't repeat it blindly, ask first with reconcile()"
        )
        unknown.operation, unknown.attempts = operation.id, error.attempts
        unknown.__cause__ = error
        return unknown

    def _headers_for(self, token: Secret | None) -> tuple[CIMultiDict[str], CIMultiDict[str]]:
        headers = CIMultiDict[str]({name: HeaderText(value.reveal()) for name, value in self.config.headers.items()})
        if "User-Agent" in headers:
            headers["User-Agent"] = f"{headers['User-Agent']} {USER_AGENT}"
        if token is not None:
            headers["Authorization"] = HeaderText("Bearer " + token.reveal())
        if self.config.partner_id is not None:
            headers["X-Partner-ID"] = self.config.partner_id
        with_body = CIMultiDict(headers)
        with_body["Content-Type"] = "application/json"
        self._headers_token, self._headers = token, (headers, with_body)
        return self._headers

    def _tell_end(self, call: _Call, answer: Answer, failed: LeatError | None, deadline: Deadline) -> None:
        """Tell hooks, log and `responses()` how an attempt ended, also if it was cut off."""
        send = call.sends[-1]
        ended: BaseException | None = failed
        if send.end is None:
            send.elapsed, ended = self.clock.now() - send.started, sys.exception()
        error = None if ended is None else type(ended).__name__
        if deadline.expired and isinstance(ended, asyncio.CancelledError):
            error = DeadlineExceeded.__name__
        self._tell(self._told.response, "leat.response", call, answer, error)
        for seen in events.collecting.get():
            seen.append(
                events.ResponseInfo(
                    operation=call.request.operation.id,
                    status=send.status,
                    headers=answer.headers,
                    elapsed=send.elapsed,
                    attempt=len(call.sends),
                    request_id=events.request_id_of(answer.headers),
                )
            )

    def _tell(
        self,
        hooks: tuple[Hook, ...],
        name: str,
        call: _Call,
        answer: Answer | None = None,
        error: str | None = None,
        waits: float | None = None,
    ) -> None:
        if not hooks and not events.log.isEnabledFor(logging.DEBUG if waits is None else logging.INFO):
            return
        call.id = call.id or os.urandom(8).hex()
        send = call.sends[-1]
        operation, path = events.named(call.request.operation)
        if waits is not None:
            phase = "backoff"
        else:
            phase = "connect" if answer is None or send.connecting or send.end is End.NOT_SENT else "response"
        event = events.Event(
            operation=operation,
            method=call.request.operation.method,
            path=path,
            call=call.id,
            attempt=len(call.sends),
            phase=phase,
            status=None if answer is None else send.status,
            elapsed=None if answer is None else send.elapsed,
            waits=waits,
            error=error,
            request_id=None if answer is None else events.request_id_of(answer.headers),
        )
        events.tell(hooks, event)
        events.write(name, event)

    def _tell_call(self, call: _Call, error: BaseException | None) -> None:
        """Tell hooks that a call has ended."""
        call.id = call.id or os.urandom(8).hex()
        send = call.sends[-1] if call.sends else None
        if send is not None and send.end is None:
            # Cut off, as nothing but the end of the call is.
            send.end = End.NOT_SENT if send.connecting else End.MAYBE_APPLIED
            send.elapsed, send.error = self.clock.now() - send.started, type(error).__name__
        phase = getattr(error, "phase", None) or call.phase or self.gate.blocked_by(error)
        if phase == "connect" and send is not None and not (send.connecting or send.end is End.NOT_SENT):
            phase = "response"
        operation, path = events.named(call.request.operation)
        event = events.Event(
            operation=operation,
            method=call.request.operation.method,
            path=path,
            call=call.id,
            attempt=len(call.sends),
            phase=phase,
            status=None if send is None else send.status,
            elapsed=self.clock.now() - call.begun,
            error=None if error is None else type(error).__name__,
            attempts=call.attempts(),
        )
        events.tell(self._told.end, event)
