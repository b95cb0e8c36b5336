"""Whose answer it is, and whether it answers what was sent; what follows is in `tests/trust/test_attempts.py`."""

from __future__ import annotations

import json
from pathlib import Path
from types import NoneType
from typing import Any

import pytest

from leat_async import LeatClient, errors
from leat_async._core import verdict
from leat_async._core.operation import Effect, Operation, Request
from leat_async._core.transport import Answer
from leat_async.models import Visit

from ..conftest import VISIT, Recorder, answer, raw
from ..rows import each

CODES = json.loads((Path(__file__).parent.parent / "facts" / "_errors.json").read_text())
COUNTED = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999"}
CREATE: Operation[Visit] = Operation(
    "visits.create",
    "POST",
    "/visits",
    Effect.ACTION,
    Visit,
    echoes={"contact_uuid": "contact.uuid", "external_id": "external_id"},
)
SENT = Request(CREATE, "/visits", b'{"contact_uuid": "c-1", "shop_uuid": "s-1", "external_id": " e-1\\t"}')
DELETE: Operation[Any] = Operation("perks.delete", "DELETE", "/perks/{uuid}", Effect.REPEATABLE, NoneType)


@each("entry", CODES, ids=lambda entry: entry["code"])
def test_every_documented_code_is_a_refusal(entry: dict[str, Any]) -> None:
    for message in entry["messages"]:
        body = json.dumps({"message": message, "code": entry["code"], "status_code": 400}).encode()
        assert verdict.refuses(400, body)
        assert not verdict.refuses(302, body)
        assert not verdict.refuses(408, body)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"no"', b"{}", b'{"message": "no', b"\xff" * 9])
def test_only_429_needs_no_body(body: bytes) -> None:
    assert [status for status in range(300, 500) if verdict.refuses(status, body)] == [429]


@pytest.mark.parametrize(
    ("status", "body", "ours"),
    [
        (401, {"message": "Unauthenticated."}, True),
        (401, {"error": "invalid_token", "error_description": "expired"}, True),
        (401, {"error": {"reason": "x"}}, False),
        (403, {"error": "no"}, False),
        (404, {"message": "The route x could not be found."}, True),
        (404, {"detail": "Not Found"}, False),
        (413, {"message": "The POST data is too large."}, True),
        (422, {"message": "The email field is required.", "errors": {"email": ["required"]}}, True),
        (422, {"message": "no"}, False),
        (422, {"message": "no", "errors": ["no"]}, False),
        (400, {"message": "no"}, False),
        (400, {"message": "no", "code": True}, False),
        (400, {"message": None, "code": 1003}, False),
    ],
)
def test_shapes_of_refusals(status: int, body: Any, ours: bool) -> None:
    assert verdict.refuses(status, json.dumps(body).encode()) is ours


@pytest.mark.parametrize(
    ("status", "body", "headers", "done"),
    [
        (204, b"", {}, True),
        (200, b"", COUNTED, True),
        (200, b"[]", COUNTED, True),
        (200, b" null ", COUNTED, True),
        (200, b"", {}, False),
        (200, b"{}", {}, False),
        (200, b"<html>", COUNTED, False),
    ],
)
async def test_an_empty_answer_of_a_write(
    recorder: Recorder, status: int, body: bytes, headers: dict[str, str], done: bool
) -> None:
    recorder.default = raw(body, status, headers=headers)
    async with LeatClient("t", base_url=recorder.url, retry=None) as leat:
        for call in (lambda: leat.perks.delete("p-1"), lambda: leat.request("POST", "/things")):
            if done:
                await call()
                continue
            with pytest.raises(errors.OutcomeUnknownError) as caught:
                await call()
            assert isinstance(caught.value.__cause__, errors.DecodeError)


@pytest.mark.parametrize("body", [{"data": None}, {"data": [], "meta": []}, {"meta": {}}])
async def test_the_apis_own_empty_answer_is_one(recorder: Recorder, body: Any) -> None:
    recorder.default = answer(body)
    async with LeatClient("t", base_url=recorder.url, retry=None) as leat:
        await leat.perks.delete("p-1")


@pytest.mark.parametrize(
    "body",
    [{"message": "no", "code": 1000}, {"error": "upstream"}, {"status": "ok"}, {"data": None, "errors": ["x"]}, "ok"],
)
async def test_errors_under_200_are_no_success(recorder: Recorder, body: Any) -> None:
    recorder.default = answer(body, headers=COUNTED)
    async with LeatClient("t", base_url=recorder.url, retry=None) as leat:
        for call in (lambda: leat.perks.delete("p-1"), lambda: leat.request("POST", "/things")):
            with pytest.raises(errors.OutcomeUnknownError):
                await call()


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"external_id": "e-2"}, "$.data.external_id"),
        ({"external_id": None}, "$.data.external_id"),
        ({"contact": {"uuid": "c-2"}}, "$.data.contact.uuid"),
        ({"external_id": "e-1", "contact": {"uuid": "C-1"}}, None),
        ({"external_id": "E-1"}, "$.data.external_id"),
        ({"contact": None}, None),
        ({"contact": {}}, None),
    ],
)
def test_what_contradicts_the_request_is_no_answer(changed: dict[str, Any], path: str | None) -> None:
    from leat_async import structure

    found = structure({**VISIT, **changed}, Visit)
    if path is None:
        verdict.check(SENT, found)
        return
    with pytest.raises(errors.DecodeError) as caught:
        verdict.check(SENT, found)
    assert caught.value.path == path
    assert not caught.value.accepted
    assert "e-2" not in str(caught.value), "names no values, which may be personal"


@pytest.mark.parametrize("told", [True, False], ids=["declared", "put together by hand"])
def test_a_request_is_known_by_what_it_was_made_from_or_by_what_it_sends(told: bool) -> None:
    """Path, query and body; `told` spares decoding the body, and who makes a Request without it has the same check."""
    from leat_async import structure

    operation: Operation[Visit] = Operation(
        "visits.change", "PUT", "/visits/{visit_uuid}", Effect.REPEATABLE, Visit,
        echoes={"visit_uuid": "uuid", "contact_uuid": "contact.uuid", "external_id": "external_id"},
    )  # fmt: skip
    sent = {"external_id": "e-1"}
    body = json.dumps(sent).encode()
    request = Request(operation, "/visits/v%201?contact_uuid=c-1", body, sent if told else None)
    right = {**VISIT, "uuid": "v 1"}
    verdict.check(request, structure(right, Visit))
    for wrong in ({"uuid": "v-2"}, {"contact": {"uuid": "c-2"}}, {"external_id": "e-2"}):
        with pytest.raises(errors.DecodeError, match="not what was sent"):
            verdict.check(request, structure({**right, **wrong}, Visit))


def test_what_is_left_out_contradicts_nothing_and_nothing_at_all_does() -> None:
    from leat_async import structure

    verdict.check(SENT, structure({"uuid": "v-1"}, Visit))
    for empty in ({}, {"uuid": None}):
        with pytest.raises(errors.DecodeError):
            verdict.check(SENT, structure(empty, Visit))


def test_the_beginning_tells_whose_it_is() -> None:
    for begun in (b'{"data":', b' \n{ "meta" : []', b'\xef\xbb\xbf{"data": {'):
        assert verdict.begins_as_ours(CREATE, begun)
    for begun in (b"", b"{", b'{"dat', b"<html>", b'{"message": "no"', b'["data":'):
        assert not verdict.begins_as_ours(CREATE, begun)


def test_an_empty_answer_that_nobody_documents() -> None:
    assert verdict.says_done(DELETE, Answer(204, {}, b""))
    assert not verdict.says_done(CREATE, Answer(204, {}, b""))
