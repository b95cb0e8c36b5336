"""Texts as the API keeps them: trimmed, and null where nothing is left; sent, known and compared as such."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from leat_async import LeatClient, bulk
from leat_async._core.kept_text import kept
from leat_async.bulk import Status
from leat_async.bulk.identity import generated_id
from leat_async.bulk.kinds.visits import VisitKind

from ..conftest import Recorded, Recorder
from .helpers import Leap, Shop
from .test_outcomes import KIND, all_of

ROW = {"contact_uuid": "c-1", "shop_uuid": "s", "starts_at": "2024-05-01T20:00:00+00:00"}


class Trimming(Shop):
    """Keeps texts as Laravel does; loses the answers to so many first writes."""

    def __init__(self, *, unique: bool = False, lost: int = 0, lag: int = 0) -> None:
        super().__init__(unique=unique)
        self.lost = lost
        # Lists that do not show what was made yet.
        self.lag = lag

    async def __call__(self, recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        if recorded.method == "GET" and "contact_uuid" in dict(recorded.query) and self.lag:
            self.lag -= 1
            return web.json_response({"data": [], "meta": []})
        answered = self.reply(recorded)
        if recorded.method == "POST" and self.lost:
            self.lost -= 1
            assert request.transport is not None
            request.transport.abort()
        return answered

    def make(self, sent: dict[str, Any]) -> web.Response:
        return super().make(kept(sent))


@pytest.fixture
async def leat(recorder: Recorder) -> AsyncIterator[LeatClient]:
    leap = Leap()
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        leat._pipeline.clock = leat._pipeline.gate._clock = leap
        yield leat


@pytest.mark.parametrize("unique", [True, False])
@pytest.mark.parametrize("own", ["A1 ", "\tA1", "A1\u200b", "\ufeffA1\xa0"])
async def test_a_lost_answer_to_a_padded_identifier_makes_one_visit(
    recorder: Recorder, leat: LeatClient, own: str, unique: bool
) -> None:
    recorder.default = shop = Trimming(unique=unique, lost=1)
    [outcome] = await all_of(bulk.create(leat.visits, [{**ROW, "external_id": own}]))
    assert (outcome.status, outcome.attempts) == (Status.CREATED, 1)
    assert [visit["external_id"] for visit in shop.made] == ["A1"]


async def test_rows_that_differ_in_space_alone_are_duplicates(recorder: Recorder, leat: LeatClient) -> None:
    recorder.default = shop = Trimming()
    rows = [{**ROW, "external_id": own} for own in ("A1", " A1", "A1 ")]
    outcomes = await all_of(bulk.create(leat.visits, rows))
    assert [outcome.status for outcome in outcomes] == [Status.CREATED, Status.EXISTED, Status.EXISTED]
    assert len(shop.made) == 1
    assert [outcome.row for outcome in outcomes] == rows


async def test_what_is_empty_is_null(recorder: Recorder, leat: LeatClient) -> None:
    recorder.default = shop = Trimming(unique=True)
    rows = [{**ROW, "external_id": " ", "source": ""}, {**ROW, "source": None, "contact_email": "  "}]
    outcomes = await all_of(bulk.create(leat.visits, rows))
    assert {outcome.status for outcome in outcomes} == {Status.CREATED}
    assert len({visit["external_id"] for visit in shop.made}) == 2
    content = b'{"contact_uuid":"c-1","shop_uuid":"s","starts_at":"2024-05-01T20:00:00+00:00"}'
    made = {generated_id("oauth:uuid:account", "visits", content, n) for n in range(2)}
    assert {visit["external_id"] for visit in shop.made} == made


def test_rows_are_known_by_their_texts_as_they_are_kept() -> None:
    padded: dict[str, Any] = {"contact_uuid": " c-1", "shop_uuid": "s ", "external_id": "A1 ", "source": "\u2003Till"}
    row, plain = KIND.prepare(0, padded), KIND.prepare(0, kept(padded))
    assert (row.identity, row.content, row.body) == (
        plain.identity,
        plain.content,
        plain.body,
    )
    assert plain.earlier is None
    assert row.earlier is not None
    assert row.earlier.identity != row.identity


async def test_attributes_of_contacts_as_well(recorder: Recorder, leat: LeatClient) -> None:
    recorder.default = Shop()
    row = {"email": "\u200b Ada@Example.com ", "attributes": {"name": " Ada ", "note": " ", "tags": ["a "]}}
    [outcome] = await all_of(bulk.create(leat.contacts, [row]))
    assert outcome.status is Status.CREATED
    [put] = [json.loads(request.body) for request in recorder.requests if request.method == "PUT"]
    assert put == {"attributes": {"name": "Ada", "note": None, "tags": ["a"]}}


# -- ledgers of versions that kept space -----------------------------------------------------------


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("applied", [True, False])
async def test_a_padded_row_of_an_earlier_version_is_still_known(
    recorder: Recorder, leat: LeatClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool, applied: bool
) -> None:
    """Done, and in doubt with its answer lost: as the version wrote them that knew rows by their texts as given."""
    recorder.default = shop = Trimming()
    rows = [{**ROW, "source": "Till "}, {**ROW, "source": "Web "}]
    if own:
        rows = [{**row, "external_id": f" {n}"} for n, row in enumerate(rows)]
    with monkeypatch.context() as earlier:
        prepared = VisitKind._prepared
        earlier.setattr(VisitKind, "prepare", lambda self, index, given: prepared(self, index, given, given))
        async with bulk.create(leat.visits, rows, ledger=tmp_path / "l", concurrency=1) as run:
            assert (await anext(run)).status is Status.CREATED
    with closing(sqlite3.connect(tmp_path / "l")) as base:
        # As it is converted: of rows that were done that version kept no content.
        base.execute("UPDATE rows SET content = x''")
        base.execute("INSERT INTO meta VALUES ('earlier', '1')")
        base.commit()
    assert len(shop.made) >= 1
    before = [visit["external_id"] for visit in shop.made]
    if not applied:
        del shop.made[1:]
    outcomes = await all_of(bulk.create(leat.visits, rows, ledger=tmp_path / "l"))
    assert outcomes[0].status is Status.SKIPPED
    assert outcomes[1].status in (Status.CREATED, Status.SKIPPED)
    ids = [visit["external_id"] for visit in shop.made]
    assert len(ids) == len(set(ids)) == 2
    assert set(before) <= set(ids) or not applied


# -- taken -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lag", [0, 3])
@pytest.mark.parametrize("own", [True, False])
async def test_taken_is_answered_by_looking_more_than_once(
    recorder: Recorder, leat: LeatClient, lag: int, own: bool
) -> None:
    recorder.default = shop = Trimming(unique=True)
    row = {**ROW, "external_id": "A1"} if own else ROW
    await bulk.run(leat.visits, [row])
    shop.lag = lag
    [outcome] = await all_of(bulk.create(leat.visits, [row]))
    assert (outcome.status, outcome.attempts) == (Status.EXISTED, 1)
    assert outcome.result is not None
    assert len(shop.made) == 1


async def test_a_write_that_landed_late_and_a_replica_that_lags_are_still_ours(
    recorder: Recorder, leat: LeatClient
) -> None:
    # Five looks find nothing, so it is sent again, refused as taken, and looked for anew.
    recorder.default = shop = Trimming(unique=True, lost=1, lag=7)
    [outcome] = await all_of(bulk.create(leat.visits, [{**ROW, "external_id": "A1"}]))
    assert (outcome.status, outcome.attempts) == (Status.CREATED, 2)
    assert len(shop.made) == 1


async def test_an_identifier_of_another_contacts_visit_is_refused(recorder: Recorder, leat: LeatClient) -> None:
    recorder.default = shop = Trimming(unique=True)
    rows = [{**ROW, "external_id": "A1"}, {**ROW, "external_id": "A1", "contact_uuid": "c-2"}]
    await bulk.run(leat.visits, rows[:1])
    [outcome] = await all_of(bulk.create(leat.visits, rows[1:]))
    assert outcome.status is Status.REJECTED
    assert len(shop.made) == 1


async def test_a_contact_that_is_there_and_not_to_be_seen_yet_existed(recorder: Recorder, leat: LeatClient) -> None:
    recorder.default = shop = Shop()
    shop.contacts["ada@example.com"] = "c-9"
    lagging = 3

    async def lag(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        nonlocal lagging
        if recorded.path.endswith("find-one-by") and lagging:
            lagging -= 1
            return web.json_response({"message": "Contact not found.", "code": 55031}, status=404)
        return await shop(recorded, request)

    recorder.default = lag
    [outcome] = await all_of(bulk.create(leat.contacts, [{"email": "ada@example.com"}]))
    assert outcome.status is Status.EXISTED
    assert outcome.result.uuid == "c-9"
