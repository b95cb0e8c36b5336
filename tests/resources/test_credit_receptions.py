"""Credit receptions: refunds, custom attributes, and where the contact may be left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest

from leat_async import LeatClient
from leat_async.errors import OutcomeUnknownError
from leat_async.models import ContactReference, LoyaltyTransaction, Shop
from leat_async.sandbox import Sandbox

from ..conftest import Recorder, answer


@pytest.fixture(autouse=True)
def empty(recorder: Recorder) -> None:
    recorder.default = answer({"data": {"uuid": "r-2"}, "meta": []})


RECEPTION = LoyaltyTransaction(
    uuid="r-1",
    type="credit_reception",
    credits=100,
    contact=ContactReference(uuid="c-1"),
    shop=Shop(uuid="s-1"),
    unit_value=10.4,
)


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
        contact_uuid="c-1",
        shop_uuid="s",
        unit_value=Decimal("10.40"),
        attributes={"plu": "7", "covers": 4, "none": None},
    )
    assert recorder.last.json == {
        "contact_uuid": "c-1",
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
        await leat.credit_receptions.create(contact_uuid="c-1", shop_uuid="s", credits=1, attributes=attributes)
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


async def test_an_identity_is_sent_as_an_attribute(leat: LeatClient, recorder: Recorder) -> None:
    given: dict[str, Any] = {"contact_uuid": "c-1", "shop_uuid": "s-1", "credits": 1}
    await leat.credit_receptions.create(**given, identity="till-3-000417", attributes={"plu": "7"})
    assert recorder.last.json == {**given, "plu": "7", "external_id": "till-3-000417"}
    await leat.credit_receptions.create(**given, identity="a", identity_attribute="receipt")
    assert recorder.last.json == {**given, "receipt": "a"}
    await leat.credit_receptions.create(**given, identity=None)
    assert recorder.last.json == given


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"identity": 7}, "identity must be text"),
        ({"identity": ""}, "identity must not be empty"),
        ({"identity": "a", "identity_attribute": ""}, "identity_attribute must not be empty"),
        ({"identity": "a", "identity_attribute": "credits"}, "identity_attribute can't be 'credits'"),
        ({"identity": "a", "attributes": {"external_id": "b"}}, "can't hold 'external_id'"),
    ],
)
async def test_identities_that_can_not_be_sent(
    leat: LeatClient, recorder: Recorder, more: dict[str, Any], said: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        await leat.credit_receptions.create(contact_uuid="c-1", shop_uuid="s-1", credits=1, **more)
    assert recorder.requests == []


async def test_the_answer_about_another_contact_is_none(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": {"uuid": "r", "contact": {"uuid": "c-2"}}, "meta": []})
    with pytest.raises(OutcomeUnknownError):
        await leat.credit_receptions.create(contact_uuid="c-1", shop_uuid="s-1", credits=1)


async def test_a_credit_whose_answer_was_lost_is_found_by_its_identity() -> None:
    async with Sandbox(seed=1) as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        made = await leat.loyalty_transaction_attributes.ensure(name="external_id", data_type="text")
        assert await leat.loyalty_transaction_attributes.ensure(name="external_id", data_type="text") == made
        sandbox.faults.add("apply_then_drop", "credit_receptions.create", first=1)
        with pytest.raises(OutcomeUnknownError) as caught:
            await leat.credit_receptions.create(
                contact_uuid=sandbox.contacts[0]["uuid"],
                shop_uuid=sandbox.shops[0]["uuid"],
                credits=5,
                identity="till-3-000417",
            )
        found = await caught.value.reconcile()
        assert found.credits == 5
        assert found.uuid == sandbox.rows("loyalty_transactions")[0]["uuid"]
