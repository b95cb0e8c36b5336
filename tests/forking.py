"""Python programs in processes of their own that need not import first: forks of one that has.

A fork is what the program started by itself would be: its arguments, environment, folder and standard streams are its
own, it can be killed at any moment, and it ends as the interpreter ends. Not tried are the interpreter's own beginning,
that modules of others are taken apart at its end, and that ours are where nothing is left that would say or do
something; so none of these, nor its imports, nor the commands' declaration cost anything, which is most of what a short
command takes.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import types
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Self

import attrs

from leat_async.cli.app import command
from leat_async.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
# What the commands import while they run, the packages below included.
BEFORE = (
    *("leat_async.cli.app", "leat_async.cli.importing", "leat_async.cli.ledgers", "leat_async.cli.export"),
    *("leat_async.cli.webhook_listening", "leat_async.cli.webhook_sending", "leat_async.webhooks.wsgi_receiver"),
    *("leat_async.client", "leat_async.bulk", "leat_async.resources.visits", "leat_async.export", "leat_async.sync"),
    *("leat_async.sandbox.sandbox", "leat_async.sandbox.cli", "leat_async.export.parquet"),
    *("leat_async.cli.sending", "leat_async.cli.dry_run", "leat_async._core.pace.gate", "platformdirs.unix"),
    *("leat_async.cli.report_table", "leat_async.reports.charts", "babel.numbers", "babel.dates", "email_validator"),
    *("typer._adapters", "uvloop", "anyio.to_thread", "anyio._backends._asyncio", "anyio.streams.tls"),
    *("importlib.metadata", "encodings.idna", "encodings.unicode_escape", "pydantic.plugin._loader"),
)
# What is taken apart when a fork ends as when a program of its own does: ours, and what the interpreter then asks for.
_TO_THE_END = {
    *("leat_async", "tests", "__main__"),
    *("builtins", "sys", "io", "warnings", "threading", "traceback", "linecache"),
}
# What closes something, or goes on to its last line, when it is let go.
_ENDS = (*(socket.socket, sqlite3.Connection, tempfile.TemporaryDirectory, weakref.finalize, types.AsyncGeneratorType),)
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
        self._code: int | None = None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> int:
        """The exit code, when it has ended."""
        if self._code is None:
            with self._line:
                self._code = int(self._line.readline())
        return self._code


@attrs.frozen
class Piped:
    """One that has nothing to read, and writes into pipes that can be read while it runs."""

    stdout: IO[str]
    stderr: IO[str]
    send_signal: Callable[[int], None]
    # The exit code, when it has ended.
    wait: Callable[[], int]

    def communicate(self) -> tuple[str, str]:
        """What it still writes until it ends, none of it more than a pipe holds."""
        return self.stdout.read(), self.stderr.read()


@contextlib.contextmanager
def piped(
    forks: Forks | None, program: Sequence[str | Path], environment: Mapping[str, str], cwd: Path
) -> Iterator[Piped]:
    """A program that runs as long as this lasts: what still runs then is killed."""
    with contextlib.ExitStack() as opened:
        if forks is None:
            command = [sys.executable, *map(str, program)]
            process = subprocess.Popen(
                command, env=environment, cwd=cwd, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            )  # fmt: skip
            opened.enter_context(process)
            opened.callback(process.kill)
            assert process.stdout is not None
            assert process.stderr is not None
            yield Piped(process.stdout, process.stderr, process.send_signal, process.wait)
            return
        readers, writers = [], []
        for _ in range(2):
            reader, writer = os.pipe()
            readers.append(opened.enter_context(open(reader, encoding="utf-8")))
            writers.append(writer)
        with open(os.devnull, "rb") as nothing:
            fork = forks.start(program, environment, cwd, [nothing, *writers])
        for writer in writers:
            os.close(writer)
        opened.callback(fork.wait)
        opened.callback(fork.kill)
        yield Piped(*readers, fork.kill, fork.wait)


class Forks:
    """Starts programs, by the interpreter's settings of `environment()`."""

    def __init__(self) -> None:
        self._environment = environment()
        self._bin = tempfile.TemporaryDirectory(prefix="leat-forks-")
        command = Path(self._bin.name, "leat")
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{ROOT}/tests/leat_from_fork.py" "$@"\n')
        command.chmod(0o755)
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

    def shell(self, line: str, environment: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command line in a shell whose `leat` is a fork."""
        assert settings(environment) == settings(self._environment), settings(environment)
        path = os.pathsep.join([self._bin.name, environment["PATH"]])
        return subprocess.run(
            ["/bin/sh", "-c", line],
            env={**environment, "PATH": path, "FORKS_LINE": str(self._line.fileno())}, pass_fds=[self._line.fileno()],
            cwd=cwd, capture_output=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip

    def close(self) -> None:
        """No further programs."""
        self._line.close()
        self._server.wait()
        self._bin.cleanup()

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


def _begin(job: dict[str, Any], files: list[int]) -> None:
    """Be the program, which ends as an exit of the interpreter."""
    given = iter(files)
    _take([next(given) if is_open else None for is_open in job["open"]])
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["cwd"])
    _run(job["program"])
    sys.exit()


def _says_more(thing: object) -> bool:
    """Whether something may be said or done when the interpreter takes this apart; OSError, ValueError: who knows."""
    if isinstance(thing, io.IOBase):
        if thing.closed or isinstance(thing, io.BytesIO | io.StringIO):
            return False
        thing.flush()
        return thing.fileno() > 2
    if isinstance(thing, asyncio.Future):
        return not thing.done() or thing._log_traceback
    if isinstance(thing, types.CoroutineType):
        return thing.cr_frame is not None
    if isinstance(thing, types.GeneratorType):
        return thing.gi_frame is not None
    return hasattr(type(thing), "__del__") or isinstance(thing, _ENDS)


class _End:
    """How a fork ends: at once where a whole end of the interpreter would show nothing more, since that would copy
    most of what was imported, three quarters of what a short command costs.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        # Registered before all else, it is the last that a fork does before its interpreter takes modules apart.
        atexit.register(self.leave)
        self._others: dict[str, Any] = {}

    def keep(self) -> None:
        """Not to take the modules of others apart, which a fork would make copies of."""
        names = (name for name in sys.modules if name.partition(".")[0] not in _TO_THE_END)
        self._others |= {name: sys.modules[name] for name in names}
        # What refers to itself and is not the collector's is never let go.
        self._others[""] = self._others

    def leave(self) -> None:
        gc.collect()
        with contextlib.suppress(OSError, ValueError):
            # What was imported before the fork is not among these objects.
            if self.code is not None and not any(map(_says_more, gc.get_objects())):
                os._exit(self.code)
        for name in self._others.keys() & sys.modules.keys():
            del sys.modules[name]


class _Children:
    """The forks that run, and where their ends are told."""

    def __init__(self) -> None:
        self._lines: dict[int, int] = {}
        # Can be read when one has ended: a signal alone may come just before the server waits for what else comes.
        self.ended, self._tells = socket.socketpair()
        for end in (self.ended, self._tells):
            end.setblocking(False)
        signal.set_wakeup_fd(self._tells.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def fork(self, line: int) -> bool:
        """Whether this is the child."""
        child = os.fork()
        if child:
            self._lines[child] = line
            self._tell(line, child)
            return False
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.ended.close()
        self._tells.close()
        for other in (line, *self._lines.values()):
            os.close(other)
        return True

    def reap(self, options: int) -> None:
        """Tell how those ended that have."""
        with contextlib.suppress(BlockingIOError):
            self.ended.recv(2**12)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, options))[0]:
                line = self._lines.pop(ended[0])
                self._tell(line, os.waitstatus_to_exitcode(ended[1]))
                os.close(line)

    def _tell(self, line: int, number: int) -> None:
        # Whoever started it may be gone.
        with contextlib.suppress(BrokenPipeError):
            os.write(line, f"{number}\n".encode())

    def end(self) -> None:
        """Wait for all."""
        signal.set_wakeup_fd(-1)
        self.reap(0)
        self.ended.close()
        self._tells.close()


def _jobs(line: socket.socket, children: _Children) -> Iterator[tuple[dict[str, Any], list[int]]]:
    while True:
        ready, _, _ = select.select([line, children.ended], [], [])
        if children.ended in ready:
            children.reap(os.WNOHANG)
        if line in ready:
            message, files, _, _ = socket.recv_fds(line, _LONGEST, 4)
            if not message:
                return
            yield json.loads(message), files


def serve(line: socket.socket) -> None:
    """Answer until there is no more to read. A fork leaves this as a program of its own would end."""
    end = _End()
    for module in BEFORE:
        with contextlib.suppress(ImportError):
            import_module(module)
    command()
    end.keep()
    children = _Children()
    # Else each fork's collector would look at all that was imported, and so have a copy made of it.
    gc.freeze()
    for job, files in _jobs(line, children):
        if children.fork(files[0]):
            line.close()
            try:
                _begin(job, files[1:])
            except SystemExit as ended:
                if ended.code is None or isinstance(ended.code, int):
                    end.code = (ended.code or 0) & 0xFF
                raise
        for file in files[1:]:
            os.close(file)
    children.end()


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given:
        serve(given)
