"""The demo's house: something of everything, and all of it fits together."""

from __future__ import annotations

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sandbox.params import epoch

from .test_controls import calls_of

# What only comes to be by calls, and is short-lived or a note of them.
BY_CALLS = {
    "jobs", "automation_runs", "contact_session_tokens", "verification_codes", "portal_sessions", "pos_transactions",
    "loyalty_token_claims", "order_returns", "collectable_reward_redemptions", "voucher_batches",
}  # fmt: skip


@pytest.fixture(scope="module")
def demo() -> Sandbox:
    return Sandbox(seed="demo")


def test_there_is_something_of_everything(demo: Sandbox) -> None:
    assert {table for table in demo.tables if not demo.rows(table)} == BY_CALLS


def test_orders_are_worth_what_they_gave(demo: Sandbox) -> None:
    given = {(row["contact_uuid"], row["created_at"]): row for row in demo.rows("loyalty_transactions")
             if row["type"] == "credit_reception" and row["channel"] == "OAUTH_API"}  # fmt: skip
    orders = demo.rows("orders")
    assert len(orders) > 200
    for order in orders:
        reception = given[order["contact_uuid"], order["created_at"]]
        assert order["total_order_amount"] == sum(line["total_amount"] for line in order["line_items"])
        assert order["points"] == reception["credits"] == order["total_order_amount"] // 100
    assert len({order["external_identifier"] for order in orders}) == len(orders)


def test_nobody_works_or_dines_in_the_wrong_order(demo: Sandbox) -> None:
    now = demo.clock.now()
    shifts = demo.rows("shifts")
    assert {row["status"] for row in shifts} == {"approved", "pending"}
    for row in shifts:
        assert epoch(row["started_at"]) < epoch(row["ended_at"])
        assert row["created_at"] <= now
        assert (row["status"] == "approved") == (epoch(row["started_at"]) < now - now % 86_400)
    for row in demo.rows("visits"):
        assert epoch(row["starts_at"]) < epoch(row["ends_at"]) <= now


def test_reset_does_not_look_at_what_has_not_changed(demo: Sandbox) -> None:
    before = {table: len(demo.rows(table)) for table in demo.tables}
    assert sum(before.values()) > 9000
    demo.create_contact()
    # The few hundred contacts are indexed anew, and nothing else.
    assert calls_of(demo.reset) < 3_000
    assert {table: len(demo.rows(table)) for table in demo.tables} == before
