"""aiohttp sends GET, PUT and DELETE again by itself when a kept connection dies; ours are counted, so it must not."""

from __future__ import annotations

import aiohttp
import pytest

from leat_async import LeatClient, RetryPolicy, errors
from leat_async._core import transport

from ..conftest import VISIT, Recorder, answer, drop

QUICK = RetryPolicy(attempts=3, backoff=0.0)


async def check_counts(leat: LeatClient, recorder: Recorder) -> None:
    """Each request that arrives is an attempt that is told of, on a connection that was kept and dies."""
    for call in (lambda: leat.visits.get("v-1"), lambda: leat.visits.update("v-1", source="x")):
        recorder.default = answer({"data": VISIT})
        await leat.visits.get("warm-up")
        recorder.requests.clear()
        recorder.default = drop()
        with pytest.raises(errors.LeatError) as caught:
            await call()
        assert len(recorder.requests) == len(caught.value.attempts) == QUICK.attempts


async def test_our_own_session_is_told_not_to(recorder: Recorder) -> None:
    async with LeatClient("t", base_url=recorder.url, retry=QUICK) as leat:
        await check_counts(leat, recorder)
        used = leat._pipeline.transport
        assert used._session is not None
        assert used._session._retry_connection is False
        assert not used._resends


async def test_an_aiohttp_that_can_not_be_told_is_kept_from_it(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_RESENDS", "_an_attribute_of_tomorrow")
    async with LeatClient("t", base_url=recorder.url, retry=QUICK) as leat:
        await check_counts(leat, recorder)
        used = leat._pipeline.transport
        assert used._session is not None
        assert used._session._retry_connection is True
        assert used._resends


async def test_a_session_of_the_users_is_left_as_it_is(recorder: Recorder) -> None:
    async with aiohttp.ClientSession() as session:
        async with LeatClient("t", base_url=recorder.url, retry=QUICK, session=session) as leat:
            await check_counts(leat, recorder)
        assert session._retry_connection is True
