"""Bytes that belong to no request of ours, on plain sockets: they are nobody's answer."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, RetryPolicy, errors

from ..conftest import VISIT

CREATE = {"contact_uuid": "c-1", "shop_uuid": "s-1", "external_id": "e-1"}


def response(data: Any) -> bytes:
    body = json.dumps({"data": data, "meta": []}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


OURS = response(VISIT)
STRAY = response({**VISIT, "uuid": "somebody's", "external_id": "another"})


@attrs.define
class Plain:
    """A server of sockets: every request is answered with `OURS`, and what follows it on the wire is up to the test."""

    url: str = ""
    after: Callable[[asyncio.StreamWriter], Any] | None = None
    requests: list[bytes] = attrs.field(factory=list[bytes])
    connections: list[asyncio.StreamWriter] = attrs.field(factory=list[asyncio.StreamWriter])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
                self.requests.append(head)
                writer.write(OURS)
                if self.after is not None:
                    self.after(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def plain() -> AsyncIterator[Plain]:
    server = Plain()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server
        for writer in server.connections:
            writer.close()


STRAYS = {
    "whole": STRAY,
    "its beginning": STRAY[:30],
    "an empty line": b"\r\n",
    "two": STRAY * 2,
    "no HTTP": b"hello",
}


@pytest.mark.parametrize("kind", STRAYS)
async def test_what_lies_on_an_idle_connection_is_no_answer(kind: str) -> None:
    async with plain() as server, LeatClient("t", base_url=server.url, retry=None) as leat:
        await leat.visits.get("v-1")
        server.connections[0].write(STRAYS[kind])
        await server.connections[0].drain()
        await asyncio.sleep(0.02)
        assert (await leat.visits.create(**CREATE)).uuid == "v-1"
        assert len(server.connections) == 2, "the connection was dropped before anything was sent on it"
        assert len(server.requests) == 2


@pytest.mark.parametrize("kind", STRAYS)
async def test_what_the_loop_has_not_read_yet_is_no_answer(kind: str) -> None:
    """A busy program asks again before its event loop has looked at the socket."""
    async with plain() as server, LeatClient("t", base_url=server.url, retry=None) as leat:
        await leat.visits.get("v-1")
        server.connections[0].write(STRAYS[kind])
        time.sleep(0.02)  # noqa: ASYNC251 - the point
        assert (await leat.visits.create(**CREATE)).uuid == "v-1"
        assert len(server.connections) == 2


async def test_a_second_answer_in_one_piece_with_the_first_is_nobodys() -> None:
    async with plain() as server, LeatClient("t", base_url=server.url, retry=None) as leat:
        server.after = lambda writer: writer.write(STRAY)
        for _ in range(3):
            assert (await leat.visits.get("v-1")).uuid == "v-1"
        assert len(server.connections) == 3


async def test_a_connection_that_was_closed_meanwhile_is_not_written_to() -> None:
    async with plain() as server, LeatClient("t", base_url=server.url, retry=None) as leat:
        await leat.visits.get("v-1")
        server.connections[0].get_extra_info("socket").shutdown(socket.SHUT_WR)
        time.sleep(0.02)  # noqa: ASYNC251 - so that the end is on the socket, and nobody has seen it
        assert (await leat.visits.create(**CREATE)).uuid == "v-1"


async def test_a_server_that_speaks_first_is_told_nothing() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(STRAY)
        asked.append(await reader.read(1))
        writer.close()

    asked: list[bytes] = []
    async with await asyncio.start_server(greet, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with LeatClient("t", base_url=url, retry=RetryPolicy(attempts=2, backoff=0.0)) as leat:

            async def call_until_refused() -> None:
                for _ in range(9):
                    await leat.visits.create(**CREATE)

            with pytest.raises(errors.TransportError, match="spoke before") as caught:
                await call_until_refused()
        assert not caught.value.sent


async def test_a_quiet_connection_is_kept() -> None:
    async with plain() as server, LeatClient("t", base_url=server.url, retry=None) as leat:
        for _ in range(5):
            await leat.visits.get("v-1")
            await leat.visits.create(**CREATE)
        assert len(server.connections) == 1


async def test_no_connection_is_lost_or_forgotten_when_many_are_dropped() -> None:
    async with plain() as server, LeatClient("t", base_url=server.url, retry=None, concurrency=8) as leat:
        for _ in range(3):
            await asyncio.gather(*[leat.visits.get("v-1") for _ in range(8)])
            for connection in server.connections:
                if not connection.is_closing():
                    connection.write(STRAY)
            await asyncio.sleep(0.02)
        assert {(await leat.visits.get("v-1")).uuid for _ in range(20)} == {"v-1"}
        assert len(leat._pipeline.transport._session.connector._acquired) == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("other", [{"external_id": "e-2"}, {"contact_uuid": "c-2"}])
async def test_the_answer_to_another_write_is_none(other: dict[str, str]) -> None:
    """Too late to be seen on an idle connection, it is told by what it says."""
    async with plain() as server, LeatClient("t", base_url=server.url, retry=None) as leat:
        with pytest.raises(errors.OutcomeUnknownError) as caught:
            await leat.visits.create(**{**CREATE, **other})
        with pytest.raises(errors.OutcomeUnknownError):
            await leat.bookings.create(**{**CREATE, **other})
        assert len(server.requests) == 2
        assert isinstance(caught.value.__cause__, errors.DecodeError)
        assert not caught.value.__cause__.accepted
        padded = await leat.visits.create(**{**CREATE, "external_id": " e-1\u00a0"})
        assert padded.uuid == "v-1", "compared as it is kept"
