"""One GET of a visit: requests per second of async clients, in one process and one loop.

    python -m benchmarks.calls [--one] [--tls] [--uvloop] [--fresh-allocator] [--others]

64 in flight, or `--one`. `--fresh-allocator` leaves glibc's allocator as the process found it; otherwise it is put
into the state of a process that has once freed a large block. `--others`: the other libraries as well.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from leat_async import LeatClient, RateLimit

from .measure import Call, Table, prime_allocator, quick, show, take_turns
from .server import ROOT, UUID, certificate, pin, serving

RAW, OURS = "aiohttp, raw", "leat_async"
TOKEN = "benchmark-token"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}


async def contenders(stack: AsyncExitStack, origin: str, *, others: bool) -> dict[str, Call]:
    """The calls, by contender. All decode; only ours and the generated client make models of dates."""
    import aiohttp
    import orjson

    url = f"{origin}{ROOT}/visits/{UUID}"
    context = ssl.create_default_context(cafile=str(certificate())) if origin.startswith("https") else None
    connector = aiohttp.TCPConnector(limit=0, ssl=context or True)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector, headers=HEADERS))

    async def raw() -> Any:
        async with session.get(url) as response:
            return orjson.loads(await response.read())

    leat = await stack.enter_async_context(
        LeatClient(TOKEN, base_url=origin, ssl=context, concurrency=256, rate_limit=None)
    )
    pace = RateLimit(10**9, per=60.0)
    paced = await stack.enter_async_context(
        LeatClient(TOKEN, base_url=origin, ssl=context, concurrency=256, rate_limit=pace)
    )
    calls: dict[str, Call] = {
        RAW: raw,
        OURS: lambda: leat.visits.get(UUID),
        f"{OURS}, with a pace": lambda: paced.visits.get(UUID),
    }
    if others:
        calls |= await _others(stack, origin)
    return calls


async def _others(stack: AsyncExitStack, origin: str) -> dict[str, Call]:
    import httpx
    import openai
    import orjson
    import stripe

    url = f"{origin}{ROOT}/visits/{UUID}"
    plain = await stack.enter_async_context(
        httpx.AsyncClient(headers=HEADERS, timeout=30, limits=httpx.Limits(max_connections=None), trust_env=False)
    )

    async def with_httpx() -> Any:
        return orjson.loads((await plain.get(url)).content)

    asked = await stack.enter_async_context(openai.AsyncOpenAI(api_key=TOKEN, base_url=f"{origin}/v1"))
    transport = stripe.AIOHTTPClient()
    stack.push_async_callback(transport.close_async)
    payer = stripe.StripeClient("sk_test_1", base_addresses={"api": origin}, http_client=transport)
    sys.path.insert(0, sys.prefix)
    # Made when the environment is, and only there: type checkers don't find it.
    from generated import Client  # type: ignore[import-not-found]
    from generated.api.visits import get_visit  # type: ignore[import-not-found]  # as before

    generated = await stack.enter_async_context(Client(base_url=origin, headers=HEADERS))
    return {
        "stripe on aiohttp": lambda: payer.v1.customers.retrieve_async("cus_1"),
        "httpx": with_httpx,
        "openai on httpx": asked.models.list,
        "generated client on httpx": partial(get_visit.asyncio, UUID, client=generated),
    }


async def _measured(origin: str, in_flight: int, others: bool, rounds: int, seconds: float) -> dict[str, list[float]]:
    async with AsyncExitStack() as stack:
        return await take_turns(await contenders(stack, origin, others=others), in_flight, rounds, seconds)


def main() -> None:
    rounds, seconds = (5, 0.25) if quick() else (21, 0.4)
    options = [option for option in sys.argv[1:] if option != "--json"]
    tls, fresh, others = ("--tls" in options, "--fresh-allocator" in options, "--others" in options)
    in_flight = 1 if "--one" in options else 64
    with serving() as (plain, _, secure):
        pin()
        if not fresh:
            prime_allocator()
        work = _measured(secure if tls else plain, in_flight, others, rounds, seconds)
        if "--uvloop" in options:
            import uvloop

            rates = uvloop.run(work)
        else:
            rates = asyncio.run(work)
    which = "".join(f", {option.removeprefix('--').replace('-', ' ')}" for option in options if option != "--one")
    show(Table(f"GET of a visit, {in_flight} in flight{which}", "requests/s", rates, RAW))


if __name__ == "__main__":
    main()
