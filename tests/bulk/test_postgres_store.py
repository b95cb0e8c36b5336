"""Ledgers in PostgreSQL: what only they promise. What all ledgers do is in `test_ledger` and `test_memory`."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, bulk, errors
from leat_async.bulk import State, Status, postgres_base
from leat_async.bulk.course import Course
from leat_async.bulk.ledger import Ledger
from leat_async.bulk.places import LedgerUrl, ledger_place
from leat_async.bulk.postgres_base import PostgresBase
from leat_async.bulk.postgres_store import PostgresLedgerStore
from leat_async.bulk.store import Commit, RefusedRow, RunStart, RunSums
from leat_async.sandbox import Sandbox

from ..forking import Forks, environment, piped
from ..servers import Postgres
from ..timing import within
from .helpers import Leap, client_of, held
from .test_ledger import active_row
from .test_outcomes import visits

SOAK = os.environ.get("LEAT_SOAK", "0") not in ("", "0")
START = RunStart(source=None, on_change="reject", batch=None, started=0.0, pid=1)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the server is not for Windows")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=1, rate_limit=(10**9, 60.0), unique_external_ids=False) as sandbox:
        yield sandbox


@pytest.fixture
async def leat(sandbox: Sandbox) -> AsyncIterator[LeatClient]:
    async with client_of(sandbox, Leap(sandbox)) as leat:
        yield leat


@contextmanager
def opened(url: str) -> Iterator[PostgresLedgerStore]:
    """A store with a run, as the ledger has it."""
    store = PostgresLedgerStore(LedgerUrl.of(url))
    store.open()
    try:
        store.bind("account", "visits")
        store.look_over()
        store.begin(START)
        yield store
    finally:
        store.close()


def commit(*numbers: int, state: State = State.SENT) -> Commit:
    rows: list[Any] = []
    for number in numbers:
        rows += [number, b"key %d" % number, 1, number - 1, state, b"", '["created",1,"uuid",null,null,1,1]']
    return Commit(rows, [], [], None)


async def test_the_server_crashes_in_mid_import_and_nothing_is_doubled(
    sandbox: Sandbox, leat: LeatClient, postgres: Postgres
) -> None:
    crashes, count = (10, 4000) if SOAK else (2, 300)
    url = postgres.database()
    with closing(postgres_base.PostgresBase(LedgerUrl.of(url))) as base:
        # What the run must set right: commits that are said to be on disk before they are.
        base.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = off")
    rows = [{**row, "external_id": f"A{n}"} for n, row in enumerate(visits(sandbox, count))]
    for crash in range(crashes):
        run = asyncio.ensure_future(bulk.run(leat.visits, rows, ledger=url))
        until = (crash + 1) * count // (crashes + 1)
        while len(sandbox.rows("visits")) < until and not run.done():
            await asyncio.sleep(0.001)
        postgres.crash()
        with pytest.raises(errors.LeatError, match="can't be used now"):
            await run
        assert len(sandbox.rows("visits")) < count
        postgres.start()
    report = await bulk.run(leat.visits, rows, ledger=url)
    assert (report.total, report.rejected, report.unknown) == (count, 0, 0)
    assert len({row["external_id"] for row in sandbox.rows("visits")}) == count == len(sandbox.rows("visits"))


def test_the_lock_is_free_within_a_second_after_the_process_is_killed(
    forks: Forks, ledger_url: str, tmp_path: Path
) -> None:
    program = (
        "import sys, time; from leat_async.bulk.postgres_base import LedgerUrl, PostgresBase;"
        "base = PostgresBase(LedgerUrl.of(sys.argv[1])); base.take(make=True); print(flush=True); time.sleep(60)"
    )

    def attempt() -> float:
        with piped(forks, ["-c", program, ledger_url], environment(), tmp_path) as holder:
            holder.stdout.readline()
            with closing(PostgresBase(LedgerUrl.of(ledger_url))) as base:
                with pytest.raises(errors.ConfigError, match=f"in use by another run; .*on {socket.gethostname()}"):
                    base.take()
                holder.send_signal(signal.SIGKILL)
                began = time.monotonic()
                while base.holders():
                    assert time.monotonic() < began + 30.0
                    time.sleep(0.001)
                took = time.monotonic() - began
                base.take()
                return took

    assert within(1.0, attempt)


def test_a_commit_is_one_statement_and_one_round_trip(ledger_url: str, tmp_path: Path) -> None:
    with opened(ledger_url) as store:
        base = store._base
        assert base is not None
        refused = [RefusedRow(index=7, number=0, error="no", code=None)]
        sums = RunSums({"created": 2}, Course())
        whole = Commit(commit(1, 2, state=State.DONE).rows, [("address", "uuid")], refused, sums)
        store.put(commit(1))
        store.put(whole)  # the first of its kind is prepared
        with (tmp_path / "trace").open("w+b") as trace:
            base.connection.pgconn.trace(trace.fileno())
            store.put(whole)
            base.connection.pgconn.untrace()
            trace.seek(0)
            sent = re.findall(r"\tF\t\d+\t(\w+)", trace.read().decode())
        assert sent == ["Bind", "Describe", "Execute", "Sync"]
    assert bulk.status(ledger_url).states == {"done": 2}
    assert bulk.status(ledger_url).contacts == 1
    assert [entry.index for entry in bulk.rejects(ledger_url)] == [7]
    assert dict(bulk.runs(ledger_url)[0].counts) == {"created": 2}
    assert bulk.runs(ledger_url)[0].course == Course()


def test_commits_are_on_disk_and_no_limit_ends_the_session(postgres: Postgres) -> None:
    url = postgres.database()
    with closing(PostgresBase(LedgerUrl.of(url))) as base:
        for name, value in (("synchronous_commit", "off"), ("idle_session_timeout", "1s"), ("statement_timeout", "1s")):
            base.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET {name} = '{value}'")
    with closing(PostgresBase(LedgerUrl.of(url))) as base:
        shown = [
            base.execute(f"SHOW {name}").fetchone()
            for name in ("synchronous_commit", "idle_session_timeout", "statement_timeout")
        ]
    assert shown == [("on",), ("0",), ("0",)]


def test_a_run_that_is_taken_over_writes_no_more(ledger_url: str) -> None:
    with opened(ledger_url) as first:
        first.put(commit(1))
        assert bulk.take_over(ledger_url)
        with opened(ledger_url) as second:
            with pytest.raises(errors.LeatError):
                first.put(commit(2))
            second.put(commit(3))
    assert not bulk.take_over(ledger_url)
    with closing(PostgresBase(LedgerUrl.of(ledger_url))) as base:
        assert base.execute("SELECT number FROM rows ORDER BY number").fetchall() == [(1,), (3,)]


@pytest.mark.parametrize("change", ["UPDATE meta SET value = '99' WHERE name = 'epoch'", None])
def test_a_commit_of_another_epoch_or_by_another_backend_is_none(ledger_url: str, change: str | None) -> None:
    with opened(ledger_url) as store:
        store.put(commit(1))
        assert store._base is not None
        if change is not None:
            store._base.execute(change)
        else:
            store._base.backend += 1
        with pytest.raises(errors.ConfigError, match="taken over"):
            store.put(commit(2))
        assert store._base.execute("SELECT number FROM rows").fetchall() == [(1,)]


async def test_nothing_more_is_sent_once_the_ledger_is_lost(
    sandbox: Sandbox, leat: LeatClient, ledger_url: str
) -> None:
    rows = visits(sandbox, 20)
    more = asyncio.Event()
    async with bulk.create(leat.visits, held(rows, more), ledger=ledger_url) as run:
        assert (await anext(run)).status is Status.CREATED
        assert await asyncio.to_thread(bulk.take_over, ledger_url)
        more.set()
        with pytest.raises(errors.LeatError):
            await anext(run)
    assert len(sandbox.rows("visits")) == 1
    report = await bulk.run(leat.visits, rows, ledger=ledger_url)
    assert (report.created, report.skipped) == (19, 1)


async def test_a_file_is_not_taken_over(tmp_path: Path, ledger_url: str) -> None:
    with pytest.raises(errors.ConfigError, match="end that process"):
        bulk.take_over(tmp_path / "l")
    with pytest.raises(errors.ConfigError, match="no ledger at"):
        bulk.take_over(ledger_url)


# -- poolers ---------------------------------------------------------------------------------------


class Pooler:
    """As much of a pooler as a ledger meets: it makes up the numbers of backends, and lends backends by the session, or
    another one for each transaction."""

    def __init__(self, server: Postgres, *, by_transaction: bool) -> None:
        self._server = ("127.0.0.1", server.port)
        self._by_transaction = by_transaction
        self._free: list[socket.socket] = []
        self._greeting = self._startup_of_all = b""
        self._turn = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # closing alone wakes nobody who accepts
        self._listener.close()
        for backend in self._free:
            backend.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError):
            mine, greeting = self._backend(self._startup(client))
            client.sendall(greeting)
            if self._by_transaction:
                self._give_back(mine)
                mine = None
            pending = b""
            for kind, body in messages(client):
                if kind == b"X":
                    break
                pending += packed(kind, body)
                if kind not in (b"S", b"Q"):
                    continue
                if mine is None:
                    mine, _ = self._backend(self._startup_of_all)
                mine.sendall(pending)
                pending = b""
                for back, answer in messages(mine):
                    client.sendall(packed(back, answer))
                    if back == b"Z":
                        if answer == b"I" and self._by_transaction:
                            self._give_back(mine)
                            mine = None
                        break
            if mine is not None:
                mine.close()

    def _backend(self, startup: bytes) -> tuple[socket.socket, bytes]:
        """The one that was used last, or a new one; and what clients are greeted with."""
        with self._turn:
            self._startup_of_all = startup
            if self._free:
                return self._free.pop(), self._greeting
            backend, self._greeting = socket.create_connection(self._server), b""
            backend.sendall(startup)
            for kind, body in messages(backend):
                self._greeting += packed(b"K", b"\0\0\x12\x34" + body[4:]) if kind == b"K" else packed(kind, body)
                if kind == b"Z":
                    break
            return backend, self._greeting

    def _give_back(self, backend: socket.socket) -> None:
        with self._turn:
            self._free.append(backend)

    def _startup(self, client: socket.socket) -> bytes:
        while True:
            length = int.from_bytes(exactly(client, 4), "big")
            body = exactly(client, length - 4)
            if body[:2] == b"\0\x03":
                return length.to_bytes(4, "big") + body
            client.sendall(b"N")  # neither TLS nor the like


def packed(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def messages(connection: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    while True:
        kind = exactly(connection, 1)
        yield kind, exactly(connection, int.from_bytes(exactly(connection, 4), "big") - 4)


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def test_a_pooler_that_lends_connections_by_the_transaction_is_refused(ledger_url: str, postgres: Postgres) -> None:
    with closing(Pooler(postgres, by_transaction=True)) as pooler:
        url = ledger_url.replace(str(postgres.port), str(pooler.port), 1)
        with pytest.raises(errors.ConfigError, match="by the transaction"):
            PostgresLedgerStore(LedgerUrl.of(url)).open()
        with pytest.raises(errors.ConfigError, match="by the transaction"):
            bulk.status(url)


def test_a_pooler_that_lends_connections_by_the_session_will_do(ledger_url: str, postgres: Postgres) -> None:
    with closing(Pooler(postgres, by_transaction=False)) as pooler:
        with opened(ledger_url.replace(str(postgres.port), str(pooler.port), 1)) as store:
            store.put(commit(1))
        assert bulk.status(ledger_url).states == {"sent": 1}


# -- URLs and texts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://ada:hush@host/db", "no ledger can be kept at mysql://"),
        ("redis://:hush@host/0", "no ledger can be kept at redis://"),
        ("postgresql://ada:hush@host/db?ledger=", "has one name"),
        ("postgresql://ada:hush@host/db?ledger=a&ledger=b", "has one name"),
        ("postgresql://ada:hush@host/db?ledger=a%22b", "has one name"),
        ("postgresql://ada:hush@[host/db", "can't be read"),
        ("postgresql://ada:hush@host/db?hush=1", "ledger: postgresql://host/db can't be used"),
    ],
)
def test_what_is_no_url_of_a_ledger_is_told_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(errors.ConfigError, match=reason) as caught:
        bulk.status(url)
    assert "ada:hush" not in str(caught.value)


def test_the_password_of_a_ledger_shows_nowhere(ledger_url: str, tmp_path: Path) -> None:
    secret = "postgresql://ada:hu%2Fsh@127.0.0.1:1/db?sslpassword=quiet&ledger=visits"
    place = ledger_place(secret)
    assert isinstance(place, LedgerUrl)
    assert str(place) == "postgresql://127.0.0.1:1/db?ledger=visits"
    assert place.database.reveal() == "postgresql://ada:hu%2Fsh@127.0.0.1:1/db?sslpassword=quiet"
    with pytest.raises(errors.LeatError, match=r"can't be reached: .*refused") as caught:
        bulk.status(secret)
    said = f"{place!r} {caught.value} {caught.value!r} {caught.value.__cause__}"
    with opened(ledger_url.replace("postgres@", "postgres:hush@")) as store:
        said += store.name
    summary = bulk.status(ledger_url.replace("postgres@", "postgres:hush@"))
    said += f"{summary} {summary.path}"
    assert not {word for word in ("hush", "hu%2Fsh", "hu/sh", "quiet") if word in said}
    # A password whose signs are not encoded.
    assert str(LedgerUrl.of("postgresql://ada:hu/sh@host/db?ledger=x")) == "postgresql://…?ledger=x"


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_base, "find_spec", lambda name: None)
    with pytest.raises(errors.ConfigError, match=r"leat-async\[postgres\]"):
        bulk.status("postgresql://host/db")


def test_ledgers_of_one_database_are_apart(ledger_url: str) -> None:
    other = f"{ledger_url}-b"
    with opened(ledger_url) as store, opened(other) as second:
        store.put(commit(1))
        second.put(commit(1, 2))
    assert bulk.status(ledger_url).states == {"sent": 1}
    assert bulk.status(other).states == {"sent": 2}
    assert LedgerUrl.of(ledger_url.partition("?")[0]).name == "leat"


def test_texts_that_postgresql_can_not_keep_are_kept_as_near_as_it_can(ledger_url: str) -> None:
    with opened(ledger_url) as store:
        refused = [RefusedRow(index=0, number=0, error="a\0b", code="c\0")]
        store.put(Commit([], [("address", "u\0")], refused, None))
    [entry] = bulk.rejects(ledger_url)
    assert (entry.error, entry.code) == ("a\N{REPLACEMENT CHARACTER}b", "c\N{REPLACEMENT CHARACTER}")


async def test_personal_data_that_are_forgotten_leave_the_tables(
    sandbox: Sandbox, leat: LeatClient, postgres: Postgres, ledger_url: str
) -> None:
    rows = visits(sandbox, 2)
    rows[1] = {**rows[1], "starts_at": "Secret-Of-Ada"}
    await bulk.run(leat.visits, rows, ledger=ledger_url, source=bulk.Source(name="Secret-Of-Ada.csv"))
    assert await asyncio.to_thread(files_with, postgres, b"Secret-Of-Ada")
    bulk.forget(ledger_url)
    assert not await asyncio.to_thread(files_with, postgres, b"Secret-Of-Ada")
    summary = bulk.status(ledger_url)
    assert (summary.forgotten, summary.states, summary.contacts) == (True, {"done": 1}, 0)
    assert [entry.error for entry in bulk.rejects(ledger_url)] == [None]


def files_with(postgres: Postgres, text: bytes) -> list[Path]:
    """The files of tables that have a text; the write-ahead log is the server's, and has it for a while."""
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    files = (postgres.folder / "data" / "base").rglob("*")
    return [path for path in files if path.is_file() and text in path.read_bytes()]


async def test_a_large_ledger_is_read_within_seconds(ledger_url: str) -> None:
    count = 500_000 if SOAK else 2_000
    with opened(ledger_url) as store:
        assert store._base is not None
        store._base.execute(
            "INSERT INTO rows SELECT n, sha256(n::text::bytea), 1, n - 1, 'done', '', "
            """'["created",1,"01234567-89ab-cdef-0123-456789abcdef",null,null,1,1]' FROM generate_series(1, ?) AS n""",
            (count,),
        )
    ledger = Ledger(PostgresLedgerStore(LedgerUrl.of(ledger_url)))
    await ledger.open(lambda outcomes, error: None)
    began, busy = time.monotonic(), time.process_time()
    await ledger.begin("account", "visits", START)
    took, busy = time.monotonic() - began, time.process_time() - busy
    assert ledger.new_number() == count + 1
    key = hashlib.sha256(str(count).encode()).digest()
    known = ledger.known(key)
    assert known is not None
    assert (known.number, known.state, known.rest.status) == (count, State.DONE, "created")
    assert ledger.known(b"none") is None
    await ledger.commit((active_row(count, count + 1), State.SENT, Status.CREATED, (None, None)))
    ledger.end(None)
    # By the clock of this process, which minds no others on the machine.
    assert busy < 5.0
    sys.stdout.write(f"{count} rows read in {took:.2f} s, {busy:.2f} of them busy\n")
