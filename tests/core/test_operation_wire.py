"""What the seed operations send: method, path, query and body, for all parameters at once and for none."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from leat_async import UNSET, LeatClient
from leat_async._core.transport import _Body

from ..conftest import VISIT, Recorder, answer

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
START = dt.datetime(2024, 5, 1, 20, 0, tzinfo=AMSTERDAM)
ROOT = "/api/v3/oauth/clients"
LIST = answer({"data": [], "meta": {"current_page": 1, "last_page": 1, "per_page": 30, "total": 0}})
VISIT_FIELDS = {
    "external_id": "e-1",
    "source": "Kiosk",
    "starts_at": START,
    "ends_at": "2024-05-01T22:30:00+02:00",
}
VISIT_SENT = {**VISIT_FIELDS, "starts_at": "2024-05-01T20:00:00+02:00"}
BOOKING_FIELDS = {
    **VISIT_FIELDS,
    "checked_in_at": dt.datetime(2024, 5, 1, 20, 14, 46, tzinfo=dt.UTC),
    "number_of_people": 4,
    "company_name": "Bikini Bottom B.V.",
    "status": "in progress",
    "prepaid_amount": 2500,
}
BOOKING_SENT = {**BOOKING_FIELDS, **VISIT_SENT, "checked_in_at": "2024-05-01T20:14:46+00:00"}
WHO = {"contact_uuid": "c-1", "shop_uuid": "s-1"}


@pytest.mark.parametrize(
    ("operation", "args", "given", "method", "path", "sent"),
    [
        ("visits.get", ("v-1",), {}, "GET", "/visits/v-1", None),
        ("visits.create", (), {**WHO, **VISIT_FIELDS}, "POST", "/visits", {**WHO, **VISIT_SENT}),
        ("visits.create", (), WHO, "POST", "/visits", WHO),
        ("visits.update", ("v-1",), VISIT_FIELDS, "PUT", "/visits/v-1", VISIT_SENT),
        ("visits.update", ("v-1",), {}, "PUT", "/visits/v-1", {}),
        ("bookings.create", (), {**WHO, **BOOKING_FIELDS}, "POST", "/bookings", {**WHO, **BOOKING_SENT}),
        ("bookings.create", (), WHO, "POST", "/bookings", WHO),
        ("bookings.update", ("b-1",), BOOKING_FIELDS, "PUT", "/bookings/b-1", BOOKING_SENT),
        ("bookings.update", ("b-1",), {}, "PUT", "/bookings/b-1", {}),
    ],
)
async def test_single_operations(
    recorder: Recorder, operation: str, args: tuple[str, ...], given: dict[str, Any], method: str, path: str, sent: Any
) -> None:
    async with LeatClient("t0ken", base_url=recorder.url, partner_id="partner-7") as leat:
        resource, _, name = operation.partition(".")
        await getattr(getattr(leat, resource), name)(*args, **given)
    (request,) = recorder.requests
    assert (request.method, request.target) == (method, ROOT + path)
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["X-Partner-ID"] == "partner-7"
    assert request.headers["User-Agent"].startswith("leat-async/")
    if sent is None:
        assert request.body == b""
        assert "Content-Type" not in request.headers
    else:
        assert request.headers["Content-Type"] == "application/json"
        assert request.json == sent


class Written:
    """Stands for aiohttp's writer, whose tests would need a connection."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    async def write(self, chunk: bytes) -> None:
        self.chunks.append(chunk)


async def test_a_body_is_to_aiohttp_what_bytes_would_be() -> None:
    told: list[Any] = []
    for body in (
        _Body(b'{"a":"\xc3\xa9"}'),
        aiohttp.BytesPayload(b'{"a":"\xc3\xa9"}', content_type="application/json"),
    ):
        writer = cast(Any, Written())
        await body.write(writer)
        await body.write_with_length(writer, None)
        await body.write_with_length(writer, 5)
        await body.close()
        told.append((body.size, body.content_type, body.autoclose, body.decode(), await body.as_bytes(), writer.chunks))
    assert told[0] == told[1]
    assert told[0][0] == 10


async def test_list_operations(recorder: Recorder) -> None:
    recorder.default = LIST
    async with LeatClient("t", base_url=recorder.url) as leat:
        await leat.visits.list()
        assert (recorder.last.method, recorder.last.path, recorder.last.query) == (
            "GET",
            f"{ROOT}/visits",
            (("limit", "500"),),
        )
        await leat.visits.list(contact_uuid="c-1", limit=7, page=3)
        assert sorted(recorder.last.query) == [("contact_uuid", "c-1"), ("limit", "7"), ("page", "3")]
        await leat.loyalty_transactions.list()
        assert (recorder.last.path, recorder.last.query) == (f"{ROOT}/loyalty-transactions", (("limit", "100"),))
        bounds = {"gt": START, "gte": "2024-05-01T00:00:00+00:00", "lt": "2024-06-01T00:00:00Z", "lte": START}
        await leat.loyalty_transactions.list(
            type="credit_receptions",
            shop_uuid="s-1",
            contact_uuid="c-1",
            sort="-created_at",
            created_at=bounds,  # type: ignore[arg-type]
            limit=10,
            page=2,
        )
    assert sorted(recorder.last.query) == [
        ("contact_uuid", "c-1"),
        ("created_at[gt]", "2024-05-01T20:00:00+02:00"),
        ("created_at[gte]", "2024-05-01T00:00:00+00:00"),
        ("created_at[lt]", "2024-06-01T00:00:00Z"),
        ("created_at[lte]", "2024-05-01T20:00:00+02:00"),
        ("limit", "10"),
        ("page", "2"),
        ("shop_uuid", "s-1"),
        ("sort", "-created_at"),
        ("type", "credit_receptions"),
    ]
    assert "+" not in recorder.last.target.partition("?")[2]


async def test_the_neighbours(recorder: Recorder) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        recorder.default = answer({"data": {"uuid": "c-1"}})
        await leat.contacts.find_one_by(email="a+b@example.com")
        assert recorder.last.target == f"{ROOT}/contacts/find-one-by?email=a%2Bb%40example.com"
        await leat.contacts.find_or_create(email="ü@example.com")
        assert recorder.last.path == f"{ROOT}/contacts/find-or-create"
        assert recorder.last.query == (("email", "ü@example.com"),)
        recorder.default = answer({"data": []})
        page = await leat.shops.list()
        assert (page.page, page.last_page, page.total) == (None, None, None)
        assert recorder.last.target == f"{ROOT}/shops"
        recorder.default = answer({"data": {"id": 1}})
        assert await leat.system.health_check() == {"id": 1}
        assert recorder.last.target == f"{ROOT}/"


async def test_none_is_null_and_unset_is_nothing(recorder: Recorder) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        await leat.visits.update("v-1", source=None, ends_at=UNSET)
    assert recorder.last.json == {"source": None}


async def test_register_implies_the_shop(recorder: Recorder) -> None:
    async with LeatClient("t", base_url=recorder.url, api="register") as leat:
        await leat.visits.create(contact_uuid="c-1")
        assert recorder.last.path == "/api/v3/register/visits"
        assert recorder.last.json == {"contact_uuid": "c-1"}


async def test_raw_requests(recorder: Recorder) -> None:
    recorder.default = answer({"data": [1], "meta": {"page": 1}}, headers={"X-Thing": "yes"})
    async with LeatClient("t", base_url=recorder.url) as leat:
        raw = await leat.request("get", "/things", params={"created_at": {"gte": START}, "ids": ["a", "b"], "on": True})
        assert (raw.status, raw.data, raw.meta, raw.headers["X-Thing"], len(raw.attempts)) == (
            200,
            [1],
            {"page": 1},
            "yes",
            1,
        )
        assert recorder.last.path == f"{ROOT}/things"
        assert recorder.last.query == (
            ("created_at[gte]", "2024-05-01T20:00:00+02:00"),
            ("ids[0]", "a"),
            ("ids[1]", "b"),
            ("on", "1"),
        )
        await leat.request("POST", "/api/v3/other", json={"a": None, "t": START})
        assert (recorder.last.method, recorder.last.path) == ("POST", "/api/v3/other")
        assert recorder.last.json == {"a": None, "t": "2024-05-01T20:00:00+02:00"}


async def test_historic_offsets_are_written_as_utc(recorder: Recorder) -> None:
    recorder.default = answer({"data": VISIT})
    old = dt.datetime(1900, 1, 1, 12, 0, tzinfo=dt.timezone(dt.timedelta(minutes=19, seconds=32)))
    async with LeatClient("t", base_url=recorder.url) as leat:
        await leat.visits.update("v-1", starts_at=old)
    assert recorder.last.json == {"starts_at": "1900-01-01T11:40:28+00:00"}
