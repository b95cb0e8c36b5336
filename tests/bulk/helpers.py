"""Time that passes only when somebody waits, here and in the sandbox alike; and rows to import."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leat_async import LeatClient
from leat_async._core.clock import Clock, Handle
from leat_async.sandbox import Sandbox


class Leap(Clock):
    """A clock whose waits are leaps: of this clock and of the sandbox's, by the same amount."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox
        self.leapt = 0.0

    def now(self) -> float:
        return super().now() + self.leapt

    def wall(self) -> float:
        return super().wall() + self.leapt

    def leap(self, seconds: float) -> None:
        self.leapt += seconds
        if self._sandbox is not None:
            self._sandbox.clock.advance(seconds)

    async def sleep(self, seconds: float) -> None:
        # What is on its way must get a chance to arrive, or the leap would be a lie.
        await asyncio.sleep(0.002)
        self.leap(seconds)
        await asyncio.sleep(0)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Handle:
        def go() -> None:
            self.leap(seconds)
            callback()

        return asyncio.get_running_loop().call_later(0.001, go)


def client_of(sandbox: Sandbox, clock: Clock | None = None, **options: Any) -> LeatClient:
    """A client of the sandbox, on this clock."""
    options = {"rate_limit": None, "timeout": 5.0, **options}
    leat = LeatClient(sandbox.token, base_url=sandbox.url, **options)
    if clock is not None:
        leat._pipeline.clock = clock
        leat._pipeline.gate._clock = clock
    return leat


def copy_ledger(ledger: Path, to: Path) -> None:
    """The ledger as a power cut would leave it now."""
    for suffix in ("", "-wal"):
        source = Path(f"{ledger}{suffix}")
        if source.exists():
            shutil.copyfile(source, f"{to}{suffix}")


def moment(n: int) -> str:
    """One of many moments."""
    return f"2024-05-{1 + n // 24 % 28:02d}T{n % 24:02d}:{n // 672 % 60:02d}:00+02:00"
