"""What OpenTelemetry is told, by its own SDK, of calls over real sockets."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from leat_async import Event, LeatClient, RetryPolicy, sync, telemetry
from leat_async._core.clock import Clock
from leat_async.errors import ConfigError, DeadlineExceeded, NotFoundError, OutcomeUnknownError, RateLimitError
from leat_async.telemetry import instrument

from .conftest import Recorder, answer, drop, hang

ROOT = "/api/v3/oauth/clients"


class Seen:
    """Providers of a test, and what came to them."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.providers: dict[str, Any] = {
            "tracer_provider": self.tracers,
            "meter_provider": MeterProvider(metric_readers=[self.reader]),
        }

    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def metrics(self) -> dict[str, list[tuple[dict[str, Any], Any]]]:
        """Each metric's points: attributes, and the value or the histogram's point."""
        data = self.reader.get_metrics_data()
        return {
            metric.name: [
                (dict(point.attributes or {}), getattr(point, "value", point)) for point in metric.data.data_points
            ]
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def seen() -> Seen:
    return Seen()


def client(recorder: Recorder, seen: Seen, **options: Any) -> LeatClient:
    options = {"retry": RetryPolicy(backoff=0.01), **options}
    return instrument(LeatClient("token-of-this-test", base_url=recorder.url, **options), **seen.providers)


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_span_for_a_call_under_the_present_one(recorder: Recorder, seen: Seen) -> None:
    async with client(recorder, seen) as leat:
        with seen.tracers.get_tracer("test").start_as_current_span("a visit") as parent:
            await leat.visits.get("v-1")
    span, _ = seen.spans()
    port = int(recorder.url.rpartition(":")[2])
    assert (span.name, span.kind, span.status.status_code) == (
        "GET /visits/{visit_uuid}",
        SpanKind.CLIENT,
        StatusCode.UNSET,
    )
    assert span.parent is not None
    assert span.parent.span_id == parent.get_span_context().span_id
    assert said(span) == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.template": f"{ROOT}/visits/{{visit_uuid}}",
        "url.full": f"{recorder.url}{ROOT}/visits/REDACTED",
        "http.response.status_code": 200,
        "leat.operation": "visits.get",
    }
    (attempt,) = span.events
    assert (attempt.name, dict(attempt.attributes or {})) == (
        "leat.attempt",
        {"http.request.resend_count": 0, "leat.attempt.end": "answered", "http.response.status_code": 200},
    )
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.start_time <= attempt.timestamp < span.end_time
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "leat_async"


async def test_attempts_are_events_and_waits_and_retries_are_counted(
    recorder: Recorder, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Chance may make both waits too short to be counted.
    monkeypatch.setattr(Clock, "random", lambda self: 0.5)
    recorder.replies = [answer({}, 502), drop()]
    async with client(recorder, seen) as leat:
        await leat.visits.get("v-1")
    (span,) = seen.spans()
    assert said(span)["http.request.resend_count"] == 2
    assert said(span)["http.response.status_code"] == 200
    assert "error.type" not in said(span)
    assert [dict(event.attributes or {}) for event in span.events] == [
        {
            "http.request.resend_count": 0,
            "leat.attempt.end": "maybe applied",
            "http.response.status_code": 502,
            "error.type": "502",
        },
        {"http.request.resend_count": 1, "leat.attempt.end": "maybe applied", "error.type": "no_answer"},
        {"http.request.resend_count": 2, "leat.attempt.end": "answered", "http.response.status_code": 200},
    ]
    times = [event.timestamp for event in span.events]
    assert times == sorted(times)
    metrics = seen.metrics()
    assert {
        (point.get("http.response.status_code"), point.get("error.type")): histogram.count
        for point, histogram in metrics["http.client.request.duration"]
    } == {(502, "502"): 1, (None, "no_answer"): 1, (200, None): 1}
    assert metrics["leat.client.retries"] == [({"leat.operation": "visits.get"}, 2)]
    waits = {point["leat.wait.for"]: waited for point, waited in metrics["leat.client.waits"]}
    assert 0.014 < waits["retry"] < 5
    assert "leat.client.errors" not in metrics


async def test_the_histogram_is_as_the_conventions_say(recorder: Recorder, seen: Seen) -> None:
    async with client(recorder, seen) as leat:
        for _ in range(3):
            await leat.visits.get("v-1")
    ((attributes, histogram),) = seen.metrics()["http.client.request.duration"]
    assert attributes == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": int(recorder.url.rpartition(":")[2]),
        "url.template": f"{ROOT}/visits/{{visit_uuid}}",
        "http.response.status_code": 200,
    }
    assert histogram.count == 3
    assert 0 < histogram.sum < 5
    assert histogram.explicit_bounds[:3] == (0.005, 0.01, 0.025)


async def test_refusals_are_errors_by_their_status(recorder: Recorder, seen: Seen) -> None:
    recorder.default = answer({"message": "no such visit", "code": 54003}, 404)
    async with client(recorder, seen) as leat:
        with pytest.raises(NotFoundError):
            await leat.visits.get("v-1")
    (span,) = seen.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert said(span)["error.type"] == "404"
    assert seen.metrics()["leat.client.errors"] == [
        ({"leat.operation": "visits.get", "error.type": "NotFoundError"}, 1)
    ]


async def test_other_ends_are_errors_by_their_class(recorder: Recorder, seen: Seen) -> None:
    recorder.replies = [drop()]
    recorder.default = hang()
    async with client(recorder, seen, timeout=0.1) as leat:
        with pytest.raises(OutcomeUnknownError):
            await leat.visits.create(contact_uuid="c-1", shop_uuid="s")
        with pytest.raises(DeadlineExceeded):
            await leat.visits.get("v-1")
        call = asyncio.ensure_future(leat.with_options(timeout=30.0).visits.get("v-1"))
        while len(recorder.requests) < 3:
            await asyncio.sleep(0.001)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert [(said(span)["error.type"], span.status.status_code) for span in seen.spans()] == [
        ("OutcomeUnknownError", StatusCode.ERROR),
        ("DeadlineExceeded", StatusCode.ERROR),
        ("CancelledError", StatusCode.ERROR),
    ]
    lasted = [(span.end_time or 0) - (span.start_time or 0) for span in seen.spans()]
    assert lasted[1] > 50_000_000
    attempts = [[dict(event.attributes or {}) for event in span.events] for span in seen.spans()]
    assert (
        attempts
        == [[{"http.request.resend_count": 0, "leat.attempt.end": "maybe applied", "error.type": "no_answer"}]] * 3
    )
    durations = sum(histogram.sum for _, histogram in seen.metrics()["http.client.request.duration"])
    assert durations > 0.05


async def test_a_call_that_could_not_be_sent_is_told_of(recorder: Recorder, seen: Seen) -> None:
    recorder.default = answer({}, 429, {"Retry-After": "60"})
    async with client(recorder, seen, timeout=5.0) as leat:
        for _ in range(2):
            with pytest.raises(RateLimitError):
                await leat.visits.get("v-1")
        pauses = seen.metrics()["leat.client.pause"]
    first, second = seen.spans()
    assert len(recorder.requests) == len(first.events) == 1
    assert not second.events
    assert said(second)["error.type"] == "RateLimitError"
    assert 50 < pauses[0][1] < 70


async def test_calls_in_flight_and_in_the_queue_are_observed(recorder: Recorder, seen: Seen) -> None:
    recorder.default = hang()
    leat = client(recorder, seen, concurrency=2, retry=None)
    calls = [asyncio.ensure_future(leat.visits.get("v-1")) for _ in range(5)]
    while len(recorder.requests) < 2:
        await asyncio.sleep(0.001)
    metrics = seen.metrics()
    where = {"server.address": "127.0.0.1", "server.port": int(recorder.url.rpartition(":")[2])}
    assert metrics["http.client.active_requests"] == [(where, 2)]
    assert metrics["leat.client.queue"] == [(where, 3)]
    assert metrics["leat.client.pause"] == [(where, 0.0)]
    assert metrics["leat.client.pace.delay"] == [(where, 0.0)]
    await leat.aclose()
    await asyncio.gather(*calls, return_exceptions=True)
    assert seen.metrics()["http.client.active_requests"] == [(where, 0)]


async def test_nothing_personal_is_told(recorder: Recorder, seen: Seen) -> None:
    recorder.default = answer({"message": "no ada@example.com", "code": 1}, 400)
    async with client(recorder, seen, retry=None) as leat:
        for call in (
            leat.contacts.get("c-personal"),
            leat.contacts.find_one_by(email="ada@example.com"),
            leat.visits.create(contact_uuid="c-personal", shop_uuid="s", external_id="c-personal"),
            leat.request("GET", "/contacts/c-personal", params={"email": "ada@example.com"}),
            leat.request("GET", "/api/v3/oauth/clients/contacts/c-personal"),
        ):
            with pytest.raises(Exception, match="no ada"):
                await call
    told = "".join(span.to_json() for span in seen.spans()) + repr(seen.metrics())
    assert len(seen.spans()) == 5
    assert not [word for word in ("c-personal", "ada@", "token-of-this-test") if word in told]


async def test_views_are_told_of_and_keep_hooks_of_their_own(recorder: Recorder, seen: Seen) -> None:
    told: list[Event] = []
    async with client(recorder, seen, on_end=told.append) as leat:
        await leat.visits.get("v-1")
        await leat.with_options(on_end=None, on_response=told.append).visits.get("v-1")
    assert len(seen.spans()) == 2
    assert [(event.attempt, event.phase, len(event.attempts)) for event in told] == [
        (1, "response", 1),
        (1, "response", 0),
    ]


async def test_the_synchronous_client_is_told_of_under_its_callers_span(recorder: Recorder, seen: Seen) -> None:
    def work() -> None:
        with (
            instrument(sync.LeatClient("t", base_url=recorder.url), **seen.providers) as leat,
            seen.tracers.get_tracer("test").start_as_current_span("a till"),
        ):
            leat.visits.get("v-1")
            elsewhere = threading.Thread(target=leat.visits.get, args=("v-2",))
            elsewhere.start()
            elsewhere.join()

    await asyncio.to_thread(work)
    first, second, till = seen.spans()
    assert first.parent is not None
    assert till.context is not None
    assert first.parent.span_id == till.context.span_id
    assert second.parent is None


async def test_clients_share_the_instruments_of_a_provider(
    recorder: Recorder, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        async with client(recorder, seen) as leat:
            await leat.visits.get("v-1")
    ((_, histogram),) = seen.metrics()["http.client.request.duration"]
    assert histogram.count == 2
    assert not caplog.records


async def test_without_providers_nothing_happens(recorder: Recorder) -> None:
    async with instrument(LeatClient("t", base_url=recorder.url)) as leat:
        assert (await leat.visits.get("v-1")).uuid == "v-1"


async def test_bad_input_is_refused(recorder: Recorder, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    async with client(recorder, seen) as leat:
        with pytest.raises(ConfigError, match="instrumented already"):
            instrument(leat, **seen.providers)
        with pytest.raises(TypeError, match=r"takes a LeatClient of leat_async or leat_async\.sync, got Visits"):
            instrument(leat.visits)  # type: ignore[type-var]
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(ConfigError, match=r"pip install 'leat-async\[otel\]'"):
        instrument(LeatClient("t"))


async def test_an_end_names_what_was_waited_for(recorder: Recorder) -> None:
    told: list[Event] = []
    recorder.default = hang()
    async with LeatClient("t", base_url=recorder.url, concurrency=1, on_end=told.append) as leat:
        holding = asyncio.ensure_future(leat.visits.get("v-1"))
        while not recorder.requests:
            await asyncio.sleep(0.001)
        with pytest.raises(DeadlineExceeded):
            await leat.with_options(timeout=0.05).visits.get("v-1")
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
    assert [(event.phase, event.attempt, event.error) for event in told] == [
        ("slot", 0, "DeadlineExceeded"),
        ("response", 1, "CancelledError"),
    ]
    for event in told:
        assert event.elapsed is not None
        assert event.elapsed > 0.04
        assert event.call
        assert sum(attempt.elapsed for attempt in event.attempts) <= event.elapsed


async def test_calls_that_end_beside_others_are_told_of_together(
    recorder: Recorder, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "_LONGEST", 3600.0)
    async with client(recorder, seen) as leat:
        await asyncio.gather(*(leat.visits.get("v-1") for _ in range(100)))
        assert len(seen.spans()) == 100
        recorder.replies = [hang()]
        holding = asyncio.ensure_future(leat.shops.list().page())
        while len(recorder.requests) < 101:
            await asyncio.sleep(0.001)
        for _ in range(64):
            await leat.visits.get("v-1")
        assert len(seen.spans()) == 164
        await leat.visits.get("v-1")
        assert len(seen.spans()) == 164
        monkeypatch.setattr(telemetry, "_LONGEST", 0.0)
        await leat.visits.get("v-1")
        assert len(seen.spans()) == 166
        monkeypatch.setattr(telemetry, "_LONGEST", 3600.0)
        await leat.visits.get("v-1")
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        assert len(seen.spans()) == 168
