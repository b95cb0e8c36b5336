"""What a run would do, against what it does."""

from __future__ import annotations

import asyncio
import os
import uuid
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leat_async import LeatClient, bulk, errors
from leat_async.bulk import Outcome, Status
from leat_async.bulk.changes import ON_CHANGE
from leat_async.bulk.options import Options
from leat_async.bulk.preview import PastLedger, preview
from leat_async.bulk.rows import ActiveRow
from leat_async.bulk.sqlite_store import SqliteLedgerStore

from ..conftest import Recorded, Recorder
from .helpers import Shop, copy_ledger, held, moment

Kind = Literal["visits", "bookings", "contacts"]
SOAK = os.environ.get("LEAT_SOAK") == "1"
# A row goes: it is made, or the server shows that it is there.
_GOES = (Status.CREATED, Status.EXISTED)


@pytest.fixture(autouse=True)
def shop(recorder: Recorder) -> Shop:
    recorder.default = shop = Shop()
    return shop


def foreseen(leat: LeatClient, kind: Kind, rows: list[Any], ledger: Path, **options: Any) -> list[Outcome | ActiveRow]:
    past = PastLedger(SqliteLedgerStore(ledger)) if ledger.exists() else None
    try:
        return list(preview(kind, leat.visits._pipeline, rows, past, Options(**options)))
    finally:
        if past is not None:
            past.close()


visit = st.fixed_dictionaries(
    {"shop_uuid": st.just("s"), "contact_uuid": st.sampled_from(["c-1", "c-2"])},
    optional={
        "external_id": st.sampled_from(["1", "2", "3", " 1"]),
        "starts_at": st.sampled_from([moment(1), moment(2), "2024-05-01T00:00:00Z", "never"]),
        "source": st.sampled_from(["Kassa", "Web"]),
    },
)
contact = st.fixed_dictionaries(
    {"email": st.sampled_from(["anna@example.com", "Anna@example.com", "bram@example.com", "nobody"])},
    optional={"attributes": st.fixed_dictionaries({"city": st.sampled_from(["Delft", "Breda"])})},
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500 if SOAK else 40)
@given(data=st.data())
async def test_the_preview_says_what_the_run_does(recorder: Recorder, tmp_path: Path, data: st.DataObject) -> None:
    recorder.default = Shop()
    ledger = tmp_path / str(uuid.uuid4())
    kind: Kind = data.draw(st.sampled_from(["visits", "bookings", "contacts"]))
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        for _ in range(3):
            rows = data.draw(st.lists(contact if kind == "contacts" else visit, max_size=8))
            options: dict[str, Any] = {"on_change": data.draw(st.sampled_from(ON_CHANGE))}
            if kind != "contacts":
                options["batch"] = data.draw(st.sampled_from([None, "May"]))
            sent = len(recorder.requests)
            told = foreseen(leat, kind, rows, ledger, **options)
            assert len(recorder.requests) == sent
            outcomes = [each async for each in bulk.create(getattr(leat, kind), rows, ledger=ledger, **options)]
            became = {outcome.index: outcome for outcome in outcomes}
            assert len(told) == len(rows) == len(became)
            for index, row in enumerate(told):
                outcome = became[index]
                if isinstance(row, ActiveRow):
                    assert (
                        (outcome.status in _GOES) if row.status is not Status.UPDATED else outcome.status is row.status
                    )
                else:
                    assert (row.status, row.changed) == (outcome.status, outcome.changed)
                    assert str(row.error) == str(outcome.error)


def rows_of(count: int) -> list[dict[str, Any]]:
    return [{"contact_uuid": "c-1", "shop_uuid": "s", "starts_at": moment(n)} for n in range(count)]


async def test_it_knows_what_a_run_that_is_under_way_or_was_killed_has_done(recorder: Recorder, tmp_path: Path) -> None:
    rows, tried, done = rows_of(50), asyncio.Event(), 0
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        async with bulk.create(leat.visits, held(rows, tried), ledger=tmp_path / "l") as run:
            done += (await anext(run)).status is Status.CREATED
            under_way = foreseen(leat, "visits", rows, tmp_path / "l")
            copy_ledger(tmp_path / "l", tmp_path / "killed")
            tried.set()
        killed = foreseen(leat, "visits", rows, tmp_path / "killed")
    for told in (under_way, killed):
        assert [isinstance(row, ActiveRow) for row in told] == [False, *[True] * 49]
        assert isinstance(told[0], Outcome)
        assert told[0].status is Status.SKIPPED


async def test_bookings_in_doubt_are_told_as_such(recorder: Recorder, shop: Shop, tmp_path: Path) -> None:
    async def lost(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        reply = shop.reply(recorded)
        if recorded.method == "POST":
            assert request.transport is not None
            request.transport.abort()
        return reply

    recorder.default = lost
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        report = await bulk.run(leat.bookings, rows_of(1), ledger=tmp_path / "l", patience=0.1, grace=0.1)
        assert report.unknown == 1
        for options, status in (({}, Status.UNKNOWN), ({"accept_unknown": True}, Status.SKIPPED)):
            (told,) = foreseen(leat, "bookings", rows_of(1), tmp_path / "l", **options)
            assert isinstance(told, Outcome)
            assert told.status is status
        (told,) = foreseen(leat, "bookings", rows_of(1), tmp_path / "l", resend_unknown=True)
        assert isinstance(told, ActiveRow)


async def test_a_ledger_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l").write_text("no ledger")
    with pytest.raises(errors.ConfigError, match="can't be used as a ledger"):
        foreseen(LeatClient("token"), "visits", rows_of(1), tmp_path / "l")
