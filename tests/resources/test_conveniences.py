"""What goes beyond one request per method: refunds, `ensure`, races, custom attributes, rules between parameters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import attrs
import pytest

from leat_async import LeatClient
from leat_async.errors import AlreadyExistsError
from leat_async.models import ContactReference, LoyaltyTransaction, Shop

from ..conftest import Recorder, answer

RECEPTION = LoyaltyTransaction(
    uuid="r-1",
    type="credit_reception",
    credits=100,
    contact=ContactReference(uuid="c-1"),
    shop=Shop(uuid="s-1"),
    unit_value=10.4,
)
EXISTS = answer({"message": "Attribute already exists.", "code": 60009, "status_code": 400}, status=400)


@pytest.fixture
async def leat(recorder: Recorder) -> AsyncIterator[LeatClient]:
    recorder.default = answer({"data": {}, "meta": []})
    async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None) as client:
        yield client


@pytest.fixture
async def register(recorder: Recorder) -> AsyncIterator[LeatClient]:
    recorder.default = answer({"data": {}, "meta": []})
    async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None, api="register") as client:
        yield client


async def test_a_whole_refund_is_a_reversal(leat: LeatClient, recorder: Recorder) -> None:
    await leat.credit_receptions.refund(RECEPTION)
    assert recorder.last.target == "/api/v3/oauth/clients/credit-receptions/r-1/reverse"
    assert recorder.last.body == b""


@pytest.mark.parametrize(
    ("credits", "total", "part", "taken"),
    [
        (100, 10.4, 2.6, 25),
        (100, 10.4, Decimal("2.60"), 25),
        (10, 10.4, 2.6, 3),  # 2.5, rounded up
        (3, 10.0, 5, 2),  # 1.5
        (1, 0.3, 0.2, 1),  # two thirds
        (7, 0.7, 0.1, 1),  # exactly one, though 0.7 has no exact float
        (100, 10.4, 10.4, 100),
        (2**40, 1.0, 0.5, 2**39),
    ],
)
async def test_a_part_of_the_value_takes_its_share_of_the_credits(
    leat: LeatClient, recorder: Recorder, credits: int, total: float, part: Any, taken: int
) -> None:
    reception = attrs.evolve(RECEPTION, credits=credits, unit_value=total)
    await leat.credit_receptions.refund(reception, unit_value=part, attributes={"plu": "7"})
    assert recorder.last.target == "/api/v3/oauth/clients/credit-receptions"
    assert recorder.last.json == {"contact_uuid": "c-1", "shop_uuid": "s-1", "credits": -taken, "plu": "7"}


async def test_a_number_of_credits_is_taken_back(leat: LeatClient, register: LeatClient, recorder: Recorder) -> None:
    await leat.credit_receptions.refund(RECEPTION, credits=40)
    assert recorder.last.json == {"contact_uuid": "c-1", "shop_uuid": "s-1", "credits": -40}
    await register.credit_receptions.refund(attrs.evolve(RECEPTION, shop=None), credits=40)
    assert recorder.last.json == {"contact_uuid": "c-1", "credits": -40}


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        ({}, {"credits": 101}, "between 1 and 100"),
        ({}, {"credits": 0}, "between 1 and 100"),
        ({"credits": -100}, {"credits": 1}, "between"),
        ({}, {"credits": 1, "unit_value": 1}, "exclude each other"),
        ({}, {"unit_value": 10.5}, "between 0 and 10.4"),
        ({}, {"unit_value": 0}, "between 1"),
        ({"credits": 1}, {"unit_value": 0.1}, "between 1"),
        ({"unit_value": None}, {"unit_value": 1}, "no unit_value"),
        ({"credits": None}, {"unit_value": 1}, "no unit_value"),
        ({"shop": None}, {"credits": 1}, "no shop"),
        ({"contact": None}, {"credits": 1}, "no contact"),
        ({}, {"attributes": {"plu": "7"}}, "go with a part"),
    ],
)
async def test_refunds_that_make_no_sense(
    leat: LeatClient, recorder: Recorder, change: dict[str, Any], asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        await leat.credit_receptions.refund(attrs.evolve(RECEPTION, **change), **asked)
    assert recorder.requests == []


async def test_a_reversal_is_never_sent_twice(leat: LeatClient, register: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"message": "broken"}, status=502)
    for client in (leat, register):
        before = len(recorder.requests)
        with pytest.raises(Exception, match="don't repeat it blindly"):
            await client.credit_receptions.refund(RECEPTION)
        assert len(recorder.requests) == before + 1


async def test_custom_attributes_are_further_keys(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": {"uuid": "r", "plu": "7", "covers": 4}, "meta": {}})
    made = await leat.credit_receptions.create(
        contact_uuid="c", shop_uuid="s", unit_value=Decimal("10.40"), attributes={"plu": "7", "covers": 4, "none": None}
    )
    assert recorder.last.json == {
        "contact_uuid": "c",
        "shop_uuid": "s",
        "unit_value": 10.4,
        "plu": "7",
        "covers": 4,
        "none": None,
    }
    assert made.extra == {"plu": "7", "covers": 4}


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"credits": 5}, "parameter of its own"),
        ({"shop_uuid": "x"}, "parameter of its own"),
        ({5: 1}, "no text"),
        ([("a", 1)], "mapping"),
        ({"a": float("nan")}, "finite"),
        ({"a": object()}, "attributes.a"),
    ],
)
async def test_custom_attributes_that_can_not_be_sent(
    leat: LeatClient, recorder: Recorder, attributes: Any, error: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=error):
        await leat.credit_receptions.create(contact_uuid="c", shop_uuid="s", credits=1, attributes=attributes)
    assert recorder.requests == []


async def test_a_register_may_name_the_contact_by_an_identifier(
    leat: LeatClient, register: LeatClient, recorder: Recorder
) -> None:
    await register.credit_receptions.create(credits=1, contact_identifier_value="A1")
    assert recorder.last.json == {"credits": 1, "contact_identifier_value": "A1"}
    with pytest.raises(ValueError, match="contact_uuid or contact_identifier_value"):
        await register.credit_receptions.create(credits=1)
    with pytest.raises(ValueError, match="contact_uuid is required"):
        await leat.credit_receptions.create(credits=1, shop_uuid="s", contact_identifier_value="A1")


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


async def test_an_auth_token_as_an_object_and_as_bare_text(leat: LeatClient, recorder: Recorder) -> None:
    recorder.replies = [answer({"data": {"auth_token": "hush"}}), answer({"data": "hush"})]
    for _ in range(2):
        token = await leat.contact_verification.get_auth_token("c-1")
        assert token.auth_token == "hush"
        assert "hush" not in repr(token)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"version": "v3"}, "credits or unit_value"),
        ({"version": "v3", "unit_value": 10}, "needs unit_name"),
        ({"version": "v3", "unit_name": "x", "credits": 5}, "needs unit_value"),
        ({"version": "v1", "unit_name": "x", "unit_value": 10}, "v1 needs credits"),
        ({"version": "v2", "credits": 5}, "v2 needs unit_name"),
    ],
)
async def test_what_a_loyalty_token_needs(
    leat: LeatClient, recorder: Recorder, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        await leat.loyalty_tokens.create(shop_uuid="s", unique_id="u", **given)
    assert recorder.requests == []


async def test_a_loyalty_token_is_its_address(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": "https://acme.com/l?hash=1", "meta": {}})
    token = await leat.loyalty_tokens.create(version="v3", shop_uuid="s", unique_id="u", credits=5)
    assert token == "https://acme.com/l?hash=1"


@pytest.mark.parametrize("resource", ["referrals", "reward_attributes"])
async def test_lists_without_page_information_end(leat: LeatClient, recorder: Recorder, resource: str) -> None:
    rows = [{"uuid": "r-1", "name": "n", "status": "completed"}]
    # One that ignores `page` repeats itself; one that pages gives an empty page at last.
    recorder.default = answer({"data": rows, "meta": []})
    assert len(await getattr(leat, resource).list().collect()) == 1
    recorder.replies = [answer({"data": rows, "meta": []}), answer({"data": [], "meta": []})]
    assert len(await getattr(leat, resource).list().collect()) == 1
    assert recorder.last.target.endswith("page=2")


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
