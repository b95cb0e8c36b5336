"""Webhook deliveries."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from leat_async import models, structure, webhooks

# Computed with PHP, whose JSON escapes slashes and everything that is not ASCII.
SECRET = "whsec_example"
BODY = (
    rb'{"type":"voucher_redeemed","data":{"voucher":{"uuid":"62f6dc8c-4ff1-4c42-99ba-713c68ed10a0",'
    rb'"code":"A\/B-1","name":"Caf\u00e9 \u20ac \u2615"}}}'
)
SIGNATURE = "9bd6c0485cfb64f3365cd5bf53b5ddb5b0deaa3aae61ae1058cd162ce47552f4"


def test_a_signature_made_by_php() -> None:
    assert webhooks.verify(BODY, SIGNATURE, SECRET)
    assert webhooks.verify(bytearray(BODY), SIGNATURE, SECRET)  # type: ignore[arg-type]
    assert webhooks.verify(BODY, SIGNATURE, ["new one", SECRET])
    assert webhooks.verify(BODY, SIGNATURE, (SECRET, "old one"))


@pytest.mark.parametrize(
    "signature",
    [None, "", SIGNATURE[:-1], SIGNATURE + "0", SIGNATURE[::-1], "é" * 64, "\udcff", hashlib.sha256(BODY).hexdigest()],
)
def test_what_is_not_genuine(signature: str | None) -> None:
    assert not webhooks.verify(BODY, signature, [SECRET, "another"])


def test_each_byte_and_the_secret_count() -> None:
    assert not webhooks.verify(BODY + b"\n", SIGNATURE, SECRET)
    assert not webhooks.verify(BODY.replace(rb"\/", b"/"), SIGNATURE, SECRET)
    assert not webhooks.verify(BODY, SIGNATURE, "whsec_exampl")
    assert not webhooks.verify(b"", SIGNATURE, SECRET)


def test_every_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []

    def spy(a: Any, b: Any) -> bool:
        compared.append((a, b))
        return hmac_compare(a, b)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", spy)
    assert webhooks.verify(BODY, SIGNATURE, [SECRET, "b", "c"])
    assert len(compared) == 3, "the first that fits must not end the search"


@pytest.mark.parametrize("secret", ["", [], [""], [SECRET, ""]])
def test_no_secret_is_no_protection(secret: Any) -> None:
    with pytest.raises(ValueError, match="secret must"):
        webhooks.verify(BODY, SIGNATURE, secret)


def test_decoded_bodies_are_refused() -> None:
    for body in (BODY.decode(), {"type": "x"}):
        with pytest.raises(TypeError, match="before any decoding"):
            webhooks.verify(body, SIGNATURE, SECRET)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="secret must be text") as caught:
        webhooks.verify(BODY, SIGNATURE, [b"hush"])  # type: ignore[list-item]
    assert "hush" not in str(caught.value)


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
