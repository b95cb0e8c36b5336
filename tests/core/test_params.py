"""Bad input is refused before anything is sent."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import uuid
from importlib import import_module
from typing import Any

import pytest

from leat_async import LeatClient, errors

from ..conftest import Recorder

NAIVE = dt.datetime(2024, 5, 1, 20, 0)


WHO = {"contact_uuid": "c-1", "shop_uuid": "s"}


@pytest.mark.parametrize(
    ("call", "expected", "says"),
    [
        (lambda leat: leat.visits.get(""), ValueError, "visit_uuid must not be empty, it is required"),
        (lambda leat: leat.visits.get(" "), ValueError, "visit_uuid must not be blank, got ' ', it is required"),
        (lambda leat: leat.visits.get("\u200b"), ValueError, "visit_uuid must not be blank"),
        (
            lambda leat: leat.visits.list(contact_uuid="\xa0\t"),
            ValueError,
            "contact_uuid must not be blank, got .*; leave it out instead",
        ),
        (lambda leat: leat.visits.get("."), ValueError, "visit_uuid"),
        (lambda leat: leat.visits.get(".."), ValueError, "visit_uuid"),
        (lambda leat: leat.visits.get(7), TypeError, "visit_uuid must be text, got 7"),
        (lambda leat: leat.visits.get(None), TypeError, "visit_uuid"),
        (lambda leat: leat.visits.get("\ud800"), ValueError, "surrogate"),
        (lambda leat: leat.visits.create(**WHO, starts_at=NAIVE), ValueError, "starts_at must know its time zone"),
        (
            lambda leat: leat.visits.create(**WHO, starts_at=import_module("pandas").NaT),
            ValueError,
            "starts_at: NaTType",
        ),
        (
            lambda leat: leat.visits.create(**WHO, starts_at="2024-05-01 20:00"),
            ValueError,
            "starts_at must be ISO 8601",
        ),
        (lambda leat: leat.visits.create(**WHO, starts_at="2024-02-30T20:00:00Z"), ValueError, "no moment"),
        (lambda leat: leat.visits.create(**WHO, starts_at=5), TypeError, "starts_at"),
        (lambda leat: leat.visits.create(contact_uuid="c-1"), ValueError, "shop_uuid is required"),
        (lambda leat: leat.visits.create(contact_uuid=None, shop_uuid="s"), TypeError, "contact_uuid must be text"),
        (
            lambda leat: leat.visits.create(contact_uuid="", shop_uuid="s"),
            ValueError,
            "must not be empty, it is required",
        ),
        (lambda leat: leat.visits.create(**WHO, external_id=5), TypeError, "external_id"),
        (lambda leat: leat.bookings.create(**WHO, number_of_people="4"), TypeError, "number_of_people"),
        (lambda leat: leat.bookings.create(**WHO, number_of_people=True), TypeError, "number_of_people"),
        (lambda leat: leat.bookings.create(**WHO, prepaid_amount=12.5), TypeError, "prepaid_amount"),
        (lambda leat: leat.bookings.create(**WHO, prepaid_amount=10**30), ValueError, "64 bits"),
        (lambda leat: leat.visits.list(limit=501), ValueError, "limit must be between 0 and 500, got 501"),
        (lambda leat: leat.visits.list(limit=-1), ValueError, "limit"),
        (lambda leat: leat.visits.list(page=0), ValueError, "page"),
        (lambda leat: leat.visits.list(contact_uuid=None), TypeError, "contact_uuid can't be None in a query"),
        (lambda leat: leat.loyalty_transactions.list(limit=101), ValueError, "limit"),
        (lambda leat: leat.loyalty_transactions.list(created_at={"since": NAIVE}), ValueError, "since"),
        (lambda leat: leat.loyalty_transactions.list(created_at={"gte": NAIVE}), ValueError, "time zone"),
        (lambda leat: leat.loyalty_transactions.list(created_at={}), ValueError, "created_at"),
        (lambda leat: leat.loyalty_transactions.list(created_at="2024"), TypeError, "created_at"),
        (lambda leat: leat.contacts.find_one_by(email=""), ValueError, "email"),
        (lambda leat: leat.request("BREW", "/x"), ValueError, "method"),
        (lambda leat: leat.request("GET", "https://evil.example/x"), ValueError, "path"),
        (lambda leat: leat.request("GET", "//evil.example/x"), ValueError, "path"),
        (lambda leat: leat.request("GET", "/a/../b"), ValueError, "path"),
        (lambda leat: leat.request("GET", "/a/%2e%2e/b"), ValueError, "path"),
        (lambda leat: leat.request("GET", "/a?b=c"), ValueError, "path"),
        (lambda leat: leat.request("GET", "/a\r\nX: y"), ValueError, "path"),
        (lambda leat: leat.request("POST", "/a", json=object()), TypeError, "json"),
        (lambda leat: leat.request("POST", "/a", json={"t": NAIVE}), ValueError, r"json\.t"),
        (lambda leat: leat.request("POST", "/a", json=float("nan")), ValueError, "finite"),
        (lambda leat: leat.request("POST", "/a", effect="maybe"), ValueError, "effect"),
    ],
)
async def test_refused_before_sending(recorder: Recorder, call: Any, expected: type[Exception], says: str) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        with pytest.raises(expected, match=says):
            await call(leat)
    assert recorder.requests == []


async def test_an_identifier_may_be_a_uuid_wherever_text_is_taken(recorder: Recorder) -> None:
    one = uuid.uuid4()
    async with LeatClient("t", base_url=recorder.url, retry=None) as leat:
        for call in (
            leat.contacts.get(one),
            leat.visits.list(contact_uuid=one).page(),
            leat.visits.create(contact_uuid=one, shop_uuid=one, external_id=one),
            leat.contacts.update(one, attributes={"own": one, "list": [one]}),
        ):
            with contextlib.suppress(errors.LeatError):
                await call
    sent = [
        (seen.path.removeprefix("/api/v3/oauth/clients"), seen.query, json.loads(seen.body) if seen.body else None)
        for seen in recorder.requests
    ]
    text = str(one)
    assert sent == [
        (f"/contacts/{text}", (), None),
        ("/visits", (("contact_uuid", text), ("limit", "500")), None),
        ("/visits", (), {"contact_uuid": text, "shop_uuid": text, "external_id": text}),
        (f"/contacts/{text}", (), {"attributes": {"own": text, "list": [text]}}),
    ]
