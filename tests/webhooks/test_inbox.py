"""Receiving when things end in the middle."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leat_async import webhooks
from leat_async.webhooks import MemoryStore, SqliteStore
from leat_async.webhooks.stores.steps import Claim

from .serving import SECRET

BODY = b'{"type":"voucher_redeemed","data":{"voucher":{"uuid":"v"}}}'
HEADERS = {"Signature": webhooks.sign(BODY, SECRET)}
DIGEST = webhooks.parse(BODY).key


def delivery(number: int) -> tuple[bytes, dict[str, str]]:
    body = b'{"type":"x","data":{"number":%d}}' % number
    return body, {"Signature": webhooks.sign(body, SECRET)}


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_an_event_loop_that_ends_in_the_middle_gives_back_what_runs(kind: str, tmp_path: Path) -> None:
    store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "seen.sqlite")
    running = threading.Event()

    async def handler(event: webhooks.Event) -> None:
        running.set()
        await asyncio.sleep(60)

    async def main() -> None:
        request = asyncio.create_task(webhooks.receiver(handler, secret=SECRET, seen=store).receive(BODY, HEADERS))
        while not running.is_set():
            await asyncio.sleep(0.001)
        request.cancel()

    asyncio.run(main())
    claimed = store.ask(Claim(DIGEST, 60.0))
    assert (claimed.state, claimed.attempt) == ("taken", 2)
    store.close()


async def test_who_hangs_up_does_not_end_the_handler(tmp_path: Path) -> None:
    going, calls = asyncio.Event(), []

    async def handler(event: webhooks.Event) -> None:
        calls.append(event.attempt)
        await going.wait()

    async with webhooks.receiver(handler, secret=SECRET, seen=tmp_path / "seen.sqlite") as receiver:
        request = asyncio.create_task(receiver.receive(BODY, HEADERS))
        while not calls:
            await asyncio.sleep(0.001)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        going.set()
        while (answer := await receiver.receive(BODY, HEADERS)).status == 503:
            await asyncio.sleep(0.001)
        assert (answer.status, calls) == (200, [1])


async def test_closing_waits_for_handlers() -> None:
    ended = []

    async def handler(event: webhooks.Event) -> None:
        await asyncio.sleep(0.02)
        ended.append(event)

    receiver = webhooks.receiver(handler, secret=SECRET)
    request = asyncio.create_task(receiver.receive(BODY, HEADERS))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await receiver.aclose()
    assert len(ended) == 1
    assert (await request).status == 200


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_what_ends_the_process_gives_the_event_back_and_goes_on(error: BaseException) -> None:
    store = MemoryStore()

    async def handler(event: webhooks.Event) -> None:
        raise error

    with pytest.raises(type(error)):
        asyncio.run(webhooks.receiver(handler, secret=SECRET, seen=store).receive(BODY, HEADERS))
    assert store.ask(Claim(DIGEST, 60.0)).attempt == 2

    def plain(event: webhooks.Event) -> None:
        raise error

    other = MemoryStore()
    with pytest.raises(type(error)):
        webhooks.wsgi(plain, secret=SECRET, seen=other).receive(BODY, HEADERS)
    assert other.ask(Claim(DIGEST, 60.0)).attempt == 2


class _NoText(BaseException):
    def __str__(self) -> str:
        raise LookupError("nor a text")


@pytest.mark.parametrize("error", [_NoText(), asyncio.CancelledError()], ids=lambda error: type(error).__name__)
async def test_whatever_a_handler_raises_is_its_failure(error: BaseException) -> None:
    async def handler(event: webhooks.Event) -> None:
        raise error

    def plain(event: webhooks.Event) -> None:
        raise error

    assert (await webhooks.asgi(handler, secret=SECRET).receive(BODY, HEADERS)).status == 500
    assert webhooks.wsgi(plain, secret=SECRET).receive(BODY, HEADERS).status == 500


async def test_a_handler_that_has_not_begun_is_no_success(caplog: pytest.LogCaptureFixture) -> None:
    async def later(event: webhooks.Event) -> None: ...

    async def forgets(event: webhooks.Event) -> Any:
        return later(event)

    def yields(event: webhooks.Event) -> Any:
        yield event

    async def yields_too(event: webhooks.Event) -> Any:
        yield event

    assert (await webhooks.asgi(forgets, secret=SECRET).receive(BODY, HEADERS)).status == 500
    for plain in (lambda event: later(event), yields, yields_too):
        assert webhooks.wsgi(plain, secret=SECRET).receive(BODY, HEADERS).status == 500
    assert caplog.text.count("did nothing: it calls an async function without awaiting it, or has a yield") == 4


@pytest.mark.parametrize("window", [None, "3", True, -1, float("nan"), float("inf")])
async def test_a_window_that_is_none_is_told_before_the_handler_is_called(window: Any, caplog: Any) -> None:
    async def handler(event: webhooks.Event) -> None:
        raise AssertionError

    def plain(event: webhooks.Event) -> None:
        raise AssertionError

    def of(event: webhooks.Event) -> Any:
        return window

    assert (await webhooks.asgi(handler, secret=SECRET, window=of).receive(BODY, HEADERS)).status == 500
    assert webhooks.wsgi(plain, secret=SECRET, window=of).receive(BODY, HEADERS).status == 500
    assert caplog.text.count("failed, attempt 1") == 2
    assert "Error: window must be seconds" in caplog.text


async def test_a_handlers_own_cancellation_is_a_failure_like_any_other() -> None:
    async def handler(event: webhooks.Event) -> None:
        other = asyncio.create_task(asyncio.sleep(60))
        asyncio.get_running_loop().call_soon(other.cancel)
        await other

    async with webhooks.receiver(handler, secret=SECRET) as receiver:
        assert (await receiver.receive(BODY, HEADERS)).status == 500
        assert (await receiver.receive(BODY, HEADERS)).status == 500


async def test_one_receiver_in_one_loop_after_the_other(tmp_path: Path) -> None:
    calls: list[str] = []

    async def handler(event: webhooks.Event) -> None:
        calls.append(event.key)

    receiver = webhooks.receiver(handler, secret=SECRET, seen=tmp_path / "seen.sqlite", mode="outbox")

    def once(number: int) -> None:
        async def main() -> None:
            assert (await receiver.receive(*delivery(number))).status == 200
            while len(calls) <= number:
                await asyncio.sleep(0.001)

        asyncio.run(main())

    for number in range(2):
        await asyncio.to_thread(once, number)
    await receiver.aclose()


async def test_a_success_that_can_not_be_recorded_is_still_one(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    store = MemoryStore()
    real: Callable[..., Any] = store.ask

    def ask(step: Any) -> Any:
        if type(step).__name__ == "Done":
            raise webhooks.SeenStoreError("gone")
        return real(step)

    async def handler(event: webhooks.Event) -> None: ...

    monkeypatch.setattr(store, "ask", ask)
    async with webhooks.receiver(handler, secret=SECRET, seen=store) as receiver:
        assert (await receiver.receive(BODY, HEADERS)).status == 200
    assert webhooks.wsgi(lambda event: None, secret=SECRET, seen=store).receive(*delivery(1)).status == 200
    assert caplog.text.count("which is not recorded") == 2


def test_many_threads_and_one_store(tmp_path: Path) -> None:
    calls: Counter[int] = Counter()
    lock = threading.Lock()

    def handler(event: webhooks.Event) -> None:
        with lock:
            calls[event.data["number"]] += 1

    answers: Counter[int] = Counter()
    with webhooks.wsgi(handler, secret=SECRET, seen=tmp_path / "seen.sqlite") as receiver:

        def work(begin: int) -> None:
            for number in range(15):
                answer = receiver.receive(*delivery((begin + number) % 15))
                with lock:
                    answers[answer.status] += 1

        threads = [threading.Thread(target=work, args=(number * 2,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert calls == Counter(dict.fromkeys(range(15), 1))
    assert set(answers) <= {200, 503}
    assert answers.total() == 120


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("kind", ["sqlite", "redis", "postgres"])
def test_a_fork_while_another_thread_uses_the_store(kind: str, make_store: Any) -> None:
    store = make_store(kind, at=None)
    store.ask(Claim("a" * 32, 60.0))
    stop = threading.Event()

    def use() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            store.ask(Claim(f"{number:032x}", 60.0))

    thread = threading.Thread(target=use)
    thread.start()
    try:
        for _ in range(3):
            child = os.fork()
            if child == 0:
                try:
                    found = store.ask(Claim("a" * 32, 60.0)).state
                    os._exit(0 if found == "busy" else 1)
                except BaseException:
                    os._exit(2)
            until = time.monotonic() + 20
            while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < until:
                time.sleep(0.002)
            if ended == (0, 0):
                os.kill(child, 9)
                os.waitpid(child, 0)
            assert ended[1] == 0, ended
    finally:
        stop.set()
        thread.join()
    assert store.ask(Claim("a" * 32, 60.0)).state == "busy"


async def answered(receiver: webhooks.AiohttpReceiver, number: int) -> None:
    """A busy machine may let it wait for longer than `timeout`, as the database does, and then Leat sends it again."""
    while (status := (await receiver.receive(*delivery(number))).status) == 503:
        await asyncio.sleep(0.01)
    assert status == 200


async def test_a_database_that_does_not_answer_is_answered_503(postgres: Any, make_store: Any) -> None:
    async def handler(event: webhooks.Event) -> None: ...

    store = make_store("postgres", at=None)
    async with webhooks.receiver(handler, secret=SECRET, seen=store, timeout=0.3) as receiver:
        await answered(receiver, 1)
        with postgres.frozen():
            assert (await receiver.receive(*delivery(2))).status == 503
        await answered(receiver, 2)
        postgres.crash()
        assert (await receiver.receive(*delivery(3))).status == 503
        postgres.start()
        await answered(receiver, 3)
