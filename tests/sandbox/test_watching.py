"""What the inspector is told as it happens, read as a browser's EventSource reads it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from leat_async.sandbox import Sandbox, watching

from .conftest import ROOT, Api, Wire


class Stream:
    """One watcher."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._socket = socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), timeout=10)
        self._socket.sendall(b"GET /_sandbox/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])

    def __iter__(self) -> Iterator[Any]:
        for line in self._file:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def stream(sandbox: Sandbox) -> Iterator[Stream]:
    stream = Stream(sandbox)
    yield stream
    stream.close()


def test_requests_faults_deliveries_and_resets_are_told(sandbox: Sandbox, api: Api, stream: Stream) -> None:
    told = iter(stream)
    assert next(told)["rows"] == []
    sandbox.faults.add("server_error", "shops.list")
    api("GET", "/shops")
    api("GET", "/contact-session-tokens/very-s3cret")
    rows: list[Any] = []
    while len(rows) < 2:
        last = next(told)
        rows += last["rows"]
    first, second = rows
    assert first[0] == 1
    assert first[2:6] == ["GET", f"{ROOT}/shops", "shops.list", 500]
    assert (first[7], first[8]) == ("server_error", False)
    assert "very-s3cret" not in str(second)
    assert (last["total"], last["faults"]) == (2, 1)
    sandbox.reset()
    assert next(told)["resets"] == last["resets"] + 1


def test_what_waits_for_a_page_is_bounded(sandbox: Sandbox, stream: Stream) -> None:
    told = iter(stream)
    next(told)
    engine, journal = sandbox._engine, sandbox.journal
    with sandbox._lock:
        for _ in range(5000):
            received = engine.receive("GET", f"{ROOT}/units", f"Bearer {sandbox.token}", "", b"")
            engine.serve(received)
            journal.over(received.entry, 0.001)
    rows = 0
    total = 0
    while total < 5000:
        last = next(told)
        assert len(last["rows"]) <= watching.MAX_WAITING
        rows, total = rows + len(last["rows"]), last["total"]
    assert 0 < rows < 5000


def test_pages_are_bounded_and_let_go(sandbox: Sandbox, wire: Wire) -> None:
    streams = [Stream(sandbox) for _ in range(watching.MAX_WATCHERS)]
    assert {one.status for one in streams} == {200}
    refused = Stream(sandbox)
    assert refused.status == 503
    for one in (*streams, refused):
        one.close()
    ends = time.monotonic() + 10
    while sandbox.journal.listeners and time.monotonic() < ends:
        time.sleep(0.05)
    assert sandbox.journal.listeners == []


def test_pages_that_come_and_go_are_not_refused(sandbox: Sandbox) -> None:
    for _ in range(3 * watching.MAX_WATCHERS):
        stream = Stream(sandbox)
        stream.close()
        assert stream.status == 200


def test_the_end_of_the_sandbox_ends_the_stream() -> None:
    with Sandbox() as sandbox:
        stream = Stream(sandbox)
        told = iter(stream)
        next(told)
    assert list(told) == []
    stream.close()
