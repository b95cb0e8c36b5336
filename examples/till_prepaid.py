"""A till where guests deposit money on their card and pay with it.

Told twice, with await and without, each on a sandbox of its own; nothing here reaches anybody. Ends with 0 when the
balance is what it must be.
"""

from __future__ import annotations

import asyncio
import sys

from leat_async import LeatClient, errors, sync
from leat_async.sandbox import Sandbox

CARD = "4021-7788"


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

        # The card is enough: it stands for the guest.
        top_up = await leat.prepaid_transactions.create(
            contact_identifier_value=CARD, shop_uuid=shop, amount_in_cents=2500
        )
        assert top_up.prepaid_balance is not None
        expect("after the top-up", top_up.prepaid_balance.balance, "€25.00")

        lunch = await leat.prepaid_transactions.create(
            contact_identifier_value=CARD, shop_uuid=shop, amount_in_cents=-1875
        )
        assert lunch.prepaid_balance is not None
        expect("after lunch", lunch.prepaid_balance.balance_in_cents, 625)

        try:
            await leat.prepaid_transactions.create(contact_identifier_value=CARD, shop_uuid=shop, amount_in_cents=-1000)
        except errors.InvalidInputError as refusal:
            expect("dinner costs more than is left", list(refusal.errors), ["amount_in_cents"])
        else:
            raise SystemExit("FAILED: dinner costs more than is left: not so")
        expect("nothing was taken", (await leat.contacts.get_prepaid_balance(guest)).balance_in_cents, 625)

        # Lunch was not good: the money goes back, once.
        await leat.prepaid_transactions.reverse(lunch.uuid)
        try:
            await leat.prepaid_transactions.reverse(lunch.uuid)
        except errors.InvalidInputError as refusal:
            expect("a second time is refused", refusal.code, 1003)
        else:
            raise SystemExit("FAILED: a second time is refused: not so")
        expect("in the end", (await leat.contacts.get_prepaid_balance(guest)).balance, "€25.00")

        history = await leat.prepaid_transactions.list(contact_uuid=guest).collect()
        amounts = [one.amount_in_cents for one in history]
        expect("the history", amounts, [2500, -1875, 1875])


def main_sync() -> None:
    """The same till, without await."""
    with Sandbox(seed=1) as sandbox, sync.LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        shop, guest = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]
        leat.contact_identifiers.create(contact_identifier_value=CARD, contact_uuid=guest)

        # The card is enough: it stands for the guest.
        top_up = leat.prepaid_transactions.create(contact_identifier_value=CARD, shop_uuid=shop, amount_in_cents=2500)
        assert top_up.prepaid_balance is not None
        expect("after the top-up", top_up.prepaid_balance.balance, "€25.00")

        lunch = leat.prepaid_transactions.create(contact_identifier_value=CARD, shop_uuid=shop, amount_in_cents=-1875)
        assert lunch.prepaid_balance is not None
        expect("after lunch", lunch.prepaid_balance.balance_in_cents, 625)

        try:
            leat.prepaid_transactions.create(contact_identifier_value=CARD, shop_uuid=shop, amount_in_cents=-1000)
        except errors.InvalidInputError as refusal:
            expect("dinner costs more than is left", list(refusal.errors), ["amount_in_cents"])
        else:
            raise SystemExit("FAILED: dinner costs more than is left: not so")
        expect("nothing was taken", (leat.contacts.get_prepaid_balance(guest)).balance_in_cents, 625)

        # Lunch was not good: the money goes back, once.
        leat.prepaid_transactions.reverse(lunch.uuid)
        try:
            leat.prepaid_transactions.reverse(lunch.uuid)
        except errors.InvalidInputError as refusal:
            expect("a second time is refused", refusal.code, 1003)
        else:
            raise SystemExit("FAILED: a second time is refused: not so")
        expect("in the end", (leat.contacts.get_prepaid_balance(guest)).balance, "€25.00")

        history = leat.prepaid_transactions.list(contact_uuid=guest).collect()
        amounts = [one.amount_in_cents for one in history]
        expect("the history", amounts, [2500, -1875, 1875])


def main() -> int:
    """Both, one after the other."""
    print("with await")
    asyncio.run(main_async())
    print("without")
    main_sync()
    return 0


if __name__ == "__main__":
    sys.exit(main())
