"""One GET of a visit, 64 in flight, by what is told of it: nothing, hooks, OpenTelemetry; against raw aiohttp.

    python -m benchmarks.telemetry

In processor time a call, which other programs on the machine move less than the time that passes: at 64 in flight it
is the processor that everybody waits for. What exporting costs is left out: spans are dropped where they would go.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from opentelemetry.instrumentation.aiohttp_client import create_trace_config
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from leat_async import Event, LeatClient
from leat_async.telemetry import instrument

from .calls import HEADERS, OURS, RAW, TOKEN
from .measure import Call, Table, prime_allocator, quick, show
from .server import ROOT, UUID, pin, serving

IN_FLIGHT = 64


def nothing(event: Event) -> None:
    """A hook that does nothing."""


def providers(ratio: float) -> dict[str, Any]:
    """What an application sets up, with so many of the traces kept."""
    tracers = TracerProvider(sampler=ParentBased(TraceIdRatioBased(ratio)))
    tracers.add_span_processor(SpanProcessor())
    return {"tracer_provider": tracers, "meter_provider": MeterProvider(metric_readers=[InMemoryMetricReader()])}


async def contenders(stack: AsyncExitStack, origin: str) -> dict[str, Call]:
    """The calls, by contender."""
    import aiohttp
    import orjson

    url = f"{origin}{ROOT}/visits/{UUID}"

    async def raw(*told_by: aiohttp.TraceConfig) -> Call:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, headers=HEADERS, trace_configs=list(told_by))
        )

        async def get() -> Any:
            async with session.get(url) as response:
                return orjson.loads(await response.read())

        return get

    async def client(told_by: Callable[[LeatClient], object], **hooks: Any) -> Call:
        leat = await stack.enter_async_context(
            LeatClient(TOKEN, base_url=origin, concurrency=256, rate_limit=None, **hooks)
        )
        told_by(leat)
        return lambda: leat.visits.get(UUID)

    return {
        RAW: await raw(),
        f"{RAW}, OpenTelemetry's own instrumentation, all kept": await raw(create_trace_config(**providers(1.0))),
        OURS: await client(lambda leat: None),
        "hooks of attempts": await client(lambda leat: None, on_request=nothing, on_response=nothing),
        "a hook of ends": await client(lambda leat: None, on_end=nothing),
        "instrumented, no SDK": await client(instrument),
        "instrumented, SDK, no trace kept": await client(lambda leat: instrument(leat, **providers(0.0))),
        "instrumented, SDK, a tenth kept": await client(lambda leat: instrument(leat, **providers(0.1))),
        "instrumented, SDK, all kept": await client(lambda leat: instrument(leat, **providers(1.0))),
    }


async def _some(call: Call, count: int) -> float:
    """Calls a second of processor time."""
    left = count

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await call()

    began = time.process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return count / (time.process_time() - began)


async def _measured(origin: str, rounds: int, count: int) -> Mapping[str, list[float]]:
    async with AsyncExitStack() as stack:
        calls = await contenders(stack, origin)
        rates: dict[str, list[float]] = {who: [] for who in calls}
        for call in calls.values():
            await _some(call, count)
        for number in range(rounds):
            for who in list(calls)[:: 1 if number % 2 == 0 else -1]:
                rates[who].append(await _some(calls[who], count))
        return rates


def main() -> None:
    rounds, count = (5, 300) if quick() else (21, 1000)
    with serving() as (plain, _, _):
        pin()
        prime_allocator()
        rates = asyncio.run(_measured(plain, rounds, count))
    show(Table("GET of a visit, 64 in flight, told of", "requests/s of processor time", rates, RAW))


if __name__ == "__main__":
    main()
