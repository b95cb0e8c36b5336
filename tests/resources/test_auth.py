"""The operations of tokens, and the one that the client uses itself."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from leat_async import ClientCredentials, LeatClient
from leat_async.errors import DecodeError

from ..conftest import VISIT, Recorder, answer

GRANTED = {"token_type": "Bearer", "expires_in": "3600", "access_token": "hush"}


@pytest.mark.parametrize("body", [GRANTED, {"data": GRANTED}], ids=["bare", "wrapped"])
async def test_a_token_at_the_origin_without_one(leat: LeatClient, recorder: Recorder, body: Any) -> None:
    recorder.default = answer(body)
    token = await leat.auth.token(client_id="id", client_secret="s3cret")
    assert (recorder.last.method, recorder.last.path) == ("POST", "/oauth/token")
    assert "Authorization" not in recorder.last.headers
    assert recorder.last.json == {"grant_type": "client_credentials", "client_id": "id", "client_secret": "s3cret"}
    assert (token.access_token, token.expires_in) == ("hush", 3600)
    assert "hush" not in repr(token)


async def test_an_answer_of_another_shape_is_no_token(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({**GRANTED, "expires_in": "soon"})
    with pytest.raises(DecodeError, match=r"^auth\.token: \$\.expires_in") as caught:
        await leat.auth.token(client_id="id", client_secret="s3cret")
    assert "hush" not in str(caught.value)


async def test_the_client_s_own_request_is_the_same(recorder: Recorder) -> None:
    recorder.replies = [answer(GRANTED)]
    recorder.default = answer({"data": VISIT})
    apis: tuple[Literal["oauth", "register"], ...] = ("oauth", "register")
    for api in apis:
        recorder.replies = [answer(GRANTED)]
        credentials = ClientCredentials("id", "s3cret")
        async with LeatClient(credentials, base_url=recorder.url, api=api) as leat:
            await leat.visits.update("v-1", source="Kiosk")
        asked, used = recorder.requests[-2:]
        assert (asked.path, asked.json["client_secret"]) == ("/oauth/token", "s3cret")
        assert used.headers["Authorization"] == "Bearer hush"


async def test_partners(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"anything": 1})
    assert await leat.auth.partner_credentials(email="a@b.example", name="N") == {"anything": 1}
    assert recorder.last.path.endswith("/partners")
    assert recorder.last.json == {"email": "a@b.example", "name": "N"}
    assert await leat.auth.partner_token() == {"anything": 1}
    assert recorder.last.path.endswith("/partners/token")


async def test_the_partner_and_token_operations(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"token_type": "Bearer", "expires_in": 60, "access_token": "hush"})
    token = await leat.auth.token(client_id="i", client_secret="s")
    assert recorder.last.target == "/oauth/token"
    assert recorder.last.json == {"grant_type": "client_credentials", "client_id": "i", "client_secret": "s"}
    assert "Authorization" not in recorder.last.headers
    assert "hush" not in repr(token)
    recorder.default = answer({"data": {"told": "nobody"}})
    assert await leat.auth.partner_credentials(email="a@b.c", name="Acme") == {"told": "nobody"}
    assert recorder.last.target.endswith("/partners")
    assert recorder.last.json == {"email": "a@b.c", "name": "Acme"}
    assert await leat.auth.partner_token() == {"told": "nobody"}
    assert recorder.last.target.endswith("/partners/token")
