"""Mutated requests: no 500, no hang, nothing in the log. `LEAT_SOAK=1` sends twenty thousand."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import socket
import string
from typing import Any
from urllib.parse import quote

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sandbox.resources import ROUTES
from leat_async.sandbox.routing import ROOTS

COUNT = 20_000 if os.environ.get("LEAT_SOAK") else 600
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "FOO", "X" * 50]
TYPES = [
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", "",
    "application/json; charset=utf-16", "multipart/form-data", 'multipart/form-data; boundary="', "nonsense",
    "application/vnd.api+json", "multipart/form-data; boundary=" + "b" * 300, "application/json;;;=",
]  # fmt: skip
ODD = ["", " ", "0", "-1", "1e999", "NaN", "null", "[]", "{}", "true", "💥", "\x00", "%", "%zz", "..", "'", '"', "\\",
       "9" * 400, "a" * 5000, "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
       "2026-05-01T20:00:00+02:00", "x@y.nl", "[", "]", "a[b", "[[]]", "-created_at", "DEFAULT", "uuid"]  # fmt: skip

HEADERS = ["Expect: 100-continue", "Expect: x", "Content-Encoding: gzip", "Transfer-Encoding: chunked",
           "Upgrade: websocket", "Cookie: " + "a" * 9000]  # fmt: skip

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Fuzzer:
    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self.draw = random.Random(seed)
        self.sandbox = sandbox
        self.names = sorted({param.name for route in ROUTES for param in route.parameters})
        self.known = [sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"], sandbox.contacts[0]["email"]]
        self.known += [sandbox.rows(table)[0]["uuid"] for table in ("rewards", "promotions", "giftcard_programs")]

    def text(self) -> str:
        kind = self.draw.random()
        if kind < 0.4:
            return self.draw.choice(self.known)
        if kind < 0.8:
            return self.draw.choice(ODD)
        return "".join(self.draw.choices(string.printable + "éß中\u202e", k=self.draw.randrange(30)))

    def value(self, depth: int = 0) -> Any:
        kind = self.draw.randrange(10)
        if kind < 4 or depth > 3:
            return self.text()
        if kind < 7:
            return self.draw.choice([None, True, False, 0, -1, 10**30, 2**63, 1.5, 1e300, -0.0])
        if kind < 8:
            return [self.value(depth + 1) for _ in range(self.draw.randrange(4))]
        return {self.name(): self.value(depth + 1) for _ in range(self.draw.randrange(4))}

    def name(self) -> str:
        return self.draw.choice(self.names) if self.draw.random() < 0.8 else self.text()

    def method_and_path(self) -> tuple[str, str]:
        if self.draw.random() < 0.1:
            return self.draw.choice(METHODS), "/" + quote(self.text(), safe="/%?")
        route = self.draw.choice(ROUTES)
        method = route.method if self.draw.random() < 0.85 else self.draw.choice(METHODS)
        path = ROOTS[self.draw.choice(route.roots)] + route.path
        for name in ("{" + part.partition("}")[0] + "}" for part in path.split("{")[1:]):
            path = path.replace(name, quote(self.text(), safe=self.draw.choice(["", "/"])))
        if self.draw.random() < 0.1:
            at = self.draw.randrange(len(path) + 1)
            path = path[:at] + self.draw.choice(["/", "//", "%2F", "%", "x", "../"]) + path[at:]
        return method, path or "/"

    def query(self) -> str:
        pairs = [
            quote(self.name(), safe="[]") + self.draw.choice(["", "[gte]", "[]", "[0][x]", "[" * 70]) + "="
            + quote(self.text(), safe="%+&")
            for _ in range(self.draw.randrange(5))
        ]  # fmt: skip
        return "?" + "&".join(pairs) if pairs else ""

    def body(self, content_type: str) -> bytes:
        kind = self.draw.random()
        if kind < 0.1:
            return b""
        if kind < 0.2:
            return self.draw.randbytes(self.draw.choice([1, 10, 1000, 100_000]))
        if kind < 0.25:
            return self.draw.choice([b"[" * 50_000, b'{"a":' * 50_000, b"a[" * 20_000, b"&=" * 50_000, b"a&" * 100_000])
        if "multipart" in content_type:
            parts = [
                f'--b\r\nContent-Disposition: form-data; name="{self.name()}"\r\n\r\n{self.text()}\r\n'
                for _ in range(self.draw.randrange(5))
            ]
            made = ("".join(parts) + "--b--\r\n").encode("utf-8", "surrogatepass")
        elif "form" in content_type:
            made = self.query()[1:].encode()
        else:
            fields = {self.name(): self.value() for _ in range(self.draw.randrange(8))}
            made = json.dumps(fields, ensure_ascii=self.draw.random() < 0.5).encode("utf-8", "replace")
        if made and self.draw.random() < 0.15:
            at = self.draw.randrange(len(made))
            made = made[:at] + self.draw.randbytes(2) + made[at + self.draw.randrange(3) :]
        return made

    def request(self) -> tuple[bytes, bool]:
        """A request, and whether the server can see where it ends."""
        method, path = self.method_and_path()
        content_type = self.draw.choice(TYPES)
        body = self.body(content_type)
        token = self.sandbox.token if self.draw.random() < 0.95 else self.text().strip()
        whole = self.draw.random() < 0.97
        length = str(len(body)) if whole else self.draw.choice(["0", "5", "99999999", "-1", "x"])
        head = [
            f"{method} {path}{self.query()} HTTP/1.1",
            "Host: localhost", "Connection: close", f"Authorization: Bearer {token}", f"Content-Length: {length}",
        ]  # fmt: skip
        if content_type:
            head.append(f"Content-Type: {content_type}")
        if self.draw.random() < 0.05:
            head.append(self.draw.choice(HEADERS))
            whole = whole and "chunked" not in head[-1]
        return "\r\n".join(head).encode("utf-8", "replace") + b"\r\n\r\n" + body, whole


def send(port: int, request: bytes, whole: bool) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        received = b""
        try:
            connection.sendall(request)
            if not whole:
                with contextlib.suppress(OSError):  # the other side has closed already
                    connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionError:
            pass  # refused before the end of the body was sent
        return received


@pytest.mark.timeout(600)
def test_no_500_and_no_hang(caplog: pytest.LogCaptureFixture) -> None:
    seed = random.randrange(2**32)
    with Sandbox(seed=1, rate_limit=(10**9, 60), journal_size=100) as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        fuzzer = Fuzzer(sandbox, seed)
        statuses: dict[str, int] = {}
        with caplog.at_level(logging.ERROR):
            for number in range(COUNT):
                request, whole = fuzzer.request()
                received = send(port, request, whole)
                status = received.removeprefix(CONTINUE)[9:12].decode() or "none"
                statuses[status] = statuses.get(status, 0) + 1
                assert not status.startswith("5"), (seed, number, request[:3000], received)
                assert not caplog.records, (seed, number, request[:3000], caplog.text)
        for path in ("contacts", "visits", "bookings", "loyalty_transactions"):
            assert isinstance(sandbox.rows(path), list)
        assert all(entry.describe() for entry in sandbox.journal)
        # The fuzz is worth something only if much of it got through to the operations.
        assert statuses.get("200", 0) > COUNT // 20, statuses
        assert statuses.get("400", 0) > COUNT // 4, statuses
