"""Shifts."""

from __future__ import annotations

from typing import Any

import pytest

from leat_async import LeatClient
from leat_async.errors import AlreadyExistsError, NotFoundError

from ..conftest import Recorder, answer

SHIFT: dict[str, Any] = {
    "contact_uuid": "c-1",
    "shop_uuid": "s",
    "started_at": "2024-12-01T09:00:00+00:00",
    "ended_at": "2024-12-01T17:30:00+00:00",
    "status": "approved",
}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Shift status not found.", NotFoundError),
        ("Shift with external id already exists for this account.", AlreadyExistsError),
    ],
)
async def test_one_code_has_two_meanings(
    leat: LeatClient, recorder: Recorder, message: str, kind: type[Exception]
) -> None:
    recorder.default = answer({"message": message, "code": 80531, "status_code": 400}, 400)
    with pytest.raises(kind):
        await leat.shifts.create(**SHIFT)


async def test_filters_of_the_list_go_into_the_query(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": [], "meta": {"page": 1, "per_page": 30, "last_page": 1, "total": 0}})
    page = await leat.shifts.list(shop_uuid="s", status="pending", page=3)
    assert recorder.last.query == (("shop_uuid", "s"), ("status", "pending"), ("limit", "100"), ("page", "3"))
    assert recorder.last.body == b""
    assert page.total == 0


@pytest.mark.parametrize("body", [b"", b'{"data": null}', b'{"data": {"gone": true}}'])
async def test_deleting_gives_whatever_comes(leat: LeatClient, recorder: Recorder, body: bytes) -> None:
    from ..conftest import raw

    recorder.default = raw(body, headers={"X-RateLimit-Remaining": "4999"})
    gone = await leat.shifts.delete("s")
    assert gone == ({"gone": True} if b"gone" in body else None)
