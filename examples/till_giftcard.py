"""A till that sells giftcards, loads them, and takes them for payment: the whole bill or a part of it.

Told twice, with await and without, each on a sandbox of its own; nothing here reaches anybody. Ends with 0 when the
card holds what it must hold.
"""

from __future__ import annotations

import asyncio
import sys

from leat_async import LeatClient, errors, sync
from leat_async.sandbox import Sandbox

BILLS = (1850, 4200)  # in cents


def expect(what: str, got: object, wanted: object) -> None:
    """Say what happened, and stop when it is not what must happen."""
    if got != wanted:
        raise SystemExit(f"FAILED: {what}: {got!r}, expected {wanted!r}")
    print(f"{what}: {got}")


async def main_async() -> None:
    """The till, with await."""
    async with Sandbox(seed=1) as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        shop, giver = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]

        # Somebody buys a card, pays fifty euros for it, and has it mailed.
        programs = await leat.giftcard_programs.list().page()
        program = next(one for one in programs.items if one.name == "Gift Card")
        card = await leat.giftcards.create(type=1, giftcard_program_uuid=program.uuid)
        load = await leat.giftcard_transactions.create(giftcard_uuid=card.uuid, shop_uuid=shop, amount_in_cents=5000)
        expect("loaded", load.amount_in_cents, 5000)
        await leat.giftcards.send_by_email(card.uuid, contact_uuid=giver)

        # The card pays what it holds; what is left of the second bill is paid otherwise.
        left_to_pay: list[int] = []
        for bill in BILLS:
            shown = await leat.giftcards.find_one_by(hash=card.hash or "")
            part = min(bill, shown.amount_in_cents or 0)
            await leat.giftcard_transactions.create(giftcard_uuid=shown.uuid, shop_uuid=shop, amount_in_cents=-part)
            left_to_pay.append(bill - part)
        expect("to be paid otherwise", left_to_pay, [0, 1050])
        expect("the card holds", (await leat.giftcards.get(card.uuid)).amount_in_cents, 0)

        try:
            await leat.giftcard_transactions.create(giftcard_uuid=card.uuid, shop_uuid=shop, amount_in_cents=-1)
        except errors.ApiError as refusal:
            expect("it cannot be overdrawn", refusal.code, 5003)
        else:
            raise SystemExit("FAILED: it cannot be overdrawn: not so")

        # The second bill was wrong: its payment, the last one, goes back onto the card; the first one no longer can.
        history = await leat.giftcard_transactions.list(giftcard_hash=card.hash or "").collect()
        amounts = [one.amount_in_cents for one in history]
        expect("the card's history", amounts, [5000, -1850, -3150])
        await leat.giftcard_transactions.reverse(history[-1].uuid or "")
        expect("given back, it holds", (await leat.giftcards.get(card.uuid)).amount_in_cents, 3150)
        try:
            await leat.giftcard_transactions.reverse(history[-2].uuid or "")
        except errors.ApiError as refusal:
            expect("only the last one can be undone", refusal.code, 55025)
        else:
            raise SystemExit("FAILED: only the last one can be undone: not so")


def main_sync() -> None:
    """The same till, without await."""
    with Sandbox(seed=1) as sandbox, sync.LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        shop, giver = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]

        # Somebody buys a card, pays fifty euros for it, and has it mailed.
        programs = leat.giftcard_programs.list().page()
        program = next(one for one in programs.items if one.name == "Gift Card")
        card = leat.giftcards.create(type=1, giftcard_program_uuid=program.uuid)
        load = leat.giftcard_transactions.create(giftcard_uuid=card.uuid, shop_uuid=shop, amount_in_cents=5000)
        expect("loaded", load.amount_in_cents, 5000)
        leat.giftcards.send_by_email(card.uuid, contact_uuid=giver)

        # The card pays what it holds; what is left of the second bill is paid otherwise.
        left_to_pay: list[int] = []
        for bill in BILLS:
            shown = leat.giftcards.find_one_by(hash=card.hash or "")
            part = min(bill, shown.amount_in_cents or 0)
            leat.giftcard_transactions.create(giftcard_uuid=shown.uuid, shop_uuid=shop, amount_in_cents=-part)
            left_to_pay.append(bill - part)
        expect("to be paid otherwise", left_to_pay, [0, 1050])
        expect("the card holds", (leat.giftcards.get(card.uuid)).amount_in_cents, 0)

        try:
            leat.giftcard_transactions.create(giftcard_uuid=card.uuid, shop_uuid=shop, amount_in_cents=-1)
        except errors.ApiError as refusal:
            expect("it cannot be overdrawn", refusal.code, 5003)
        else:
            raise SystemExit("FAILED: it cannot be overdrawn: not so")

        # The second bill was wrong: its payment, the last one, goes back onto the card; the first one no longer can.
        history = leat.giftcard_transactions.list(giftcard_hash=card.hash or "").collect()
        amounts = [one.amount_in_cents for one in history]
        expect("the card's history", amounts, [5000, -1850, -3150])
        leat.giftcard_transactions.reverse(history[-1].uuid or "")
        expect("given back, it holds", (leat.giftcards.get(card.uuid)).amount_in_cents, 3150)
        try:
            leat.giftcard_transactions.reverse(history[-2].uuid or "")
        except errors.ApiError as refusal:
            expect("only the last one can be undone", refusal.code, 55025)
        else:
            raise SystemExit("FAILED: only the last one can be undone: not so")


def main() -> int:
    """Both, one after the other."""
    print("with await")
    asyncio.run(main_async())
    print("without")
    main_sync()
    return 0


if __name__ == "__main__":
    sys.exit(main())
