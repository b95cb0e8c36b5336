"""Lists and other streams: a page or a batch a crossing, and an end to the work when the loop is left."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from leat_async import Page
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient, SyncPager, bulk, errors
from leat_async.sync._pump import iterate

from .conftest import Script, fill, until


@pytest.fixture
def crossings(leat: LeatClient, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every call that goes over the bridge."""
    made: list[Any] = []
    call = leat._bridge.call

    def counted(fn: Any, *args: Any, **options: Any) -> Any:
        made.append(fn)
        return call(fn, *args, **options)

    monkeypatch.setattr(leat._bridge, "call", counted)
    return made


def listed(sandbox: Sandbox) -> int:
    return sum(entry.operation == "visits.list" for entry in sandbox.journal)


def test_every_row_of_every_page_a_page_a_crossing(sandbox: Sandbox, leat: LeatClient, crossings: list[Any]) -> None:
    externals = fill(sandbox, leat, 7)
    crossings.clear()
    assert sorted(visit.external_id or "" for visit in leat.visits.list(limit=2)) == externals
    assert listed(sandbox) == 4
    assert len(crossings) <= 4 + 2  # the pages, the end, and the closing


def test_the_first_page_the_first_row_and_a_list(sandbox: Sandbox, leat: LeatClient) -> None:
    assert leat.visits.list().first() is None
    fill(sandbox, leat, 5)
    pager = leat.visits.list(limit=2)
    assert isinstance(pager, SyncPager)
    page = pager.page()
    assert isinstance(page, Page)
    assert (len(page.items), page.page, page.last_page, page.total) == (2, 1, 3, 5)
    assert pager.first() == page.items[0]
    assert len(pager.collect()) == 5
    assert len(pager.collect(limit=3)) == 3
    assert [len(page.items) for page in pager.pages()] == [2, 2, 1]
    assert [len(page.items) for page in pager.pages(ahead=2)] == [2, 2, 1]
    assert len(list(pager)) == len(list(pager)) == 5


def test_a_page_is_asked_for_only_when_the_one_before_is_used_up(sandbox: Sandbox, leat: LeatClient) -> None:
    fill(sandbox, leat, 6)
    for number, _visit in enumerate(leat.visits.list(limit=2)):
        assert listed(sandbox) == number // 2 + 1
        if number == 3:
            break
    time.sleep(0.05)
    assert listed(sandbox) == 2


def test_wrong_arguments_are_refused_at_once(leat: LeatClient) -> None:
    with pytest.raises(ValueError, match="ahead"):
        leat.visits.list().pages(ahead=-1)
    with pytest.raises(ValueError, match="limit=0"):
        leat.visits.list(limit=0).pages()
    with pytest.raises(ValueError, match="limit=0"):
        iter(leat.visits.list(limit=0))
    with pytest.raises(ValueError, match="limit"):
        leat.visits.list(limit=501)
    assert leat.visits.list(limit=0).page().items == []


def test_an_error_in_the_middle_comes_after_the_rows_before_it(sandbox: Sandbox, leat: LeatClient) -> None:
    fill(sandbox, leat, 4)
    sandbox.faults.add("reject", "visits.list", status=400, nth=2)
    seen = []
    with pytest.raises(errors.ApiError):  # noqa: PT012 - the loop is what is tested
        for visit in leat.visits.list(limit=2):
            seen.append(visit)
    assert len(seen) == 2


class Source:
    """Numbers out of an async generator that holds a task group."""

    def __init__(self, pause: float = 0.0, fail_at: int | None = None) -> None:
        self.pause, self.fail_at = pause, fail_at
        self.made = 0
        self.ended: list[str] = []

    async def numbers(self, count: int) -> AsyncIterator[int]:
        try:
            async with asyncio.TaskGroup() as group:
                helper = group.create_task(asyncio.sleep(3600))
                for number in range(count):
                    await asyncio.sleep(self.pause)
                    if number == self.fail_at:
                        raise KeyError(number)
                    self.made += 1
                    yield number
                helper.cancel()
        finally:
            self.ended.append(asyncio.current_task().get_name())  # type: ignore[union-attr]


def test_a_stream_crosses_a_batch_at_a_time(leat: LeatClient, crossings: list[Any]) -> None:
    source = Source()
    assert list(iterate(leat._bridge, lambda: source.numbers(1000), batch=100)) == list(range(1000))
    assert len(crossings) <= 1000 / 100 + 3
    assert len(source.ended) == 1


def test_a_slow_stream_is_handed_out_as_it_comes(leat: LeatClient) -> None:
    source = Source(pause=0.1)
    numbers = iterate(leat._bridge, lambda: source.numbers(50), batch=50)
    began = time.monotonic()
    assert next(numbers) == 0
    assert time.monotonic() - began < 1
    numbers.close()


def test_leaving_a_stream_stops_the_work_before_the_loop_is_left(leat: LeatClient) -> None:
    source = Source()
    for number in iterate(leat._bridge, lambda: source.numbers(10**9), batch=10):
        if number == 5:
            break
    assert len(source.ended) == 1
    made = source.made
    assert made <= 30
    time.sleep(0.05)
    assert source.made == made
    assert not leat._bridge.pumps


def test_an_error_of_a_stream_comes_after_its_items(leat: LeatClient) -> None:
    source = Source(fail_at=7)
    seen = []
    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012 - the loop is what is tested
        for number in iterate(leat._bridge, lambda: source.numbers(100), batch=100):
            seen.append(number)
    assert caught.group_contains(KeyError)
    assert seen == list(range(7))


def test_closing_the_client_ends_an_open_stream(leat: LeatClient) -> None:
    source = Source()
    numbers = iterate(leat._bridge, lambda: source.numbers(10**9), batch=10)
    assert next(numbers) == 0
    leat.close()
    assert len(source.ended) == 1
    with pytest.raises(errors.LifecycleError, match="closed"):
        list(numbers)


def test_closing_the_client_ends_a_stream_that_is_being_waited_for(leat: LeatClient) -> None:
    source = Source(pause=30)
    threading.Timer(0.2, leat.close).start()
    with pytest.raises(errors.LifecycleError, match="closed"):
        list(iterate(leat._bridge, lambda: source.numbers(5)))


def test_a_stream_that_the_collector_finds_in_the_clients_own_thread_ends(leat: LeatClient) -> None:
    source = Source()
    held = [iterate(leat._bridge, lambda: source.numbers(10**9), batch=10)]
    next(held[0])

    async def drop() -> None:
        held.clear()

    leat._bridge.call(drop)
    until(lambda: len(source.ended) == 1)


def rows(sandbox: Sandbox, count: int) -> Iterator[dict[str, str]]:
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    for number in range(count):
        yield {"contact_uuid": contact, "shop_uuid": shop, "external_id": f"b-{number}"}


@pytest.mark.parametrize("kind", [list, iter])
def test_bulk_gives_one_outcome_for_each_row(
    sandbox: Sandbox, leat: LeatClient, kind: Any, crossings: list[Any]
) -> None:
    outcomes = bulk.create(leat.visits, kind(list(rows(sandbox, 150))))
    seen = sorted(outcome.index for outcome in outcomes)
    assert seen == list(range(150))
    assert len(crossings) < 150 / 2
    assert outcomes.report.created == outcomes.report.total == len(sandbox.rows("visits")) == 150
    again = bulk.run(leat.visits, rows(sandbox, 150))
    assert (again.existed, again.total) == (150, 150)


def test_bulk_rows_and_callbacks_may_use_the_client(sandbox: Sandbox, leat: LeatClient) -> None:
    fill(sandbox, leat, 5)

    def copies() -> Iterator[dict[str, Any]]:
        for visit in leat.visits.list(limit=2):
            assert visit.contact is not None
            shop = sandbox.shops[0]["uuid"]
            yield {"contact_uuid": visit.contact.uuid, "shop_uuid": shop, "external_id": f"copy-{visit.external_id}"}

    fetched = []
    report = bulk.run(
        leat.visits, copies(), on_outcome=lambda outcome: fetched.append(leat.visits.get(outcome.result.uuid))
    )
    assert report.created == len(fetched) == 5


def test_bulk_left_early_stops_sending(sandbox: Sandbox, leat: LeatClient) -> None:
    for _outcome in bulk.create(leat.visits, rows(sandbox, 5000), concurrency=4):
        break
    sent = len(sandbox.rows("visits"))
    time.sleep(0.1)
    # The four that were on their way may still arrive.
    assert sent <= len(sandbox.rows("visits")) <= sent + 4 < 1000


def test_bulk_refuses_what_belongs_to_the_other_side(sandbox: Sandbox, leat: LeatClient) -> None:
    async def source() -> AsyncIterator[dict[str, str]]:
        yield {}

    with pytest.raises(TypeError, match="async"):
        bulk.create(leat.visits, source())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="sync client"):
        bulk.create(leat._async.visits, [])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="concurrency"):
        bulk.create(leat.visits, [], concurrency=0)


def test_unknown_outcomes_of_bulk_are_reconciled_by_a_plain_call(sandbox: Sandbox, leat: LeatClient) -> None:
    sandbox.faults.add("apply_then_drop", "bookings.create", times=1)
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    (outcome,) = bulk.create(leat.bookings, [{"contact_uuid": contact, "shop_uuid": shop, "external_id": "e-1"}])
    assert outcome.status is bulk.Status.UNKNOWN
    assert isinstance(outcome.error, errors.OutcomeUnknownError)
    with pytest.raises(errors.LeatError, match="no look-up"):
        outcome.error.reconcile()


def test_sigint_in_the_middle_of_bulk_ends_within_a_second_and_is_resumable(
    sandbox: Sandbox, script: Any, tmp_path: Any
) -> None:
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    sandbox.faults.add("delay", "visits.create", seconds=0.05)
    text = f"""
from leat_async.sync import bulk
rows = [{{"contact_uuid": {contact!r}, "shop_uuid": {shop!r}, "external_id": f"b-{{n}}"}} for n in range(400)]
with LeatClient(TOKEN, base_url=URL) as leat:
    try:
        report = bulk.run(leat.visits, rows, ledger={str(tmp_path / "l.db")!r}, concurrency=4, grace=0.1)
        print("done", report.total, report.unknown + report.rejected)
    except KeyboardInterrupt:
        print("interrupted", time.time())
"""
    running: Script = script(text)
    until(lambda: len(sandbox.rows("visits")) > 20)
    sent = time.time()
    running.process.send_signal(signal.SIGINT)
    ended = running.wait()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("interrupted")
    assert float(ended.out.split()[1]) - sent < 1
    assert len(sandbox.rows("visits")) < 400
    sandbox.faults.clear()
    assert script(text).wait(60).out == "done 400 0\n"
    assert len({row["external_id"] for row in sandbox.rows("visits")}) == len(sandbox.rows("visits")) == 400
