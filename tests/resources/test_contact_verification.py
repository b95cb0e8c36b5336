"""Contact verification: both forms of the token."""

from __future__ import annotations

from leat_async import LeatClient

from ..conftest import Recorder, answer


async def test_an_auth_token_as_an_object_and_as_bare_text(leat: LeatClient, recorder: Recorder) -> None:
    recorder.replies = [answer({"data": {"auth_token": "hush"}}), answer({"data": "hush"})]
    for _ in range(2):
        token = await leat.contact_verification.get_auth_token("c-1")
        assert token.auth_token == "hush"
        assert "hush" not in repr(token)
