"""What must hold of an account's money, whatever was asked of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from leat_async.sandbox import Sandbox

Row = dict[str, Any]


def audit(sandbox: Sandbox) -> None:
    """Every balance is the sum of its transactions; nothing is overdrawn, nothing undone twice."""
    transactions, cards = sandbox.rows("loyalty_transactions"), sandbox.rows("giftcards")
    prepaid, spent = sandbox.rows("prepaid_transactions"), sandbox.rows("giftcard_transactions")
    balances = sums(transactions, "contact_uuid", "credits")
    deposits = sums(prepaid, "contact_uuid", "amount_in_cents")
    for contact in sandbox.rows("contacts"):
        assert contact["credits"] == balances[contact["uuid"]], contact
        assert contact["prepaid_cents"] == deposits[contact["uuid"]] >= 0, contact
    amounts = sums(spent, "card_uuid", "amount_in_cents")
    for card in cards:
        assert card["amount_in_cents"] == amounts[card["uuid"]] >= 0, card
    never_overdrawn(prepaid, "contact_uuid", "amount_in_cents")
    never_overdrawn(spent, "card_uuid", "amount_in_cents")
    claims_were_covered(transactions)
    undone_once(transactions, "credits")
    undone_once(prepaid, "amount_in_cents")
    undone_once(spent, "amount_in_cents")
    rewards(sandbox, transactions)
    vouchers(sandbox)


def sums(rows: Iterable[Row], owner: str, field: str) -> defaultdict[str, int]:
    """The sum of a field, per owner."""
    totals: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        totals[row[owner]] += row[field]
    return totals


def never_overdrawn(rows: Iterable[Row], owner: str, field: str) -> None:
    """No balance was ever below zero, and each row that tells one tells the true one."""
    balances: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        balances[row[owner]] += row[field]
        assert balances[row[owner]] >= 0, row
        assert row.get("balance_in_cents", balances[row[owner]]) == balances[row[owner]], row


def claims_were_covered(rows: Iterable[Row]) -> None:
    """Credits may fall below zero when something is taken back, but never by a claim."""
    balances: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        balances[row["contact_uuid"]] += row["credits"]
        assert "reward_uuid" not in row or balances[row["contact_uuid"]] >= 0, row


def undone_once(rows: list[Row], field: str) -> None:
    """What undoes and what is undone name each other, and nobody else."""
    known = {row["uuid"]: row for row in rows}
    for row in rows:
        if row["reversed_by"] is not None:
            other = known[row["reversed_by"]]
            assert other["reversed_by"] == row["uuid"], row
            assert other[field] == -row[field], row


def rewards(sandbox: Sandbox, transactions: Iterable[Row]) -> None:
    """Stock and claims belong together, and nobody claims beyond the limit."""
    standing = [row for row in transactions if "reward_uuid" in row and row["reversed_by"] is None]
    for reward in sandbox.rows("rewards"):
        claims = [row["contact_uuid"] for row in standing if row["reward_uuid"] == reward["uuid"]]
        if reward["stock"] is not None:
            assert reward["stock"] >= 0
            assert reward["stock"] + len(claims) == 10, reward
        if reward["claim_limit"] is not None:
            assert all(claims.count(contact) <= reward["claim_limit"] for contact in claims), reward
    collected = [row for row in sandbox.rows("collectable_reward_redemptions") if row["status"] == "COLLECTED"]
    assert len({row["transaction_uuid"] for row in collected}) == len(collected)


def vouchers(sandbox: Sandbox) -> None:
    """Redemptions are counted, and the limits of promotions kept."""
    standing = [row["voucher_uuid"] for row in sandbox.rows("voucher_redemptions") if not row["reversed"]]
    rows = sandbox.rows("vouchers")
    assert len({row["code"] for row in rows}) == len(rows)
    for row in rows:
        assert row["times_redeemed"] == standing.count(row["uuid"]) <= row["total_redemptions_allowed"], row
    for promotion in sandbox.rows("promotions"):
        owners = [row["contact_uuid"] for row in rows if row["promotion_uuid"] == promotion["uuid"]]
        assert promotion["voucher_limit"] is None or len(owners) <= promotion["voucher_limit"]
        limit = promotion["limit_per_contact"]
        assert limit is None or all(owners.count(owner) <= limit for owner in owners if owner), promotion
