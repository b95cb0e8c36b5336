"""Many requests through a changing mix of faults, async and sync at once; every promise audited at the server."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import ClientCredentials, LeatClient, RetryPolicy, bulk, errors
from leat_async.sync import LeatClient as SyncClient

from .test_lifecycle import SOAK, descriptors

REQUESTS = 500_000 if SOAK else 3_000
CALLS = 8_000 if SOAK else 1_000  # of a round
THREADS, TASKS = 4, 24
TIMEOUT = 0.6
QUICK = RetryPolicy(attempts=4, backoff=0.005, max_backoff=0.05)
OPTIONS: dict[str, Any] = {"timeout": TIMEOUT, "retry": QUICK, "rate_limit": None}
# Without the server's own check, so that a visit made twice would be there twice.
SERVER = """
import sys
from leat_async.sandbox import Sandbox
with Sandbox(seed=12, unique_external_ids=False, journal_size=200_000, rate_limit=(10_000_000, 60.0)) as sandbox:
    print(sandbox.url, sandbox.token, flush=True)
    sys.stdin.read()
"""
FAULTS: dict[str, dict[str, Any]] = {
    "drop_before": {},
    "apply_then_drop": {},
    "apply_late": {"seconds": 1.0},
    "hang": {},
    "delay": {"seconds": 0.05},
    "slow_drip": {"seconds": 0.05},
    "server_error": {"applied": True},
    "html": {},
    "empty": {"status": 502, "applied": True},  # with 200, a refusal would look like consent
    "truncated": {},
    "malformed": {},
    "wrong_content_type": {},
    "rate_limit": {"retry_after": 0.05},
    "maintenance": {},
    "expired_token": {},
}
SLOW = {"hang", "apply_late"}


class Server:
    """The sandbox, in a process of its own, and its controls."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.url, self.token = process.stdout.readline().split()

    def control(self, method: str, what: str, /, **given: Any) -> Any:
        data = json.dumps(given).encode() if given else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_sandbox/{what}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["data"]

    def rows(self, table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", f"state?table={table}")
        return found


@pytest.fixture
def server() -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    with process:
        try:
            yield Server(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


@attrs.define
class Write:
    """A visit that was to be made, and what we were told about it: done, refused, nothing (sent) or unknown."""

    told: str = ""
    uuid: str | None = None
    error: errors.LeatError | None = None


@attrs.define
class Round:
    """What a round of calls was told."""

    contact: str
    shop: str
    chance: random.Random
    visits: dict[str, Write] = attrs.field(factory=dict[str, Write])
    credits: Counter[str] = attrs.field(factory=Counter[str])
    bulk: dict[str, bulk.Outcome] = attrs.field(factory=dict[str, bulk.Outcome])
    calls: int = 0
    ends: Counter[str] = attrs.field(factory=Counter[str])
    attempts: int = 0
    lost: list[str] = attrs.field(factory=list[str])
    number: int = 0
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    def next(self) -> tuple[str, Callable[[Any], Any], Callable[[Any, errors.LeatError | None], None]] | None:
        """The next call: its name, how it is made, and who wants to know how it ended."""
        with self.lock:
            if self.calls >= CALLS:
                return None
            self.calls += 1
            self.number += 1
            number, roll = self.number, self.chance.random()
            known = [write.uuid for write in list(self.visits.values())[-50:] if write.uuid]
            some = self.chance.choice(known) if known else None
        place = {"contact_uuid": self.contact, "shop_uuid": self.shop}
        if roll < 0.4:
            name = f"e-{number}"
            write = self.visits[name] = Write()

            def make(leat: Any) -> Any:
                return leat.visits.create(**place, external_id=name)

            return "create", make, lambda result, error: self.wrote(write, result, error)
        if roll < 0.55 and some is not None:

            def missing(result: Any, error: errors.LeatError | None) -> None:
                if isinstance(error, errors.NotFoundError) or (error is None and result.uuid != some):
                    self.lost.append(some)

            if roll < 0.48:
                return "get", lambda leat: leat.visits.get(some), missing
            return "update", lambda leat: leat.visits.update(some, source=f"s-{number}"), missing
        if roll < 0.65:

            def booked(result: Any, error: errors.LeatError | None) -> None:
                with self.lock:
                    self.credits[told(error)] += 1

            return "credits", lambda leat: leat.credit_receptions.create(**place, unit_value=1), booked
        if roll < 0.8:
            return "list", lambda leat: leat.visits.list(contact_uuid=self.contact, limit=20).page(), nobody
        if roll < 0.9:
            return "contact", lambda leat: leat.contacts.find_or_create(email=f"c{number % 40}@example.com"), nobody
        return "shops", lambda leat: leat.shops.list().page(), nobody

    def wrote(self, write: Write, result: Any, error: errors.LeatError | None) -> None:
        write.told, write.error = told(error), error
        write.uuid = None if error is not None else result.uuid

    def ended(self, name: str, error: errors.LeatError | None) -> None:
        with self.lock:
            self.ends["ok" if error is None else type(error).__name__] += 1
            self.attempts += 1 if error is None else len(error.attempts)


def nobody(result: Any, error: errors.LeatError | None) -> None:
    """Nobody wants to know."""


def told(error: errors.LeatError | None) -> str:
    """What the caller of a write is told with this: done, refused (not done), or unknown."""
    if error is None:
        return "done"
    if isinstance(error, errors.OutcomeUnknownError):
        return "unknown"
    if isinstance(error, errors.DecodeError):
        # Unless it was the token's answer that could not be read, before anything was sent.
        return "done" if error.accepted and error.attempts else "refused"
    return "refused"


async def awaiting(round_: Round, leat: LeatClient) -> None:
    while (step := round_.next()) is not None:
        name, make, then = step
        result, error = None, None
        try:
            result = await make(leat)
        except errors.LeatError as caught:
            error = caught
        then(result, error)
        round_.ended(name, error)
        if isinstance(error, errors.RateLimitError):
            # Else a 429 would end a round: all that is left of it would be refused at once.
            await asyncio.sleep(error.retry_after or 0.0)


def waiting(round_: Round, leat: SyncClient) -> None:
    while (step := round_.next()) is not None:
        name, make, then = step
        result, error = None, None
        try:
            result = make(leat)
        except errors.LeatError as caught:
            error = caught
        then(result, error)
        round_.ended(name, error)
        if isinstance(error, errors.RateLimitError):
            time.sleep(error.retry_after or 0.0)


async def importing(round_: Round, leat: LeatClient, ledger: Path) -> None:
    rows = [
        {"contact_uuid": round_.contact, "shop_uuid": round_.shop, "external_id": f"b-{n}"} for n in range(CALLS // 40)
    ]

    def keep(outcome: bulk.Outcome) -> None:
        name = outcome.row["external_id"]
        assert name not in round_.bulk, "one outcome for each row"
        round_.bulk[name] = outcome

    report = await bulk.run(leat.visits, rows, ledger=ledger, grace=2.5, on_outcome=keep)
    assert report.total == len(round_.bulk)
    assert report.stopped is not None or report.total == len(rows)


async def audit(round_: Round, server: Server) -> None:
    """Compare what callers were told with what the server holds and has seen."""
    held: dict[str, list[str]] = {}
    for row in server.rows("visits"):
        held.setdefault(row["external_id"], []).append(row["uuid"])
    sends = Counter(
        json.loads(entry["body"])["external_id"] for entry in server.control("GET", "journal?operation=visits.create")
    )
    for name, uuids in held.items():
        assert len(uuids) == 1, f"{name} is there {len(uuids)} times"
    for name, write in round_.visits.items():
        there = held.get(name, [])
        if write.told == "done":
            assert len(there) == 1, f"{name} was reported done and is not there: {write.error!r}"
            assert write.uuid in (None, there[0])
        elif write.told == "refused":
            assert not there, f"{name} was reported failed and is there: {write.error!r} {write.error.attempts}"  # type: ignore[union-attr]
        else:
            assert write.told == "unknown"
            assert isinstance(write.error, errors.OutcomeUnknownError)
        if write.error is not None:
            left = sum(attempt.end != "not sent" for attempt in write.error.attempts)
            assert sends[name] <= left <= sends[name] + 1, f"{name}: {sends[name]} sends, {write.error.attempts}"
    assert not round_.lost, "found once, then not any more"
    for name, outcome in round_.bulk.items():
        there = held.get(name, [])
        if outcome.status in (bulk.Status.CREATED, bulk.Status.EXISTED):
            assert len(there) == 1, f"{name} {outcome}"
        elif outcome.status is bulk.Status.REJECTED:
            assert not there, f"{name} {outcome}"
    booked = sum(row["type"] == "credit_reception" for row in server.rows("loyalty_transactions"))
    assert round_.credits["done"] <= booked <= round_.credits["done"] + round_.credits["unknown"]
    assert booked or not round_.credits["done"]


async def reconciled(round_: Round, leat: LeatClient, server: Server) -> int:
    """What was unknown is known once it can be asked about in peace."""
    held = {row["external_id"]: row["uuid"] for row in server.rows("visits")}
    open_ = [(name, w.error) for name, w in round_.visits.items() if isinstance(w.error, errors.OutcomeUnknownError)]
    for name, error in open_[:40]:
        for _ in range(10):
            # A question may be repeated, which a machine with other work may have to be.
            with contextlib.suppress(errors.DeadlineExceeded):
                found = error.reconcile()
                found = await found if inspect.isawaitable(found) else found  # those of threads are asked in place
                break
        else:
            raise AssertionError(f"{name}: nobody answers in peace")
        assert (found.uuid if found is not None else None) == held.get(name)
    return len(open_)


def empty(directory: Path) -> None:
    for path in directory.iterdir():
        path.unlink()


def resident_kib() -> int:
    gc.collect()
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    return 0


def slope(values: list[int]) -> float:
    """Least squares: growth for each round."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    spread = sum((n - middle) ** 2 for n in range(len(values))) or 1.0
    return sum((n - middle) * (value - mean) for n, value in enumerate(values)) / spread


@pytest.mark.timeout(7200 if SOAK else 120)
async def test_every_promise_through_changing_faults(server: Server, tmp_path: Path) -> None:
    chance = random.Random(2026)
    total, survived, ends, number = 0, 0, Counter[str](), 0
    sizes: list[int] = []
    rates: list[float] = []
    kinds: Counter[str] = Counter()
    credentials = ClientCredentials("client", "client-secret-1")
    async with (
        LeatClient(server.token, base_url=server.url, **OPTIONS) as plain,
        LeatClient(credentials, base_url=server.url, **OPTIONS) as renewing,
    ):
        with SyncClient(server.token, base_url=server.url, **OPTIONS) as twin:
            started, before = time.monotonic(), (0, 0, 0)
            while total < REQUESTS:
                number += 1
                server.control("POST", "reset")
                contact = server.control("POST", "contacts", email="ada@example.com")["uuid"]
                shop = server.rows("shops")[0]["uuid"]
                for kind in chance.sample(list(FAULTS), 6):
                    share = chance.uniform(0.001, 0.004) if kind in SLOW else chance.uniform(0.002, 0.04)
                    server.control("POST", "faults", kind=kind, probability=share, path="/api/*", **FAULTS[kind])
                round_ = Round(contact, shop, random.Random(chance.random()))
                began = time.monotonic()
                await asyncio.gather(
                    *[awaiting(round_, client) for client in (plain, renewing) for _ in range(TASKS // 2)],
                    *[asyncio.to_thread(waiting, round_, twin) for _ in range(THREADS)],
                    importing(round_, renewing, tmp_path / f"{number}.ledger"),
                )
                for rule in server.control("GET", "faults"):
                    kinds[rule["kind"]] += rule["fired"]
                server.control("DELETE", "faults")
                server.control("POST", "clock/advance", seconds=60)
                await audit(round_, server)
                counted = sum(server.control("GET", "journal/counts").values())
                rates.append(counted / (time.monotonic() - began))
                ends["reconciled"] += await reconciled(round_, plain, server)
                total += counted
                ends += round_.ends
                ends += Counter(f"bulk {outcome.status.name}" for outcome in round_.bulk.values())
                survived = sum(kinds.values())
                empty(tmp_path)
                sizes.append(resident_kib())
                if number == 1:
                    before = (descriptors(), len(asyncio.all_tasks()), threading.active_count())
            after = (descriptors(), len(asyncio.all_tasks()), threading.active_count())
    settled = sizes[len(sizes) // 5 :]
    growth = slope(settled) * len(settled)
    half = len(rates) // 2 or 1
    print(  # noqa: T201
        f"{total:,} requests in {time.monotonic() - started:.0f} s, {number} rounds, {survived:,} faults; "
        f"{dict(kinds)}; "
        f"{dict(ends)}; descriptors, tasks, threads {before} -> {after}; "
        f"RSS {sizes[0]:,} -> {sizes[-1]:,} KiB, trend {growth:+,.0f} KiB; "
        f"requests a second {sum(rates[:half]) / half:,.0f} -> {sum(rates[half:]) / max(1, len(rates) - half):,.0f}"
    )
    assert survived > total / 100
    assert ends["ok"] > total / 4
    assert abs(after[0] - before[0]) <= TASKS + THREADS, "idle connections come and go, nothing else"
    assert after[1] <= before[1] + 2
    assert after[2] <= before[2] + 2
    if SOAK:
        assert growth < 20_000
