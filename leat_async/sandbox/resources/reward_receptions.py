"""Claiming rewards with credits."""

from __future__ import annotations

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..params import RouteParam
from ..routing import OAUTH, REGISTER, Route
from ..store import Row
from .ledger import TABLE, book, receiver, undo
from .loyalty_transactions import REWARD_TYPES, view
from .rewards import refusal_of


def create(call: Call) -> SandboxAnswer:
    """Let a contact claim a reward."""
    shop = call.shop(call.get("shop_uuid"))
    contact, used = receiver(call, by_identifier=call.root == "register")
    reward = call.row("rewards", call.params["reward_uuid"], 6003)
    code = refusal_of(call, reward, contact)
    if code is not None:
        raise Refusal(code)
    if reward["stock"] is not None:
        reward = call.store["rewards"].update(reward, stock=reward["stock"] - 1)
    duration, unit = reward["expiration_duration"], call.store["units"].first("is_default", True)
    physical = reward["reward_type"] == "PHYSICAL"
    row = book(
        call,
        contact,
        kind="reward_reception" if physical else "digital_reward_reception",
        shop_uuid=shop["uuid"],
        credits=-reward["required_credits"],
        unit_value=None,
        unit_uuid=unit["uuid"] if unit else None,
        identifier_uuid=used["uuid"] if used else None,
        extra={},
        reward_uuid=reward["uuid"],
        title=reward["title"],
        expires_at=call.now() + duration if physical and duration is not None else None,
        collected=physical and not reward["pre_redeemable"],  # handed out on the spot
        code=None if physical else call.store.new_uuid()[:8].upper(),
        counts=False,
    )
    return SandboxAnswer(view(call, row), {})


def reverse(call: Call) -> SandboxAnswer:
    """Give the credits of a claim back, once; the reward is in stock again."""
    row: Row | None = call.store[TABLE].get(call.path["reward_reception_uuid"])
    if row is None or row["type"] not in REWARD_TYPES:
        raise invalid("reward_reception_uuid", "There is no such reward reception.")
    given = undo(call, row, "reward_reception_uuid", counts=False)
    reward = call.store["rewards"].get(row["reward_uuid"])
    if reward is not None and reward["stock"] is not None:
        call.store["rewards"].update(reward, stock=reward["stock"] + 1)
    return SandboxAnswer(view(call, given), {})


_CREATE = (
    RouteParam("shop_uuid", required=True),
    RouteParam("reward_uuid", required=True),
    RouteParam("contact_identifier_value"),
)
_ROOT = "/reward-receptions"

ROUTES = (
    Route(
        "reward_receptions.create",
        "POST",
        _ROOT,
        create,
        (*_CREATE, RouteParam("contact_uuid", required=True)),
        roots=OAUTH,
    ),
    # A register may send an identifier instead of a contact.
    Route("reward_receptions.create", "POST", _ROOT, create, (*_CREATE, RouteParam("contact_uuid")), roots=REGISTER),
    Route("reward_receptions.reverse", "POST", _ROOT + "/{reward_reception_uuid}/reverse", reverse),
)
