"""The demo's money: two years of claims, cards, deposits, vouchers and referrals, none of them overdrawn."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .resources.giftcards import new_giftcard
from .resources.vouchers import allows, issue
from .store import Row, Store

DAY = 86_400
_VOUCHERS_A_MONTH = 8


class Money:
    """What the guests of the demo do besides collecting credits, day by day."""

    def __init__(self, store: Store, draw: random.Random) -> None:
        self._store = store
        self._draw = draw
        self._rewards = [row for row in store["rewards"].rows.values() if row["is_active"] and row["stock"] is None]
        self._settings = next(iter(store["referral_settings"].rows.values()))
        self._cards: list[Row] = []
        self._vouchers: list[Row] = []
        self._deposits: dict[str, int] = {}
        self._credits: dict[str, int] = {}

    def refer(self, guest: Row, known: Sequence[Row], moment: int) -> None:
        """Some newcomers come by the code of another."""
        if self._draw.random() < 0.2:
            self._store.insert(
                "referrals",
                referring_contact_uuid=self._draw.choice(known)["uuid"],
                referred_contact_uuid=guest["uuid"],
                status="pending",
                created_at=moment,
            )

    def after_reception(self, row: Row, rows: list[Row]) -> None:
        """Complete a referral, or claim a reward: `rows` are all that move this balance."""
        uuid = row["contact_uuid"]
        balance = self._credits.get(uuid, 0) + row["credits"] + self._complete_referral(row, rows)
        self._credits[uuid] = balance
        reward = self._draw.choice(self._rewards)
        if balance < reward["required_credits"] or self._draw.random() > 0.25:
            return
        physical, duration = reward["reward_type"] == "PHYSICAL", reward["expiration_duration"]
        claim = {
            **_transaction(row),
            "type": "reward_reception" if physical else "digital_reward_reception",
            "credits": -reward["required_credits"],
            "reward_uuid": reward["uuid"],
            "title": reward["title"],
            "expires_at": row["created_at"] + duration if physical and duration is not None else None,
            "collected": physical and (not reward["pre_redeemable"] or self._draw.random() < 0.7),
            "code": None if physical else self._store.new_uuid()[:8].upper(),
        }
        self._credits[uuid] = balance - reward["required_credits"]
        rows.append(self._store.insert("loyalty_transactions", **claim))

    def _complete_referral(self, row: Row, rows: list[Row]) -> int:
        """The credits that a completed referral adds."""
        referral = self._store["referrals"].first("referred_contact_uuid", row["contact_uuid"])
        if referral is None or referral["status"] != "pending":
            return 0
        if sum(one["type"] == "credit_reception" for one in rows) < self._settings["number_of_transactions"]:
            return 0
        self._store["referrals"].update(referral, status="completed")
        self._issue(self._settings["promotion_uuid"], referral["referring_contact_uuid"], row["created_at"])
        bonus = {"credits": self._settings["points"], "channel": "REFERRAL", "shop_uuid": self._settings["shop_uuid"]}
        rows.append(self._store.insert("loyalty_transactions", **{**_transaction(row), **bonus}))
        points: int = self._settings["points"]
        return points

    def day(self, opens: int, shops: list[Row], known: Sequence[Row]) -> None:
        """A day's cards, deposits and vouchers, closed when there are no guests."""
        draw = self._draw
        evening = opens + 20 * 3600
        if draw.random() < 0.3:
            program = draw.choice(list(self._store["giftcard_programs"].rows.values()))
            card = new_giftcard(self._store, program, opens + 12 * 3600)
            self._cards.append(self._move_card(card, draw.choice((2500, 5000, 10_000)), shops, opens + 12 * 3600))
        self._cards = [card for card in self._cards if card["expires_at"] is None or card["expires_at"] > evening]
        if self._cards and draw.random() < 0.5:
            card = self._cards.pop(draw.randrange(len(self._cards)))
            card = self._move_card(card, -min(card["amount_in_cents"], draw.randrange(500, 6000)), shops, evening)
            if card["amount_in_cents"]:
                self._cards.append(card)
        if draw.random() < 0.4:
            self._deposit(draw.choice(known), shops, evening)
        if opens // DAY % 30 == 0:
            promotion = next(iter(self._store["promotions"].rows))
            for _ in range(_VOUCHERS_A_MONTH):
                self._issue(promotion, draw.choice(known)["uuid"], opens)
        if self._vouchers and draw.random() < 0.2:
            self._redeem(self._vouchers.pop(draw.randrange(len(self._vouchers))), shops, evening)

    def _move_card(self, card: Row, amount: int, shops: list[Row], moment: int) -> Row:
        self._store.insert(
            "giftcard_transactions",
            card_uuid=card["uuid"],
            shop_uuid=self._draw.choice(shops)["uuid"],
            amount_in_cents=amount,
            custom_attributes={},
            reversed_by=None,
            created_at=moment,
        )
        return self._store["giftcards"].update(card, amount_in_cents=card["amount_in_cents"] + amount)

    def _deposit(self, guest: Row, shops: list[Row], moment: int) -> None:
        uuid = guest["uuid"]
        before = self._deposits.get(uuid, 0)
        amount = 5000 if before < 2000 else -self._draw.randrange(500, before)
        self._deposits[uuid] = before + amount
        self._store.insert(
            "prepaid_transactions",
            contact_uuid=uuid,
            shop_uuid=self._draw.choice(shops)["uuid"],
            identifier_uuid=None,
            amount_in_cents=amount,
            balance_in_cents=before + amount,
            reversed_by=None,
            created_at=moment,
        )
        contacts = self._store["contacts"]
        contacts.update(contacts.rows[uuid], prepaid_cents=before + amount)

    def _issue(self, promotion_uuid: str, contact_uuid: str, moment: int) -> None:
        promotion = self._store["promotions"].rows[promotion_uuid]
        if allows(self._store, promotion, contact_uuid, 1):
            self._vouchers.append(issue(self._store, promotion, moment, contact_uuid=contact_uuid))

    def _redeem(self, voucher: Row, shops: list[Row], moment: int) -> None:
        if voucher["expires_at"] is not None and voucher["expires_at"] <= moment:
            return
        self._store.insert(
            "voucher_redemptions",
            voucher_uuid=voucher["uuid"],
            contact_uuid=voucher["contact_uuid"],
            shop_uuid=self._draw.choice(shops)["uuid"],
            reversed=False,
            created_at=moment,
        )
        self._store["vouchers"].update(voucher, times_redeemed=1, redeemed_at=moment)


def _transaction(row: Row) -> Row:
    """The fields that a transaction shares with the one it follows."""
    plain = {name: row[name] for name in ("contact_uuid", "shop_uuid", "channel", "unit_uuid", "created_at")}
    rest: Row = {
        "type": "credit_reception",
        "unit_value": None,
        "identifier_uuid": None,
        "reversed_by": None,
        "extra": {},
    }
    return {**plain, **rest}
