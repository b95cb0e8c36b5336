"""Webhook subscriptions."""

from __future__ import annotations

from typing import Any

import pytest

from leat_async import LeatClient
from leat_async.errors import AlreadyExistsError, OutcomeUnknownError

from ..conftest import Recorder, answer, drop

HOOK: dict[str, Any] = {"name": "Till", "event_type": "voucher_redeemed", "url": "https://a.example/h"}
OTHER = {**HOOK, "uuid": "w-0", "url": "https://b.example/h"}
OURS = {**HOOK, "uuid": "w-1", "name": "Older name", "status": "INACTIVE"}
TAKEN = answer({"message": "Webhook subscription already exists.", "code": 99999, "status_code": 400}, 400)


def sent(recorder: Recorder) -> list[str]:
    return [request.method for request in recorder.requests]


async def test_ensure_finds_what_is_there(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": [OTHER, OURS], "meta": []})
    found = await leat.webhook_subscriptions.ensure(**HOOK, secret="s3cret")
    assert (found.uuid, found.name) == ("w-1", "Older name")
    assert sent(recorder) == ["GET"]
    assert recorder.last.query == (("event_type", "voucher_redeemed"),)


async def test_ensure_subscribes_where_there_is_none(leat: LeatClient, recorder: Recorder) -> None:
    recorder.replies = [answer({"data": [OTHER], "meta": []}), answer({"data": {**HOOK, "uuid": "w-2"}}, 201)]
    made = await leat.webhook_subscriptions.ensure(**HOOK, secret="s3cret", attributes=["email"])
    assert made.uuid == "w-2"
    assert sent(recorder) == ["GET", "POST"]
    assert recorder.last.json == {**HOOK, "secret": "s3cret", "attributes": ["email"]}


async def test_ensure_survives_somebody_who_was_quicker(leat: LeatClient, recorder: Recorder) -> None:
    recorder.replies = [answer({"data": []}), TAKEN, answer({"data": [OURS]})]
    assert (await leat.webhook_subscriptions.ensure(**HOOK)).uuid == "w-1"
    recorder.replies = [answer({"data": []}), TAKEN, answer({"data": []})]
    with pytest.raises(AlreadyExistsError):
        await leat.webhook_subscriptions.ensure(**HOOK)


async def test_ensure_does_not_subscribe_twice_when_no_answer_comes(leat: LeatClient, recorder: Recorder) -> None:
    recorder.replies = [answer({"data": []}), drop()]
    with pytest.raises(OutcomeUnknownError) as caught:
        await leat.webhook_subscriptions.ensure(**HOOK)
    assert sent(recorder) == ["GET", "POST"]
    recorder.default = answer({"data": [OURS, {**HOOK, "uuid": "w-3"}]})
    assert (await caught.value.reconcile()).uuid == "w-3"


@pytest.mark.parametrize("body", [{"data": [], "meta": []}, {"data": None}, {}])
async def test_deleting_gives_none(leat: LeatClient, recorder: Recorder, body: object) -> None:
    recorder.default = answer(body, headers={"X-RateLimit-Remaining": "4999"})
    await leat.webhook_subscriptions.delete("w-1")
    assert (recorder.last.method, recorder.last.body) == ("DELETE", b"")


async def test_a_list_is_not_a_text(leat: LeatClient, recorder: Recorder) -> None:
    for attributes in ("email", [5], [""]):
        with pytest.raises((TypeError, ValueError), match="attributes"):
            await leat.webhook_subscriptions.update("w-1", attributes=attributes)  # type: ignore[arg-type]
    assert recorder.requests == []
