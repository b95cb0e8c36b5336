"""Which account a command talks to."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..config import DEFAULT_BASE_URL
from .exits import Exit, Stop
from .import_options import RATE
from .pace import shared_limit

if TYPE_CHECKING:
    from ..client import LeatClient
    from ..sandbox import Sandbox
    from .import_options import ImportOptions

# Of commands that only read.
ReadingRate = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Requests a minute at most [5000].", rich_help_panel="How")
]
ReadSandbox = Annotated[
    bool,
    typer.Option(
        "--sandbox", rich_help_panel="How",
        help="Read a sandbox inside this command, with the demo account; needs no token.",
    ),
]  # fmt: skip


def client_from_env(**options: Any) -> LeatClient:
    """A client with the credentials of the environment; without them the command ends, saying what to set."""
    from ..client import LeatClient
    from ..config import from_env
    from ..errors import ConfigError

    try:
        found = from_env()
    except ConfigError:
        raise Stop(
            "no token: set LEAT_ACCESS_TOKEN, or LEAT_CLIENT_ID and LEAT_CLIENT_SECRET; "
            "to try without an account: --sandbox with import and export, or leat sandbox",
            Exit.AUTHENTICATION,
        ) from None
    options.setdefault("rate_limit", shared_limit(RATE))
    try:
        return LeatClient(**{**found, **options})
    except ConfigError as error:
        raise Stop(str(error), Exit.USAGE) from None


async def client_of(stack: AsyncExitStack, *, sandbox: bool, rate: int | None) -> LeatClient:
    """The client of a command that only reads: the account's, or that of a sandbox, which ends with the stack."""
    from ..client import LeatClient
    from ..config import RateLimit
    from .import_options import RATE

    if not sandbox:
        return client_from_env(rate_limit=shared_limit(rate or RATE))
    running = await stack.enter_async_context(demo_sandbox())
    paced = RateLimit(rate) if rate is not None else None
    return LeatClient(running.token, base_url=running.url, rate_limit=paced)


def demo_sandbox() -> Sandbox:
    """The sandbox of `--sandbox`, not started yet."""
    from ..sandbox import Sandbox

    return Sandbox(seed="demo", rate_limit=(1_000_000, 60.0))


def has_credentials() -> bool:
    """Whether the environment holds a token, or what fetches one."""
    return bool(os.environ.get("LEAT_ACCESS_TOKEN") or os.environ.get("LEAT_CLIENT_ID"))


@asynccontextmanager
async def connected(options: ImportOptions) -> AsyncGenerator[tuple[LeatClient, Sandbox | None]]:
    """The client of an import, and its sandbox if it has one."""
    from ..client import LeatClient
    from ..config import RateLimit

    if not options.sandbox:
        limit = shared_limit(options.rate or RATE)
        async with client_from_env(concurrency=options.concurrency, rate_limit=limit) as leat:
            yield leat, None
        return
    async with AsyncExitStack() as stack:
        sandbox = options.running
        if sandbox is None:
            sandbox = await stack.enter_async_context(demo_sandbox())
        paced = RateLimit(options.rate) if options.rate is not None else None
        async with LeatClient(
            sandbox.token, base_url=sandbox.url, concurrency=options.concurrency, rate_limit=paced
        ) as leat:
            yield leat, sandbox


def base_url() -> str:
    """The origin that requests go to."""
    return os.environ.get("LEAT_BASE_URL") or DEFAULT_BASE_URL
