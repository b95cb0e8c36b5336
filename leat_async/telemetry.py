"""Calls as OpenTelemetry has them: a span for each, its attempts as events, and metrics (extra `otel`).

`instrument(leat)` once, after the client was made. docs/client.md says what each span and each metric holds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary, WeakSet

from ._core.events import Event, Hooks
from ._core.limiter import Gate
from ._core.pipeline import Pipeline
from ._core.unset import UNSET, Unset
from ._version import __version__
from .client import LeatClient
from .errors import Attempt, ConfigError

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

__all__ = ["instrument"]


class ClientOrView(Protocol):
    """A client, asynchronous or synchronous."""

    def with_options(self, *, timeout: float | Unset = UNSET) -> Any:
        """Make a view of it."""
        ...


AnyClient = TypeVar("AnyClient", bound=ClientOrView)
_K = TypeVar("_K")
_Attributes: TypeAlias = dict[str, str | int]
_Where: TypeAlias = tuple[str, int]

_SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
# Advised by the semantic conventions, in seconds.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_PARAMETER = re.compile(r"\{[^}]*\}|…")
_NANO = 1_000_000_000
# Phases in which nothing is under way.
_WAITING = ("token", "slot", "pace", "rate limit", "backoff")
# Attributes that are kept: paths that callers write can be any number.
_MOST_KEPT = 1000
# Calls that are told of together, and the seconds within which they are.
_TOGETHER = 64
_LONGEST = 0.25
# Seconds; what is shorter is no wait but the way of a call.
_LEAST_WAIT = 0.001


def instrument(
    leat: AnyClient,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> AnyClient:
    """Tell OpenTelemetry of every call of a client from now on.

    Parameters:
        leat: a `LeatClient`, asynchronous or synchronous. Views that `with_options` makes later are told of as well,
            whatever hooks they have; those made before are not.
        tracer_provider: where spans go; left out, the process's own.
        meter_provider: where metrics go; left out, the process's own.

    Returns:
        The same client. It has no telemetry until the process sets providers up, and costs next to nothing then.

    Raises:
        TypeError: `leat` is no client.
        ConfigError: OpenTelemetry is not installed (extra `otel`), or the client is instrumented already.

    Repeating: refused, since each call would be told of twice.
    """
    client = getattr(leat, "_async", leat)
    if not isinstance(client, LeatClient):
        raise TypeError(f"instrument takes a LeatClient of leat_async or leat_async.sync, got {type(leat).__name__}")
    try:
        trace, metrics = import_module("opentelemetry.trace"), import_module("opentelemetry.metrics")
    except ImportError:
        raise ConfigError("telemetry needs an extra: pip install 'leat-async[otel]'") from None
    pipeline: Pipeline = client._pipeline  # pyright: ignore[reportPrivateUsage]
    for hooks in pipeline.instruments:
        if isinstance(getattr(hooks.on_end, "__self__", None), _Telemetry):
            raise ConfigError("this client is instrumented already; instrument a client once, where it is made")
    tracers = tracer_provider or trace.get_tracer_provider()
    tracer = tracers.get_tracer("leat_async", __version__, schema_url=_SCHEMA)
    meters = _meters_of(meter_provider or metrics.get_meter_provider(), metrics)
    pipeline.instrument(Hooks(on_end=_Telemetry(pipeline, trace, tracer, meters).ended))
    return leat


class _Meters:
    """The instruments of one meter provider, shared by all clients: each may be made once only."""

    def __init__(self, provider: Any, metrics: Any) -> None:
        meter = provider.get_meter("leat_async", __version__, schema_url=_SCHEMA)
        self._observation: Callable[..., Any] = metrics.Observation
        self._gates: dict[_Where, WeakSet[Gate]] = {}
        self.duration = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self.errors = meter.create_counter("leat.client.errors", unit="{call}", description="Calls that raised.")
        self.retries = meter.create_counter(
            "leat.client.retries", unit="{attempt}", description="Attempts after a first."
        )
        self.waits = meter.create_counter("leat.client.waits", unit="s", description="Time in which calls waited.")
        for name, unit, description, observe in (
            ("http.client.active_requests", "{request}", "Requests in flight.", attrgetter("in_flight")),
            ("leat.client.queue", "{call}", "Calls that wait for a slot or the pace.", attrgetter("waiting")),
        ):
            meter.create_observable_up_down_counter(name, [self._observer(observe, sum)], unit, description)
        meter.create_observable_gauge(
            "leat.client.pause",
            [self._observer(Gate.pause_left, max)],
            "s",
            "How long a 429 holds all calls back.",
        )
        meter.create_observable_gauge(
            "leat.client.pace.delay",
            [self._observer(Gate.pace_delay, max)],
            "s",
            "How long the pace would hold back a call that began now.",
        )

    def watch(self, where: _Where, gate: Gate) -> None:
        """Observe a client's gate for as long as there is one."""
        self._gates.setdefault(where, WeakSet()).add(gate)

    def _observer(
        self, take: Callable[[Gate], float], together: Callable[[Iterable[float]], float]
    ) -> Callable[[object], list[Any]]:
        def observe(options: object) -> list[Any]:
            return [
                self._observation(together(values), {"server.address": address, "server.port": port})
                for (address, port), gates in list(self._gates.items())
                if (values := [take(gate) for gate in list(gates)])
            ]

        return observe


_METERS: WeakKeyDictionary[Any, _Meters] = WeakKeyDictionary()


def _meters_of(provider: Any, metrics: Any) -> _Meters:
    found = _METERS.get(provider)
    if found is None:
        found = _METERS[provider] = _Meters(provider, metrics)
    return found


class _Telemetry:
    """What one client's calls are told by."""

    def __init__(self, pipeline: Pipeline, trace: Any, tracer: Any, meters: _Meters) -> None:
        parts = urlsplit(pipeline.config.base_url)
        self._where: _Where = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        self._origin, self._root = pipeline.config.base_url, pipeline.config.root
        self._client = trace.SpanKind.CLIENT
        self._error = trace.StatusCode.ERROR
        self._tracer = tracer
        self._meters = meters
        self._of_operation: dict[tuple[str, str], _Attributes] = {}
        self._of_attempt: dict[tuple[str, str, int | None, str | None], _Attributes] = {}
        self._gate = pipeline.gate
        self._context: Callable[[], Any] = import_module("opentelemetry.context").get_current
        # In one loop over many, the SDK takes half the time that it takes in the midst of calls.
        self._pending: list[tuple[Event, int, Any]] = []
        meters.watch(self._where, self._gate)

    def ended(self, event: Event) -> None:
        """A call has ended: tell of it, at once if no other is under way, else together with those that end next."""
        self._pending.append((event, time.time_ns(), self._context()))
        if len(self._pending) >= _TOGETHER or not self._gate.in_flight or self._is_late():
            pending, self._pending = self._pending, []
            for event, end, context in pending:
                self._tell(event, end, context)

    def _is_late(self) -> bool:
        return self._pending[-1][1] - self._pending[0][1] > _LONGEST * _NANO

    def _tell(self, event: Event, end: int, context: Any) -> None:
        elapsed = event.elapsed or 0.0
        begin = end - int(elapsed * _NANO)
        attributes = {**self._attributes_of(event), "leat.operation": event.operation}
        if event.status is not None:
            attributes["http.response.status_code"] = event.status
        if event.attempt > 1:
            attributes["http.request.resend_count"] = event.attempt - 1
        if event.error is not None:
            failed_by_status = event.status is not None and event.status >= 300
            attributes["error.type"] = str(event.status) if failed_by_status else event.error
        span = self._tracer.start_span(
            f"{event.method} {event.path}", context, kind=self._client, attributes=attributes, start_time=begin
        )
        if span.is_recording():
            for attempt in event.attempts:
                span.add_event("leat.attempt", _told_of(attempt), begin + int(attempt.began * _NANO))
            if event.error is not None:
                span.set_status(self._error)
            span.end(end)
        self._measure(event, elapsed, context)

    def _measure(self, event: Event, elapsed: float, context: Any) -> None:
        meters, operation = self._meters, {"leat.operation": event.operation}
        # Until when the call was busy, in seconds after it began, and how long it waited for its turn or to try again.
        busy = turn = again = pause = 0.0
        for attempt in event.attempts:
            meters.duration.record(attempt.elapsed, self._measured_by(event, attempt), context)
            gap = attempt.began - busy
            again += min(gap, pause)
            turn += gap - min(gap, pause)
            busy, pause = attempt.began + attempt.elapsed, attempt.waited
        if event.phase in _WAITING:
            turn += elapsed - busy
        for reason, waited in (("turn", turn), ("retry", again)):
            if waited >= _LEAST_WAIT:
                meters.waits.add(waited, {**operation, "leat.wait.for": reason})
        if event.attempt > 1:
            meters.retries.add(event.attempt - 1, operation)
        if event.error is not None:
            meters.errors.add(1, {**operation, "error.type": event.error})

    def _attributes_of(self, event: Event) -> _Attributes:
        key = (event.method, event.path)
        found = self._of_operation.get(key)
        if found is None:
            root = "" if event.path.startswith(("/api/", "/oauth/")) else self._root
            template = root + event.path
            found = _remember(
                self._of_operation,
                key,
                {
                    "http.request.method": event.method,
                    "server.address": self._where[0],
                    "server.port": self._where[1],
                    "url.template": template,
                    # What is in the place of a parameter may be personal.
                    "url.full": self._origin + _PARAMETER.sub("REDACTED", template),
                },
            )
        return found

    def _measured_by(self, event: Event, attempt: Attempt) -> _Attributes:
        error = _error_of(attempt)
        key = (event.method, event.path, attempt.status, error)
        found = self._of_attempt.get(key)
        if found is None:
            attributes = {**self._attributes_of(event), **_told_of(attempt)}
            for name in ("url.full", "http.request.resend_count", "leat.attempt.end"):
                attributes.pop(name, None)
            found = _remember(self._of_attempt, key, attributes)
        return found


def _remember(known: dict[_K, _Attributes], key: _K, attributes: _Attributes) -> _Attributes:
    if len(known) >= _MOST_KEPT:
        known.clear()
    known[key] = attributes
    return attributes


def _told_of(attempt: Attempt) -> _Attributes:
    """What an attempt's event says."""
    said: _Attributes = {"http.request.resend_count": attempt.number - 1, "leat.attempt.end": attempt.end}
    if attempt.status is not None:
        said["http.response.status_code"] = attempt.status
    error = _error_of(attempt)
    if error is not None:
        said["error.type"] = error
    return said


def _error_of(attempt: Attempt) -> str | None:
    if attempt.status is None:
        return "not_sent" if attempt.end == "not sent" else "no_answer"
    if attempt.status >= 300:
        return str(attempt.status)
    return None if attempt.end == "answered" else "unreadable"
