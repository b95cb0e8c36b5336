"""What deliveries say."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest

from leat_async import errors, models, structure, webhooks

BODY = (
    rb'{"type":"voucher_redeemed","data":{"voucher":{"uuid":"62f6dc8c-4ff1-4c42-99ba-713c68ed10a0",'
    rb'"code":"A\/B-1","name":"Caf\u00e9 \u20ac \u2615"}}}'
)


def test_an_event_and_its_model() -> None:
    event = webhooks.parse(BODY)
    assert event.type == "voucher_redeemed"
    voucher = structure(event.data["voucher"], models.Voucher)
    assert (voucher.code, voucher.name) == ("A/B-1", "Café € ☕")
    assert event.raw == {"type": "voucher_redeemed", "data": event.data}
    assert "Caf" not in repr(event)
    assert hash(event) == hash(webhooks.parse(BODY))
    assert webhooks.parse(BODY.decode()) == event


@pytest.mark.parametrize(
    ("body", "kind", "data"),
    [
        (b'{"event_type": "contact_updated", "data": {"uuid": "c"}, "more": 1}', "contact_updated", {"uuid": "c"}),
        (b'{"type": "something_new", "data": []}', "something_new", {}),
        (b'{"type": "something_new", "data": null}', "something_new", {}),
        (b'{"type": "something_new"}', "something_new", {}),
    ],
)
def test_other_shapes_of_deliveries(body: bytes, kind: str, data: object) -> None:
    event = webhooks.parse(body)
    assert (event.type, event.data) == (kind, data)
    assert ("more" in event.raw) == (b"more" in body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"{}", b'{"type": 5}', b'{"type": "x", "data": "text"}', b"[" * 100_000]
)
def test_what_is_no_delivery(body: bytes) -> None:
    with pytest.raises(ValueError, match="the delivery"):
        webhooks.parse(body)
    for wrong in (None, 5, {}):
        with pytest.raises(
            TypeError, match=f"body must be the request's bytes, or its text, got {type(wrong).__name__}"
        ):
            webhooks.parse(wrong)  # type: ignore[arg-type]


VOUCHER = {
    "uuid": "v",
    "code": "A",
    "status": "ACTIVE",
    "contact": {"uuid": "c"},
    "promotion": {"uuid": "p", "seats": 4},
}
FLAT = {
    "uuid": "v",
    "contact_uuid": "c",
    "promotion_uuid": "p",
    "status": "ACTIVE",
    "created_at": "2026-05-01T00:00:00+00:00",
}


def event_of(kind: str, data: Any, name: str = "type") -> webhooks.Event:
    return webhooks.parse(msgspec.json.encode({name: kind, "data": data}))


@pytest.mark.parametrize(
    "kind", ["voucher_created", "voucher_updated", "voucher_redeemed", "voucher_deleted", "voucher_new"]
)
def test_a_voucher_in_both_shapes(kind: str) -> None:
    for event in (event_of(kind, {"voucher": VOUCHER}), event_of(kind, FLAT, "event_type")):
        assert isinstance(event, webhooks.VoucherEvent)
        voucher = event.voucher
        assert (voucher.uuid, voucher.status) == ("v", "ACTIVE")
        assert voucher.contact is not None
        assert voucher.promotion is not None
        assert (voucher.contact.uuid, voucher.promotion.uuid) == ("c", "p")
    assert event_of(kind, {"voucher": VOUCHER}).voucher.promotion.extra == {"seats": 4}  # type: ignore[union-attr]
    assert voucher.extra["contact_uuid"] == "c"


def test_a_contact_in_both_shapes() -> None:
    for data in ({"contact": {"uuid": "c", "email": "a@b.c", "new": 1}}, {"uuid": "c", "email": "a@b.c", "new": 1}):
        event = event_of("contact_updated", data)
        assert isinstance(event, webhooks.ContactEvent)
        assert (event.contact.uuid, event.contact.email, event.contact.extra) == ("c", "a@b.c", {"new": 1})
        assert "a@b.c" not in repr(event)


@pytest.mark.parametrize(
    "kind", ["contact_identifier_created", "credit_reception_created", "referral_completed", "vouchers_gone", "x"]
)
def test_other_kinds_are_kept_as_they_are(kind: str) -> None:
    event = event_of(kind, {"thing": {"uuid": "t"}, "more": [1]})
    assert type(event) is webhooks.WebhookEvent
    assert (event.type, event.data) == (kind, {"thing": {"uuid": "t"}, "more": [1]})


def test_a_shape_that_nobody_knows_is_said() -> None:
    for data in ({}, {"voucher": "v-1"}, {"other": 1, "second": 2}):
        event = event_of("voucher_created", data)
        assert isinstance(event, webhooks.VoucherEvent)
        with pytest.raises(ValueError, match="says nothing of a voucher: its data has") as caught:
            _ = event.voucher
        assert "v-1" not in str(caught.value)
    with pytest.raises(errors.DecodeError, match=r"\$.data.contact.email"):
        _ = event_of("contact_created", {"contact": {"uuid": "c", "email": ["a"]}}).contact  # type: ignore[union-attr]


def test_what_an_event_is_known_by() -> None:
    one, same, other = webhooks.parse(BODY), webhooks.parse(BODY.decode()), webhooks.parse(BODY + b" ")
    assert one.key == same.key != other.key
    assert 0 < len(one.key) <= 64
    assert pickle.loads(pickle.dumps(one)) == one
    assert one.attempt == 1


def test_an_event_can_be_matched() -> None:
    match webhooks.parse(BODY):
        case webhooks.VoucherEvent(type="voucher_redeemed") as event:
            assert event.voucher.name == "Café € ☕"
        case _:
            pytest.fail("it is a voucher's")
