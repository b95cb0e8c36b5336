"""An answer larger than `max_body` is an error that says so, in bounded memory, and is not asked for again."""

from __future__ import annotations

import asyncio
import functools
import gzip
import tracemalloc
import zlib
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from leat_async import ClientCredentials, LeatClient, RetryPolicy, errors
from leat_async.sync import LeatClient as SyncClient

from ..conftest import VISIT, Recorder, answer, raw

MIB = 2**20
CEILING = 2 * MIB
QUICK = RetryPolicy(attempts=4, backoff=0.001, max_backoff=0.002)
# Older versions unpack a whole read from the socket, 256 KiB, at once.
BOUNDED = tuple(map(int, aiohttp.__version__.split(".")[:3])) >= (3, 14, 1)
HEAD = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"


class Flood:
    """Writes a body for as long as somebody reads it, and counts."""

    def __init__(self, status: int, head: bytes, piece: bytes, pieces: int) -> None:
        self.status = status
        self.head = head
        self.piece = piece
        self.pieces = pieces
        self.written = 0
        self.ended = 0

    async def __call__(self, recorded: Any, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        transport.write(HEAD % self.status + self.head + b"\r\n")
        for _ in range(self.pieces):
            if transport.is_closing():
                break
            transport.write(self.piece)
            self.written += len(self.piece)
            while transport.get_write_buffer_size() and not transport.is_closing():
                await asyncio.sleep(0.001)
        self.ended += 1
        transport.abort()
        return web.Response()


@functools.cache
def bomb(size: int, begin: bytes) -> bytes:
    """So many spaces after a beginning, packed a thousand to one."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    head = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    # A block that refers to nothing before it can be repeated; nobody reads as far as the sum at the end.
    return head + (packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)) * (size // MIB) + packer.flush()


def floods(status: int, begin: bytes = b"") -> dict[str, Flood]:
    packed, piece = bomb(256 * MIB, begin), begin.ljust(65536)
    return {
        "announced": Flood(status, b"Content-Length: 10000000000\r\n", piece, 10_000_000_000 // 65536),
        "chunked": Flood(
            status, b"Transfer-Encoding: chunked\r\n", b"10000\r\n" + piece + b"\r\n", 10_000_000_000 // 65536
        ),
        "until closed": Flood(status, b"Connection: close\r\n", piece, 10_000_000_000 // 65536),
        "packed": Flood(status, b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(packed), packed, 1),
        "packed and chunked": Flood(
            status,
            b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed),
            1,
        ),
    }


KINDS = ["announced", "chunked", "until closed", "packed", "packed and chunked"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ours", [True, False], ids=["ours", "somebody's"])
async def test_an_answer_over_the_ceiling(recorder: Recorder, kind: str, ours: bool) -> None:
    flood = floods(200, b'{"data":' if ours else b"<html>")[kind]
    of_writes = errors.DecodeError if ours else errors.OutcomeUnknownError
    recorder.default = flood
    async with LeatClient("t", base_url=recorder.url, retry=QUICK, max_body=CEILING) as leat:
        tracemalloc.start()
        try:
            with pytest.raises(errors.DecodeError, match="max_body=2097152") as read:
                await leat.visits.get("v-1")
            with pytest.raises(errors.DecodeError, match="max_body") as listed:
                await leat.visits.list()
            with pytest.raises(of_writes, match="max_body") as updated:
                await leat.visits.update("v-1", source="x")
            with pytest.raises(of_writes, match="max_body") as created:
                await leat.visits.create(contact_uuid="c-1", shop_uuid="s-1", external_id="e-1")
            with pytest.raises(of_writes, match="max_body"):
                await leat.request("POST", "/visits")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < (16 * MIB if BOUNDED or "packed" not in kind else 320 * MIB)
    assert len(recorder.requests) == 5, "as large the next time, so each is sent once"
    for caught in (read, listed, updated, created):
        fault = caught.value.__cause__ or caught.value
        assert isinstance(fault, errors.DecodeError)
        assert fault.status == 200
        assert fault.accepted == ours, "what begins as the API's answer says that the write is done"
        assert [attempt.end for attempt in caught.value.attempts] == ["answered" if ours else "maybe applied"]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_over_the_ceiling_says_nothing_about_a_write(recorder: Recorder, kind: str) -> None:
    for status, expected in ((400, errors.ApiError), (403, errors.PermissionDeniedError), (502, errors.ServerError)):
        recorder.default = floods(status)[kind]
        async with LeatClient("t", base_url=recorder.url, retry=None, max_body=CEILING) as leat:
            with pytest.raises(expected, match="no message"):
                await leat.visits.get("v-1")
            with pytest.raises(errors.OutcomeUnknownError) as caught:
                await leat.visits.create(contact_uuid="c-1", shop_uuid="s-1")
            assert type(caught.value.__cause__) is expected


async def test_reading_stops_and_the_connection_goes(recorder: Recorder) -> None:
    flood = floods(200)["chunked"]
    recorder.default = flood
    async with LeatClient("t", base_url=recorder.url, retry=None, max_body=CEILING) as leat:
        with pytest.raises(errors.DecodeError):
            await leat.visits.get("v-1")
        while not flood.ended:
            await asyncio.sleep(0.01)
        assert flood.written < CEILING + 32 * MIB, "what the sockets between us hold, no more"
        recorder.default = answer({"data": VISIT})
        assert (await leat.visits.get("v-1")).uuid == "v-1"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_the_ceiling_is_exact_and_the_connection_stays(recorder: Recorder, packed: bool, chunked: bool) -> None:
    whole = b'{"data": {"uuid": "v-1"}' + b" " * 999_975 + b"}"
    assert len(whole) == 1_000_000
    body = gzip.compress(whole) if packed else whole
    ports: set[int] = set()

    async def reply(recorded: Any, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername")[1])
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"} if packed else {})
        if not chunked:
            response.content_length = len(body)
        await response.prepare(request)
        await response.write(body)
        await response.write_eof()
        return response

    recorder.default = reply
    async with LeatClient("t", base_url=recorder.url, retry=None, max_body=1_000_000) as leat:
        for _ in range(3):
            assert (await leat.visits.get("v-1")).uuid == "v-1"
    assert len(ports) == 1, "one connection, kept alive"
    async with LeatClient("t", base_url=recorder.url, retry=None, max_body=999_999) as leat:
        with pytest.raises(errors.DecodeError, match="max_body=999999"):
            await leat.visits.get("v-1")


async def test_a_token_endpoint_over_the_ceiling(recorder: Recorder) -> None:
    recorder.default = floods(200)["announced"]
    credentials = ClientCredentials("client", "secret-secret")
    async with LeatClient(credentials, base_url=recorder.url, max_body=CEILING) as leat:
        with pytest.raises(errors.DecodeError, match="max_body"):
            await leat.visits.create(contact_uuid="c-1", shop_uuid="s-1")
    assert [request.path for request in recorder.requests] == ["/oauth/token"]


async def test_the_synchronous_client_has_it_too(recorder: Recorder) -> None:
    recorder.default = raw(b'{"data": {"uuid": "v-1"}}' + b" " * 1000)

    def call() -> None:
        with SyncClient("t", base_url=recorder.url, max_body=1000) as leat, pytest.raises(errors.DecodeError):
            leat.visits.get("v-1")

    await asyncio.to_thread(call)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "64", None, True])
def test_the_ceiling_is_a_number_of_bytes(wrong: Any) -> None:
    with pytest.raises(errors.ConfigError, match="max_body"):
        LeatClient("t", max_body=wrong)
