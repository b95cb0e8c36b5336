"""What all resources share: lists whose paging is not certain."""

from __future__ import annotations

import pytest

from leat_async import LeatClient

from ..conftest import Recorder, answer


@pytest.mark.parametrize("resource", ["referrals", "reward_attributes"])
async def test_lists_without_page_information_end(leat: LeatClient, recorder: Recorder, resource: str) -> None:
    rows = [{"uuid": "r-1", "name": "n", "status": "completed"}]
    # One that ignores `page` repeats itself; one that pages gives an empty page at last.
    recorder.default = answer({"data": rows, "meta": []})
    assert len(await getattr(leat, resource).list().collect()) == 1
    recorder.replies = [answer({"data": rows, "meta": []}), answer({"data": [], "meta": []})]
    assert len(await getattr(leat, resource).list().collect()) == 1
    assert recorder.last.target.endswith("page=2")
