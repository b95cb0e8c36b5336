"""What `reconcile()` asks after a write of unknown outcome, and what it makes of the answer."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import attrs
import pytest

from leat_async import LeatClient
from leat_async._core.declare import operation_of
from leat_async._core.operation import Effect
from leat_async.errors import ConfigError, DecodeError, LeatError, OutcomeUnknownError

from ..conftest import Recorder, answer
from ..rows import each
from .table import OPERATIONS

Call = Callable[[LeatClient], Awaitable[Any]]
MISSING = object()
EMAIL = "ada@example.com"
CONTACT = {"uuid": "c-1", "email": EMAIL}
CARD = {"name": "A1", "value": "A1", "active": True, "contact": CONTACT}
LOOSE = {**CARD, "contact": None}


def subscription(status: object, *, on: bool) -> list[dict[str, Any]]:
    other = {"is_subscribed": not on, "status": "X", "subscription_type": {"uuid": None, "id": 3}}
    return [other, {"is_subscribed": on, "status": status, "subscription_type": {"uuid": "s-1", "id": 1}}]


@attrs.frozen
class Case:
    """A write; what the API answers to the questions after it; where they go; and what is made of it."""

    name: str
    call: Call
    asks: list[str]
    answers: list[Any]
    uuid: Any

    def __str__(self) -> str:
        return self.name


def create(leat: LeatClient) -> Awaitable[Any]:
    return leat.contacts.create(email=EMAIL)


def claim(leat: LeatClient) -> Awaitable[Any]:
    return leat.contacts.claim_anonymous("anon", email=EMAIL)


def merge(leat: LeatClient) -> Awaitable[Any]:
    return leat.contacts.merge(source_contact_uuid="old", destination_contact_uuid="c-1")


def anonymous(leat: LeatClient) -> Awaitable[Any]:
    return leat.contacts.create_anonymous(contact_identifier_value="A1")


def link(leat: LeatClient) -> Awaitable[Any]:
    return leat.contact_identifiers.link(contact_identifier_value="A1", contact_uuid="c-1")


def unlink(leat: LeatClient) -> Awaitable[Any]:
    return leat.contact_identifiers.unlink(contact_identifier_value="A1")


def subscribe(leat: LeatClient) -> Awaitable[Any]:
    return leat.contact_subscriptions.subscribe("c-1", subscription_type_uuid="s-1")


def unsubscribe(leat: LeatClient) -> Awaitable[Any]:
    return leat.contact_subscriptions.unsubscribe("c-1", subscription_type_uuid="s-1")


def attribute(leat: LeatClient) -> Awaitable[Any]:
    return leat.custom_attributes.create(entity="visit", name="n", label="N", type="text")


def give(leat: LeatClient) -> Awaitable[Any]:
    return leat.credit_receptions.create(contact_uuid="c-1", shop_uuid="s", credits=1, identity=" till-3 ")


RECEIVED = {"uuid": "r-1", "type": "credit_reception", "credits": 1, "contact": CONTACT, "external_id": "till-3"}
RECEPTIONS = "/loyalty-transactions?type=credit_receptions&contact_uuid=c-1&sort=-created_at&limit=100"
TRANSACTION_ATTRIBUTES = "/loyalty-transaction-attributes"
BY_EMAIL = "/contacts/find-one-by?email=ada%40example.com"
BY_CARD = "/contact-identifiers/find?contact_identifier_value=A1"
CASES = [
    Case("create", create, [BY_EMAIL], [CONTACT], "c-1"),
    Case("create, not there", create, [BY_EMAIL], [MISSING], None),
    Case("create_async", lambda leat: leat.contacts.create_async(email=EMAIL), [BY_EMAIL], [CONTACT], "c-1"),
    Case("find_or_create", lambda leat: leat.contacts.find_or_create(email=EMAIL), [BY_EMAIL], [CONTACT], "c-1"),
    Case(
        "find_or_create_async",
        lambda leat: leat.contacts.find_or_create_async(email=EMAIL),
        [BY_EMAIL],
        [CONTACT],
        "c-1",
    ),
    Case("anonymous", anonymous, [BY_CARD], [CARD], "c-1"),
    Case("anonymous, not linked", anonymous, [BY_CARD], [LOOSE], None),
    Case("anonymous, not there", anonymous, [BY_CARD], [MISSING], None),
    Case("update", lambda leat: leat.contacts.update("c-1", attributes={"a": 1}), ["/contacts/c-1"], [CONTACT], "c-1"),
    Case("claim", claim, [BY_EMAIL], [{"uuid": "anon"}], "anon"),
    Case("claim, not yet", claim, [BY_EMAIL], [MISSING], None),
    Case("claim, merged", claim, [BY_EMAIL, "/contacts/anon", "/contacts/c-1"], [CONTACT, MISSING, CONTACT], "c-1"),
    Case("claim, another's address", claim, [BY_EMAIL, "/contacts/anon"], [CONTACT, {"uuid": "anon"}], None),
    Case("merge", merge, ["/contacts/old", "/contacts/c-1"], [MISSING, CONTACT], "c-1"),
    Case("merge, not yet", merge, ["/contacts/old"], [{"uuid": "old"}], None),
    Case("link", link, [BY_CARD], [CARD], "A1"),
    Case("link, to nobody", link, [BY_CARD], [LOOSE], None),
    Case("link, to another", link, [BY_CARD], [{**CARD, "contact": {"uuid": "c-2"}}], None),
    Case("unlink", unlink, [BY_CARD], [LOOSE], "A1"),
    Case("unlink, not yet", unlink, [BY_CARD], [CARD], None),
    Case(
        "identifier",
        lambda leat: leat.contact_identifiers.create(contact_identifier_value="A1"),
        [BY_CARD],
        [CARD],
        "A1",
    ),
    Case(
        "identifier changed",
        lambda leat: leat.contact_identifiers.update(contact_identifier_value="A1", contact_identifier_active=False),
        [BY_CARD],
        [CARD],
        "A1",
    ),
    Case("subscribe", subscribe, ["/contact-subscriptions/c-1"], [subscription("SUBSCRIBED", on=True)], "s-1"),
    Case(
        "subscribe, pending",
        subscribe,
        ["/contact-subscriptions/c-1"],
        [subscription("PENDING_CONFIRMATION", on=False)],
        "s-1",
    ),
    Case("subscribe, not yet", subscribe, ["/contact-subscriptions/c-1"], [subscription(0, on=False)], None),
    Case("unsubscribe", unsubscribe, ["/contact-subscriptions/c-1"], [subscription(0, on=False)], "s-1"),
    Case("unsubscribe, not yet", unsubscribe, ["/contact-subscriptions/c-1"], [subscription(1, on=True)], None),
    Case("unsubscribe, unknown", unsubscribe, ["/contact-subscriptions/c-1"], [[]], None),
    Case(
        "session token used",
        lambda leat: leat.contact_session_tokens.use("t"),
        ["/contact-session-tokens/t"],
        [{"token": "t", "status": "used"}],
        "t",
    ),
    Case(
        "session token not used",
        lambda leat: leat.contact_session_tokens.use("t"),
        ["/contact-session-tokens/t"],
        [{"token": "t", "status": "active"}],
        None,
    ),
    Case("attribute", attribute, ["/custom-attributes?entity=visit"], [[{"name": "m"}, {"name": "n"}]], "n"),
    Case("attribute, not there", attribute, ["/custom-attributes?entity=visit"], [[{"name": "m"}]], None),
    Case(
        "attribute changed",
        lambda leat: leat.custom_attributes.update("n", entity="visit", label="N"),
        ["/custom-attributes?entity=visit"],
        [[{"name": "n"}]],
        "n",
    ),
    Case(
        "group",
        lambda leat: leat.custom_attribute_groups.create(entity="visit", name="n"),
        ["/custom-attribute-groups?entity=visit"],
        [[{"name": "n"}]],
        "n",
    ),
    Case(
        "contact attribute",
        lambda leat: leat.contact_attributes.create(name="n", label="N", data_type="text"),
        ["/contact-attributes"],
        [[{"name": "n"}]],
        "n",
    ),
    Case(
        "reward attribute",
        lambda leat: leat.reward_attributes.create(name="n", label="N", type="text"),
        ["/reward-attributes"],
        [[{"name": "n"}]],
        "n",
    ),
    Case(
        "transaction attribute",
        lambda leat: leat.loyalty_transaction_attributes.create(name="n", data_type="text"),
        ["/loyalty-transaction-attributes"],
        [[{"name": "n"}]],
        "n",
    ),
    Case("credits", give, [RECEPTIONS], [[{**RECEIVED, "external_id": "till-4"}, RECEIVED]], "r-1"),
    Case(
        "credits, not there",
        give,
        [RECEPTIONS, TRANSACTION_ATTRIBUTES],
        [[], [{"name": "external_id"}]],
        None,
    ),
    Case("credits, reversed", give, [RECEPTIONS], [[{**RECEIVED, "uuid": "r-2", "credits": -1}, RECEIVED]], "r-1"),
    Case("unit", lambda leat: leat.units.create(name="n", label="N"), ["/units"], [[{"name": "n"}]], "n"),
    Case(
        "perk",
        lambda leat: leat.perks.create(label="N", name="n", data_type="boolean", options=[]),
        ["/perks"],
        [[{"name": "n"}]],
        "n",
    ),
    Case("perk changed", lambda leat: leat.perks.update("p-1", label="N"), ["/perks/p-1"], [{"uuid": "p-1"}], "p-1"),
]


@pytest.fixture
async def leat(recorder: Recorder) -> AsyncIterator[LeatClient]:
    async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None, retry=None) as client:
        yield client


def identity(found: Any) -> Any:
    """What names an object: one of its keys, or its subscription type's."""
    kind = getattr(found, "subscription_type", None)
    if kind is not None:
        return kind.uuid
    names = ("uuid", "value", "token", "name")
    return next((value for name in names if (value := getattr(found, name, None))), None)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_is_asked(leat: LeatClient, recorder: Recorder, case: Case) -> None:
    recorder.default = answer({"message": "broken"}, status=500)
    with pytest.raises(OutcomeUnknownError) as caught:
        await case.call(leat)
    sent = len(recorder.requests)
    assert sent == 1
    missing = answer({"message": "not found", "code": 55031, "status_code": 400}, status=400)
    recorder.replies = [missing if data is MISSING else answer({"data": data, "meta": []}) for data in case.answers]
    found = await caught.value.reconcile()
    assert identity(found) == case.uuid
    asked = recorder.requests[sent:]
    assert [r.target for r in asked] == [f"/api/v3/oauth/clients{target}" for target in case.asks]
    assert {r.method for r in asked} == {"GET"}


@pytest.mark.parametrize(
    "call",
    [
        lambda leat: leat.contacts.create_anonymous(),
        lambda leat: leat.credit_receptions.create(contact_uuid="c-1", shop_uuid="s", credits=1),
        lambda leat: leat.contacts.delete("c", type="GDPR"),
    ],
)
async def test_what_can_not_be_asked(leat: LeatClient, recorder: Recorder, call: Call) -> None:
    recorder.default = answer({"message": "broken"}, status=500)
    with pytest.raises(OutcomeUnknownError) as caught:
        await call(leat)
    assert not caught.value.reconcilable
    with pytest.raises(LeatError, match="no look-up"):
        await caught.value.reconcile()


async def test_credits_of_an_account_that_keeps_no_identities_are_not_said_to_be_missing(
    leat: LeatClient, recorder: Recorder
) -> None:
    recorder.default = answer({"message": "broken"}, status=500)
    with pytest.raises(OutcomeUnknownError) as caught:
        await give(leat)
    recorder.default = answer({"data": [], "meta": {"page": 1, "last_page": 1}})
    with pytest.raises(ConfigError, match="no loyalty transaction attribute 'external_id'"):
        await caught.value.reconcile()
    recorder.default = answer({"data": [{**RECEIVED, "contact": {"uuid": "c-2"}}], "meta": {"page": 1, "last_page": 1}})
    with pytest.raises(DecodeError, match="another contact"):
        await caught.value.reconcile()


async def test_why_nobody_can_be_asked(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"message": "broken"}, status=500)
    async with LeatClient("t", base_url=recorder.url, api="register", retry=None) as register:
        for call, why in (
            (leat.visits.create(contact_uuid="c", shop_uuid="s"), "external_id was not given, by which"),
            (register.visits.create(contact_uuid="c", external_id="e"), "the API offers none under api='register'"),
            (
                leat.visits.create_batch(visits=[{"contact_email": "a@b.c", "business_profile_uuid": "s"}]),
                "offers none for",
            ),
        ):
            with pytest.raises(OutcomeUnknownError) as caught:
                await call
            with pytest.raises(LeatError, match=f"visits.create.*: no look-up: .*{why}.*check by hand"):
                await caught.value.reconcile()


async def test_a_visit_can_not_be_asked_for_where_visits_can_not_be_listed(recorder: Recorder) -> None:
    recorder.default = answer({"message": "broken"}, status=500)
    for api, askable in (("oauth", True), ("register", False)):
        async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None, api=api) as leat:  # type: ignore[arg-type]
            with pytest.raises(OutcomeUnknownError) as caught:
                await leat.visits.create(contact_uuid="c-1", shop_uuid="s", external_id="e")
            assert caught.value.reconcilable is askable


@each("name", [name for name in OPERATIONS if OPERATIONS[name][0].effect is not Effect.SAFE])
def test_docstrings_say_what_reconcile_does(name: str) -> None:
    resource, _, method = name.partition(".")
    function = getattr(type(getattr(LeatClient("token"), resource)), method)
    text = re.sub(r"\s+", " ", inspect.getdoc(function) or "")
    assert "OutcomeUnknownError: " in text
    told = text.partition("OutcomeUnknownError: ")[2].partition("Repeating: ")[0]
    assert "reconcile()" in told
    assert (operation_of(function).look_up is not None) != ("`reconcile()` has no answer" in told), told


async def test_a_deleted_thing_that_is_gone_after_a_fault_was_deleted(recorder: Recorder) -> None:
    async with LeatClient("t" * 53, base_url=recorder.url, rate_limit=None) as leat:
        for call, code in (
            (lambda: leat.contacts.delete("c-1", type="DEFAULT"), 55031),
            (lambda: leat.perks.delete("p-1"), 110000),
            (lambda: leat.contact_identifiers.delete(contact_identifier_value="A1"), 60003),
        ):
            gone = answer({"message": "not found", "code": code, "status_code": 400}, status=400)
            recorder.replies = [answer({"message": "broken"}, status=502), gone]
            assert await call() is None
            recorder.replies = [gone]
            with pytest.raises(LeatError, match="not found"):
                await call()
