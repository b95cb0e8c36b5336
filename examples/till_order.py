"""A till: who is it, what may be had, what is to be paid, what points does it give, and what if some of it comes back.

Told twice, with await and without, each on a sandbox of its own; nothing here reaches anybody. Ends with 0 when every
balance is what it must be.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from leat_async import LeatClient, models, sync
from leat_async.sandbox import Sandbox

CARD = "4021-7788"
LUNCH: list[dict[str, Any]] = [
    {"external_identifier": "1", "name": "Soup of the day", "quantity": 2, "price": 850, "total_amount": 1700},
    {
        "external_identifier": "2", "name": "Catch of the day", "quantity": 2, "price": 2400, "total_amount": 4800,
        "product": {"external_identifier": "FISH"},
    },
    {"external_identifier": "3", "name": "Coffee", "quantity": 1, "price": 300, "total_amount": 300},
]  # fmt: skip
BACK: list[Any] = [{"external_identifier": "2", "quantity": 1, "reason": "Undercooked"}]


def bill(contact: str, shop: str, claim: str) -> dict[str, Any]:
    """The order as the till knows it, in cents; the coffee is on the house, in exchange for credits."""
    coffee = {
        "external_identifier": "free coffee",
        "name": "Coffee",
        "amount": 300,
        "applied_to": "ORDER",
        "offer": {"uuid": claim, "type": "REWARD_REDEMPTION"},
    }
    return {
        "external_identifier": "till-1-000341",
        "status": "COMPLETED",
        "payment_status": "PAID",
        "total_order_amount": 6500,
        "contact": {"uuid": contact},
        "business_profile": {"uuid": shop},
        "line_items": LUNCH,
        "applied_discounts": [coffee],
    }


def points_of(result: models.OrderResult | None) -> models.OrderPoints:
    """What an order or a return did to the balance; an answer may lack it."""
    assert result is not None
    assert isinstance(result.data, models.OrderPoints)
    return result.data


def expect(what: str, got: object, wanted: object) -> None:
    """Say what happened, and stop when it is not what must happen."""
    if got != wanted:
        raise SystemExit(f"FAILED: {what}: {got!r}, expected {wanted!r}")
    print(f"{what}: {got}")


async def main_async() -> None:
    """The till, with await."""
    async with Sandbox(seed=1) as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        shop, guest = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]
        await leat.contact_identifiers.create(contact_identifier_value=CARD, contact_uuid=guest)
        await leat.credit_receptions.create(contact_uuid=guest, shop_uuid=shop, credits=60)

        card = await leat.contact_identifiers.find(contact_identifier_value=CARD)
        assert card.contact is not None
        contact = card.contact.uuid
        balance = await leat.contacts.get_credit_balance(contact)
        expect("the card's balance", balance.balance, 60)

        rewards = await leat.rewards.list(contact_uuid=contact, shop_uuid=shop).collect()
        within_reach = [reward for reward in rewards if (reward.required_credits or 0) <= (balance.balance or 0)]
        coffee = next(reward for reward in within_reach if reward.title == "Coffee")
        claim = await leat.reward_receptions.create(contact_uuid=contact, shop_uuid=shop, reward_uuid=coffee.uuid)
        expect("credits spent on a coffee", claim.credits, -25)
        await leat.collectable_rewards.collect(claim.uuid)

        order = bill(contact, shop, claim.uuid)
        sold = await leat.orders.create_and_process(**order)
        expect("points for the lunch", points_of(sold.result).points, 65)
        expect("balance after the lunch", points_of(sold.result).new_balance, 60 - 25 + 65)

        returned = await leat.order_returns.create_and_process(
            order={"external_identifier": order["external_identifier"]},
            external_identifier="till-1-000341-R1",
            status="COMPLETED",
            line_items=BACK,
        )
        # 24 of 68 euros came back, and with them that part of the 65 points, rounded down.
        expect("points taken back", points_of(returned.result).points, -22)
        expect("balance in the end", (await leat.contacts.get_credit_balance(contact)).balance, 78)


def main_sync() -> None:
    """The same till, without await."""
    with Sandbox(seed=1) as sandbox, sync.LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        shop, guest = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]
        leat.contact_identifiers.create(contact_identifier_value=CARD, contact_uuid=guest)
        leat.credit_receptions.create(contact_uuid=guest, shop_uuid=shop, credits=60)

        card = leat.contact_identifiers.find(contact_identifier_value=CARD)
        assert card.contact is not None
        contact = card.contact.uuid
        balance = leat.contacts.get_credit_balance(contact)
        expect("the card's balance", balance.balance, 60)

        rewards = leat.rewards.list(contact_uuid=contact, shop_uuid=shop)
        within_reach = [reward for reward in rewards if (reward.required_credits or 0) <= (balance.balance or 0)]
        coffee = next(reward for reward in within_reach if reward.title == "Coffee")
        claim = leat.reward_receptions.create(contact_uuid=contact, shop_uuid=shop, reward_uuid=coffee.uuid)
        expect("credits spent on a coffee", claim.credits, -25)
        leat.collectable_rewards.collect(claim.uuid)

        order = bill(contact, shop, claim.uuid)
        sold = leat.orders.create_and_process(**order)
        expect("points for the lunch", points_of(sold.result).points, 65)
        expect("balance after the lunch", points_of(sold.result).new_balance, 60 - 25 + 65)

        returned = leat.order_returns.create_and_process(
            order={"external_identifier": order["external_identifier"]},
            external_identifier="till-1-000341-R1",
            status="COMPLETED",
            line_items=BACK,
        )
        expect("points taken back", points_of(returned.result).points, -22)
        expect("balance in the end", leat.contacts.get_credit_balance(contact).balance, 78)


def main() -> int:
    """Both, one after the other."""
    print("with await")
    asyncio.run(main_async())
    print("without")
    main_sync()
    return 0


if __name__ == "__main__":
    sys.exit(main())
