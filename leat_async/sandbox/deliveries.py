"""Webhook deliveries: to loopback addresses only, signed as the API signs, and tried again on the virtual clock."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import aiohttp
import attrs

from . import events
from .engine import SandboxEngine
from .guard import is_loopback
from .journal import KEPT_BYTES, JournalEntry
from .names import check_name
from .resources.loyalty_tokens import ACCOUNT_SECRET
from .resources.webhook_subscriptions import EVENTS
from .store import Change, Row

# Five more attempts at growing intervals are documented, how long those are is not.
RETRY_AFTER = (10.0, 60.0, 300.0, 1800.0, 7200.0)  # seconds of virtual time
ANSWER_SECONDS = 5.0  # of real time
MAX_KEPT = 1000
_POLL_SECONDS = 0.25
State = Literal["waiting", "delivered", "failed", "refused", "dropped"]


@attrs.frozen
class DeliveryAttempt:
    """One request to a receiver."""

    at: float
    status: int | None
    error: str | None


@attrs.define
class Delivery:
    """One event on its way to one subscription."""

    number: int
    event: str
    subscription_uuid: str
    url: str
    body: bytes = attrs.field(repr=False)
    signature: str = attrs.field(repr=False)
    due: float
    state: State = "waiting"
    note: str | None = None
    attempts: list[DeliveryAttempt] = attrs.field(factory=list[DeliveryAttempt])

    def describe(self) -> dict[str, Any]:
        """The delivery as JSON."""
        return {
            "number": self.number, "event": self.event, "subscription_uuid": self.subscription_uuid, "url": self.url,
            "body": self.body[:KEPT_BYTES].decode("ascii"), "signature": self.signature, "state": self.state,
            "note": self.note, "due": self.due if self.state == "waiting" else None,
            "certainty": events.certainty(self.event), "attempts": [attrs.asdict(one) for one in self.attempts],
        }  # fmt: skip


class Deliveries:
    """What was and will be delivered; `settle` or `settled` waits until nothing more is due."""

    def __init__(self, engine: SandboxEngine, lock: threading.RLock, seed: int) -> None:
        self._engine = engine
        self._lock = lock
        self._seed = seed
        self._draw = random.Random(f"deliveries {seed}")
        self._kept: deque[Delivery] = deque(maxlen=MAX_KEPT)
        self._made = 0
        self.changes: int = 0  # counts what happens to them
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()  # nothing is due now
        self._resets = 0
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        with self._lock:
            waiting = sum(one.state == "waiting" for one in self._kept)
            return f"<Deliveries: {len(self._kept)}, of which {waiting} are waiting>"

    # -- making them -----------------------------------------------------------------------------

    def note(self, changes: Iterable[Change]) -> None:
        """Plan the deliveries of what a transaction has changed."""
        for event, row, before in events.events_of(changes):
            for subscription in self._active(event):
                if event == "contact_updated" and not events.is_watched(subscription["attributes"], before, row):
                    continue
                self._plan(event, events.body(event, events.payload(self._engine, event, row)), subscription)

    def trigger(self, event: str, data: Mapping[str, Any] | None = None, *, uuid: str | None = None) -> list[Delivery]:
        """Plan an event without a change: about the row of this uuid, or the newest one there is."""
        with self._lock:
            # Made where nobody is subscribed, too: what can't be written is told then as well.
            body = self.body(event, data, uuid=uuid)
            return [one for subscription in self._active(event) for one in self._plan(event, body, subscription)]

    def body(self, event: str, data: Mapping[str, Any] | None = None, *, uuid: str | None = None) -> bytes:
        """What a delivery would hold: of the data, or of the row of this uuid, or of the newest one there is."""
        check_name("event", event, EVENTS)
        if data is not None and not isinstance(cast(object, data), Mapping):
            raise TypeError(f"data must be a mapping, not {type(data).__name__}")
        with self._lock:
            if data is None:
                data = events.payload(self._engine, event, events.row_for(self._engine, event, uuid))
            return events.body(event, data)

    def resend(self, number: int) -> Delivery:
        """Plan a delivery again, with the same bytes."""
        with self._lock:
            known = next((one for one in self._kept if one.number == number), None)
            if known is None:
                raise ValueError(f"there is no delivery {number}; the latest {MAX_KEPT} are kept")
            return self._add(known.event, known.subscription_uuid, known.url, known.body, known.signature, 0.0)

    def _active(self, event: str) -> list[Row]:
        rows = self._engine.store["webhook_subscriptions"].find("event_type", event)
        return [row for row in rows if row["status"] == "ACTIVE"]

    def _plan(self, event: str, body: bytes, subscription: Row) -> list[Delivery]:
        key = subscription["secret"] or ACCOUNT_SECRET
        signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        uuid, url = subscription["uuid"], subscription["url"]
        fault = self._engine.faults.pick_delivery(event)
        kind = fault.kind if fault else None
        wait = 0.0
        if fault is not None and kind == "webhook_delay":
            wait = fault.options["seconds"]
        elif fault is not None and kind == "webhook_shuffle":
            wait = self._draw.uniform(0.0, fault.options["seconds"])
        elif kind == "webhook_bad_signature":
            signature = signature[::-1]
        made = [self._add(event, uuid, url, body, signature, wait)]
        if kind == "webhook_double":
            made.append(self._add(event, uuid, url, body, signature, wait))
        if kind == "webhook_drop":
            made[0].state, made[0].note = "dropped", "by a fault"
        return made

    def _add(self, event: str, uuid: str, url: str, body: bytes, signature: str, wait: float) -> Delivery:
        self._made += 1
        made = Delivery(self._made, event, uuid, url, body, signature, self._engine.clock.now() + wait)
        if not is_loopback(urlsplit(url).hostname or ""):
            made.state, made.note = "refused", "the sandbox delivers to loopback addresses only"
        self._kept.append(made)
        self.wake()
        return made

    # -- seeing them -----------------------------------------------------------------------------

    def entries(self, event: str | None = None, *, state: str | None = None, last: int | None = None) -> list[Delivery]:
        """The kept deliveries that fit, oldest first."""
        if event is not None:
            check_name("event", event, EVENTS)
        if state is not None:
            check_name("state", state, ("waiting", "delivered", "failed", "refused", "dropped"))
        with self._lock:
            found = [
                one for one in self._kept if event in (None, one.event) and state in (None, one.state)
            ]  # fmt: skip
        return found if last is None else found[max(0, len(found) - last) :]

    def __len__(self) -> int:
        return len(self._kept)

    def reset(self) -> None:
        """Forget everything; what is under way reaches its receiver, and nothing is tried again."""
        self._resets += 1
        self._kept.clear()
        self._made = 0
        self._draw = random.Random(f"deliveries {self._seed}")
        self.wake()

    def settle(self, timeout: float = 10.0) -> None:
        """Wait, in another thread than the sandbox's, until nothing more is due now."""
        if self._loop is None:
            raise RuntimeError("the sandbox is not running, so nothing is delivered")
        asyncio.run_coroutine_threadsafe(self.settled(timeout), self._loop).result(timeout + 1)

    async def settled(self, timeout: float = 10.0) -> None:
        """Wait, in the sandbox's own loop, until nothing more is due now."""
        async with asyncio.timeout(timeout):
            while self._due():
                self._quiet.clear()
                await self._quiet.wait()

    # -- sending them ----------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to deliver, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Deliver no more."""
        task, self._task, self._loop = self._task, None, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def wake(self) -> None:
        """Look for what is due."""
        self.changes += 1
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    def _due(self) -> list[Delivery]:
        with self._lock:
            now = self._engine.clock.now()
            return sorted(
                (one for one in self._kept if one.state == "waiting" and one.due <= now),
                key=lambda one: (one.due, one.number),
            )

    async def _run(self) -> None:
        # Nothing of the environment, such as a proxy, comes between a sandbox and its loopback receivers.
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            while True:
                self._wake.clear()
                due = self._due()
                receivers: dict[str, list[Delivery]] = {}
                for one in due:
                    receivers.setdefault(one.url, []).append(one)
                # One after the other for each receiver, so that they arrive in their order.
                await asyncio.gather(*(self._deliver(session, those) for those in receivers.values()))
                if not due:
                    self._quiet.set()
                    await self._pause()

    async def _pause(self) -> None:
        waiting = any(one.state == "waiting" for one in self._kept)
        try:
            async with asyncio.timeout(_POLL_SECONDS if waiting else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _deliver(self, session: aiohttp.ClientSession, those: Iterable[Delivery]) -> None:
        resets = self._resets
        for one in those:
            if self._resets != resets:
                return
            event = f"webhook.{one.event}"
            entry = JournalEntry(one.due, "POST", None, None, one.url, "application/json", one.body, event=event)
            with self._lock:
                self._engine.journal.record(entry)
            began = perf_counter()
            status, error, answer = await _post(session, one)
            with self._lock:
                entry.answered(status, answer)
                one.attempts.append(DeliveryAttempt(one.due, status, error))
                if status is not None and 200 <= status < 300:
                    one.state = "delivered"
                elif len(one.attempts) > len(RETRY_AFTER):
                    one.state = "failed"
                else:
                    one.due += RETRY_AFTER[len(one.attempts) - 1]
                self.changes += 1
                if error is not None:
                    entry.hint = error
                self._engine.journal.over(entry, perf_counter() - began)


async def _post(session: aiohttp.ClientSession, one: Delivery) -> tuple[int | None, str | None, bytes]:
    headers = {
        "Content-Type": "application/json",
        "Signature": one.signature,
        # No source documents payloads, so a receiver is told how certain the shape of this one is.
        "X-Sandbox-Payload": events.certainty(one.event),
    }
    try:
        async with session.post(one.url, data=one.body, headers=headers, allow_redirects=False) as answer:
            return answer.status, None, await answer.content.read(KEPT_BYTES)
    except TimeoutError:
        return None, f"no answer within {ANSWER_SECONDS:g} s", b""
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        return None, str(problem) or type(problem).__name__, b""
