"""The bridge inside one process: threads, life cycle, interruption, nothing left behind."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import threading
import time
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient, _bridge, errors, models
from leat_async.sync._bridge import GRACE, _Call

from .conftest import PATIENCE, collect_garbage, descriptors, fill, ours, until


class Interrupted(BaseException):
    """What the test's signal handler raises: as KeyboardInterrupt, no Exception."""


@pytest.fixture
def interrupt() -> Any:
    def handler(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, handler)
    timers: list[threading.Timer] = []

    def later(seconds: float) -> None:
        timers.append(threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGUSR1)))
        timers[-1].start()

    yield later
    for timer in timers:
        timer.join()
    signal.signal(signal.SIGUSR1, before)


def finalizers() -> int:
    return len(weakref.finalize._registry)  # type: ignore[attr-defined]


async def running_tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def test_calls_return_models_and_raise_the_documented_errors(sandbox: Sandbox, leat: LeatClient) -> None:
    fill(sandbox, leat, 1)
    visit = leat.visits.list().page().items[0]
    assert isinstance(visit, models.Visit)
    assert leat.visits.get(visit.uuid) == visit
    with pytest.raises(errors.NotFoundError) as caught:
        leat.contacts.find_one_by(email="nobody@example.com")
    assert caught.value.operation == "contacts.find_one_by"
    with pytest.raises(ValueError, match="visit_uuid"):
        leat.visits.get("")


def test_a_raw_request_and_a_view_with_other_options(sandbox: Sandbox, leat: LeatClient) -> None:
    answer = leat.request("GET", "/shops")
    assert answer.status == 200
    assert answer.data[0]["uuid"] == sandbox.shops[0]["uuid"]
    sandbox.faults.add("hang", "shops.list")
    with pytest.raises(errors.DeadlineExceeded):
        leat.with_options(timeout=0.1).shops.list().first()
    sandbox.faults.clear()
    view = leat.with_options(timeout=20.0)
    assert view.shops.list().first() is not None
    view.close()
    with pytest.raises(errors.LifecycleError, match="closed"):
        leat.shops.list().first()


def test_the_environment_is_read(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAT_ACCESS_TOKEN", sandbox.token)
    monkeypatch.setenv("LEAT_BASE_URL", sandbox.url)
    with LeatClient.from_env(timeout=5.0) as leat:
        assert leat.shops.list().first() is not None
    with pytest.raises(TypeError, match="session"):
        LeatClient.from_env(session=None)
    monkeypatch.delenv("LEAT_ACCESS_TOKEN")
    with pytest.raises(errors.ConfigError):
        LeatClient.from_env()


async def test_a_running_event_loop_in_the_calling_thread_is_no_obstacle() -> None:
    with Sandbox(seed=1) as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        assert asyncio.get_running_loop().is_running()
        externals = fill(sandbox, leat, 3)
        assert sorted(visit.external_id or "" for visit in leat.visits.list(limit=2)) == externals


def test_sixteen_threads_share_a_client_and_each_gets_its_own_rows(sandbox: Sandbox, leat: LeatClient) -> None:
    shop = sandbox.shops[0]["uuid"]
    contacts = [sandbox.create_contact()["uuid"] for _ in range(16)]
    start = threading.Barrier(16)

    def work(index: int) -> list[tuple[str, str, str]]:
        start.wait()
        seen = []
        for number in range(12):
            external = f"t{index}-{number}"
            made = leat.visits.create(contact_uuid=contacts[index], shop_uuid=shop, external_id=external)
            got = leat.visits.get(made.uuid)
            seen.append((external, made.external_id or "", got.external_id or ""))
        mine = {visit.external_id for visit in leat.visits.list(contact_uuid=contacts[index], limit=5)}
        assert mine == {external for external, _, _ in seen}
        return seen

    with ThreadPoolExecutor(16) as pool:
        for seen in pool.map(work, range(16)):
            assert all(wanted == made == got for wanted, made, got in seen)
    assert len(sandbox.rows("visits")) == 16 * 12
    assert len(ours()) == 1


def test_the_callers_context_reaches_the_hooks(sandbox: Sandbox) -> None:
    request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="none")
    seen = []
    with LeatClient(
        sandbox.token, base_url=sandbox.url, on_request=lambda event: seen.append(request_id.get())
    ) as leat:
        request_id.set("r-1")
        leat.shops.list().first()
    assert seen == ["r-1"]


def test_a_call_from_the_clients_own_thread_is_refused_at_once(sandbox: Sandbox) -> None:
    caught: list[BaseException] = []

    def hook(event: object) -> None:
        for forbidden in (leat.shops.list().page, leat.close):
            try:
                forbidden()
            except BaseException as error:
                caught.append(error)

    with LeatClient(sandbox.token, base_url=sandbox.url, on_request=hook) as leat:
        assert leat.shops.list().first() is not None
    assert [type(error) for error in caught] == [errors.LifecycleError] * 2
    assert "own thread" in str(caught[0])


def test_a_hook_that_exits_exits_the_caller_not_the_loop(sandbox: Sandbox) -> None:
    def hook(event: object) -> None:
        raise SystemExit(3)

    with LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        with pytest.raises(SystemExit):
            leat.with_options(on_request=hook).shops.list().first()
        assert leat.shops.list().first() is not None


def test_nothing_is_left_after_close(sandbox: Sandbox) -> None:
    with LeatClient(sandbox.token, base_url=sandbox.url) as warm_up:
        warm_up.shops.list().first()
    collect_garbage()
    threads, fds, registered = threading.active_count(), descriptors(), finalizers()
    for _ in range(5):
        leat = LeatClient(sandbox.token, base_url=sandbox.url)
        for _shop in leat.shops.list():
            break
        engine = weakref.ref(leat._bridge._engine)
        assert len(ours()) == 1
        leat.close()
        leat.close()
        assert not ours()
        assert finalizers() == registered
        del leat
        collect_garbage()
        assert engine() is None
    until(lambda: descriptors() <= fds)
    assert threading.active_count() <= threads
    assert finalizers() == registered


def test_leaving_a_loop_early_leaves_no_task(sandbox: Sandbox, leat: LeatClient) -> None:
    fill(sandbox, leat, 12)
    before = leat._bridge.call(running_tasks)
    for _visit in leat.visits.list(limit=2):
        break
    pages = leat.visits.list(limit=2).pages(ahead=3)
    next(pages)
    pages.close()
    until(lambda: leat._bridge.call(running_tasks) == before)


def test_after_close_every_call_says_so(sandbox: Sandbox) -> None:
    leat = LeatClient(sandbox.token, base_url=sandbox.url)
    pager = leat.shops.list()
    pager.first()
    fill(sandbox, leat, 2)
    rows = iter(leat.visits.list(limit=1))
    next(rows)
    leat.close()
    for call in (
        pager.page,
        pager.first,
        pager.collect,
        lambda: next(rows),
        lambda: leat.visits.get("v"),
        leat.__enter__,
    ):
        with pytest.raises(errors.LifecycleError, match="closed"):
            call()
    unopened = LeatClient(sandbox.token, base_url=sandbox.url)
    unopened.close()
    with pytest.raises(errors.LifecycleError, match="closed"):
        unopened.shops.list().first()


def test_closing_ends_calls_on_their_way_with_the_truth(sandbox: Sandbox) -> None:
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    sandbox.faults.add("hang", "visits.create", applied=True)
    sandbox.faults.add("hang", "visits.list")
    leat = LeatClient(sandbox.token, base_url=sandbox.url)
    with ThreadPoolExecutor(2) as pool:
        write = pool.submit(leat.visits.create, contact_uuid=contact, shop_uuid=shop, external_id="e-1")
        read = pool.submit(leat.visits.list().first)
        until(lambda: len(sandbox.journal.entries()) == 2)
        began = time.monotonic()
        leat.close()
        assert isinstance(write.exception(5), errors.OutcomeUnknownError)
        assert isinstance(read.exception(5), errors.LifecycleError)
    assert time.monotonic() - began < 10
    assert len(sandbox.rows("visits")) == 1


def test_many_threads_may_close_while_others_call(sandbox: Sandbox) -> None:
    others = ours()
    for _ in range(10):
        leat = LeatClient(sandbox.token, base_url=sandbox.url, retry=None)
        ends: list[BaseException | None] = []

        def work(leat: LeatClient = leat, ends: list[BaseException | None] = ends) -> None:
            try:
                while True:
                    leat.shops.list().page()
            except errors.LifecycleError as error:
                ends.append(error)
            except errors.TransportError:
                ends.append(None)

        workers = [threading.Thread(target=work) for _ in range(8)]
        for worker in workers:
            worker.start()
        time.sleep(0.02)
        closers = [threading.Thread(target=leat.close) for _ in range(3)]
        for closer in closers:
            closer.start()
        for thread in (*closers, *workers):
            thread.join(10)
            assert not thread.is_alive()
        assert len(ends) == 8
        assert not set(ours()) - set(others)


@pytest.mark.alone
def test_an_interrupt_cancels_the_call_and_the_next_one_works(
    sandbox: Sandbox, leat: LeatClient, interrupt: Any
) -> None:
    fill(sandbox, leat, 2)
    idle = leat._bridge.call(running_tasks)
    sandbox.faults.add("hang", "visits.list")
    began = time.monotonic()
    interrupt(0.2)
    with pytest.raises(Interrupted):
        leat.visits.list().collect()
    assert time.monotonic() - began < 0.2 + 5
    assert leat._bridge.call(running_tasks) == idle
    sandbox.faults.clear()
    assert len(leat.visits.list().collect()) == 2


def test_a_call_that_is_recalled_before_its_first_step_ends_at_once(leat: LeatClient) -> None:
    engine = leat._bridge._enter()
    ran: list[int] = []

    async def work() -> None:
        ran.append(1)

    call = _Call(engine, work, (), {})

    async def start_and_cancel() -> None:
        engine.calls.add(call)
        call.start()
        call.cancel()

    leat._bridge.call(start_and_cancel)
    assert call.lock.acquire(timeout=PATIENCE)
    assert not ran
    assert not engine.calls


def test_a_call_that_is_recalled_before_it_is_handed_over_ends_at_once(
    leat: LeatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bridge, "GRACE", 20.0)
    engine = leat._bridge._enter()
    call = _Call(engine, running_tasks, (), {})
    engine.calls.add(call)
    began = time.monotonic()
    engine.recall(call)
    assert time.monotonic() - began < 10
    assert call.done
    assert not engine.calls


@pytest.mark.alone
def test_an_interrupt_waits_for_a_stubborn_call_only_so_long(leat: LeatClient, interrupt: Any) -> None:
    cancelled = threading.Event()

    async def stubborn() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            await asyncio.sleep(10.0)

    began = time.monotonic()
    interrupt(0.1)
    with pytest.raises(Interrupted):
        leat._bridge.call(stubborn)
    assert cancelled.is_set()
    assert GRACE <= time.monotonic() - began < 0.1 + 5


def test_a_write_of_unknown_outcome_is_reconciled_by_a_plain_call(sandbox: Sandbox, leat: LeatClient) -> None:
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    sandbox.faults.add("apply_then_drop", "visits.create")
    with pytest.raises(errors.OutcomeUnknownError) as caught:
        leat.visits.create(contact_uuid=contact, shop_uuid=shop, external_id="e-1")
    visit = caught.value.reconcile()
    assert isinstance(visit, models.Visit)
    assert visit.external_id == "e-1"
    leat.close()
    with pytest.raises(errors.LifecycleError, match="closed"):
        caught.value.reconcile()


@pytest.mark.parametrize("make", [LeatClient, LeatClient.from_env])
def test_a_dropped_client_ends_its_thread_and_warns_once(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    monkeypatch.setenv("LEAT_ACCESS_TOKEN", sandbox.token)
    collect_garbage()  # what earlier tests dropped warns now
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        leat = make(**({"token": sandbox.token} if make is LeatClient else {}), base_url=sandbox.url)
        leat.shops.list().first()
        del leat
        collect_garbage()
        until(lambda: not ours())
        collect_garbage()
    assert [w.category for w in warned] == [ResourceWarning]
    assert "test_bridge.py" in str(warned[0].message)
    assert sandbox.token not in str(warned[0].message)


def test_a_pager_keeps_its_client_open(sandbox: Sandbox) -> None:
    def rows() -> Any:
        return LeatClient(sandbox.token, base_url=sandbox.url).shops.list()

    pager = rows()
    collect_garbage()
    assert pager.first() is not None
    pager._bridge.close()


def test_async_with_gives_advice(sandbox: Sandbox) -> None:
    async def wrong() -> None:
        async with LeatClient(sandbox.token, base_url=sandbox.url):
            pass

    with pytest.raises(TypeError, match="'with'"):
        asyncio.run(wrong())


def test_no_secret_and_no_surprise_in_the_names(leat: LeatClient, sandbox: Sandbox) -> None:
    assert sandbox.token not in repr(leat)
    assert {"visits", "bookings", "with_options", "close"} <= set(dir(leat))
    with pytest.raises(AttributeError, match="nothing_like_it"):
        leat.nothing_like_it  # noqa: B018

    class Mine(LeatClient):
        pass

    assert "visits" in dir(Mine(sandbox.token, base_url=sandbox.url))
    assert Mine(sandbox.token, base_url=sandbox.url).visits is not None
