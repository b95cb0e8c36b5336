"""Time that passes only when somebody waits, here and in the sandbox alike; and rows to import."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from leat_async import LeatClient
from leat_async._core.clock import Clock, Handle
from leat_async.sandbox import Sandbox

from ..conftest import VISIT, Recorded


class Leap(Clock):
    """A clock whose waits are leaps: of this clock and of the sandbox's, by the same amount."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox
        self.leapt = 0.0

    def now(self) -> float:
        return super().now() + self.leapt

    def wall(self) -> float:
        return super().wall() + self.leapt

    def leap(self, seconds: float) -> None:
        self.leapt += seconds
        if self._sandbox is not None:
            self._sandbox.clock.advance(seconds)

    async def sleep(self, seconds: float) -> None:
        # What is on its way must get a chance to arrive, or the leap would be a lie.
        await asyncio.sleep(0.002)
        self.leap(seconds)
        await asyncio.sleep(0)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Handle:
        def go() -> None:
            self.leap(seconds)
            callback()

        return asyncio.get_running_loop().call_later(0.001, go)


def client_of(sandbox: Sandbox, clock: Clock | None = None, **options: Any) -> LeatClient:
    """A client of the sandbox, on this clock."""
    leat = LeatClient(sandbox.token, base_url=sandbox.url, **{"rate_limit": None, **options})
    if clock is not None:
        leat._pipeline.clock = clock
        leat._pipeline.gate._clock = clock
    return leat


def copy_ledger(ledger: Path, to: Path) -> None:
    """The ledger as a power cut would leave it now."""
    for suffix in ("", "-wal"):
        source = Path(f"{ledger}{suffix}")
        if source.exists():
            shutil.copyfile(source, f"{to}{suffix}")


async def held(rows: list[dict[str, Any]], until: asyncio.Event) -> AsyncIterator[dict[str, Any]]:
    """A source that gives its first row, and the others at that event: so long a run of it lasts."""
    yield rows[0]
    await until.wait()
    for row in rows[1:]:
        yield row


def moment(n: int) -> str:
    """One of many moments."""
    return f"2024-05-{1 + n // 24 % 28:02d}T{n % 24:02d}:{n // 672 % 60:02d}:00+02:00"


class Shop:
    """The least of a server: an account that keeps visits, bookings and contacts; for `Recorder.default`.

    `made` has what was sent for each visit and booking. It takes a repeated `external_id`, unless `unique`.
    """

    def __init__(self, *, unique: bool = False) -> None:
        self.made: list[dict[str, Any]] = []
        self.contacts: dict[str, str] = {}
        self.unique = unique

    async def __call__(self, recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        return self.reply(recorded)

    def reply(self, recorded: Recorded) -> web.Response:
        """An honest answer."""
        _, _, rest = recorded.path.partition("/clients")
        if rest in ("", "/"):
            return told({"uuid": "account"})
        if recorded.method == "POST" and rest in ("/visits", "/bookings"):
            return self.make(recorded.json)
        if rest == "/visits":
            contact = dict(recorded.query).get("contact_uuid")
            found = [self.shown(visit) for visit in self.made if visit["contact_uuid"] == contact]
            return web.json_response({"data": found, "meta": {"page": 1, "last_page": 1}})
        email = dict(recorded.query).get("email") or (recorded.json["email"] if recorded.method == "POST" else None)
        if email is not None:
            if rest == "/contacts/find-one-by" and email not in self.contacts:
                return refusal(55031, "Contact not found.")
            if rest == "/contacts" and email in self.contacts:
                return refusal(60005, "Contact already exists.")
            return told({"uuid": self.contacts.setdefault(email, f"c-{len(self.contacts)}"), "email": email})
        return told({"uuid": rest.rpartition("/")[2]})

    def make(self, sent: dict[str, Any]) -> web.Response:
        """Take a visit or booking in."""
        taken = any(visit.get("external_id") == sent.get("external_id") for visit in self.made)
        if self.unique and taken:
            return refusal(1003, "Invalid input.", {"external_id": ["The external id has already been taken."]})
        self.made.append(sent)
        return told(self.shown(sent))

    def shown(self, visit: dict[str, Any]) -> dict[str, Any]:
        """A visit as an answer has it."""
        return seen(visit)


def seen(visit: dict[str, Any]) -> dict[str, Any]:
    """A visit as an answer has it."""
    fields = {name: visit.get(name) for name in ("external_id", "source", "starts_at", "ends_at")}
    return {**VISIT, **fields, "uuid": f"v {visit.get('external_id')}", "contact": {"uuid": visit["contact_uuid"]}}


def told(data: Any) -> web.Response:
    """An answer of the API's."""
    return web.json_response({"data": data, "meta": []})


def refusal(code: int, message: str, errors: Any = None, status: int = 400) -> web.Response:
    """A refusal of the API's own."""
    return web.json_response({"message": message, "code": code, "errors": errors or {}}, status=status)
