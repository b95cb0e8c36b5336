"""Clients on the recording server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from leat_async import LeatClient, RetryPolicy

from ..conftest import Recorder

TOKEN = "t" * 53


@pytest.fixture
async def leat(recorder: Recorder) -> AsyncIterator[LeatClient]:
    retry = RetryPolicy(attempts=3, backoff=0.0)
    async with LeatClient(TOKEN, base_url=recorder.url, rate_limit=None, retry=retry) as client:
        yield client


@pytest.fixture
async def register(recorder: Recorder) -> AsyncIterator[LeatClient]:
    async with LeatClient(TOKEN, base_url=recorder.url, rate_limit=None, api="register") as client:
        yield client
