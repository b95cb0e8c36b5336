"""`leat webhooks listen`: subscribe, print what comes, clean up."""

from __future__ import annotations

import asyncio
import errno
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs
import msgspec

from ..webhooks.listening import Heard, listening
from ..webhooks.posting import Poster, is_loopback
from ..webhooks.signatures import keys_of
from ..written import spelled_out
from .account import base_url, client_from_env
from .exits import Exit, Stop
from .streams import ReaderLeft, data_out

if TYPE_CHECKING:
    from ..client import LeatClient

_NAME = "leat webhooks listen"
_NAME_SHOWN = 60


@attrs.frozen(kw_only=True)
class ListenOptions:
    """What was asked for."""

    port: int
    forward: str | None
    json: bool
    events: list[str]
    subscribe: bool
    url: str | None
    remove: bool
    secret: str | None = attrs.field(repr=False)


async def run(options: ListenOptions) -> None:
    """Listen until the process is told to end."""
    sandbox = is_loopback(urlsplit(base_url()).hostname or "")
    subscribes = options.subscribe or sandbox
    if options.url is not None and not options.subscribe:
        raise Stop("--url goes with --subscribe")
    if options.subscribe and not sandbox and options.url is None:
        raise Stop("--subscribe needs --url: the public address of a tunnel that ends at this port")
    if options.remove and not subscribes:
        raise Stop("--remove goes with --subscribe")
    if options.secret is None and options.subscribe and not sandbox:
        raise Stop("no secret: set LEAT_WEBHOOK_SECRET to any long text, with which Leat is to sign")
    if options.secret is None and options.forward is None and not sandbox:
        raise Stop("no secret: set LEAT_WEBHOOK_SECRET to the subscription's, or --forward to a receiver that has it")
    async with AsyncExitStack() as stack:
        poster = None if options.forward is None else await stack.enter_async_context(Poster(options.forward))
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        tell = partial(_told, _line if options.json else _text, over)
        try:
            port = await stack.enter_async_context(listening(options.port, _keys(options, sandbox), tell, poster))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Stop(f"port {options.port} is in use; --port 0 takes a free one", Exit.TRY_AGAIN) from None
        here = f"http://127.0.0.1:{port}/"
        print(f"listening at {here}; Ctrl-C ends it", file=sys.stderr, flush=True)
        if subscribes:
            leat = await stack.enter_async_context(client_from_env())
            await stack.enter_async_context(_subscribed(leat, options, options.url or here))
        await _ended(over)


def _keys(options: ListenOptions, sandbox: bool) -> tuple[bytes, ...]:
    keys = keys_of(options.secret) if options.secret is not None else ()
    if sandbox:
        from ..sandbox.resources.loyalty_tokens import ACCOUNT_SECRET

        # Of subscriptions without a secret of their own.
        keys += keys_of(ACCOUNT_SECRET)
    return keys


@asynccontextmanager
async def _subscribed(leat: LeatClient, options: ListenOptions, url: str) -> AsyncGenerator[None]:
    from .._core.unset import UNSET
    from ..sandbox.resources.webhook_subscriptions import EVENTS

    there = {one.uuid for one in await leat.webhook_subscriptions.list().collect()}
    made: list[str] = []
    try:
        for event in options.events or EVENTS:
            found = await leat.webhook_subscriptions.ensure(
                name=_NAME, event_type=event, url=url, secret=options.secret or UNSET
            )
            if found.uuid not in there:
                made.append(found.uuid)
            elif found.status == "INACTIVE":
                print(f"{event}: there is a subscription {found.uuid}, which is inactive", file=sys.stderr)
        print(f"subscribed: {len(made)} new", file=sys.stderr, flush=True)
        yield
    finally:
        if options.remove:
            for uuid in made:
                await leat.webhook_subscriptions.delete(uuid)
            print(f"unsubscribed: {len(made)}", file=sys.stderr, flush=True)


async def _ended(over: asyncio.Future[None]) -> None:
    """Wait until the process is told to end, or what it prints has no place to go any more, which is raised."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows Ctrl-C raises KeyboardInterrupt instead
            loop.add_signal_handler(number, lambda: None if over.done() else over.set_result(None))
    await over


def _told(write: Callable[[Heard], str | bytes], over: asyncio.Future[None], heard: Heard) -> bool:
    line = write(heard)
    out = data_out()
    try:
        out.write((line if isinstance(line, bytes) else spelled_out(line).encode()) + b"\n")
        out.flush()
    except (OSError, ReaderLeft) as error:
        if not over.done():
            over.set_exception(error)
        return False
    return True


def _line(heard: Heard) -> bytes:
    return msgspec.json.encode(heard.to_dict())


def _text(heard: Heard) -> str:
    verdict = {True: "genuine", False: "NOT GENUINE", None: "not verified"}[heard.genuine]
    event = "unreadable" if heard.event is None else heard.event
    if not event.isidentifier():
        # Whoever finds the port may send any name, one that looks like the rest of a line as well.
        event = repr(event[:_NAME_SHOWN])
    parts = [f"{heard.at.astimezone():%H:%M:%S}", event, verdict, f"{len(heard.body)} bytes"]
    if heard.posted is not None:
        parts.append(f"forwarded: {heard.posted.status or heard.posted.text}")
    return "  ".join(parts)
