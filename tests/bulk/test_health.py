"""When a run goes on, when it ends, and what that says of its rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from leat_async import ClientCredentials, LeatClient, bulk, errors
from leat_async.bulk import Status

from ..conftest import VISIT, Recorded, Recorder
from .helpers import Leap, Shop, moment
from .test_outcomes import all_of

ADA = {"contact_email": "ada@example.com", "shop_uuid": "s", "starts_at": moment(0)}


def rows(count: int) -> list[dict[str, Any]]:
    return [{"contact_uuid": "c-1", "shop_uuid": "s", "external_id": f"e-{n}"} for n in range(count)]


class Server(Shop):
    """Answers as `spoil` says, where it does: given method, path below the root, and which of those it is."""

    def __init__(self, spoil: Callable[[str, str, int], web.Response | None]) -> None:
        super().__init__()
        self.spoil = spoil
        self.counts: dict[tuple[str, str], int] = {}
        self.tick: Callable[[], None] = lambda: None

    async def __call__(self, recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        self.tick()
        where = recorded.method, recorded.path.partition("/clients")[2] or "/"
        count = self.counts[where] = self.counts.get(where, 0) + 1
        spoiled = self.spoil(*where, count)
        return spoiled if spoiled is not None else self.reply(recorded)


@pytest.fixture
def leap() -> Leap:
    return Leap()


@pytest.fixture
async def leat(recorder: Recorder, leap: Leap) -> AsyncIterator[LeatClient]:
    async with LeatClient("token", base_url=recorder.url, rate_limit=None) as leat:
        leat._pipeline.clock = leat._pipeline.gate._clock = leap
        yield leat


def page(status: int) -> web.Response:
    return web.Response(status=status, text="<html>Please wait</html>", content_type="text/html")


def denied() -> web.Response:
    return web.json_response({"message": "This action is unauthorized.", "code": 1050}, status=403)


# -- patience --------------------------------------------------------------------------------------


async def test_stray_faults_among_successes_end_nothing(recorder: Recorder, leat: LeatClient, leap: Leap) -> None:
    """Two refusals that can't be read, minutes apart, with hundreds of rows made between them."""

    def spoil(method: str, path: str, count: int) -> web.Response | None:
        return page(400) if method == "POST" and count in (10, 290) else None

    recorder.default = server = Server(spoil)
    server.tick = lambda: leap.leap(1.0)
    report = await bulk.run(leat.visits, rows(300), patience=120.0, concurrency=1, grace=0.0)
    assert (report.stopped, report.created) == (None, 300)
    assert leap.leapt > 290.0


async def test_what_is_asked_about_does_not_wait_until_writes_work(
    recorder: Recorder, leat: LeatClient, leap: Leap
) -> None:
    """Each write is made late, and its answer lost on the way: only writes are to go further and further apart."""

    async def lose(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        if recorded.method == "POST":
            shop.reply(recorded)
            return page(502)
        if recorded.path.endswith("/visits") and leap.leapt < 5.0:
            return web.json_response({"data": [], "meta": {"page": 1, "last_page": 1}})
        return shop.reply(recorded)

    recorder.default, shop = lose, Shop()
    report = await bulk.run(leat.visits, rows(8), concurrency=8, grace=20.0)
    assert (report.stopped, report.created, len(shop.made)) == (None, 8, 8)
    assert leap.leapt < 40.0


class Unhurried(Leap):
    """A clock that waits long enough for what was sent before to be answered, and knows its longest wait."""

    longest = 0.0

    async def sleep(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
        await asyncio.sleep(0.1)
        await super().sleep(seconds)


async def test_how_long_writes_wait_is_not_by_how_many_failed_at_once(recorder: Recorder, leat: LeatClient) -> None:
    def spoil(method: str, path: str, count: int) -> web.Response | None:
        return page(400) if method == "POST" and count <= 24 else None

    recorder.default = Server(spoil)
    clock = leat._pipeline.clock = leat._pipeline.gate._clock = Unhurried()
    report = await bulk.run(leat.visits, rows(24), concurrency=24)
    assert (report.stopped, report.created) == (None, 24)
    assert clock.longest < 10.0


async def test_a_token_that_may_not_be_asked_for_yet_is_no_failure_of_a_row(recorder: Recorder, leap: Leap) -> None:
    server = Server(lambda *_: None)

    async def both(recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        if recorded.path.endswith("/oauth/token"):
            return web.json_response({"access_token": "fresh", "expires_in": 3600})
        return await server(recorded, request)

    recorder.default = both
    credentials = ClientCredentials("client", "client-secret-1")
    async with LeatClient(credentials, base_url=recorder.url, rate_limit=None, timeout=5.0) as leat:
        leat._pipeline.clock = leat._pipeline.gate._clock = leap
        await leat.visits.list(contact_uuid="c", limit=1).page()
        leat._pipeline.tokens.reject(leat._pipeline.tokens.current())
        leat._pipeline.gate.pause(60.0)
        report = await bulk.run(leat.visits, rows(24), concurrency=24)
    assert (report.stopped, report.created) == (None, 24)
    assert 59.0 <= leap.leapt < 62.0


async def test_lookups_that_come_back_unreadable_end_the_run(
    recorder: Recorder, leat: LeatClient, leap: Leap, tmp_path: Path
) -> None:
    def spoil(method: str, path: str, count: int) -> web.Response | None:
        if method == "POST" and count == 1:
            return web.json_response({"message": "Server Error"}, status=500)
        return (
            web.Response(text="{", content_type="application/json") if path == "/visits" and method == "GET" else None
        )

    recorder.default = Server(spoil)
    report = await bulk.run(leat.visits, rows(3), ledger=tmp_path / "l", patience=60.0)
    assert report.stopped == "unreachable"
    assert isinstance(report.error, errors.DecodeError)
    assert (report.created, report.unknown) == (2, 1)
    assert 60.0 <= leap.leapt < 200.0
    recorder.default = Server(lambda *_: None)
    again = await bulk.run(leat.visits, rows(3), ledger=tmp_path / "l")
    assert (again.created, again.skipped) == (1, 2)


async def test_writes_that_only_fail_end_the_run_although_reads_work(
    recorder: Recorder, leat: LeatClient, leap: Leap
) -> None:
    recorder.default = Server(lambda method, *_: page(503) if method == "POST" else None)
    report = await bulk.run(leat.visits, rows(50), patience=60.0, grace=10.0)
    assert report.stopped == "maintenance"
    assert leap.leapt < 300.0


# -- what says nothing about a row -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["visits", "bookings"])
async def test_a_refusal_of_the_accounts_rights_stops_the_run_and_leaves_its_rows(
    recorder: Recorder, leat: LeatClient, tmp_path: Path, kind: str
) -> None:
    recorder.default = server = Server(lambda method, path, count: denied() if method == "POST" else None)
    report = await bulk.run(getattr(leat, kind), rows(100), ledger=tmp_path / "l")
    assert report.stopped == "permission"
    assert isinstance(report.error, errors.PermissionDeniedError)
    assert (report.rejected, report.unknown) == (0, 0)
    assert bulk.status(tmp_path / "l").states.keys() <= {"pending"}
    server.spoil = lambda *_: None
    again = await bulk.run(getattr(leat, kind), rows(100), ledger=tmp_path / "l")
    assert (again.created, again.stopped) == (100, None)
    assert len(server.made) == 100


async def test_redirects_stop_the_run_and_leave_its_rows(recorder: Recorder, leat: LeatClient, tmp_path: Path) -> None:
    def moved(method: str, path: str, count: int) -> web.Response | None:
        return web.Response(status=302, headers={"Location": "https://example.com/"}) if path != "/" else None

    recorder.default = server = Server(moved)
    report = await bulk.run(leat.visits, rows(100), ledger=tmp_path / "l")
    assert report.stopped == "unreachable"
    assert "redirected" in str(report.error)
    assert report.rejected == 0
    assert sum(request.method == "POST" for request in recorder.requests) <= 40
    server.spoil = lambda *_: None
    again = await bulk.run(leat.visits, rows(100), ledger=tmp_path / "l")
    assert (again.total, again.rejected, again.unknown) == (100, 0, 0)
    assert len(server.made) == 100


@pytest.mark.parametrize("status", [302, 403])
async def test_a_stray_page_of_a_hop_stops_nothing(
    recorder: Recorder, leat: LeatClient, tmp_path: Path, status: int
) -> None:
    def spoil(method: str, path: str, count: int) -> web.Response | None:
        return page(status) if path == "/visits" and count == 3 else None

    recorder.default = server = Server(spoil)
    report = await bulk.run(leat.visits, rows(20), ledger=tmp_path / "l", concurrency=1)
    assert (report.stopped, report.created) == (None, 20)
    assert len(server.made) == 20


async def test_not_found_is_only_believed_when_the_api_says_it(recorder: Recorder, leat: LeatClient) -> None:
    """A gateway's 404 to a question about a row in doubt does not mean that the row is not there."""

    def spoil(method: str, path: str, count: int) -> web.Response | None:
        return page(404) if (method, path) == ("GET", "/visits") and count <= 5 else None

    class Lost(Server):
        async def __call__(self, recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
            answered = await super().__call__(recorded, request)
            if recorded.method == "POST" and len(self.made) == 1:
                assert request.transport is not None
                request.transport.abort()
            return answered

    recorder.default = server = Lost(spoil)
    [outcome] = await all_of(bulk.create(leat.visits, rows(1), grace=1.0))
    assert (outcome.status, outcome.attempts) == (Status.CREATED, 1)
    assert len(server.made) == 1


async def test_a_gateways_404_is_no_missing_contact(recorder: Recorder, leat: LeatClient) -> None:
    def spoil(method: str, path: str, count: int) -> web.Response | None:
        return page(404) if path == "/contacts/find-one-by" and count <= 2 else None

    recorder.default = server = Server(spoil)
    server.contacts["ada@example.com"] = "c-1"
    [outcome] = await all_of(bulk.create(leat.visits, [ADA]))
    assert outcome.status is Status.CREATED


@pytest.mark.parametrize(
    "other", [{"uuid": "c-2", "email": "bob@example.com"}, {**VISIT, "uuid": "v-9"}, {"uuid": "c-2"}]
)
async def test_the_answer_to_another_question_is_none(
    recorder: Recorder, leat: LeatClient, other: dict[str, Any]
) -> None:
    def spoil(method: str, path: str, count: int) -> web.Response | None:
        if path != "/contacts/find-one-by" or count > 1:
            return None
        return web.json_response({"data": other, "meta": []})

    recorder.default = server = Server(spoil)
    server.contacts["ada@example.com"] = "c-1"
    report = await bulk.run(leat.visits, [ADA])
    assert report.created == 1
    assert [visit["contact_uuid"] for visit in server.made] == ["c-1"]


async def test_a_contact_may_be_told_by_its_uuid_alone(recorder: Recorder, leat: LeatClient) -> None:
    def spoil(method: str, path: str, count: int) -> web.Response | None:
        found = web.json_response({"data": {"uuid": "c-1"}, "meta": []})
        return found if path == "/contacts/find-one-by" else None

    recorder.default = server = Server(spoil)
    report = await bulk.run(leat.visits, [ADA])
    assert report.created == 1
    assert [visit["contact_uuid"] for visit in server.made] == ["c-1"]


# -- whose account it is ---------------------------------------------------------------------------


def once(*answers: Callable[[], web.Response]) -> Callable[[str, str, int], web.Response | None]:
    """What the health check answers at first."""

    def spoil(method: str, path: str, count: int) -> web.Response | None:
        return answers[count - 1]() if path == "/" and count <= len(answers) else None

    return spoil


FAULTS: list[Callable[[], web.Response]] = [
    lambda: page(404),
    lambda: web.json_response({"message": "Not found.", "code": 1008}, status=404),
    denied,
    lambda: page(403),
    lambda: page(503),
    lambda: web.Response(status=429, headers={"Retry-After": "1"}),
    lambda: page(200),
    lambda: web.json_response({}),
    lambda: web.json_response({"message": "Server Error"}),
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("first", [True, False])
async def test_a_failure_does_not_change_the_accounts_name(
    recorder: Recorder, leat: LeatClient, tmp_path: Path, fault: Callable[[], web.Response], first: bool
) -> None:
    plain = [{"contact_uuid": "c-1", "shop_uuid": "s", "source": str(n), "starts_at": moment(n)} for n in range(5)]
    names = []
    made: list[str] = []
    recorder.default = server = Server(lambda *_: None)
    for spoiled in (first, not first):
        server.spoil = once(fault) if spoiled else once()
        server.counts.clear()
        report = await bulk.run(leat.visits, plain, ledger=tmp_path / "l", grace=0.0)
        assert report.stopped is None
        names.append(bulk.status(tmp_path / "l").account)
        made = [visit["external_id"] for visit in server.made]
    assert names == ["oauth:uuid:account"] * 2
    assert len(made) == 5
    # A second import that has no ledger makes the same identifiers.
    server.spoil = once(fault)
    server.counts.clear()
    await bulk.run(leat.visits, plain)
    assert [visit["external_id"] for visit in server.made[5:]] == made


async def test_a_name_that_was_decided_stands_when_the_api_says_no_more(
    recorder: Recorder, leat: LeatClient, tmp_path: Path
) -> None:
    recorder.default = server = Server(lambda *_: None)
    await bulk.run(leat.visits, rows(3), ledger=tmp_path / "l")
    server.spoil = lambda method, path, count: page(404) if path == "/" else None
    again = await bulk.run(leat.visits, rows(4), ledger=tmp_path / "l")
    assert (again.skipped, again.created) == (3, 1)


async def test_a_name_that_was_the_origin_stands_when_there_is_an_identifier(
    recorder: Recorder, leat: LeatClient, tmp_path: Path
) -> None:
    plain = [{"contact_uuid": "c-1", "shop_uuid": "s", "source": str(n), "starts_at": moment(n)} for n in range(3)]
    nameless = web.json_response({"data": {"company": "Krusty Krab"}, "meta": []})
    recorder.default = server = Server(
        lambda method, path, count: (
            web.Response(body=nameless.body, content_type="application/json") if path == "/" else None
        )
    )
    await bulk.run(leat.visits, plain, ledger=tmp_path / "l")
    assert bulk.status(tmp_path / "l").account == f"oauth@{recorder.url}"
    server.spoil = lambda *_: None
    again = await bulk.run(leat.visits, plain, ledger=tmp_path / "l")
    assert (again.skipped, again.created) == (3, 0)
    assert bulk.status(tmp_path / "l").account == f"oauth@{recorder.url}"


async def test_an_account_that_is_never_told_has_to_be_named(
    recorder: Recorder, leat: LeatClient, tmp_path: Path
) -> None:
    plain = [{"contact_uuid": "c-1", "shop_uuid": "s", "source": str(n), "starts_at": moment(n)} for n in range(3)]
    recorder.default = server = Server(lambda method, path, count: page(404) if path == "/" else None)
    with pytest.raises(errors.ConfigError, match="account="):
        await bulk.run(leat.visits, plain)
    assert server.made == []
    assert (await bulk.run(leat.visits, plain, account="mine")).created == 3
    # A ledger keeps what was decided, and so does what is made of it.
    assert (await bulk.run(leat.visits, plain, ledger=tmp_path / "l")).created == 3
    server.spoil = lambda *_: None
    assert (await bulk.run(leat.visits, plain, ledger=tmp_path / "l")).skipped == 3
    assert bulk.status(tmp_path / "l").account == f"oauth@{recorder.url}"


async def test_another_account_is_refused_once_that_is_certain(
    recorder: Recorder, leat: LeatClient, tmp_path: Path
) -> None:
    def other() -> web.Response:
        return web.json_response({"data": {"uuid": "another"}, "meta": []})

    recorder.default = server = Server(lambda *_: None)
    await bulk.run(leat.visits, rows(3), ledger=tmp_path / "l")
    server.counts.clear()
    server.spoil = once(other)
    assert (await bulk.run(leat.visits, rows(3), ledger=tmp_path / "l")).skipped == 3
    server.spoil = lambda method, path, count: other() if path == "/" else None
    with pytest.raises(errors.ConfigError, match="another account"):
        await bulk.run(leat.visits, rows(3), ledger=tmp_path / "l")
