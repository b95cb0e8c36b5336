"""Working on an outbox, in an event loop and in threads."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leat_async import webhooks
from leat_async.webhooks import SqliteStore, ThreadedWorker, Worker
from leat_async.webhooks.log import logger
from leat_async.webhooks.stores.steps import Put

from ..forking import Forks, environment

KINDS = ("async", "threads")


def put(store: SqliteStore, *numbers: int) -> None:
    store.apply([Put(f"{number:032x}", b'{"type":"x","data":{"number":%d}}' % number) for number in numbers])


class Recorder:
    """A handler of both colours."""

    def __init__(self, act: Callable[[webhooks.Event], Any] = lambda event: None) -> None:
        self.calls: list[tuple[int, int]] = []
        self.act = act

    def plain(self, event: webhooks.Event) -> None:
        self.calls.append((event.data["number"], event.attempt))
        self.act(event)

    async def awaited(self, event: webhooks.Event) -> None:
        self.plain(event)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    made = SqliteStore(tmp_path / "box.sqlite")
    yield made
    made.close()


async def work(kind: str, recorder: Recorder, store: SqliteStore, until: Callable[[], bool], **options: Any) -> None:
    """Until this holds, ten seconds at most."""
    worker: Any = (
        Worker(recorder.awaited, store, **options)
        if kind == "async"
        else ThreadedWorker(recorder.plain, store, **options)
    )
    worker.start()
    async with asyncio.timeout(10):
        while not until():
            await asyncio.sleep(0.005)
    if kind == "async":
        await worker.aclose()
    else:
        worker.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_in_the_order_in_which_they_came(kind: str, store: SqliteStore) -> None:
    recorder = Recorder()
    for number in (3, 1, 2):
        put(store, number)
    await work(kind, recorder, store, lambda: len(recorder.calls) == 3, concurrency=1)
    assert recorder.calls == [(3, 1), (1, 1), (2, 1)]
    assert store.due(9, 60.0, 9).jobs == []


@pytest.mark.parametrize("kind", KINDS)
async def test_what_fails_is_tried_again_and_then_given_up(
    kind: str, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    def act(event: webhooks.Event) -> None:
        if event.data["number"] == 1:
            raise LookupError("no such voucher")
        if event.data["number"] == 2 and event.attempt < 3:
            raise SystemExit(3) if kind == "threads" else asyncio.CancelledError

    recorder = Recorder(act)
    put(store, 1, 2)
    await work(
        kind, recorder, store, lambda: bool(store.dead()) and (2, 3) in recorder.calls, attempts=3, backoff=0.001
    )
    assert sorted(recorder.calls) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    [letter] = store.dead()
    assert (letter.attempts, letter.error) == (3, "LookupError: no such voucher")
    assert caplog.text.count("LookupError: no such voucher") == 3
    recorder.act = lambda event: None
    assert store.revive(letter.key) == 1
    await work(kind, recorder, store, lambda: (1, 4) in recorder.calls)
    assert store.dead() == []


class _NoText(BaseException):
    def __str__(self) -> str:
        raise LookupError("nor a text")


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_a_handler_raises_the_others_are_worked_on(
    kind: str, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logger, "disabled", True)  # pytest-xdist can't pass on what is no text
    odd: dict[int, BaseException] = {1: ValueError("\udc80\0"), 2: _NoText(), 3: asyncio.CancelledError("own")}

    def act(event: webhooks.Event) -> None:
        if event.data["number"] in odd:
            raise odd[event.data["number"]]

    recorder = Recorder(act)
    put(store, 1, 2, 3)
    store.ask(Put("4" * 32, b"{"))
    put(store, 5)
    until = lambda: (5, 1) in recorder.calls and len(store.dead()) == 4  # noqa: E731
    await work(kind, recorder, store, until, concurrency=1, attempts=2, backoff=0.01)
    assert [letter.error for letter in store.dead()] == [
        r"ValueError: \udc80\0",
        "_NoText",
        "CancelledError: own",
        "ValueError: the delivery is no JSON: Input data was truncated",
    ]


async def test_a_store_that_fails_in_a_way_of_its_own_ends_no_thread(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    due, asked = store.due, list[int]()

    def fails_once(*given: Any) -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise TypeError("what nobody thought of")
        return due(*given)

    monkeypatch.setattr(store, "due", fails_once)
    monkeypatch.setattr("leat_async.webhooks.threaded_worker.TROUBLE", 0.01)
    put(store, 1)
    recorder = Recorder()
    await work("threads", recorder, store, lambda: recorder.calls == [(1, 1)], concurrency=1)


def test_waits_grow_between_attempts(store: SqliteStore) -> None:
    worker = Worker(Recorder().awaited, store, backoff=5.0, attempts=8)
    put(store, 1)
    [job] = store.due(1, 60.0, 9).jobs
    import attrs

    delays = [worker._settings.failure(attrs.evolve(job, attempt=n), LookupError()).delay for n in range(1, 9)]
    assert delays == [5.0, 20.0, 80.0, 320.0, 1280.0, 3600.0, 3600.0, None]


@pytest.mark.parametrize("kind", KINDS)
async def test_closing_waits_for_what_runs(kind: str, store: SqliteStore) -> None:
    done: list[int] = []

    def act(event: webhooks.Event) -> None:
        time.sleep(0.05)
        done.append(event.data["number"])

    recorder = Recorder(act)
    put(store, 1)
    await work(kind, recorder, store, lambda: len(recorder.calls) == 1)
    assert done == [1]


async def test_a_cancelled_worker_gives_back_what_runs(store: SqliteStore) -> None:
    running = asyncio.Event()

    async def handler(event: webhooks.Event) -> None:
        running.set()
        await asyncio.sleep(60)

    put(store, 1)
    task = asyncio.create_task(Worker(handler, store).run())
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [job.attempt for job in store.due(9, 60.0, 9).jobs] == [2]


async def test_a_handler_is_cancelled_before_its_lease_ends(store: SqliteStore) -> None:
    async def handler(event: webhooks.Event) -> None:
        await asyncio.sleep(60 if event.attempt == 1 else 0)
        done.set()

    done = asyncio.Event()
    put(store, 1)
    worker = Worker(handler, store, lease=0.1, backoff=0.001)
    worker.start()
    await asyncio.wait_for(done.wait(), 10)
    await worker.aclose()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_store_that_is_out_of_reach_for_a_while(
    kind: str, store: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("leat_async.webhooks.worker.TROUBLE", 0.01)
    monkeypatch.setattr("leat_async.webhooks.threaded_worker.TROUBLE", 0.01)
    put(store, 1)
    broken = threading.Event()
    real = store._apply

    def apply(connection: Any, steps: Any) -> Any:
        if broken.is_set():
            raise OSError("gone")
        return real(connection, steps)

    monkeypatch.setattr(store, "_apply", apply)

    def go(_: Any) -> None:
        broken.set()
        threading.Timer(0.1, broken.clear).start()

    recorder = Recorder(go)
    await work(kind, recorder, store, lambda: bool(recorder.calls) and not broken.is_set())
    assert recorder.calls == [(1, 1)]
    assert store.due(9, 60.0, 9).wait is None


@pytest.mark.parametrize("maker", [Worker, ThreadedWorker])
def test_wrong_settings(maker: Any, tmp_path: Path) -> None:
    right = Recorder().awaited if maker is Worker else Recorder().plain
    wrong = Recorder().plain if maker is Worker else Recorder().awaited
    with pytest.raises(TypeError, match="takes the other kind"):
        maker(wrong, tmp_path / "x")
    for options, text in (
        ({"attempts": 0}, "attempts must be a whole number, at least 1"),
        ({"concurrency": True}, "concurrency must be"),
        ({"backoff": 0}, "backoff must be a number of seconds above 0"),
        ({"lease": float("inf")}, "lease must be"),
        ({"window": -1.0}, "window must be seconds"),
    ):
        with pytest.raises(ValueError, match=text):
            maker(right, tmp_path / "x", **options)
    with pytest.raises(ValueError, match="an outbox needs SQLite"):
        maker(right, None)


def test_a_process_that_ends_waits_for_its_handlers(store: SqliteStore, forks: Forks, tmp_path: Path) -> None:
    put(store, 1)
    program = (
        "import sys, time; from leat_async.webhooks import ThreadedWorker\n"
        "def handler(event):\n    print('begins', flush=True); time.sleep(0.3); print('ends', flush=True)\n"
        "ThreadedWorker(handler, sys.argv[1]).start()\n"
        "time.sleep(0.1)\n"
    )
    ran = forks.run(["-c", program, tmp_path / "box.sqlite"], environment(), tmp_path)
    assert ran.returncode == 0, ran.stderr
    if "begins" in ran.stdout:
        assert "ends" in ran.stdout
        assert store.due(9, 60.0, 9).wait is None
