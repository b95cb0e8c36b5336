"""Physical rewards that were claimed and still have to be picked up."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..params import RouteParam, iso
from ..routing import Route
from ..store import Row
from .rewards import inside

TABLES = {"collectable_reward_redemptions": ("transaction_uuid",)}


def _view(call: Call, row: Row, contact: Row) -> dict[str, Any]:
    ends = row["expires_at"]
    return {
        "contact": {
            "uuid": contact["uuid"],
            "email": contact["email"],
            "credit_balance": {"balance": contact["credits"]},
        },
        "created_at": iso(row["created_at"]),
        "uuid": row["uuid"],
        "title": row["title"],
        "reward": inside(call, call.store["rewards"].rows[row["reward_uuid"]]),
        "expires_at": iso(ends) if ends is not None else None,
        "has_been_collected": row["collected"],
    }


def _expired(call: Call, row: Row) -> bool:
    ends: int | None = row["expires_at"]
    return ends is not None and ends <= call.now()


def list_(call: Call) -> SandboxAnswer:
    """What a contact can still pick up."""
    contact = call.contact(call.params["contact_uuid"])
    rows = [
        _view(call, row, contact)
        for row in call.store["loyalty_transactions"].find("contact_uuid", contact["uuid"])
        if row["type"] == "reward_reception"
        and not row["collected"]
        and row["reversed_by"] is None
        and not _expired(call, row)
    ]
    return SandboxAnswer(rows, {})


def collect(call: Call) -> SandboxAnswer:
    """Hand a claimed reward out."""
    transactions = call.store["loyalty_transactions"]
    row = transactions.get(call.path["loyalty_transaction_uuid"])
    if row is None or row["type"] != "reward_reception":
        raise Refusal(6003)
    if row["collected"] or row["reversed_by"] is not None:
        raise Refusal(80300)
    if _expired(call, row):
        raise Refusal(80300, message="Reward is expired.")
    transactions.update(row, collected=True)
    made = call.store.insert(
        "collectable_reward_redemptions", transaction_uuid=row["uuid"], status="COLLECTED", created_at=call.now()
    )
    return SandboxAnswer({"uuid": made["uuid"], "status": made["status"]}, {})


def reverse(call: Call) -> SandboxAnswer:
    """Undo handing out, once: the reward can be picked up again."""
    table = call.store["collectable_reward_redemptions"]
    redemption = table.get(call.path["collectable_reward_redemption_uuid"])
    if redemption is None:
        raise Refusal(80300)
    if redemption["status"] == "REVERSED":
        raise invalid("collectable_reward_redemption_uuid", "The redemption has already been reversed.")
    transactions = call.store["loyalty_transactions"]
    transactions.update(transactions.rows[redemption["transaction_uuid"]], collected=False)
    table.update(redemption, status="REVERSED")
    return SandboxAnswer({"uuid": redemption["uuid"], "status": "REVERSED"}, {})


_ROOT = "/collectable-rewards"

ROUTES = (
    Route("collectable_rewards.list", "GET", _ROOT, list_, (RouteParam("contact_uuid", required=True),)),
    Route("collectable_rewards.collect", "PUT", _ROOT + "/collect/{loyalty_transaction_uuid}", collect),
    Route("collectable_rewards.reverse", "POST", _ROOT + "/{collectable_reward_redemption_uuid}/reverse", reverse),
)
