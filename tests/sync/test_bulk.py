"""Bulk without `await`: rows and callbacks in the caller's thread, and Ctrl-C."""

from __future__ import annotations

import signal
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from leat_async import bulk as async_bulk
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient, bulk, errors

from ..timing import within
from .conftest import Script, fill, until


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
            assert visit.external_id is not None
            if visit.external_id.startswith("copy-"):
                continue  # the list may already have what this import made
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
    with pytest.raises(TypeError, match=r"not Visits of leat_async\.sync, whose own bulk takes it"):
        async_bulk.create(leat.visits, [])  # type: ignore[arg-type]
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


@pytest.mark.alone
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

    def attempt() -> float:
        before = len(sandbox.rows("visits"))
        running: Script = script(text)
        until(lambda: len(sandbox.rows("visits")) > before + 20)
        sent = time.time()
        running.process.send_signal(signal.SIGINT)
        ended = running.wait()
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("interrupted")
        return float(ended.out.split()[1]) - sent

    assert within(1.0, attempt)
    assert len(sandbox.rows("visits")) < 400
    sandbox.faults.clear()
    assert script(text).wait(60).out == "done 400 0\n"
    assert len({row["external_id"] for row in sandbox.rows("visits")}) == len(sandbox.rows("visits")) == 400
