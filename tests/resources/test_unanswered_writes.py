# ruff: noqa: E501 - a table, one write a line
"""What becomes of a write that nobody answers: how often it is sent, and who can be asked about it.

Covers rewards, gift cards, vouchers, portal sessions, webhooks, orders, products, shifts and tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from leat_async import LeatClient
from leat_async._core.operation import Effect
from leat_async.errors import LeatError, NotFoundError, OutcomeUnknownError
from leat_async.models import OrderWithResult

from ..conftest import Recorder, Reply, answer, drop
from ..rows import each
from .table import OPERATIONS

FAMILIES = {
    "auth",
    "collectable_rewards",
    "giftcard_programs",
    "giftcard_transactions",
    "giftcards",
    "order_returns",
    "orders",
    "portal_sessions",
    "prepaid_transactions",
    "product_categories",
    "products",
    "promotion_attributes",
    "promotions",
    "reward_receptions",
    "rewards",
    "shift_teams",
    "shift_types",
    "shifts",
    "vouchers",
    "webhook_subscriptions",
}
MOMENT = "2024-05-01T20:00:00+02:00"
LINE: Any = {"external_identifier": "l", "name": "L", "quantity": 1, "price": 5, "total_amount": 5}
ORDER: dict[str, Any] = {
    "external_identifier": "e 1",
    "status": "COMPLETED",
    "payment_status": "PAID",
    "total_order_amount": 5,
    "contact": {"uuid": "c"},
    "business_profile": {"uuid": "s"},
    "line_items": [LINE],
}
SHIFT: dict[str, Any] = {"started_at": MOMENT, "ended_at": MOMENT, "status": "approved"}
HOOK: dict[str, Any] = {"name": "n", "event_type": "contact_created", "url": "https://a.example/h"}


@attrs.frozen
class Write:
    """A write, and the look-up behind `reconcile()` where there is one: its path and query, and its answer."""

    id: str
    effect: Effect
    send: Callable[[LeatClient], Any]
    path: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    found: Any = None
    uuid: str = "u"


A, R, S = Effect.ACTION, Effect.REPEATABLE, Effect.SAFE
ONE = {"uuid": "u", "external_identifier": "e 1", "name": "n"}
BY_IDENTIFIER = (("external_identifier", "e 1"),)
WRITES = [
    Write("rewards.update", R, lambda c: c.rewards.update("u", title="T"), "/rewards/u", (), ONE),
    Write("reward_receptions.create", A, lambda c: c.reward_receptions.create(contact_uuid="c-1", reward_uuid="r", shop_uuid="s")),
    Write("reward_receptions.reverse", A, lambda c: c.reward_receptions.reverse("u")),
    Write("collectable_rewards.collect", A, lambda c: c.collectable_rewards.collect("u")),
    Write("collectable_rewards.reverse", A, lambda c: c.collectable_rewards.reverse("u")),
    Write("giftcards.create", A, lambda c: c.giftcards.create(type=1, giftcard_program_uuid="p")),
    Write("giftcards.send_by_email", A, lambda c: c.giftcards.send_by_email("u", contact_uuid="c-1")),
    Write("giftcard_transactions.create", A, lambda c: c.giftcard_transactions.create(giftcard_uuid="g", amount_in_cents=-5, shop_uuid="s")),
    Write("giftcard_transactions.reverse", A, lambda c: c.giftcard_transactions.reverse("u")),
    Write("giftcard_transactions.correct", A, lambda c: c.giftcard_transactions.correct("u")),
    Write("prepaid_transactions.create", A, lambda c: c.prepaid_transactions.create(contact_uuid="c-1", amount_in_cents=5, shop_uuid="s")),
    Write("prepaid_transactions.reverse", A, lambda c: c.prepaid_transactions.reverse("u")),
    Write("promotions.create", A, lambda c: c.promotions.create(name="n", description="d")),
    Write("promotion_attributes.create", A, lambda c: c.promotion_attributes.create(name="n", label="L", type="text"), "/promotion-attributes", (), [{"id": 1, "name": "other"}, {"id": 7, "name": "n"}]),
    Write("promotion_attributes.update", R, lambda c: c.promotion_attributes.update("7", label="L"), "/promotion-attributes/7", (), {"id": 7}),
    Write("vouchers.create", A, lambda c: c.vouchers.create(promotion_uuid="p", code="a b"), "/vouchers/find", (("code", "a b"),), ONE),
    Write("vouchers.create_batch", A, lambda c: c.vouchers.create_batch(promotion_uuid="p", quantity=3)),
    Write("vouchers.update", R, lambda c: c.vouchers.update("u", status="ACTIVE")),
    Write("vouchers.validate", S, lambda c: c.vouchers.validate("u", shop_uuid="s")),
    Write("vouchers.redeem", A, lambda c: c.vouchers.redeem(code="a", shop_uuid="s")),
    Write("vouchers.multi_redeem", A, lambda c: c.vouchers.multi_redeem(code="a", number_of_times=2, shop_uuid="s")),
    Write("vouchers.lock", A, lambda c: c.vouchers.lock("u")),
    Write("vouchers.release", A, lambda c: c.vouchers.release("u", release_key="k")),
    Write("vouchers.reverse", A, lambda c: c.vouchers.reverse("u")),
    Write("portal_sessions.create", A, lambda c: c.portal_sessions.create(shop_uuid="s")),
    Write("portal_sessions.create_credit_reception", A, lambda c: c.portal_sessions.create_credit_reception(shop_uuid="s")),
    Write("portal_sessions.create_redeem_giftcards", A, lambda c: c.portal_sessions.create_redeem_giftcards(shop_uuid="s", amount_in_cents=5)),
    Write("portal_sessions.create_top_up_giftcards", A, lambda c: c.portal_sessions.create_top_up_giftcards(shop_uuid="s")),
    Write("portal_sessions.create_pay_prepaid", A, lambda c: c.portal_sessions.create_pay_prepaid(shop_uuid="s")),
    Write("portal_sessions.create_top_up_prepaid", A, lambda c: c.portal_sessions.create_top_up_prepaid(shop_uuid="s")),
    Write("portal_sessions.create_vouchers", A, lambda c: c.portal_sessions.create_vouchers(shop_uuid="s")),
    Write("portal_sessions.create_prepaid", A, lambda c: c.portal_sessions.create_prepaid()),
    Write("webhook_subscriptions.create", A, lambda c: c.webhook_subscriptions.create(**HOOK), "/webhook-subscriptions", (("event_type", "contact_created"),), [{**HOOK, "uuid": "x", "name": "other"}, {**HOOK, "uuid": "u"}]),
    Write("webhook_subscriptions.update", R, lambda c: c.webhook_subscriptions.update("u", status="INACTIVE"), "/webhook-subscriptions/u", (), ONE),
    Write("webhook_subscriptions.delete", R, lambda c: c.webhook_subscriptions.delete("u")),
    Write("orders.create", A, lambda c: c.orders.create(**ORDER), "/orders/find", BY_IDENTIFIER, ONE),
    Write("orders.create_and_process", A, lambda c: c.orders.create_and_process(**ORDER), "/orders/find", BY_IDENTIFIER, ONE),
    Write("orders.process", A, lambda c: c.orders.process("u")),
    Write("orders.update", R, lambda c: c.orders.update("u", status="COMPLETED")),
    Write("orders.simulate", S, lambda c: c.orders.simulate(total_order_amount=5, business_profile={"uuid": "s"}, line_items=[LINE])),
    Write("order_returns.create_and_process", A, lambda c: c.order_returns.create_and_process(order={"uuid": "u"}, external_identifier="r", status="COMPLETED")),
    Write("order_returns.create", A, lambda c: c.order_returns.create(order={"uuid": "u"}, external_identifier="r", status="PENDING")),
    Write("order_returns.process", A, lambda c: c.order_returns.process("u")),
    Write("products.create", A, lambda c: c.products.create(external_identifier="e 1", name="n"), "/products/find", BY_IDENTIFIER, ONE),
    Write("products.create_batch", A, lambda c: c.products.create_batch(products=[{"external_identifier": "e 1", "name": "n"}]), "/products/find", BY_IDENTIFIER, ONE),
    Write("products.find_or_create", R, lambda c: c.products.find_or_create(external_identifier="e 1"), "/products/find", BY_IDENTIFIER, ONE),
    Write("products.update", R, lambda c: c.products.update("u", name="n"), "/products/u", (), ONE),
    Write("products.delete", R, lambda c: c.products.delete("u")),
    Write("product_categories.create", A, lambda c: c.product_categories.create(external_identifier="e 1", name="n"), "/product-categories/find", BY_IDENTIFIER, ONE),
    Write("product_categories.create_batch", A, lambda c: c.product_categories.create_batch(categories=[{"external_identifier": "e 1", "name": "n"}]), "/product-categories/find", BY_IDENTIFIER, ONE),
    Write("product_categories.find_or_create", R, lambda c: c.product_categories.find_or_create(external_identifier="e 1"), "/product-categories/find", BY_IDENTIFIER, ONE),
    Write("product_categories.update", R, lambda c: c.product_categories.update("u", name="n"), "/product-categories/u", (), ONE),
    Write("product_categories.delete", R, lambda c: c.product_categories.delete("u")),
    Write("shifts.create", A, lambda c: c.shifts.create(contact_uuid="c-1", shop_uuid="s", external_id="a b", **SHIFT), "/shifts/find", (("external_id", "a b"),), ONE),
    Write("shifts.update", R, lambda c: c.shifts.update("u", **SHIFT), "/shifts/u", (), ONE),
    Write("shifts.delete", R, lambda c: c.shifts.delete("u")),
    Write("shift_teams.create", A, lambda c: c.shift_teams.create(name="n"), "/shift-teams/find", (("name", "n"),), ONE),
    Write("shift_teams.update", R, lambda c: c.shift_teams.update("u", name="n"), "/shift-teams/u", (), ONE),
    Write("shift_types.create", A, lambda c: c.shift_types.create(name="n", description="d"), "/shift-types/find", (("name", "n"),), ONE),
    Write("shift_types.update", R, lambda c: c.shift_types.update("u", name="n", description="d"), "/shift-types/u", (), ONE),
    Write("auth.token", S, lambda c: c.auth.token(client_id="i", client_secret="s")),
    Write("auth.partner_credentials", A, lambda c: c.auth.partner_credentials(email="a@b.example", name="n")),
    Write("auth.partner_token", A, lambda c: c.auth.partner_token()),
]  # fmt: skip
ASKABLE = [write for write in WRITES if write.path is not None]
ROOT = "/api/v3/oauth/clients"


def ids(write: Write) -> str:
    return write.id


def gone() -> Reply:
    """As the API tells that something is not there, under a code that no documentation has."""
    return answer({"message": "Thing not found.", "code": 99999, "status_code": 400}, 400)


def test_no_write_is_missing() -> None:
    writes = {
        name
        for name, [operation, *_] in OPERATIONS.items()
        if name.partition(".")[0] in FAMILIES and operation.method != "GET"
    }
    assert {write.id for write in WRITES} == writes


@pytest.mark.parametrize("fault", [answer({"message": "Bad gateway"}, 502), drop()], ids=["502", "dropped"])
@each("write", WRITES, ids=ids)
async def test_only_what_converges_is_sent_again(
    leat: LeatClient, recorder: Recorder, write: Write, fault: Reply
) -> None:
    recorder.requests.clear()
    recorder.default = fault
    with pytest.raises(LeatError) as caught:
        await write.send(leat)
    assert len(recorder.requests) == (1 if write.effect is Effect.ACTION else 3)
    assert len({(sent.method, sent.target, sent.body) for sent in recorder.requests}) == 1
    assert isinstance(caught.value, OutcomeUnknownError) == (write.effect is not Effect.SAFE)
    if isinstance(caught.value, OutcomeUnknownError):
        assert caught.value.reconcilable == (write.path is not None)
        assert caught.value.operation == write.id
    [operation, *_] = OPERATIONS[write.id]
    assert operation.effect is write.effect


async def left_open(leat: LeatClient, recorder: Recorder, write: Write) -> OutcomeUnknownError:
    recorder.default = answer({"message": "Bad gateway"}, 502)
    with pytest.raises(OutcomeUnknownError) as caught:
        await write.send(leat)
    recorder.requests.clear()
    return caught.value


@pytest.mark.parametrize("write", ASKABLE, ids=ids)
async def test_reconciling_asks_where_it_can_be_asked(leat: LeatClient, recorder: Recorder, write: Write) -> None:
    error = await left_open(leat, recorder, write)
    recorder.default = answer({"data": write.found, "meta": []})
    found = await error.reconcile()
    [asked] = recorder.requests
    assert (asked.method, asked.path, asked.query) == ("GET", f"{ROOT}{write.path}", write.query)
    if write.id == "orders.create_and_process":
        assert isinstance(found, OrderWithResult)
        assert found.result is None, "that the order is there does not tell that it was processed"
        found = found.order
    if write.id.endswith("create_batch"):
        [found] = found
    if write.id.startswith("promotion_attributes"):
        assert found.id == 7
    else:
        assert found.uuid == "u"


@pytest.mark.parametrize("write", [write for write in ASKABLE if write.effect is Effect.ACTION], ids=ids)
async def test_reconciling_finds_nothing_yet(leat: LeatClient, recorder: Recorder, write: Write) -> None:
    error = await left_open(leat, recorder, write)
    recorder.default = answer({"data": [], "meta": []}) if isinstance(write.found, list) else gone()
    assert await error.reconcile() is None
    recorder.default = answer({"message": "Server error", "code": 1000}, 500)
    with pytest.raises(LeatError):
        await error.reconcile()


async def test_a_voucher_or_shift_without_identifier_can_not_be_asked_about(
    leat: LeatClient, recorder: Recorder
) -> None:
    recorder.default = drop()
    for send in (
        lambda: leat.vouchers.create(promotion_uuid="p"),
        lambda: leat.vouchers.create(promotion_uuid="p", code=None),
        lambda: leat.shifts.create(contact_uuid="c-1", shop_uuid="s", **SHIFT),
    ):
        with pytest.raises(OutcomeUnknownError) as caught:
            await send()
        assert not caught.value.reconcilable


async def test_a_batch_is_there_only_when_all_of_it_is(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = drop()
    rows = [{"external_identifier": str(number), "name": "n"} for number in range(3)]
    with pytest.raises(OutcomeUnknownError) as caught:
        await leat.products.create_batch(products=rows)  # type: ignore[arg-type]
    recorder.replies = [answer({"data": {"uuid": "0"}}), gone(), answer({"data": {"uuid": "2"}})]
    assert await caught.value.reconcile() is None
    recorder.replies = [answer({"data": {"uuid": str(number)}}) for number in range(3)]
    assert [product.uuid for product in await caught.value.reconcile()] == ["0", "1", "2"]


DELETES = [write for write in WRITES if write.id.endswith(".delete")]


@pytest.mark.parametrize("write", DELETES, ids=ids)
async def test_a_delete_that_was_applied_unanswered_is_done(leat: LeatClient, recorder: Recorder, write: Write) -> None:
    recorder.replies = [drop(), gone()]
    assert await write.send(leat) is None
    assert len(recorder.requests) == 2


@pytest.mark.parametrize("write", DELETES, ids=ids)
async def test_what_was_never_there_is_told(leat: LeatClient, recorder: Recorder, write: Write) -> None:
    recorder.default = gone()
    with pytest.raises(NotFoundError):
        await write.send(leat)
    recorder.replies = [drop(), answer({"message": "No.", "code": 7011}, 400)]
    with pytest.raises(OutcomeUnknownError):
        await write.send(leat)
