"""Accounts made by chance, with rows where months are easily cut wrong."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from ..export.conftest import Lists

Row = dict[str, Any]
ZONES = ("Europe/Amsterdam", "Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "UTC")
# Months with a change of clocks, a year's end, one after a short month, and the one that is going on.
MONTHS = ("2026-03", "2026-10", "2025-12", "2026-01", "2026-03", "2025-10", "2026-05", "2026-11")
NOW = dt.datetime(2026, 11, 17, 14, 30, tzinfo=dt.UTC)
UNITS = ("purchase_amount", "visits", "calories")
SIGNS = ("€", "£")


class Account:
    """The rows of an account, its main zone, and the zones of its shops."""

    def __init__(self, seed: int) -> None:
        draw = self._draw = random.Random(seed)
        self.month = MONTHS[seed % len(MONTHS)]
        self.zone = ZONES[0] if draw.random() < 0.6 else draw.choice(ZONES)
        self.shops = [
            {"id": number, "uuid": self._uuid(), "name": f"Shop {number}"} for number in range(draw.randrange(1, 4))
        ]
        self.zones = {shop["uuid"]: draw.choice(ZONES) for shop in self.shops if draw.random() < 0.5}
        self.contacts = [self._uuid() for _ in range(draw.randrange(1, 25))]
        self.cards = [(self._uuid(), draw.choice(SIGNS)) for _ in range(5)]
        # Every so often a month, or all of it, is empty.
        self.most = 0 if draw.random() < 0.05 else 160
        self.gap = draw.choice((None, None, 0, -1, -12))
        self.transactions = [self._transaction() for _ in range(draw.randrange(self.most + 1))]
        self.transactions += [self._undone(row) for row in list(self.transactions) if draw.random() < 0.1]
        self.card_rows = [self._card() for _ in range(draw.randrange(self.most // 2 + 1))]
        self.prepaid_rows = [self._prepaid() for _ in range(draw.randrange(self.most // 2 + 1))]
        self.visits = [self._visit() for _ in range(draw.randrange(self.most // 2 + 1))]
        self.vouchers = [self._voucher() for _ in range(draw.randrange(self.most // 4 + 1))]
        self.registered = [self._moment() for _ in range(draw.randrange(self.most // 2 + 1))]

    def serve(self, lists: Lists) -> None:
        """Have a server tell of it."""
        for rows in lists.rows.values():
            rows.clear()
        lists.clock = lambda: NOW
        for path, rows in (
            ("loyalty-transactions", self.transactions),
            ("giftcard-transactions", self.card_rows),
            ("prepaid-transactions", self.prepaid_rows),
        ):
            pairs = [(dt.datetime.fromisoformat(row["created_at"]), row) for row in rows]
            lists.rows[path] += sorted(pairs, key=lambda pair: pair[0])
        for path, rows in (("visits", self.visits), ("vouchers", self.vouchers)):
            lists.rows[path] += [(NOW, row) for row in rows]
        lists.rows["giftcards"] += [
            (NOW, {"uuid": card, "display_amount": f"{sign}{12.5:,.2f}"}) for card, sign in self.cards
        ]
        lists.rows["contacts"] += [(moment, {"uuid": self._uuid(), "id": 1}) for moment in sorted(self.registered)]

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._draw.getrandbits(128), version=4))

    def _moment(self) -> dt.datetime:
        """Mostly in one of the months that are compared; often at an edge of one, in some zone."""
        draw = self._draw
        year, month = map(int, self.month.split("-"))
        back = draw.choice((0, 0, 0, -1, -1, -12, -12, -2, -5, -24, 1))
        if back == self.gap:
            back = -3
        number = year * 12 + month - 1 + back
        first = dt.datetime(number // 12, number % 12 + 1, 1)
        if draw.random() < 0.25:
            edge = first.replace(tzinfo=ZoneInfo(draw.choice((self.zone, *self.zones.values(), *ZONES))))
            moment = edge.astimezone(dt.UTC) + dt.timedelta(seconds=draw.choice((-1, 0, 0, 1, -3600, 3600)))
        else:
            moment = first.replace(tzinfo=dt.UTC) + dt.timedelta(seconds=draw.randrange(31 * 86_400))
        return min(moment, NOW - dt.timedelta(minutes=5))

    def _shop(self) -> Row | None:
        return None if self._draw.random() < 0.05 else self._draw.choice(self.shops)

    def _transaction(self) -> Row:
        draw = self._draw
        kind = draw.choices(
            ("credit_reception", "reward_reception", "digital_reward_reception", "stamp"), (70, 15, 10, 2)
        )[0]
        given = draw.random() < 0.95
        row: Row = {
            "uuid": self._uuid(),
            "type": kind,
            "credits": draw.randrange(0, 90) * (-1 if "reward" in kind else 1),
            "created_at": self._moment().isoformat(),
            "contact": {"uuid": draw.choice(self.contacts), "email": "somebody@example.com"} if given else None,
            "shop": self._shop(),
        }
        if kind == "credit_reception":
            row["unit_value"] = draw.choice((None, round(draw.uniform(0, 99), 2), draw.randrange(50)))
            row["unit"] = draw.choice((None, {"id": 1, "name": draw.choice(UNITS)}))
        # Answers differ in how they write a number, and an object that is empty.
        if draw.random() < 0.05:
            row["credits"] = str(row["credits"])
        if draw.random() < 0.05:
            row["contact_identifier"] = []
        return row

    def _undone(self, row: Row) -> Row:
        """What a reversal adds, often in a later month."""
        later = dt.datetime.fromisoformat(row["created_at"]) + dt.timedelta(days=self._draw.choice((0, 1, 20, 31, 200)))
        undone = {**row, "uuid": self._uuid(), "type": "credit_reception", "credits": -int(row["credits"])}
        return {**undone, "created_at": min(later, NOW - dt.timedelta(minutes=5)).isoformat()}

    def _card(self) -> Row:
        card = self._draw.choice(self.cards)[0]
        cents = self._draw.choice((2500, 5000, -1250, -99, 0))
        row = {"uuid": self._uuid(), "id": 1, "created_at": self._moment().isoformat(), "shop": self._shop()}
        return {**row, "amount_in_cents": cents, "card": {"id": 1, "uuid": card}}

    def _prepaid(self) -> Row:
        sign, cents = self._draw.choice(SIGNS), self._draw.choice((5000, -700, -1))
        row = {"uuid": self._uuid(), "created_at": self._moment().isoformat(), "shop": self._shop()}
        return {**row, "amount_in_cents": cents, "prepaid_balance": {"balance": f"{sign}1,234.00"}}

    def _visit(self) -> Row:
        starts = self._moment().isoformat() if self._draw.random() < 0.8 else None
        return {"uuid": self._uuid(), "starts_at": starts, "created_at": self._moment().isoformat()}

    def _voucher(self) -> Row:
        moments = [self._moment().isoformat() if self._draw.random() < 0.7 else None for _ in range(2)]
        return {"uuid": self._uuid(), "activation_date": moments[0], "redeemed_at": moments[1]}
