"""A sandbox as a process of its own: until it is told to stop, for the time of a command, or in the background."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path
from typing import Any

from .files import open_private
from .har import Recorder
from .journal import JournalEntry
from .sandbox import Sandbox

RECORDED_BYTES = 1024 * 1024  # of each body
_NOT_FOUND = 127  # as shells have it


def serve(
    *,
    faults: Sequence[str] = (),
    quiet: bool = False,
    command: Sequence[str] | None = None,
    env_file: Path | None = None,
    record: Path | None = None,
    **settings: Any,
) -> int:
    """Run a sandbox until SIGINT or SIGTERM, or until `command` ends; returns the exit code.

    The two lines that point a client at it go to stdout, unless a command runs with them in its environment; a line
    for each request goes to stderr, unless `quiet` or for a command.

    Parameters:
        faults: failures to show from the start, as on the command line.
        quiet: no line for each request.
        command: a program and its arguments, run against the sandbox.
        env_file: a file that gets the two lines as well.
        record: a file for all requests, as HAR.
        settings: as for `Sandbox`.
    """
    sandbox = Sandbox(**settings)
    for fault in faults:
        sandbox.faults.add_text(fault)
    if not quiet and command is None:
        sandbox.journal.listeners.append(_print_line)
    # The process is ours, and the account that it grows is no garbage to look through again and again.
    gc.set_threshold(50_000, 20, 100)
    with suppress(KeyboardInterrupt):
        return asyncio.run(_serve(sandbox, command, env_file, record))
    return 0


async def _serve(sandbox: Sandbox, command: Sequence[str] | None, env_file: Path | None, record: Path | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    sandbox.on_stop = lambda: loop.call_soon_threadsafe(stop.set)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(sandbox)
        if record is not None:
            recorder = stack.enter_context(closing(Recorder(record, sandbox.url)))
            sandbox.journal.kept_bytes = RECORDED_BYTES
            sandbox.journal.listeners.append(recorder.write)
        variables = {"LEAT_BASE_URL": sandbox.url, "LEAT_ACCESS_TOKEN": sandbox.token}
        if env_file is not None:
            with open_private(env_file) as file:
                file.write("".join(f"{name}={value}\n" for name, value in variables.items()))
        if command is not None:
            return await _run(command, variables)
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # on Windows, where Ctrl-C interrupts asyncio.run instead
                loop.add_signal_handler(number, stop.set)
        sys.stdout.write("".join(f"export {name}={value}\n" for name, value in variables.items()))
        sys.stdout.flush()
        await stop.wait()
        return 0


def _end(started: asyncio.Future[asyncio.subprocess.Process]) -> None:
    started.result().terminate()


async def _run(command: Sequence[str], variables: Mapping[str, str]) -> int:
    loop = asyncio.get_running_loop()
    there: asyncio.Future[asyncio.subprocess.Process] = loop.create_future()
    with suppress(NotImplementedError):
        # Before the command is there, since whoever hears of it may end it at once.
        # Ctrl-C reaches the command as well, which decides what becomes of it.
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        loop.add_signal_handler(signal.SIGTERM, there.add_done_callback, _end)
    try:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return _NOT_FOUND
    there.set_result(process)
    code = await process.wait()
    return code if code >= 0 else 128 - code


def _print_line(entry: JournalEntry) -> None:
    status = "no answer" if entry.status is None else str(entry.status)
    fault = f" fault={entry.fault}" if entry.fault else ""
    path = entry.path[:200].encode("unicode_escape").decode()
    took = f"{(entry.seconds or 0) * 1000:.1f} ms"
    with suppress(OSError, ValueError):  # where nobody reads it, that is no reason not to answer
        sys.stderr.write(f"{entry.method[:20]} {path} {entry.operation or '-'} {status} {took}{fault}\n")


def detach(arguments: Sequence[str]) -> int:
    """Start a sandbox that goes on after this command, and print what points a client at it."""
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    process = subprocess.Popen(  # noqa: S603 - this same program
        [sys.executable, "-m", __package__ or "", *arguments, "--quiet"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        lines = [process.stdout.readline() for _ in range(2)]
        if not lines[1]:
            sys.stderr.write(process.stderr.read())
            return process.wait()
    sys.stdout.write("".join(lines))
    process.returncode = 0  # it is meant to go on, so nobody waits for it
    return 0
