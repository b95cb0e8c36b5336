"""The sandbox from the command line."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from .sandbox import Sandbox


def serve(*, faults: Sequence[str] = (), **settings: Any) -> int:
    """Run a sandbox until SIGINT or SIGTERM; the two lines that point a client at it go to stdout."""
    sandbox = Sandbox(**settings)
    for fault in faults:
        sandbox.faults.add_text(fault)
    # The process is ours, and the account that it grows is no garbage to look through again and again.
    gc.set_threshold(50_000, 20, 100)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(sandbox))
    return 0


async def _serve(sandbox: Sandbox) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows, where Ctrl-C interrupts asyncio.run instead
            loop.add_signal_handler(number, stop.set)
    async with sandbox:
        lines = f"export LEAT_BASE_URL={sandbox.url}\nexport LEAT_ACCESS_TOKEN={sandbox.token}\n"
        sys.stdout.write(lines)
        sys.stdout.flush()
        await stop.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m leat_async.sandbox", description="A local Leat API to develop and test against."
    )
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--allow-remote", action="store_true", help="allow a --host that others can reach")
    parser.add_argument("--seed", type=_seed, help='a number, or "demo" for an account with two years of data')
    parser.add_argument("--state", metavar="FILE", help="keep the account in this file")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="RULE",
        help='for instance "apply_then_drop visits.create nth=3"; may be repeated',
    )  # fmt: skip
    parser.add_argument("--rate-limit", type=_rate, default=(5000, 60.0), metavar="N/SECONDS", help="default: 5000/60")
    given = parser.parse_args(argv)
    try:
        return serve(
            port=given.port,
            host=given.host,
            allow_remote=given.allow_remote,
            seed=given.seed,
            state=given.state,
            rate_limit=given.rate_limit,
            faults=given.fault,
        )
    except (ValueError, OSError, sqlite3.Error) as error:
        parser.error(str(error))


def _seed(text: str) -> int | str:
    return text if text == "demo" else int(text)


def _rate(text: str) -> tuple[int, float]:
    requests, _, seconds = text.partition("/")
    return int(requests), float(seconds or 60)
