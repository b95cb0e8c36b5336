"""A till that takes vouchers: reserve the guest's during the payment, so that nobody else can use it meanwhile.

Told twice, with await and without, each on a sandbox of its own; nothing here reaches anybody. Ends with 0 when every
voucher is in the state that it must be in.
"""

from __future__ import annotations

import asyncio
import sys

from leat_async import LeatClient, errors, sync
from leat_async.sandbox import Sandbox

HOUR = 3600


def expect(what: str, got: object, wanted: object) -> None:
    """Say what happened, and stop when it is not what must happen."""
    if got != wanted:
        raise SystemExit(f"FAILED: {what}: {got!r}, expected {wanted!r}")
    print(f"{what}: {got}")


async def main_async() -> None:
    """The till, with await."""
    async with Sandbox(seed=1) as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        shop, guest = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]
        promotion = await leat.promotions.create(name="Free Dessert", description="With any main course")
        for code in ("QR-1001", "QR-1002"):
            await leat.vouchers.create(promotion_uuid=promotion.uuid, code=code, contact_uuid=guest)

        # The guest shows the first code: find it, reserve it, take the payment, and only then redeem it.
        voucher = await leat.vouchers.find(code="QR-1001")
        expect("the voucher that was shown", (voucher.name, voucher.status), ("Free Dessert", "ACTIVE"))
        reserved = await leat.vouchers.lock(voucher.uuid)
        assert reserved.lock is not None
        try:
            await leat.vouchers.redeem(code="QR-1001", shop_uuid=shop)
        except errors.ApiError as refusal:
            expect("another till, without the key, is refused", refusal.code, 80017)
        else:
            raise SystemExit("FAILED: another till, without the key, is refused: not so")
        # The terminal says that it is paid.
        redeemed = await leat.vouchers.redeem(
            code="QR-1001", shop_uuid=shop, contact_uuid=guest, release_key=reserved.lock.release_key
        )
        expect("afterwards it is", redeemed.status, "REDEEMED")
        assert redeemed.voucher_redemption is not None

        # The wrong table, it turns out: a redemption can be undone, by its own uuid.
        await leat.vouchers.reverse(redeemed.voucher_redemption.uuid)
        expect("undone, it is", (await leat.vouchers.find(code="QR-1001")).status, "ACTIVE")

        # The next guest leaves without paying, and the till forgets the key: an hour later the voucher is free.
        voucher = await leat.vouchers.find(code="QR-1002")
        forgotten = await leat.vouchers.lock(voucher.uuid)
        assert forgotten.lock is not None
        expect("reserved, it is", (await leat.vouchers.find(code="QR-1002")).status, "LOCKED")
        try:
            await leat.vouchers.lock(voucher.uuid)
        except errors.ApiError as refusal:
            expect("a second reservation is refused", refusal.code, 80017)
        else:
            raise SystemExit("FAILED: a second reservation is refused: not so")
        sandbox.clock.advance(HOUR + 1)
        expect("an hour later it is", (await leat.vouchers.find(code="QR-1002")).status, "ACTIVE")

        again = await leat.vouchers.lock(voucher.uuid)
        assert again.lock is not None
        expect("the old key is worth nothing", again.lock.release_key == forgotten.lock.release_key, False)
        released = await leat.vouchers.release(voucher.uuid, release_key=again.lock.release_key or "")
        assert released.voucher is not None
        expect("given free at once, it is", released.voucher.status, "ACTIVE")


def main_sync() -> None:
    """The same till, without await."""
    with Sandbox(seed=1) as sandbox, sync.LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        shop, guest = sandbox.shops[0]["uuid"], sandbox.contacts[0]["uuid"]
        promotion = leat.promotions.create(name="Free Dessert", description="With any main course")
        for code in ("QR-1001", "QR-1002"):
            leat.vouchers.create(promotion_uuid=promotion.uuid, code=code, contact_uuid=guest)

        # The guest shows the first code: find it, reserve it, take the payment, and only then redeem it.
        voucher = leat.vouchers.find(code="QR-1001")
        expect("the voucher that was shown", (voucher.name, voucher.status), ("Free Dessert", "ACTIVE"))
        reserved = leat.vouchers.lock(voucher.uuid)
        assert reserved.lock is not None
        try:
            leat.vouchers.redeem(code="QR-1001", shop_uuid=shop)
        except errors.ApiError as refusal:
            expect("another till, without the key, is refused", refusal.code, 80017)
        else:
            raise SystemExit("FAILED: another till, without the key, is refused: not so")
        # The terminal says that it is paid.
        redeemed = leat.vouchers.redeem(
            code="QR-1001", shop_uuid=shop, contact_uuid=guest, release_key=reserved.lock.release_key
        )
        expect("afterwards it is", redeemed.status, "REDEEMED")
        assert redeemed.voucher_redemption is not None

        # The wrong table, it turns out: a redemption can be undone, by its own uuid.
        leat.vouchers.reverse(redeemed.voucher_redemption.uuid)
        expect("undone, it is", (leat.vouchers.find(code="QR-1001")).status, "ACTIVE")

        # The next guest leaves without paying, and the till forgets the key: an hour later the voucher is free.
        voucher = leat.vouchers.find(code="QR-1002")
        forgotten = leat.vouchers.lock(voucher.uuid)
        assert forgotten.lock is not None
        expect("reserved, it is", (leat.vouchers.find(code="QR-1002")).status, "LOCKED")
        try:
            leat.vouchers.lock(voucher.uuid)
        except errors.ApiError as refusal:
            expect("a second reservation is refused", refusal.code, 80017)
        else:
            raise SystemExit("FAILED: a second reservation is refused: not so")
        sandbox.clock.advance(HOUR + 1)
        expect("an hour later it is", (leat.vouchers.find(code="QR-1002")).status, "ACTIVE")

        again = leat.vouchers.lock(voucher.uuid)
        assert again.lock is not None
        expect("the old key is worth nothing", again.lock.release_key == forgotten.lock.release_key, False)
        released = leat.vouchers.release(voucher.uuid, release_key=again.lock.release_key or "")
        assert released.voucher is not None
        expect("given free at once, it is", released.voucher.status, "ACTIVE")


def main() -> int:
    """Both, one after the other."""
    print("with await")
    asyncio.run(main_async())
    print("without")
    main_sync()
    return 0


if __name__ == "__main__":
    sys.exit(main())
