"""The server that everything is measured against: ready-made answers from a hand-written protocol, on uvloop.

Started by `serving()` in a process of its own, on the last core where the system lets it choose. It prints its
origins: plain, plain with 30 ms of latency, and TLS.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

UUID = "6f1c3a2e-8f0b-4b43-9a5d-0a8f5c3de111"
ROOT = "/api/v3/oauth/clients"
LATENCY = 0.03
PAGES, ROWS = 200, 100
# Whatever has to be made once lives in the benchmark environment.
CERTIFICATE = Path(sys.prefix) / "certificate.pem"

VISIT = {
    "uuid": UUID,
    "contact": {"uuid": "0b1f4f2e-8a40-4c5f-a000-9ad0f4c0ffee", "email": "ada@example.com"},
    "external_id": "e-000001",
    "source": "Kiosk",
    "starts_at": "2024-05-01T20:00:00+00:00",
    "ends_at": None,
    "created_at": "2024-05-01T20:00:01+00:00",
}


def transaction(number: int) -> dict[str, Any]:
    """A loyalty transaction as the documentation shows it, every value of its own."""
    return {
        "uuid": f"daa78841-b321-4564-9dd3-{number:012d}",
        "credits": 1000 + number,
        "created_at": f"2023-11-12T{number % 24:02d}:{number % 60:02d}:49+00:00",
        "type": "credit_reception",
        "contact_identifier": None,
        "contact": {
            "uuid": f"3f0c1d52-9a31-47f2-8a55-{number:012d}",
            "email": f"guest{number}@example.com",
            "credit_balance": {"id": 2625740 + number, "balance": 2929 + number},
        },
        "shop": {
            "id": 15,
            "uuid": "123abc-def789-qwerty-34567",
            "type": "physical",
            "name": "Krusty Krab",
            "address": {
                "id": 59,
                "shop_id": 15,
                "street": "Conch Street",
                "housenumber": 12,
                "postalcode": "9999YZ",
                "city": "Bikini Bottom",
                "state": "NH",
                "country": "NL",
                "latitude": None,
                "longitude": None,
                "house_number": None,
                "postal_code": None,
            },
        },
        "unit_value": 1.15,
        "unit": {"id": 298, "name": "test2", "label": "Calories", "prefix": "t", "is_default": True},
    }


def encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


ITEMS = encoded([transaction(number) for number in range(ROWS)])


def page(number: int, last: int) -> bytes:
    """Page `number` of `last`."""
    # Another first uuid on each page: a client may well refuse a page that repeats the one before.
    items = ITEMS.replace(b"9dd3-000000000000", b"9dd3-%012d" % (10**9 + number), 1)
    meta = encoded({"current_page": number, "last_page": last, "total": last * ROWS, "limit": ROWS})
    return b'{"data":%s,"meta":%s}' % (items, meta)


def _answer(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


ANSWERS = {
    f"{ROOT}/": encoded({"data": {"uuid": UUID}, "meta": []}),
    f"{ROOT}/visits/{UUID}": encoded({"data": VISIT, "meta": []}),
    f"{ROOT}/visits": encoded({"data": VISIT, "meta": []}),
    "/v1/models": encoded({"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "me"}]}),
    "/v1/customers/cus_1": encoded(
        {"id": "cus_1", "object": "customer", "email": "ada@example.com", "created": 1714593600, "livemode": False}
    ),
}
_KNOWN = {path.encode(): _answer(body) for path, body in ANSWERS.items()}
# A visit is answered with the identifier that it was sent with.
_OWN = re.compile(rb'"external_id": ?"([^"]*)"')
_BEFORE_OWN, _AFTER_OWN = ANSWERS[f"{ROOT}/visits"].split(b"e-000001")
_PAGES_MADE: dict[int, bytes] = {}
_PAGE = re.compile(rb"[?&]page=(\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Protocol(asyncio.Protocol):
    """One connection. Requests may arrive in pieces, or several at once."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._rest = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            own = None
            if not data.startswith(b"GET"):
                head = end
                length = _LENGTH.search(data, 0, end + 2)
                end += int(length[1]) if length else 0
                if len(data) < end + 4:
                    break
                own = _OWN.search(data, head, end + 4)
            target = data[data.index(b" ") + 1 : data.index(b" HTTP")]
            data = data[end + 4 :]
            if own is not None:
                answer = _answer(_BEFORE_OWN + own[1] + _AFTER_OWN)
            else:
                answer = _KNOWN.get(target) or self._page(target)
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._late, answer)
            else:
                self._transport.write(answer)
        self._rest = data

    def _late(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)

    def _page(self, target: bytes) -> bytes:
        if b"/loyalty-transactions" not in target:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        asked = _PAGE.search(target)
        number = int(asked[1]) if asked else 1
        if number not in _PAGES_MADE:
            _PAGES_MADE[number] = _answer(page(number, PAGES))
        return _PAGES_MADE[number]


def certificate() -> Path:
    """A certificate for 127.0.0.1 that its own authority signed, made once; the file holds key, chain and authority."""
    if not CERTIFICATE.exists():
        import trustme

        authority = trustme.CA()
        made = authority.issue_cert("127.0.0.1")
        pieces = [made.private_key_pem, *made.cert_chain_pems, authority.cert_pem]
        CERTIFICATE.write_bytes(b"".join(piece.bytes() for piece in pieces))
    return CERTIFICATE


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(lambda: Protocol(0), "127.0.0.1", 0, backlog=1024),
        await loop.create_server(lambda: Protocol(LATENCY), "127.0.0.1", 0, backlog=1024),
    ]
    if find_spec("trustme"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate())
        servers.append(await loop.create_server(lambda: Protocol(0), "127.0.0.1", 0, backlog=1024, ssl=context))
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    print(*(f"http://127.0.0.1:{port}" for port in ports[:2]), *(f"https://127.0.0.1:{port}" for port in ports[2:]))
    sys.stdout.flush()
    await asyncio.Event().wait()


def pin(*, server: bool = False) -> None:
    """Give this process a core: the server the last one, everything that is measured the first."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            os.sched_setaffinity(0, {cores[-1] if server else cores[0]})


@contextmanager
def serving() -> Iterator[tuple[str, str, str]]:
    """A running server: its plain origin, the one with latency, and its TLS origin (empty without trustme)."""
    with subprocess.Popen([sys.executable, "-m", "benchmarks.server"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            plain, slow, *secure = process.stdout.readline().split()
            yield plain, slow, "".join(secure)
        finally:
            process.terminate()


if __name__ == "__main__":
    pin(server=True)
    if find_spec("uvloop"):
        import uvloop

        uvloop.run(_serve())
    else:
        asyncio.run(_serve())
