"""Vouchers and promotions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest

from leat_async import LeatClient, structure, unstructure
from leat_async.models import Promotion, Voucher, VoucherLock

from ..conftest import Recorder, answer


@pytest.mark.parametrize("came", [[], {}, {"plu": "A"}], ids=["list", "empty", "object"])
@pytest.mark.parametrize("kind", [Voucher, Promotion])
def test_attributes_are_a_mapping_however_they_come(kind: type[Voucher] | type[Promotion], came: Any) -> None:
    thing = structure({"uuid": "x", "attributes": came}, kind)
    assert dict(thing.attributes) == (came or {})
    assert unstructure(thing) == {"uuid": "x", "attributes": came}
    changed = attrs.evolve(thing, attributes={**thing.attributes, "new": 1})
    assert unstructure(changed) == {"uuid": "x", "attributes": {**(came or {}), "new": 1}}


def test_a_voucher_names_its_promotion_with_attributes_beside_the_fields() -> None:
    voucher = structure({"promotion": {"uuid": "p", "name": "N", "plu": "A"}}, Voucher)
    assert voucher.promotion is not None
    assert voucher.promotion.extra == {"plu": "A"}


def test_a_key_to_a_lock_does_not_show() -> None:
    locked = structure({"voucher": {"uuid": "v", "status": "LOCKED"}, "lock": {"release_key": "HUSH"}}, VoucherLock)
    assert locked.lock is not None
    assert locked.lock.release_key == "HUSH"
    assert "HUSH" not in repr(locked)


async def test_redemptions_of_one_and_of_several(leat: LeatClient, recorder: Recorder) -> None:
    redemption = {"uuid": "r-1", "created_at": "2023-11-13T08:51:00+00:00"}
    recorder.default = answer({"data": {"uuid": "v", "voucher_redemption": redemption}, "meta": []})
    voucher = await leat.vouchers.redeem(code="A", shop_uuid="s", release_key="k")
    assert voucher.voucher_redemption is not None
    assert voucher.voucher_redemption.created_at == dt.datetime(2023, 11, 13, 8, 51, tzinfo=dt.UTC)
    assert recorder.last.json == {"code": "A", "shop_uuid": "s", "release_key": "k"}
    recorder.default = answer({"data": {"voucher": {"uuid": "v"}, "voucher_redemptions": [redemption, redemption]}})
    several = await leat.vouchers.multi_redeem(code="A", number_of_times=2, shop_uuid="s")
    assert [one.uuid for one in several.voucher_redemptions] == ["r-1", "r-1"]


async def test_what_nobody_documents_is_given_as_it_is(leat: LeatClient, recorder: Recorder) -> None:
    answers: tuple[Any, ...] = ({"valid": True}, [], None, "ok")
    for data in answers:
        recorder.default = answer({"data": data, "meta": []})
        assert await leat.vouchers.validate("v", shop_uuid="s") == data
        assert await leat.vouchers.reverse("r") == data


async def test_a_batch_says_when_in_its_own_way(leat: LeatClient, recorder: Recorder) -> None:
    recorder.default = answer({"data": {"uuid": "b", "created_at": "2023-11-27, 17:59", "quantity": "30"}}, 201)
    batch = await leat.vouchers.create_batch(promotion_uuid="p", quantity=30)
    assert (batch.created_at, batch.quantity) == ("2023-11-27, 17:59", 30)


async def test_every_page_of_vouchers_in_the_framework_s_own_paging(leat: LeatClient, recorder: Recorder) -> None:
    recorder.replies = [
        answer({"data": [{"uuid": f"v{n}"}], "links": {}, "meta": {"current_page": n, "last_page": 2, "per_page": "1"}})
        for n in (1, 2)
    ]
    assert [voucher.uuid async for voucher in leat.vouchers.list(limit=1)] == ["v1", "v2"]


async def test_promotions_end_where_the_api_repeats_itself_or_has_no_more(leat: LeatClient, recorder: Recorder) -> None:
    whole = answer({"data": [{"uuid": "a"}, {"uuid": "b"}], "meta": []})
    more = answer({"data": [{"uuid": "c"}], "meta": []})
    none = answer({"data": [], "meta": []})
    for replies, found in (([whole, whole], "ab"), ([whole, more, none], "abc"), ([whole, more, more], "abc")):
        for ahead in (0, 2):
            recorder.replies, recorder.default = list(replies), replies[-1]
            pages = [page async for page in leat.promotions.list().pages(ahead=ahead)]
            assert "".join(row.uuid for page in pages for row in page.items) == found
    recorder.requests.clear()
    recorder.default = none
    await leat.promotions.list()
    assert recorder.last.query == (), "the API's own page size"
