"""What is sent how often, counted at the server, for each end of an attempt and each effect of a repetition."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import pytest
from aiohttp import web

from leat_async import LeatClient, RetryPolicy, bulk, errors
from leat_async._core import limiter
from leat_async.sandbox import Sandbox

from ..conftest import VISIT, Recorder, Reply, answer, drop, given_up, raw, too_late, truncated
from ..rows import each

QUICK = RetryPolicy(attempts=4, backoff=0.001, max_backoff=0.002)
EFFECTS: dict[str, Callable[[LeatClient], Awaitable[Any]]] = {
    "safe": lambda leat: leat.visits.get("v-1"),
    "repeatable": lambda leat: leat.visits.update("v-1", source="Kiosk"),
    "action": lambda leat: leat.visits.create(contact_uuid="c-1", shop_uuid="s-1", external_id="e-1"),
}


@attrs.frozen
class Cell:
    """What must happen: sends counted at the server, the error, and the one behind it."""

    sent: int
    error: type[errors.LeatError]
    behind: type[errors.LeatError] | None = None


def row(sent: int, error: type[errors.LeatError]) -> dict[str, Cell]:
    """The same for each effect."""
    return dict.fromkeys(EFFECTS, Cell(sent, error))


def open_row(behind: type[errors.LeatError], repeated: int = 4) -> dict[str, Cell]:
    """Maybe applied: repeated where that is safe, and in doubt where it is a write."""
    return {
        "safe": Cell(repeated, behind),
        "repeatable": Cell(repeated, errors.OutcomeUnknownError, behind),
        "action": Cell(1, errors.OutcomeUnknownError, behind),
    }


CUT = {
    "safe": Cell(4, errors.DecodeError),
    "repeatable": Cell(4, errors.DecodeError),
    "action": Cell(1, errors.DecodeError),
}
REFUSED = answer({"message": "Shop not found.", "code": 1008}, 400)
# A reply that is None: none before the deadline.
ROWS: dict[str, tuple[Reply | None, dict[str, Cell]]] = {
    "refused 400": (REFUSED, row(1, errors.NotFoundError)),
    "refused 401": (answer({"message": "Unauthenticated."}, 401), row(1, errors.AuthenticationError)),
    "refused 403": (answer({"message": "no"}, 403), row(1, errors.PermissionDeniedError)),
    "refused 401, older": (answer({"error": "invalid_token"}, 401), row(1, errors.AuthenticationError)),
    "refused 404": (answer({"message": ""}, 404), row(1, errors.NotFoundError)),
    "refused 405": (answer({"message": "The PUT method is not supported."}, 405), row(1, errors.ApiError)),
    "refused 422": (answer({"message": "No.", "errors": {"a": ["b"]}}, 422), row(1, errors.ApiError)),
    "refused 409": (answer({"message": "No.", "code": "1003"}, 409), row(1, errors.InvalidInputError)),
    "a proxy's 400": (raw(b"<html>", 400, "text/html"), open_row(errors.ApiError, repeated=1)),
    "a proxy's 401": (raw(b"", 401), open_row(errors.AuthenticationError, repeated=1)),
    "a proxy's 403": (raw(b"Forbidden", 403, "text/plain"), open_row(errors.PermissionDeniedError, repeated=1)),
    "a proxy's 404": (raw(b"<html>", 404, "text/html"), open_row(errors.NotFoundError, repeated=1)),
    "a gateway's code": (answer({"message": "no", "code": 404}, 400), open_row(errors.ApiError, repeated=1)),
    "a gateway's 409": (answer({"message": "conflict"}, 409), open_row(errors.ApiError, repeated=1)),
    "407": (answer({"message": "no", "code": 1003}, 407), open_row(errors.ApiError, repeated=1)),
    "408": (answer({"message": "slow", "code": 1003}, 408), open_row(errors.ApiError)),
    "421": (raw(b"", 421), open_row(errors.ApiError)),
    "425": (raw(b"", 425), open_row(errors.ApiError)),
    "431": (raw(b"", 431), open_row(errors.ApiError, repeated=1)),
    "redirected": (answer({}, 302, {"Location": "/"}), open_row(errors.ApiError, repeated=1)),
    "cut short, 4xx": (truncated(400), open_row(errors.ApiError, repeated=1)),
    "connection lost": (drop(), open_row(errors.TransportError)),
    "cut short, 5xx": (truncated(500), open_row(errors.ServerError)),
    "500": (answer({"message": "x"}, 500), open_row(errors.ServerError)),
    "502": (raw(b"<html>", 502, "text/html"), open_row(errors.ServerError)),
    "503": (answer({}, 503), open_row(errors.MaintenanceError)),
    "504": (raw(b"", 504), open_row(errors.ServerError)),
    "deadline after sending": (None, open_row(errors.DeadlineExceeded, repeated=1)),
    "accepted, cut short": (truncated(200), CUT),
    "accepted, cut in whole": (raw(b'{"meta": [], "data": {"uuid": "v-1'), CUT),
    "accepted, another shape": (answer({"data": [1]}), row(1, errors.DecodeError)),
    "accepted, too large": (raw(b'{"data":' + b" " * 2000 + b"{}}"), row(1, errors.DecodeError)),
    "200, a page": (raw(b"<html>", 200, "text/html"), open_row(errors.DecodeError)),
    "200, empty": (raw(b"", 200), open_row(errors.DecodeError)),
    "204": (raw(b"", 204), open_row(errors.DecodeError)),
    "200, a list": (answer([1]), open_row(errors.DecodeError)),
    "200, an error": (answer({"message": "Shop not found.", "code": 1008}), open_row(errors.DecodeError)),
    "200, an error and no data": (answer({"message": "no", "data": None}), open_row(errors.DecodeError)),
    "200, a gateway's JSON": (answer({"status": "ok"}), open_row(errors.DecodeError)),
    "200, too large": (raw(b" " * 2000), open_row(errors.DecodeError, repeated=1)),
}
CELLS = [(name, effect) for name in ROWS for effect in EFFECTS]


@pytest.fixture(autouse=True)
def no_least_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "_LEAST_PAUSE", 0.001)


@pytest.mark.parametrize("kept_alive", [False, True], ids=["fresh", "kept alive"])
@each("name,effect", CELLS, ids="-".join)
async def test_each_end_with_each_effect(recorder: Recorder, name: str, effect: str, kept_alive: bool) -> None:
    reply, cells = ROWS[name]
    cell = cells[effect]
    async with LeatClient("t", base_url=recorder.url, retry=QUICK, max_body=1000) as leat:
        if kept_alive:
            recorder.default = answer({"data": VISIT, "meta": []})
            await leat.visits.get("warm-up")
        recorder.requests.clear()
        recorder.default = reply or too_late(leat)
        with pytest.raises(errors.LeatError) as caught:
            await EFFECTS[effect](leat)
    error = caught.value
    assert isinstance(error, cell.error)
    assert isinstance(error, errors.OutcomeUnknownError) == (cell.error is errors.OutcomeUnknownError)
    assert len(recorder.requests) == cell.sent
    assert [attempt.number for attempt in error.attempts] == list(range(1, cell.sent + 1))
    if cell.behind is not None:
        assert isinstance(error.__cause__, cell.behind)
    if isinstance(error, errors.DecodeError):
        assert error.accepted == name.startswith("accepted")
    assert pickle.loads(pickle.dumps(error)).attempts == error.attempts


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("faults", [1, 2, 3])
async def test_what_passes_is_survived_where_that_is_safe(recorder: Recorder, effect: str, faults: int) -> None:
    recorder.replies = [raw(b"Too Many Attempts.", 429, "text/plain", {"Retry-After": "0"})] * 5
    if effect != "action":
        recorder.replies += [drop(), truncated(200), answer({}, 503)][:faults]
    async with LeatClient("t", base_url=recorder.url, retry=QUICK) as leat:
        assert (await EFFECTS[effect](leat)).uuid == "v-1"
    assert len(recorder.requests) == 6 + (faults if effect != "action" else 0)


async def test_mixed_failures_keep_their_history(recorder: Recorder) -> None:
    recorder.replies = [
        raw(b"Too Many Attempts.", 429, "text/plain", {"Retry-After": "0"}),
        drop(),
        answer({}, 503),
        raw(b"Too Many Attempts.", 429, "text/plain", {"Retry-After": "0"}),
        truncated(200),
    ]
    recorder.default = answer({"message": "gone"}, 404)
    async with LeatClient("t", base_url=recorder.url, retry=RetryPolicy(attempts=9, backoff=0.001)) as leat:
        with pytest.raises(errors.OutcomeUnknownError) as caught:
            await EFFECTS["repeatable"](leat)
    assert len(recorder.requests) == 6
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        seen = [(attempt.end, attempt.status) for attempt in error.attempts]
        assert [end for end, _ in seen] == [
            "rejected", "maybe applied", "maybe applied", "rejected", "maybe applied", "answered",
        ]  # fmt: skip
        assert [status for _, status in seen] == [429, None, 503, 429, 200, 404]
        assert isinstance(error.__cause__, errors.NotFoundError)


@pytest.mark.parametrize("seconds", [5.0, 60.0])
async def test_a_write_that_lands_late(seconds: float) -> None:
    async with Sandbox(seed=6) as sandbox:
        contact = sandbox.create_contact("ada@example.com")["uuid"]
        shop = sandbox.shops[0]["uuid"]
        sandbox.faults.add("apply_late", operation="visits.create", seconds=seconds, times=1)
        async with LeatClient(sandbox.token, base_url=sandbox.url, retry=QUICK) as leat:
            with pytest.raises(errors.OutcomeUnknownError) as caught:
                await given_up(
                    leat, sandbox, leat.visits.create(contact_uuid=contact, shop_uuid=shop, external_id="late")
                )
            assert isinstance(caught.value.__cause__, errors.DeadlineExceeded)
            assert await caught.value.reconcile() is None, "no proof: it lands later"
            assert sandbox.rows("visits") == []
            sandbox.clock.advance(seconds + 1)
            found = await caught.value.reconcile()
            assert found.external_id == "late"
            assert [visit["uuid"] for visit in sandbox.rows("visits")] == [found.uuid]
            assert len(sandbox.journal.entries("visits.create")) == 1


async def test_rows_that_land_late_are_made_once() -> None:
    """Without the server's own check of external ids, so that a second send would show."""
    async with Sandbox(seed=6, unique_external_ids=False) as sandbox:
        contact = sandbox.create_contact("ada@example.com")["uuid"]
        shop = sandbox.shops[0]["uuid"]
        sandbox.faults.add("apply_late", operation="visits.create", seconds=0.8, every=3)
        rows = [{"contact_uuid": contact, "shop_uuid": shop, "external_id": f"e-{n}"} for n in range(12)]
        async with LeatClient(sandbox.token, base_url=sandbox.url, retry=QUICK, timeout=0.4) as leat:
            report = await bulk.run(leat.visits, rows, grace=30)
        assert report.created == 12
        assert sorted(visit["external_id"] for visit in sandbox.rows("visits")) == sorted(f"e-{n}" for n in range(12))


async def test_the_server_closes_between_two_calls(recorder: Recorder) -> None:
    """A connection that ended while idle costs no attempt."""
    ended = asyncio.Event()

    async def last(recorded: Any, request: web.BaseRequest) -> web.StreamResponse:
        response = web.json_response({"data": VISIT})
        response.force_close()
        ended.set()
        return response

    async with LeatClient("t", base_url=recorder.url, retry=QUICK) as leat:
        for effect, call in EFFECTS.items():
            recorder.requests.clear()
            recorder.default = last
            await leat.visits.get("warm-up")
            await ended.wait()
            recorder.default = answer({"data": VISIT})
            await call(leat)
            assert len(recorder.requests) == 2, effect
