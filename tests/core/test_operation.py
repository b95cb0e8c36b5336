"""Odd input stays in its place in the path."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leat_async import LeatClient
from leat_async._core.kept_text import kept_text

from ..conftest import Recorder


@pytest.mark.parametrize("odd", ["a/b", "a?b", "a#b", "../x", "a\r\nX-Evil: 1", "é", "%2e%2e", "a b", ";", "a\x00"])
async def test_odd_ids_stay_in_their_place(recorder: Recorder, odd: str) -> None:
    from urllib.parse import unquote

    async with LeatClient("t", base_url=recorder.url) as leat:
        await leat.visits.get(odd)
    (request,) = recorder.requests
    prefix = "/api/v3/oauth/clients/visits/"
    assert request.target.startswith(prefix)
    assert unquote(request.target.removeprefix(prefix)) == odd
    assert request.target.count("/") == prefix.count("/")
    assert "X-Evil" not in request.headers


@given(st.text(min_size=1, max_size=30).filter(kept_text))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_one_path_segment(text: str) -> None:
    from urllib.parse import unquote

    from leat_async._core.operation import path_segment

    if text in (".", ".."):
        return
    segment = path_segment("id", text)
    assert unquote(segment) == text
    assert not set(segment) & set("/?#\r\n \\")
