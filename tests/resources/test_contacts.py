"""Contacts: a race that find-or-create loses, and no tier."""

from __future__ import annotations

from typing import Any

import pytest

from leat_async import LeatClient
from leat_async.models import ContactReference

from ..conftest import Recorder, answer


async def test_find_or_create_survives_its_own_race(leat: LeatClient, recorder: Recorder) -> None:
    exists = answer({"message": "Contact already exists.", "code": 60005, "status_code": 400}, status=400)
    contact = answer({"data": {"uuid": "c-1", "email": "a@b.c"}, "meta": []})
    recorder.replies = [exists, contact, exists, contact]
    assert (await leat.contacts.find_or_create(email="a@b.c")).uuid == "c-1"
    assert await leat.contacts.find_or_create_async(email="a@b.c") == ContactReference(uuid="c-1", email="a@b.c")
    assert recorder.last.target.endswith("/contacts/find-one-by?email=a%40b.c")


@pytest.mark.parametrize("data", [None, [], {}])
async def test_a_contact_without_a_tier(leat: LeatClient, recorder: Recorder, data: Any) -> None:
    recorder.default = answer({"data": data, "meta": []})
    assert await leat.contacts.get_tier("c-1") is None
