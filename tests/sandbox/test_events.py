"""What events say, and which bytes that is."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sandbox.events import body, certainty, events_of, is_watched, payload, row_for
from leat_async.sandbox.resources.webhook_subscriptions import EVENTS


def test_the_bytes_are_those_of_php() -> None:
    # The vector was made with PHP.
    data = {"voucher": {"uuid": "62f6dc8c-4ff1-4c42-99ba-713c68ed10a0", "code": "A/B-1", "name": "Café € ☕"}}
    sent = body("voucher_redeemed", data)
    signature = hmac.new(b"whsec_example", sent, hashlib.sha256).hexdigest()
    assert signature == "9bd6c0485cfb64f3365cd5bf53b5ddb5b0deaa3aae61ae1058cd162ce47552f4"


@pytest.mark.parametrize("event", EVENTS)
def test_triggered_events_of_every_kind(sandbox: Sandbox, event: str) -> None:
    if event not in ("prepaid_transaction_created", "credit_reception_created", "contact_identifier_created",
                     "voucher_created", "voucher_updated", "voucher_redeemed", "referral_completed"):  # fmt: skip
        kind = event.rpartition("_")[0]
        shown = payload(sandbox._engine, event, row_for(sandbox._engine, event, None))
        assert shown[kind]["uuid"]
        json.loads(body(event, shown))
    else:
        with pytest.raises(ValueError, match=f"nothing that a {event} could be about"):
            sandbox.trigger(event)
    assert certainty(event) in ("assumed", "observed in a client")


def test_changes_that_are_no_event() -> None:
    voucher = {"uuid": "v", "times_redeemed": 1}
    assert events_of([("vouchers", voucher, None), ("shops", None, {"uuid": "s"}), ("rewards", None, {})]) == []
    assert events_of([("loyalty_transactions", None, {"type": "reward_reception"})]) == []
    [(event, *_)] = events_of([("vouchers", {**voucher, "times_redeemed": 0}, voucher)])
    assert event == "voucher_redeemed"


def test_attributes_that_are_watched() -> None:
    before, after = ({"email": "a@example.com", "attributes": {"x": value, "y": 1}} for value in (1, 2))
    assert is_watched(["x"], before, after)
    assert not is_watched(["y"], before, after)
    assert is_watched([], before, after)
    assert is_watched(["email"], before, {**after, "email": "b@example.com"})
