"""Portal sessions."""

from __future__ import annotations

import pytest

from leat_async import LeatClient, structure, unstructure
from leat_async.models import PortalSession

from ..conftest import Recorder, answer

SESSION = {
    "uuid": "hush-1",
    "url": "https://api.example/portal-sessions?uuid=hush-1",
    "contact": {"uuid": "c"},
    "shop": {"id": "15", "uuid": "s", "reference": None, "name": "Krusty Krab"},
    "events": [{"type": "anything"}],
    "created_at": "2023-11-12T19:43:01+00:00",
}


def test_what_lets_in_does_not_show() -> None:
    session = structure(SESSION, PortalSession)
    assert session.url is not None
    assert session.uuid in session.url
    assert "hush" not in repr(session)
    assert unstructure(session) == SESSION
    assert session.shop is not None
    assert session.shop.id == 15
    assert hash(session) == hash(structure(SESSION, PortalSession))


async def test_a_register_implies_the_shop(leat: LeatClient, register: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": SESSION, "meta": []}, 201)
    for name in (
        "create",
        "create_credit_reception",
        "create_top_up_giftcards",
        "create_pay_prepaid",
        "create_top_up_prepaid",
        "create_vouchers",
    ):
        await getattr(register.portal_sessions, name)(enable_registration=False)
        assert recorder.last.json == {"enable_registration": False}
        with pytest.raises(ValueError, match="shop_uuid is required"):
            await getattr(leat.portal_sessions, name)()
