"""What comes back: every documented answer decodes, every code has its class, no answer is a bare exception."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import ClientCredentials, LeatClient, errors, models, structure, unstructure

from ..conftest import Recorder, answer, raw, truncated
from ..rows import each

FACTS = Path(__file__).parent.parent / "facts"
SEEDS: dict[str, tuple[type[Any], str]] = {
    "visits": (models.Visit, "visits"),
    "bookings": (models.Booking, "bookings"),
    "loyalty_transactions": (models.LoyaltyTransaction, "loyalty_transactions"),
}
CODES = json.loads((FACTS / "_errors.json").read_text())


def examples() -> list[tuple[str, type[Any], Any]]:
    found = []
    for name, (model, _) in SEEDS.items():
        for operation in json.loads((FACTS / f"{name}.json").read_text())["operations"]:
            if "example" in operation:
                found.append((operation["id"], model, operation["example"]["data"]))
    return found


def same(value: Any, shown: Any) -> bool:
    """Whether a model says what the JSON says, key by key."""
    if isinstance(shown, dict):
        return all(same(getattr(value, key), item) for key, item in shown.items())
    if isinstance(shown, list):
        return len(value) == len(shown) and all(map(same, value, shown))
    return bool((value.isoformat() if hasattr(value, "isoformat") else value) == shown)


def test_there_are_seven_seed_examples() -> None:
    assert [name for name, _, _ in examples()] == [
        "visits.list",
        "visits.get",
        "visits.create",
        "visits.update",
        "bookings.create",
        "bookings.update",
        "loyalty_transactions.list",
    ]


@pytest.mark.parametrize(("operation", "model", "data"), examples())
def test_seed_examples_decode_without_loss(operation: str, model: type[Any], data: Any) -> None:
    for item in data if isinstance(data, list) else [data]:
        read = structure(item, model)
        assert same(read, item)
        assert not read.extra
        assert unstructure(read) == item
        assert unstructure(attrs.evolve(read, uuid="other")) == {**item, "uuid": "other"}


def test_unknown_keys_are_kept_and_survive_evolve() -> None:
    visit = structure({"uuid": "v", "table": 7, "contact": {"uuid": "c", "vip": True}}, models.Visit)
    changed = attrs.evolve(visit, source="Kiosk")
    assert dict(changed.extra) == {"table": 7}
    assert changed.contact is not None
    assert dict(changed.contact.extra) == {"vip": True}
    assert unstructure(changed) == {
        "uuid": "v",
        "table": 7,
        "contact": {"uuid": "c", "vip": True},
        "source": "Kiosk",
    }


@pytest.mark.parametrize(
    ("data", "model", "check"),
    [
        (
            {"credits": "12", "unit_value": "1.5"},
            models.LoyaltyTransaction,
            lambda m: (m.credits, m.unit_value) == (12, 1.5),
        ),
        ({"credits": 3.0}, models.LoyaltyTransaction, lambda m: m.credits == 3),
        ({"contact": []}, models.Visit, lambda m: m.contact == models.ContactReference()),
        ({"contact": None, "uuid": None}, models.Visit, lambda m: m.contact is None and m.uuid == ""),
        ({"starts_at": "2024-05-01T20:00:00Z"}, models.Visit, lambda m: m.starts_at.utcoffset().total_seconds() == 0),
        ({"current_values": []}, models.Contact, lambda m: m.current_values == {}),
        (
            {"subscriptions": {"0": {"status": "X"}, "2": {"status": 1}}},
            models.Contact,
            lambda m: m.subscriptions[1].status == 1,
        ),
        ({"status": "a new one"}, models.Booking, lambda m: m.status == "a new one"),
        ({"unit": {"is_default": "1"}}, models.LoyaltyTransaction, lambda m: m.unit.is_default is True),
    ],
)
def test_what_the_api_is_known_to_do_is_read(data: Any, model: type[Any], check: Any) -> None:
    read = structure(data, model)
    assert check(read)
    assert unstructure(read) == data


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"uuid": 5}, "$.data.uuid"),
        ({"contact": {"email": ["x"]}}, "$.data.contact.email"),
        ({"starts_at": "soon"}, "$.data.starts_at"),
        ({"contact": "c-1"}, "$.data.contact"),
        ("text", "$.data"),
        (None, "$.data"),
        ([], ""),
    ],
)
async def test_what_can_not_be_understood_names_its_path(recorder: Recorder, data: Any, path: str) -> None:
    recorder.default = answer({"data": data})
    async with LeatClient("t", base_url=recorder.url) as leat:
        if not path:
            assert await leat.visits.get("v") == models.Visit()
            return
        with pytest.raises(errors.DecodeError) as caught:
            await leat.visits.get("v")
    assert caught.value.path == path
    assert path in str(caught.value)
    assert caught.value.accepted
    assert json.loads(caught.value.body) == {"data": data}
    assert caught.value.operation == "visits.get"


def test_all_codes_are_there() -> None:
    assert len(CODES) == 83


@each("entry", CODES, ids=lambda entry: entry["code"])
async def test_documented_codes_raise_their_class(recorder: Recorder, entry: dict[str, Any]) -> None:
    async with LeatClient("t", base_url=recorder.url) as leat:
        for message in entry["messages"]:
            body = {"message": message, "code": entry["code"], "status_code": 400}
            recorder.default = answer(body, status=400)
            with pytest.raises(errors.ApiError) as caught:
                await leat.visits.create(contact_uuid="c-1", shop_uuid="s")
            error = caught.value
            expected: type[errors.ApiError] = errors.ApiError
            if entry["code"] == 1003:
                expected = errors.InvalidInputError
            elif "was not found" in message or (message.endswith("not found.") and not message.startswith("No ")):
                expected = errors.NotFoundError
            elif "already exists" in message:
                expected = errors.AlreadyExistsError
            assert type(error) is expected
            assert (error.status, error.code, error.message) == (400, entry["code"], message)
            assert error.operation == "visits.create"
            assert len(error.attempts) == 1


async def test_field_errors_are_lists_whatever_the_api_sends(recorder: Recorder) -> None:
    recorder.default = answer(
        {
            "message": "Invalid input.",
            "code": "1003",
            "status_code": 400,
            "errors": {"a": "bad", "b": ["worse", "worst"]},
        },
        status=400,
    )
    async with LeatClient("t", base_url=recorder.url) as leat:
        with pytest.raises(errors.InvalidInputError) as caught:
            await leat.visits.get("v")
    assert caught.value.errors == {"a": ["bad"], "b": ["worse", "worst"]}
    assert "worst" in str(caught.value)


async def test_an_errors_headers_and_body_hold_no_secrets(recorder: Recorder) -> None:
    token, value = "abc/defghijkl", "value-of-a-header"
    told = json.dumps({"message": "Invalid input.", "code": 1003, "sent": [token, value]}).replace("/", "\\/")
    recorder.default = raw(
        told.encode(), 400, headers={"X-Request-Id": "r-1", "X-Echo": f"Bearer {token}", "Set-Cookie": "session=1"}
    )
    async with LeatClient(token, base_url=recorder.url, headers={"X-Key": value}) as leat:
        with pytest.raises(errors.InvalidInputError) as caught:
            await leat.visits.get("v")
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert json.loads(error.body) == {"message": "Invalid input.", "code": 1003, "sent": ["…", "…"]}
        assert error.headers["x-request-id"] == "r-1"
        assert error.headers["X-Echo"] == "Bearer …"
        assert error.headers["Set-Cookie"] == "…"


async def test_an_errors_body_is_bounded_after_the_secrets_are_cut(recorder: Recorder) -> None:
    token = "abcdefghijkl"
    recorder.default = raw(b"x" * 4090 + token.encode() + b"y" * 4096, 400)
    async with LeatClient(token, base_url=recorder.url) as leat:
        with pytest.raises(errors.ApiError) as caught:
            await leat.visits.get("v")
    assert caught.value.body == "x" * 4090 + "…" + "y" * 5 + "…"


async def test_the_body_of_a_refused_request_for_a_token_is_left_out(recorder: Recorder) -> None:
    recorder.default = answer({"error": "invalid_client", "sent": "client-secret"}, 401)
    async with LeatClient(ClientCredentials("client-id", "client-secret"), base_url=recorder.url) as leat:
        with pytest.raises(errors.AuthenticationError) as caught:
            await leat.visits.get("v")
    assert caught.value.body == ""
    assert caught.value.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, errors.DecodeError),
        (301, errors.ApiError),
        (400, errors.ApiError),
        (401, errors.AuthenticationError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError),
        (429, errors.RateLimitError),
        (500, errors.ServerError),
        (502, errors.ServerError),
        (503, errors.MaintenanceError),
        (504, errors.ServerError),
    ],
)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html><h1>Bad Gateway</h1></html>", "text/html"),
        (b"", "application/json"),
        (b'{"data": {"uuid": "v"', "application/json"),
        (b'{"data": {"uuid": "\xff\xfe"}}', "application/json"),
        (b"[1]", "application/json"),
        (b"Too Many Attempts.", "text/plain"),
        (b"[" * 100_000, "application/json"),
    ],
    ids=["html", "empty", "cut", "not utf-8", "list", "text", "deep"],
)
async def test_odd_bodies_of_reads(
    recorder: Recorder, status: int, expected: type[Exception], body: bytes, kind: str
) -> None:
    recorder.default = raw(body, status, kind)
    async with LeatClient("t", base_url=recorder.url, retry=None) as leat:
        with pytest.raises(expected) as caught:
            await leat.visits.get("v")
        assert type(caught.value) is expected
        with pytest.raises(expected):
            await leat.visits.list()
        if status == 200:
            with pytest.raises(errors.LeatError) as unread:
                await leat.visits.create(contact_uuid="c-1", shop_uuid="s")
            fault = unread.value.__cause__ or unread.value
            assert isinstance(fault, errors.DecodeError)
            assert fault.accepted == (unread.value is fault) == body.startswith(b'{"data"')
            assert fault.body == body


async def test_a_body_that_ends_early(recorder: Recorder) -> None:
    recorder.default = truncated()
    async with LeatClient("t", base_url=recorder.url) as leat:
        with pytest.raises(errors.DecodeError):
            await leat.visits.get("v")
        assert len(recorder.requests) == 4, "a read is tried again"
        recorder.requests.clear()
        with pytest.raises(errors.DecodeError) as caught:
            await leat.visits.create(contact_uuid="c-1", shop_uuid="s")
        assert len(recorder.requests) == 1, "a write that was accepted is not"
        assert caught.value.accepted
        recorder.replies = [truncated()]
        recorder.default = answer({"data": {"uuid": "v"}})
        assert (await leat.visits.get("v")).uuid == "v"


async def test_an_echoed_token_is_cut_out(recorder: Recorder) -> None:
    secret = "personal-access-token-123"
    recorder.default = answer({"message": f"bad token {secret}", "errors": {"token": [secret]}}, status=401)
    async with LeatClient(secret, base_url=recorder.url) as leat:
        with pytest.raises(errors.AuthenticationError) as caught:
            await leat.visits.get("v")
    assert secret not in str(caught.value)
    assert secret not in repr(caught.value.__dict__)
