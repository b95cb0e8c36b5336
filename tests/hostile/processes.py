"""The processes of hostile imports: one parent that forks them, and what they tell while they live."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import attrs


class Processes:
    """The parent that forks imports, and what its children tell."""

    def __init__(self) -> None:
        self._lines: dict[int, asyncio.Queue[dict[str, Any] | None]] = {}
        self._count = 0
        self._address: tuple[str, int] = ("", 0)
        self._parent: asyncio.subprocess.Process | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Processes]:
        """As long as this lasts."""
        server = await asyncio.start_server(self._hear, "127.0.0.1", 0)
        self._address = server.sockets[0].getsockname()[:2]
        self._parent = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(__file__).parent / "importing.py"), stdin=asyncio.subprocess.PIPE
        )
        try:
            yield self
        finally:
            assert self._parent.stdin is not None
            self._parent.stdin.close()
            await self._parent.wait()
            server.close()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = json.loads(await reader.readline())
        lines = self._lines[first["run"]]
        lines.put_nowait(first)
        with suppress(ConnectionError):
            while (line := await reader.readline()).endswith(b"\n"):
                lines.put_nowait(json.loads(line))
        while exists(first["pid"]):
            await asyncio.sleep(0.002)
        lines.put_nowait(None)
        writer.close()

    async def start(self, job: dict[str, Any]) -> Child:
        """Start one."""
        assert self._parent is not None
        assert self._parent.stdin is not None
        self._count += 1
        lines = self._lines[self._count] = asyncio.Queue()
        line = json.dumps({**job, "run": self._count, "results": self._address})
        self._parent.stdin.write(line.encode() + b"\n")
        first = await asyncio.wait_for(lines.get(), 30.0)
        assert first is not None
        return Child(first["pid"], lines)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@attrs.define
class Child:
    """One import."""

    pid: int
    lines: asyncio.Queue[dict[str, Any] | None]

    def kill(self) -> None:
        """At once."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    async def end(self) -> list[dict[str, Any]]:
        """All it told, when it has ended."""
        told = []
        while (line := await self.lines.get()) is not None:
            told.append(line)
        return told
