"""Custom attributes: `ensure`, also where one is there."""

from __future__ import annotations

import pytest

from leat_async import LeatClient
from leat_async.errors import AlreadyExistsError

from ..conftest import Recorder, answer

EXISTS = answer({"message": "Attribute already exists.", "code": 60009, "status_code": 400}, status=400)


async def test_ensure_makes_an_attribute(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": {"name": "n", "type": "text"}, "meta": []}, status=201)
    made = await leat.custom_attributes.ensure(entity="visit", name="n", label="N", type="text", group_name="g")
    assert made.name == "n"
    assert recorder.last.json == {"entity": "visit", "name": "n", "label": "N", "type": "text", "group_name": "g"}
    assert len(recorder.requests) == 1


async def test_ensure_accepts_an_attribute_that_is_there(leat: LeatClient, recorder: Recorder) -> None:
    recorder.replies = [EXISTS, answer({"data": [{"name": "m"}, {"name": "n", "type": "number"}]})]
    found = await leat.custom_attributes.ensure(entity="visit", name="n", label="N", type="text")
    assert (found.name, found.type) == ("n", "number")
    assert recorder.last.target.endswith("/custom-attributes?entity=visit")


async def test_ensure_does_not_hide_that_there_is_none(leat: LeatClient, recorder: Recorder) -> None:
    recorder.replies = [EXISTS, answer({"data": []})]
    with pytest.raises(AlreadyExistsError):
        await leat.custom_attributes.ensure(entity="visit", name="n", label="N", type="text")
