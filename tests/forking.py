"""Python programs in processes of their own that need not import first: forks of one that has.

A fork is what the program started by itself would be: its arguments, environment, folder and standard streams are its
own, it can be killed at any moment, and it ends as the interpreter ends. Only the interpreter's own beginning is not
tried, and that modules of others are taken apart at its end; so neither these, nor its imports, nor the commands'
declaration cost anything, which is what a short command takes.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Self

from leat_async.cli.app import command
from leat_async.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
# What the commands import while they run, the packages below included.
BEFORE = (
    *("leat_async.cli.app", "leat_async.cli.importing", "leat_async.cli.ledgers", "leat_async.cli.export"),
    *("leat_async.cli.webhook_listening", "leat_async.cli.webhook_sending", "leat_async.webhooks.wsgi_receiver"),
    *("leat_async.client", "leat_async.bulk", "leat_async.resources.visits", "leat_async.export", "leat_async.sync"),
    *("leat_async.sandbox.sandbox", "leat_async.sandbox.cli", "leat_async.export.parquet"),
    *("leat_async.cli.report_table", "babel.numbers", "babel.dates"),
    *("typer._adapters", "uvloop", "anyio.to_thread", "anyio._backends._asyncio", "anyio.streams.tls"),
    *("importlib.metadata", "encodings.idna"),
)
# What is taken apart when a fork ends as when a program of its own does: ours, and what the interpreter then asks for.
_TO_THE_END = {
    *("leat_async", "tests", "__main__"),
    *("builtins", "sys", "io", "warnings", "threading", "traceback", "linecache"),
}
# The longest that a job's description may be.
_LONGEST = 2**17


def environment(sandbox: Sandbox | None = None) -> dict[str, str]:
    """What a fresh shell would hold, with the two lines of a sandbox if there is one."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(("LEAT_", "PYTHON"))}
    found |= {"PYTHONWARNINGS": "error", "COLUMNS": "120", "TERM": "dumb", "PYTHONUTF8": "1"}
    if sandbox is not None:
        found |= {"LEAT_BASE_URL": sandbox.url, "LEAT_ACCESS_TOKEN": sandbox.token}
    return found


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What the interpreter itself reads when it starts."""
    return {name: value for name, value in environment.items() if name.startswith("PYTHON")}


def by_itself(
    program: Sequence[str | Path], environment: Mapping[str, str], cwd: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run it in an interpreter of its own, from its very beginning."""
    return subprocess.run(
        [sys.executable, *map(str, program)],
        env=environment, cwd=cwd, input=stdin, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


class Fork:
    """A process that was started."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line.makefile("r")
        line.close()
        self.pid = int(self._line.readline())

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> int:
        """The exit code, when it has ended."""
        with self._line:
            return int(self._line.readline())


class Forks:
    """Starts programs, by the interpreter's settings of `environment()`."""

    def __init__(self) -> None:
        self._environment = environment()
        self._line, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(there.fileno())],
                cwd=ROOT, env=self._environment, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def start(
        self,
        program: Sequence[str | Path],
        environment: Mapping[str, str],
        cwd: Path,
        streams: Sequence[int | IO[Any] | None],
    ) -> Fork:
        """Start `-m module …`, `-c code …` or `script …`; a stream that is None is closed."""
        assert settings(environment) == settings(self._environment), settings(environment)
        mine, its = socket.socketpair()
        files = [
            its.fileno(),
            *(file if isinstance(file, int) else file.fileno() for file in streams if file is not None),
        ]
        job = {
            "program": [str(part) for part in program],
            "environment": dict(environment),
            "cwd": str(cwd),
            "open": [file is not None for file in streams],
        }
        with its:
            socket.send_fds(self._line, [json.dumps(job).encode()], files)
        return Fork(mine)

    def run(
        self, program: Sequence[str | Path], environment: Mapping[str, str], cwd: Path, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, and tell what it wrote. What needs another interpreter than ours gets it."""
        if settings(environment) != settings(self._environment):
            return by_itself(program, environment, cwd, stdin)
        with contextlib.ExitStack() as opened:
            streams = [opened.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            streams[0].write(stdin.encode())
            streams[0].seek(0)
            code = self.start(program, environment, cwd, streams).wait()
            written = []
            for stream in streams[1:]:
                stream.seek(0)
                written.append(opened.enter_context(io.TextIOWrapper(stream, "utf-8")).read())
        return subprocess.CompletedProcess(program, code, *written)

    def close(self) -> None:
        """No further programs."""
        self._line.close()
        self._server.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _take(files: Sequence[int | None]) -> None:
    """Make these the standard streams, as the interpreter does when it starts."""
    for descriptor, file in enumerate(files):
        if file is None:
            os.close(descriptor)
        else:
            os.dup2(file, descriptor)
    for file in files:
        if file is not None:
            os.close(file)
    sys.stdin = sys.stdout = sys.stderr = None  # type: ignore[assignment]
    for descriptor, (name, mode, errors) in enumerate(
        (("stdin", "r", "surrogateescape"), ("stdout", "w", "surrogateescape"), ("stderr", "w", "backslashreplace"))
    ):
        if files[descriptor] is None:
            continue
        stream = open(descriptor, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
        if name != "stdin":
            stream.reconfigure(line_buffering=name == "stderr" or stream.isatty())
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _run(program: list[str]) -> None:
    first, *rest = program
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *rest[1:]]
        sys.path.insert(0, "")
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = program
        sys.path.insert(0, str(Path(first).parent))
        runpy.run_path(first, run_name="__main__")


def _watch(job: dict[str, Any], line: int, files: list[int]) -> None:
    """Start the program, and tell its id and how it ends."""
    child = os.fork()
    if child == 0:
        os.close(line)
        given = iter(files)
        _take([next(given) if is_open else None for is_open in job["open"]])
        os.environ.clear()
        os.environ.update(job["environment"])
        os.chdir(job["cwd"])
        _run(job["program"])
        sys.exit()
    for file in files:
        os.close(file)
    os.write(line, f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    # Whoever started it may be gone.
    with contextlib.suppress(BrokenPipeError):
        os.write(line, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _reap(options: int) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _jobs(line: socket.socket) -> Iterator[tuple[dict[str, Any], list[int]]]:
    while True:
        message, files, _, _ = socket.recv_fds(line, _LONGEST, 4)
        if not message:
            return
        yield json.loads(message), files


def serve(line: socket.socket) -> None:
    """Answer until there is no more to read. A fork leaves this as a program of its own would end."""
    others: dict[str, Any] = {}

    def leave() -> None:
        for name in others.keys() & sys.modules.keys():
            del sys.modules[name]

    # Registered before all else, it is the last that a fork does before its interpreter takes modules apart.
    atexit.register(leave)
    for module in BEFORE:
        with contextlib.suppress(ImportError):
            import_module(module)
    command()
    # To take those of others apart would have each fork make a copy of them, a quarter of what a short command costs.
    others |= {name: module for name, module in sys.modules.items() if name.partition(".")[0] not in _TO_THE_END}
    # What refers to itself and is not the collector's is never let go.
    others[""] = others
    # Else each fork's collector would look at all that was imported, and so have a copy made of it.
    gc.freeze()
    for job, files in _jobs(line):
        if os.fork() == 0:
            line.close()
            _watch(job, files[0], files[1:])
        for file in files:
            os.close(file)
        _reap(os.WNOHANG)
    _reap(0)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given:
        serve(given)
