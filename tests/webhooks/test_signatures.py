"""Signatures of deliveries, and reading what they are of."""

from __future__ import annotations

import email
import hashlib
import hmac
import os
import pickle
import random
import traceback
from typing import Any

import django.http.request
import pytest
import requests.structures
import starlette.datastructures
import werkzeug.datastructures
from multidict import CIMultiDict

from leat_async import webhooks

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


# -- unwrap, sign --------------------------------------------------------------------------------------

MUTATIONS = 200_000 if os.environ.get("LEAT_SOAK") == "1" else 2_000


def test_sign_makes_what_verify_accepts() -> None:
    assert webhooks.sign(BODY, SECRET) == SIGNATURE
    for body in (b"", b"\xff\xfe\x00", b"x" * 2**20, BODY):
        assert webhooks.verify(body, webhooks.sign(body, "é"), "é")
    for secret, kind in ((None, ValueError), ("", ValueError), (b"x", TypeError), (["x"], TypeError)):
        with pytest.raises(kind, match="secret"):
            webhooks.sign(BODY, secret)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "signature", [SIGNATURE.upper(), f" \t{SIGNATURE} ", SIGNATURE.encode(), SIGNATURE.upper().encode()]
)
def test_what_says_the_same_is_accepted(signature: str | bytes) -> None:
    assert webhooks.verify(BODY, signature, SECRET)
    assert webhooks.unwrap(BODY, {"Signature": signature}, SECRET).type == "voucher_redeemed"  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "signature",
    [
        *("", " ", "0" * 64, SIGNATURE[:-1], SIGNATURE[:32], SIGNATURE + "0", f"sha256={SIGNATURE}", SIGNATURE * 2),
        *(
            f"{SIGNATURE},{SIGNATURE}",
            f"{SIGNATURE}, {SIGNATURE}",
            f"\n{SIGNATURE}",
            SIGNATURE[:10] + " " + SIGNATURE[10:],
        ),
        *("\u0669" * 64, SIGNATURE[:-1] + "\uff12", b"\xff" * 64, SIGNATURE.encode("utf-16"), "x" * 100_000),
    ],
)
def test_what_does_not_is_refused_without_detail(signature: str | bytes) -> None:
    assert not webhooks.verify(BODY, signature, SECRET)
    with pytest.raises(webhooks.SignatureError) as caught:
        webhooks.unwrap(BODY, {"Signature": signature}, SECRET)  # type: ignore[dict-item]
    assert str(caught.value) == str(webhooks.SignatureError())


@pytest.mark.parametrize(
    "headers",
    [
        {"Signature": SIGNATURE},
        {"sIGNATURE": SIGNATURE, "Content-Type": "application/json"},
        {b"signature": SIGNATURE.encode()},
        [(b"host", b"x"), (b"signature", SIGNATURE.encode())],
        [("Signature", SIGNATURE)],
        (pair for pair in [("Signature", SIGNATURE)]),
        {"HTTP_SIGNATURE": SIGNATURE, "REQUEST_METHOD": "POST", "wsgi.errors": object()},
        CIMultiDict({"Signature": SIGNATURE}),
        starlette.datastructures.Headers({"Signature": SIGNATURE}),
        werkzeug.datastructures.Headers({"Signature": SIGNATURE}),
        django.http.request.HttpHeaders({"HTTP_SIGNATURE": SIGNATURE}),
        requests.structures.CaseInsensitiveDict({"Signature": SIGNATURE}),
        email.message_from_string(f"Signature: {SIGNATURE}\n\n"),
        {"Signature": [SIGNATURE]},
    ],
    ids=lambda headers: type(headers).__module__,
)
def test_headers_of_any_framework(headers: Any) -> None:
    event = webhooks.unwrap(BODY, headers, ["another", SECRET])
    assert isinstance(event, webhooks.VoucherEvent)
    assert event.voucher.code == "A/B-1"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        [],
        {"X-Signature": SIGNATURE},
        {"Signatures": SIGNATURE},
        [("Signature", SIGNATURE), ("signature", SIGNATURE)],
        [("Signature", SIGNATURE), ("Signature", "0")],
        CIMultiDict([("Signature", SIGNATURE), ("Signature", SIGNATURE)]),
        {"HTTP_SIGNATURE": SIGNATURE, "Signature": SIGNATURE},
        {"Signature": None},
        {"Signature": [SIGNATURE, SIGNATURE]},
        {"Signature": []},
    ],
)
def test_a_signature_that_is_missing_or_there_twice(headers: Any) -> None:
    with pytest.raises(webhooks.SignatureError):
        webhooks.unwrap(BODY, headers, SECRET)


@pytest.mark.parametrize(
    "headers", [None, 5, "Signature: x", b"", [1], [("a",)], {"Signature": 5}, {"Signature": [5]}, {5: SIGNATURE}]
)
def test_what_are_no_headers(headers: Any) -> None:
    with pytest.raises(TypeError, match="header"):
        webhooks.unwrap(BODY, headers, SECRET)


@pytest.mark.parametrize("secret", [None, [None], [SECRET, None]])
def test_a_variable_that_is_not_set_is_said(secret: Any) -> None:
    for call in (
        lambda: webhooks.verify(BODY, SIGNATURE, secret),
        lambda: webhooks.unwrap(BODY, {"Signature": SIGNATURE}, secret),
    ):
        with pytest.raises(ValueError, match=r"secret is missing \(None\): if it comes from the environment"):
            call()


def test_wrong_kinds() -> None:
    for secret in (b"hush", 5, {b"hush"}, object()):
        with pytest.raises(TypeError, match="secret must be text") as caught:
            webhooks.verify(BODY, SIGNATURE, secret)  # type: ignore[arg-type]
        assert "hush" not in str(caught.value)
    with pytest.raises(TypeError, match="signature must be the text or bytes"):
        webhooks.verify(BODY, 5, SECRET)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="before any decoding"):
        webhooks.unwrap(BODY.decode(), {"Signature": SIGNATURE}, SECRET)  # type: ignore[arg-type]


def test_genuine_and_unreadable() -> None:
    for body in (b"", b"\xff", b"[]", b'{"type": "\\ud800"}', b"{" * 2**20):
        with pytest.raises(ValueError, match="the delivery") as caught:
            webhooks.unwrap(body, {"Signature": webhooks.sign(body, SECRET)}, SECRET)
        assert not isinstance(caught.value, webhooks.SignatureError)


def test_an_error_leads_to_no_secret() -> None:
    odd = f"{SECRET}\udcff"  # as a variable of the environment that is not UTF-8
    with pytest.raises(ValueError, match="secret must be text that UTF-8 can write") as refused:
        webhooks.verify(BODY, SIGNATURE, odd)
    assert not isinstance(refused.value, UnicodeError)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    with pytest.raises(webhooks.SignatureError) as caught:
        webhooks.unwrap(BODY, {"Signature": "0"}, SECRET)
    ours = [frame for frame in traceback.walk_tb(caught.tb) if "leat_async" in frame[0].f_code.co_filename]
    assert ours
    for frame, _ in ours[-1:]:
        assert SECRET not in repr(frame.f_locals)
        assert repr(SECRET.encode()) not in repr(frame.f_locals)
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), webhooks.SignatureError)


def test_no_changed_body_is_accepted() -> None:
    draw = random.Random(25)
    accepted = 0
    headers = {"Signature": SIGNATURE}
    for _ in range(MUTATIONS):
        changed = bytearray(BODY)
        for _ in range(draw.choice((1, 1, 1, 2, 5))):
            at = draw.randrange(len(changed))
            match draw.randrange(5):
                case 0:
                    changed[at] ^= 1 << draw.randrange(8)
                case 1:
                    del changed[at]
                case 2:
                    changed.insert(at, draw.randrange(256))
                case 3:
                    changed[at : at + 9] = changed[at : at + 9][::-1]
                case _:
                    changed += changed[at:]
        if bytes(changed) == BODY:
            continue
        try:
            webhooks.unwrap(bytes(changed), headers, SECRET)
        except webhooks.SignatureError:
            continue
        accepted += 1
    assert accepted == 0
