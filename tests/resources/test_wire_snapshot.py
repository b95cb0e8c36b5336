"""What every operation puts on the wire, byte for byte, as it was recorded: only a change that is meant changes it.

`LEAT_RECORD=1 pytest tests/resources/test_wire_snapshot.py` writes the recording anew.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, Pager
from leat_async.errors import ConfigError, LeatError

from .table import TABLE, Fact, everything, keyword_of, least

SNAPSHOT = Path(__file__).parent.parent / "snapshots" / "wire.jsonl"
TOKEN = "t" * 53
# What the HTTP library sets, or what names this machine and version.
NOT_OURS = {"host", "accept", "accept-encoding", "content-length", "user-agent"}
# Operations of the Register API alone; the facts tell of them in words only.
REGISTER_ONLY: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "register.get": ((), {}),
    "contacts.list_loyalty_transactions": (
        ("contact é/?",),
        {"type": "credit_receptions", "shop_uuid": "s é+&", "limit": 5, "page": 2},
    ),
    "credit_receptions.push": (("reception é/?",), {}),
    "pos_transactions.create": ((), {"amount_in_cents": 1250, "transaction_id": 17, "terminal_id": "T é"}),
    "pos_transactions.push": (("transaction é/?",), {}),
}
# Parameters that the facts do not list, but which their words allow.
BEYOND: dict[str, dict[str, Any]] = {
    "credit_receptions.create": {"attributes": {"table é": 7}},
    "orders.list": {"limit": 25, "page": 2},
    "product_categories.list": {"limit": 25, "page": 2},
    "products.list": {"limit": 25, "page": 2},
    "rewards.update": {"attributes": {"colour é": None}},
}

Sent = dict[str, Any]


class Recording:
    """A server that keeps each request as it came, and answers with `answer`."""

    def __init__(self) -> None:
        self.url = ""
        self.answer = b""
        self.requests: list[Sent] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                method, target, version = first.split(" ")
                headers = dict(line.split(": ", 1) for line in lines)
                lengths = [int(value) for name, value in headers.items() if name.lower() == "content-length"]
                body = await reader.readexactly(lengths[0]) if lengths else b""
                assert version == "HTTP/1.1"
                self.requests.append(
                    {
                        "method": method,
                        "target": target,
                        "headers": {n: v for n, v in sorted(headers.items()) if n.lower() not in NOT_OURS},
                        "body": body.decode(),
                    }
                )
                head = (
                    f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(self.answer)}\r\n\r\n"
                )
                writer.write(head.encode() + self.answer)
        writer.close()


@pytest.fixture
async def recording() -> AsyncIterator[Recording]:
    recording = Recording()
    server = await asyncio.start_server(recording.serve, "127.0.0.1", 0)
    recording.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield recording
    server.close()


async def record(leat: LeatClient, recording: Recording, name: str, path: tuple[str, ...], given: Any) -> list[Sent]:
    """The requests of one call; what becomes of the answer is not looked at."""
    resource, _, method = name.partition(".")
    recording.requests.clear()
    recording.answer = b'{"data":{},"meta":{}}'
    with suppress(LeatError):
        try:
            asked = getattr(getattr(leat, resource), method)(*path, **given)
            if isinstance(asked, Pager):
                recording.answer = b'{"data":[],"meta":{}}'
            await asked
        except ConfigError as error:
            raise AssertionError(f"{name} was not sent") from error
    return list(recording.requests)


def calls(fact: Fact, api: str) -> dict[str, dict[str, Any]]:
    given = {"everything": {**everything(fact), **BEYOND.get(".".join(fact.place), {})}}
    if api == "oauth":
        given |= {f"least {number}": kwargs for number, kwargs in enumerate(least(fact))}
    return {how: {keyword_of(name): value for name, value in kwargs.items()} for how, kwargs in given.items()}


async def record_all(recording: Recording) -> list[str]:
    lines = []
    for api in ("oauth", "register"):
        async with LeatClient(
            TOKEN,
            base_url=recording.url,
            rate_limit=None,
            retry=None,
            partner_id="partner-1",
            api=api,  # type: ignore[arg-type]
        ) as leat:
            facts = [fact for fact in TABLE if api == "oauth" or "register" in fact.raw]
            wanted = [
                (".".join(fact.place), how, tuple(f"{name} é/?" for name in fact.path_names), given)
                for fact in facts
                for how, given in calls(fact, api).items()
            ]
            if api == "register":
                wanted += [(name, "everything", path, given) for name, (path, given) in REGISTER_ONLY.items()]
            for name, how, path, given in wanted:
                sent = await record(leat, recording, name, path, given)
                line = {"api": api, "operation": name, "given": how, "sent": sent}
                lines.append(json.dumps(line, ensure_ascii=False))
    return lines


async def test_every_operation_sends_what_it_always_sent(recording: Recording) -> None:
    now = await record_all(recording)
    if os.environ.get("LEAT_RECORD") == "1":
        SNAPSHOT.write_text("\n".join(now) + "\n")
    before = SNAPSHOT.read_text().splitlines()
    names = [[json.loads(line)[key] for key in ("api", "operation", "given")] for line in before]
    assert len({name for api, name, _ in names if api == "oauth"}) >= 173
    assert all(json.loads(line)["sent"] for line in before)
    assert [[json.loads(line)[key] for key in ("api", "operation", "given")] for line in now] == names
    changed = [(old, new) for old, new in zip(before, now, strict=True) if old != new]
    assert not changed, "\n".join(f"- {old}\n+ {new}" for old, new in changed[:5]) + f"\n{len(changed)} changed"


async def test_the_client_says_what_it_is(recording: Recording) -> None:
    """Its name and version are in the one header of ours that the recording leaves out."""
    agents = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        agents.extend(line for line in head.split("\r\n") if line.startswith("User-Agent: "))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b'{"data":[]}')
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, LeatClient(TOKEN, base_url=url, rate_limit=None, retry=None) as leat:
        await leat.tiers.list()
    [agent] = agents
    assert agent.startswith("User-Agent: leat-async/")
