"""Gift cards and prepaid money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from leat_async import LeatClient, structure, unstructure
from leat_async.models import Giftcard, GiftcardTransaction

from ..conftest import Recorder, answer


async def test_the_page_size_of_transactions_is_camel_case(leat: LeatClient, recorder: Recorder) -> None:
    def page(number: int) -> Any:
        meta = {"page": number, "limit": "2", "last_page": "2", "total": "3"}
        return answer({"data": [{"id": number, "uuid": None}], "meta": meta})

    recorder.replies = [page(1), page(2)]
    rows = await leat.giftcard_transactions.list(per_page=2, giftcard_hash="h").collect()
    assert [row.id for row in rows] == [1, 2]
    assert [row.uuid for row in rows] == [None, None]
    assert recorder.requests[0].query == (("giftcard_hash", "h"), ("perPage", "2"))
    assert recorder.requests[1].query == (("giftcard_hash", "h"), ("perPage", "2"), ("page", "2"))
    recorder.default = answer({"data": []})
    await leat.giftcard_transactions.list()
    assert recorder.last.query == (("perPage", "100"),)
    await leat.giftcard_transactions.list().first()
    assert recorder.last.query == (("perPage", "1"),)


async def test_what_spends_a_card_does_not_show(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": {"uuid": "g", "hash": "HUSH", "url": "https://x.example/?hash=HUSH"}})
    card = await leat.giftcards.find_one_by(hash="HUSH")
    assert card.hash == "HUSH"
    assert "HUSH" not in repr(card)


@pytest.mark.parametrize(("came", "read"), [("DIGITAL", "DIGITAL"), (1, 1)])
def test_a_card_s_type_is_a_name_or_a_number(came: object, read: object) -> None:
    card = structure({"type": came, "amount": 1, "giftcard_program": {"active": "yes"}}, Giftcard)
    assert card.type == read
    assert card.amount == 1.0
    assert card.giftcard_program is not None
    assert card.giftcard_program.active == "yes"


def test_older_transactions_name_card_and_shop_by_number() -> None:
    raw: dict[str, Any] = {"card_id": "7", "shop_id": 8, "settlements": [{"id": 9}], "custom_attributes": []}
    transaction = structure(raw, GiftcardTransaction)
    assert (transaction.card_id, transaction.shop_id) == (7, 8)
    assert transaction.settlements[0].id == 9
    assert dict(transaction.custom_attributes) == {}
    assert unstructure(transaction) == raw


@pytest.mark.parametrize("data", [{"message": "success", "data": "Email successfully sent"}, "Email successfully sent"])
async def test_mailing_answers_an_object_or_a_text(leat: LeatClient, recorder: Recorder, data: object) -> None:
    recorder.default = answer({"data": data, "meta": {}})
    result = await leat.giftcards.send_by_email("g", contact_uuid="c-1", merge_tags={"custom.name": "Ada"})
    assert result.data == "Email successfully sent"
    assert recorder.last.json == {"contact_uuid": "c-1", "merge_tags": {"custom.name": "Ada"}}


@pytest.mark.parametrize("amount", [12.5, Decimal("12.5"), "1250", True, 2**70])
async def test_cents_are_whole_numbers(leat: LeatClient, recorder: Recorder, amount: Any) -> None:
    for send in (
        lambda: leat.giftcard_transactions.create(giftcard_uuid="g", amount_in_cents=amount, shop_uuid="s"),
        lambda: leat.prepaid_transactions.create(contact_uuid="c-1", amount_in_cents=amount, shop_uuid="s"),
        lambda: leat.portal_sessions.create_redeem_giftcards(amount_in_cents=amount, shop_uuid="s"),
    ):
        with pytest.raises((TypeError, ValueError), match="amount_in_cents"):
            await send()
    assert recorder.requests == []


async def test_prepaid_money_belongs_to_a_contact_or_a_card(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": {"uuid": "p", "prepaid_balance": {"balance_in_cents": "4000"}}})
    paid = await leat.prepaid_transactions.create(contact_identifier_value="card", amount_in_cents=-5, shop_uuid="s")
    assert recorder.last.json == {"contact_identifier_value": "card", "amount_in_cents": -5, "shop_uuid": "s"}
    assert paid.prepaid_balance is not None
    assert paid.prepaid_balance.balance_in_cents == 4000
    for missing in ({}, {"contact_uuid": None}):
        with pytest.raises(ValueError, match="one of contact_uuid or contact_identifier_value"):
            await leat.prepaid_transactions.create(amount_in_cents=5, shop_uuid="s", **missing)
    assert len(recorder.requests) == 1
