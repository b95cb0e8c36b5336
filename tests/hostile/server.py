"""A server that behaves like what is really out there: gateways, dying connections, late writes, lagging replicas.

`World(Personality.of(seed))` serves a `Book` on a raw socket; `book` is the truth to compare with. What becomes of a
request is drawn from the seed and the request itself, so the same seed spoils the same requests in whatever order they
come. `Personality` can also be made by hand, with only the faults that a test is about. Times are real seconds.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email.utils import formatdate

import attrs

from .book import Asked, Book, Row, Said, shown, told
from .personality import GATEWAYS, LIES, NOT_PASSED_ON, ODD_SUCCESSES, PAGE, REASONS, STATUSES, WAITS, Personality


@attrs.define
class Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    # Whether the next request on it is read.
    alive: bool = True

    def send(self, packet: bytes) -> None:
        """Put bytes on it; raises when the other side is gone."""
        if self.writer.transport.is_closing():
            raise ConnectionResetError
        self.writer.write(packet)

    def end(self, *, reset: bool = False) -> None:
        """Close it, with a reset if so wanted."""
        self.alive = False
        if reset and (sock := self.writer.get_extra_info("socket")) is not None:
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort() if reset else self.writer.close()


class World:
    """The server. `calm` ends all faults; `watch` is told the number of each request before anything becomes of it."""

    def __init__(self, personality: Personality) -> None:
        self.personality = personality
        self.book = Book(draw=random.Random(f"book {personality.seed}"), **personality.book)
        self.calm = False
        self.url = ""
        self.requests = 0
        self.watch: Callable[[int], None] = lambda number: None
        # Whether a mere uuid may come as another's answer, which an import asks for again and a single call can't tell.
        self.bare = True
        # What was spoiled, for the report of a failure: fault, method, path.
        self.told: list[str] = []
        # Contents of writes that landed later than they were meant to, because this machine was busy.
        self.overdue: list[bytes] = []
        # Every write that reached the book, with the answer that the book gave.
        self.applied: list[tuple[Asked, Said]] = []
        self._times: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: set[Line] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[World]:
        """Serve as long as this lasts."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._tasks.add(asyncio.create_task(self._beat()))
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _beat(self) -> None:
        """A machine that keeps this loop waiting keeps answers waiting, which nobody was told to do."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.02)
            if time.monotonic() - before > self.personality.timeout / 2:
                self.told.append("a busy machine")

    async def landed(self) -> None:
        """Wait for the writes that are still to land."""
        while waiting := [task for task in self._tasks if task.get_name() == "landing"]:
            await asyncio.wait(waiting)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        line = Line(reader, writer)
        try:
            while line.alive:
                asked = await self._read(reader)
                self.requests += 1
                self.watch(self.requests)
                await self._answer(line, asked)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            # Also when it is cancelled at the end: Python 3.11 logs an error of a connection's cancelled task.
            pass
        finally:
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Asked.of(method, target, headers, body)

    async def _answer(self, line: Line, asked: Asked) -> None:
        key = f"{asked.method} {asked.path} {sorted(asked.query.items())} {asked.raw!r}"
        self._times[key] += 1
        draw = random.Random(f"{self.personality.seed} {key} {self._times[key]}")
        faults = [] if self.calm or len(self.told) >= self.personality.most else self.personality.faults
        if faults and draw.random() < self.personality.share:
            fault = draw.choice(faults)
            text = f"{fault} {asked.method} {asked.path}"
            self.told.append(text)
            if await getattr(self, f"_{fault}")(line, asked, draw) is not False:
                return
            self.told.remove(text)
        self._say(line, self._do(asked))

    def _do(self, asked: Asked, *, stale: float = 0.0) -> Said:
        said = self.book.handle(asked, stale=stale)
        if asked.writes:
            self.applied.append((asked, said))
        return said

    # -- what goes out ---------------------------------------------------------------------------

    def packet(
        self, body: bytes, *, status: int = 200, kind: str = "application/json", length: int | None = None, **more: str
    ) -> bytes:
        """A whole answer."""
        headers = {"Date": formatdate(time.time() + self.book.ahead, usegmt=True), "Server": "nginx"}
        if kind:
            headers["Content-Type"] = kind
        if length != -1 and status != 204:
            headers["Content-Length"] = str(len(body) if length is None else length)
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'X')}\r\n"
        return (head + "".join(f"{n}: {v}\r\n" for n, v in headers.items()) + "\r\n").encode() + body

    def _say(self, line: Line, said: Said) -> None:
        line.send(self.packet(said.body, status=said.status))

    async def _piecewise(self, line: Line, whole: bytes, pause: float, pieces: int) -> None:
        size = max(1, len(whole) // pieces)
        for start in range(0, len(whole), size):
            line.send(whole[start : start + size])
            await asyncio.sleep(pause)

    # -- faults: return False where there is nothing to spoil -------------------------------------

    async def _late(self, line: Line, asked: Asked, draw: random.Random) -> bool | None:
        """Lands after the client has given up, within its grace."""
        return await self._land(line, asked, draw.uniform(0.0, 0.5) * self.personality.grace)

    async def _very_late(self, line: Line, asked: Asked, draw: random.Random) -> bool | None:
        """Lands after the grace, where the API then refuses what it has already."""
        return await self._land(line, asked, draw.uniform(1.1, 1.6) * self.personality.grace, within=False)

    async def _land(self, line: Line, asked: Asked, seconds: float, *, within: bool = True) -> bool | None:
        if not asked.writes:
            return False

        async def land() -> None:
            with suppress(ConnectionError):
                await line.reader.read(1)
            given_up = time.monotonic()
            await asyncio.sleep(seconds)
            self._do(asked)
            if within and time.monotonic() - given_up > 0.6 * self.personality.grace:
                self.overdue.append(asked.raw)

        task = asyncio.create_task(land(), name="landing")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)
        line.alive = False
        return None

    async def _dies_before(self, line: Line, asked: Asked, draw: random.Random) -> None:
        line.end(reset=draw.random() < 0.5)

    async def _dies_after(self, line: Line, asked: Asked, draw: random.Random) -> None:
        self._do(asked)
        line.end(reset=draw.random() < 0.5)

    async def _dies_in_head(self, line: Line, asked: Asked, draw: random.Random) -> None:
        await self._cut(line, asked, draw, 0.0, 0.4)

    async def _dies_in_body(self, line: Line, asked: Asked, draw: random.Random) -> None:
        await self._cut(line, asked, draw, 0.5, 0.99)

    async def _cut(self, line: Line, asked: Asked, draw: random.Random, least: float, most: float) -> None:
        said = self._do(asked)
        whole = self.packet(said.body, status=said.status)
        line.send(whole[: int(len(whole) * draw.uniform(least, most))])
        await asyncio.sleep(0.005)
        line.end(reset=draw.random() < 0.5)

    async def _dies_idle(self, line: Line, asked: Asked, draw: random.Random) -> None:
        """A whole answer; the connection dies when it is kept, or just as the next request comes."""
        self._say(line, self._do(asked))
        await asyncio.sleep(draw.choice([0.0, 0.001, 0.003]))
        line.end(reset=draw.random() < 0.5)

    async def _lies(self, line: Line, asked: Asked, draw: random.Random) -> None:
        """A success that is not the API's, of which the API never heard."""
        status, kind, body = draw.choice(LIES)
        line.send(self.packet(body, status=status, kind=kind))

    async def _lies_applied(self, line: Line, asked: Asked, draw: random.Random) -> None:
        self._do(asked)
        await self._lies(line, asked, draw)

    async def _odd_success(self, line: Line, asked: Asked, draw: random.Random) -> bool | None:
        """Done, and answered by the API itself in a way that can't be read."""
        if asked.method == "GET":
            return False
        said = self._do(asked)
        if said.status != 200:
            self._say(line, said)
        else:
            line.send(self.packet(draw.choice(ODD_SUCCESSES)))
        return None

    def _another(self, asked: Asked, draw: random.Random) -> Said | None:
        """The answer that another row's request has got."""
        kind = asked.path.strip("/").partition("/")[0]
        if asked.path == "/contacts/find-one-by":
            others = [row for row in self.book.contacts if row["email"] != asked.query.get("email")]
            if not others:
                return None
            other = draw.choice(others)
            # As a search is answered, or as the making of a contact is.
            return told(draw.choice([shown(other), {"uuid": other["uuid"]}] if self.bare else [shown(other)]))
        if asked.method == "POST" and asked.path in ("/visits", "/bookings"):
            own = asked.body.get("external_id")
            rows: list[Row] = [row for row in getattr(self.book, kind) if row["external_id"] != own]
            return told(shown(draw.choice(rows))) if rows else None
        return None

    async def _answer_of_another(self, line: Line, asked: Asked, draw: random.Random) -> bool | None:
        """Answers got mixed up on the way."""
        another = self._another(asked, draw)
        if another is None:
            return False
        if draw.random() < 0.5:
            self._do(asked)
        self._say(line, another)
        return None

    def _stray(self, asked: Asked, draw: random.Random) -> bytes:
        kind = asked.path.strip("/").partition("/")[0]
        rows: list[Row] = getattr(self.book, kind, None) or [{"uuid": "stray"}]
        return self.packet(told(shown(draw.choice(rows))).body)

    async def _stray_at_once(self, line: Line, asked: Asked, draw: random.Random) -> None:
        """A second answer lies on the connection when the next request is sent on it."""
        said = self._do(asked)
        line.send(self.packet(said.body, status=said.status) + self._stray(asked, draw))
        await self._ignore_next(line, draw)

    async def _stray_soon(self, line: Line, asked: Asked, draw: random.Random) -> bool | None:
        if asked.path.startswith("/contacts"):
            return False  # an answer that is a mere uuid contradicts nothing, so only an idle connection shows it
        self._say(line, self._do(asked))
        await asyncio.sleep(draw.choice([0.001, 0.003]))
        line.send(self._stray(asked, draw))
        await self._ignore_next(line, draw)
        return None

    async def _ignore_next(self, line: Line, draw: random.Random) -> None:
        """What comes next on this connection reaches nobody, or the API after all."""
        line.alive = draw.random() < 0.5
        if not line.alive:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.TimeoutError):
                await asyncio.wait_for(self._read(line.reader), 2.0)
                await asyncio.sleep(0.01)

    async def _stale(self, line: Line, asked: Asked, draw: random.Random) -> bool | None:
        """A replica that lags."""
        if asked.writes:
            return False
        self._say(line, self._do(asked, stale=draw.uniform(0.0, 0.3) * self.personality.grace))
        return None

    async def _status(self, line: Line, asked: Asked, draw: random.Random) -> None:
        """A status of something in between, with a page of its own."""
        status = draw.choice(STATUSES)
        kind, body = draw.choice(GATEWAYS)
        more = {"Location": "https://login.example.com/"} if status < 400 else {}
        line.send(self.packet(body, status=status, kind=kind, **more))

    async def _status_applied(self, line: Line, asked: Asked, draw: random.Random) -> None:
        """The API did what it was asked, only its answer was replaced on the way."""
        self._do(asked)
        status, (kind, body) = draw.choice(STATUSES), draw.choice(GATEWAYS)
        while status in NOT_PASSED_ON and b'"message"' in body:
            status = draw.choice(STATUSES)
        line.send(self.packet(body, status=status, kind=kind))

    async def _no_rights(self, line: Line, asked: Asked, draw: random.Random) -> None:
        """Says nothing about the row: somebody takes the token's rights away for a moment."""
        content = {"message": "User has no access to this account.", "code": 7011, "status_code": 403}
        self._say(line, Said(status=403, content=content))

    async def _no_token(self, line: Line, asked: Asked, draw: random.Random) -> None:
        self._say(line, Said(status=401, content={"message": "Unauthenticated."}))

    async def _waits(self, line: Line, asked: Asked, draw: random.Random) -> None:
        """Too many requests, whatever is said about how long."""
        wait = draw.choice(WAITS)
        body, kind = draw.choice([(b"Too Many Attempts.", "application/json"), (PAGE, "text/html"), (b"", "")])
        more = {} if wait is None else {"Retry_After": wait}
        line.send(self.packet(body, status=429, kind=kind, **more))

    async def _drips(self, line: Line, asked: Asked, draw: random.Random) -> None:
        said = self._do(asked)
        await self._piecewise(line, self.packet(said.body, status=said.status), 0.002, draw.randint(2, 8))

    async def _drips_too_long(self, line: Line, asked: Asked, draw: random.Random) -> None:
        said = self._do(asked)
        await self._piecewise(line, self.packet(said.body, status=said.status), self.personality.timeout / 4, 8)

    async def _chunked(self, line: Line, asked: Asked, draw: random.Random) -> None:
        said = self._do(asked)
        head = self.packet(b"", status=said.status, length=-1, Transfer_Encoding="chunked")
        half = len(said.body) // 2
        chunks = [b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in (said.body[:half], said.body[half:]) if part]
        line.send(head + b"".join(chunks) + b"0\r\nX-Trailer: 1\r\n\r\n")

    async def _packed(self, line: Line, asked: Asked, draw: random.Random) -> None:
        said = self._do(asked)
        line.send(self.packet(gzip.compress(said.body), status=said.status, Content_Encoding="gzip"))

    async def _closes(self, line: Line, asked: Asked, draw: random.Random) -> None:
        said = self._do(asked)
        line.send(self.packet(said.body, status=said.status, Connection="close"))
        line.end()

    async def _informs(self, line: Line, asked: Asked, draw: random.Random) -> None:
        line.send(b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.001)
        self._say(line, self._do(asked))

    async def _old_protocol(self, line: Line, asked: Asked, draw: random.Random) -> None:
        said = self._do(asked)
        whole = self.packet(said.body, status=said.status, length=-1).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
        line.send(whole)
        line.end()

    async def _mistyped(self, line: Line, asked: Asked, draw: random.Random) -> None:
        said = self._do(asked)
        line.send(self.packet(said.body, status=said.status, kind=draw.choice(["text/html; charset=iso-8859-1", ""])))

    async def _length_too_short(self, line: Line, asked: Asked, draw: random.Random) -> None:
        """The rest of the body lies on the connection afterwards."""
        said = self._do(asked)
        short = int(len(said.body) * draw.uniform(0.2, 0.95))
        line.send(self.packet(said.body, status=said.status, length=short))

    async def _length_too_long(self, line: Line, asked: Asked, draw: random.Random) -> None:
        said = self._do(asked)
        line.send(self.packet(said.body, status=said.status, length=len(said.body) + 20))
        await asyncio.sleep(draw.choice([0.0, self.personality.timeout * 2]))
        line.end()
