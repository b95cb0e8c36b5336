"""Deliveries of the sandbox to a receiver that is killed: each event is handled once, and none is lost.

`LEAT_SOAK=1` takes 10,000 deliveries and 20 kills, for each server, store and mode.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import socket
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient

from ..servers import free_port
from .receiving import SECRET, Plan, main

SOAK = os.environ.get("LEAT_SOAK") == "1"
EVENTS, KILLS = (8400, 20) if SOAK else (24, 3)  # a fifth of the events is delivered twice
CHUNK = 300
_INLINE = [
    (server, kind, "inline") for kind in ("memory", "sqlite", "redis", "postgres") for server in ("aiohttp", "wsgi")
]
_OUTBOX = [(server, kind, "outbox") for kind in ("sqlite", "postgres") for server in ("aiohttp", "wsgi")]
_SMALL = [
    ("aiohttp", "memory", "inline"), ("aiohttp", "sqlite", "inline"), ("wsgi", "redis", "inline"),
    ("wsgi", "postgres", "inline"), ("wsgi", "sqlite", "outbox"), ("aiohttp", "postgres", "outbox"),
]  # fmt: skip


class Receiver:
    """The receiver's process, which is started again whenever it has died."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.deaths = 0
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([main.__module__])
        self._process: BaseProcess | None = None

    def is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        self._process = self._context.Process(target=main, args=(self.plan,), daemon=True)
        self._process.start()
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if not self._process.is_alive():
                if self._process.exitcode == -9:  # by an event that it took up at once
                    self._died()
                else:  # while nobody listened there, somebody else had the port
                    assert self._process.exitcode == 1, self._process.exitcode
                self._process = self._context.Process(target=main, args=(self.plan,), daemon=True)
                self._process.start()
            with closing(socket.socket()) as sock:
                if sock.connect_ex(("127.0.0.1", self.plan.port)) == 0:
                    return
            time.sleep(0.01)
        raise AssertionError("the receiver does not start")

    def restart(self) -> None:
        """Wait until it has died, as it must have if it did not answer."""
        assert self._process is not None
        self._process.join(20)
        assert self._process.exitcode == -9, self._process.exitcode
        self._died()
        self.start()

    def _died(self) -> None:
        self.deaths += 1
        end_leases(self.plan)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join(10)


def end_leases(plan: Plan) -> None:
    """Whoever held something is dead; no test should sleep until that is believed."""
    change = "UPDATE {} SET until = until - 60 WHERE state = 'held'"
    if plan.kind == "sqlite":
        with closing(sqlite3.connect(plan.url)) as database, database:
            database.execute(change.format("leat_deliveries"))
    elif plan.kind == "postgres":
        import psycopg

        with psycopg.connect(plan.url, autocommit=True) as connection:
            connection.execute(change.format(f"{plan.folder.name}_deliveries"))  # type: ignore[arg-type]  # the name is ours
    elif plan.kind == "redis":
        import redis

        with redis.Redis.from_url(plan.url) as client:
            for name in client.scan_iter(f"{plan.folder.name}:*"):
                kept = json.loads(client.get(name))
                client.set(name, json.dumps({**kept, "until": kept["until"] - 60.0 * (kept["state"] == "held")}))


@contextmanager
def subscribed(port: int) -> Iterator[Sandbox]:
    with Sandbox(seed=1) as sandbox:
        with LeatClient(sandbox.token, base_url=sandbox.url) as leat:
            leat.webhook_subscriptions.create(
                name="t", event_type="voucher_redeemed", url=f"http://127.0.0.1:{port}/leat", secret=SECRET
            )
        sandbox.faults.add("webhook_double", "voucher_redeemed", every=5)
        sandbox.faults.add("webhook_shuffle", "voucher_redeemed", every=3, seconds=20.0)
        yield sandbox


def deliver(sandbox: Sandbox, receiver: Receiver, numbers: range) -> None:
    """Until each delivery of these events is answered with 2xx."""
    for number in numbers:
        sandbox.trigger("voucher_redeemed", {"voucher": {"uuid": f"v-{number}", "code": str(number)}})
    since = sandbox.clock.now()
    for _ in range(60):
        sandbox.deliveries.settle(60)
        waiting = sandbox.deliveries.entries(state="waiting")
        if any(one.attempts[-1].status is None for one in waiting if one.attempts and one.attempts[-1].at >= since):
            receiver.restart()
        since = sandbox.clock.now()
        assert sandbox.deliveries.entries(state="failed") == []
        if not waiting:
            return
        sandbox.clock.advance(max(0.0, min(one.due for one in waiting) - sandbox.clock.now()) + 5.0)
    raise AssertionError("there is no end to the deliveries")


def effects(folder: Path) -> dict[int, list[tuple[str, int]]]:
    """Of each event: with which key, at which attempt."""
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for line in (folder / "effects").read_text().splitlines():
        number, key, attempt = line.split()
        found[int(number)].append((key, int(attempt)))
    return found


@pytest.mark.parametrize(("server", "kind", "mode"), _INLINE + _OUTBOX if SOAK else _SMALL)
@pytest.mark.timeout(3600 if SOAK else 120)
def test_each_event_is_handled_once_and_none_is_lost(
    server: str, kind: str, mode: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    draw = random.Random(f"{server} {kind} {mode}")
    troubles = dict.fromkeys(draw.sample(range(EVENTS), EVENTS // 12), "fail")
    # Spread, since each of them has the deliveries under way tried again, and that happens five times at most.
    for kill in range(KILLS):
        troubles[EVENTS // KILLS * kill + draw.randrange(EVENTS // KILLS)] = ("after", "before", "answer")[kill % 3]
    url = str(tmp_path / "seen.sqlite")
    if kind == "redis":
        url = request.getfixturevalue("valkey").url
    elif kind == "postgres":
        url = request.getfixturevalue("postgres").url
    folder = tmp_path / f"t{os.getpid()}_{server}_{mode}"
    folder.mkdir()
    plan = Plan(folder, free_port(), server, kind, url, mode, troubles)
    receiver = Receiver(plan)
    try:
        receiver.start()
        with subscribed(plan.port) as sandbox:
            for begin in range(0, EVENTS, CHUNK):
                deliver(sandbox, receiver, range(begin, min(begin + CHUNK, EVENTS)))
        until = time.monotonic() + 60
        while len(effects(folder)) < EVENTS or receiver.deaths < KILLS:
            assert time.monotonic() < until, f"lost: {sorted(set(range(EVENTS)) - set(effects(folder)))[:9]}"
            if not receiver.is_alive():
                receiver.restart()
            time.sleep(0.01)
    finally:
        receiver.stop()
    found = effects(folder)
    assert receiver.deaths == KILLS
    assert len(list(folder.glob("met-*"))) == len(troubles)
    assert set(found) == set(range(EVENTS))
    keys: dict[str, int] = {}
    unplanned: list[int] = []
    for number, calls in found.items():
        assert len({key for key, _ in calls}) == 1, (number, troubles.get(number), calls)
        assert keys.setdefault(calls[0][0], number) == number, "two events, two keys"
        if kind == "memory":
            continue  # it forgets with the process: then the key is all that tells
        # Only where the kill fell between the effect and its record does a second call come, and it is told so.
        if troubles.get(number) == "after":
            assert len(calls) == 2, (number, calls)
        elif len(calls) > 1:
            unplanned.append(number)
        attempts = [attempt for _, attempt in calls]
        assert attempts == sorted(set(attempts)), (number, calls)
    # A process that is killed while it answers one delivery of an outbox may have been at work on another.
    assert len(unplanned) <= (KILLS // 3 if mode == "outbox" else 0), unplanned
    repeated = sum(len(calls) - 1 for calls in found.values())
    assert repeated >= (KILLS + 2) // 3
