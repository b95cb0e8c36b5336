"""A sandbox in a thread of its own, and ways to talk to it that share no code with the client."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest
import requests

from leat_async.sandbox import Sandbox

ROOT = "/api/v3/oauth/clients"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Raw bytes over a socket, one connection per request."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.port = int(sandbox.url.rpartition(":")[2])

    def send(self, *parts: bytes) -> bytes:
        """Send the parts, and read until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            for part in parts:
                connection.sendall(part)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received

    def ask(self, line: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request: `line` is method and path; a token and `Connection: close` are added."""
        method, _, path = line.partition(" ")
        lines = {"Host": "localhost", "Authorization": f"Bearer {self.sandbox.token}", "Connection": "close"}
        lines |= headers or {}
        if body:
            lines.setdefault("Content-Length", str(len(body)))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        path = path if path.startswith(("/api", "/oauth", "/_", "http")) else ROOT + path
        return parse(self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body))


def parse(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split(" ")[1]), headers, body)


class Api:
    """Requests through `requests`, which is nobody's client here."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.token}"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", 10)
        base = self.sandbox.url + ("" if path.startswith(("/api", "/oauth", "/_")) else ROOT)
        return self.session.request(method, base + path, **options)

    def visit(self, **fields: Any) -> requests.Response:
        """Create a visit of a known contact to the first shop."""
        sandbox = self.sandbox
        body = {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"], **fields}
        return self("POST", "/visits", json=body)

    def leave(self, path: str, body: Any, patience: float = 0.0) -> None:
        """Write something, and go when the sandbox has it, which may not hear who goes sooner."""
        before = len(self.sandbox.journal)
        address = self.sandbox.url.removeprefix("http://")
        with closing(http.client.HTTPConnection(address, timeout=10)) as connection:
            headers = {"Authorization": f"Bearer {self.sandbox.token}", "Content-Type": "application/json"}
            connection.request("POST", ROOT + path, json.dumps(body), headers)
            while len(self.sandbox.journal) == before:
                time.sleep(0.002)
            # Its thread takes the next request when it has done what it does with this one.
            assert self("GET", "/_sandbox/health").status_code == 200
            if patience:
                connection.sock.settimeout(patience)
                with pytest.raises(TimeoutError):
                    connection.getresponse()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def wire(sandbox: Sandbox) -> Wire:
    return Wire(sandbox)


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Api]:
    api = Api(sandbox)
    yield api
    api.session.close()


@pytest.fixture
def make_api() -> Iterator[Callable[[Sandbox], Api]]:
    made: list[Api] = []

    def make(sandbox: Sandbox) -> Api:
        made.append(Api(sandbox))
        return made[-1]

    yield make
    for api in made:
        api.session.close()


def control(api: Api, method: str, path: str, **json: Any) -> Any:
    answer = api(method, f"/_sandbox/{path}", json=json or None, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]
