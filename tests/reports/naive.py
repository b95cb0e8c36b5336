"""The figures once more, the long way: SQL over every row, with the time that clocks on the wall show."""

from __future__ import annotations

import datetime as dt
import functools
import sqlite3
import weakref
from typing import Any
from zoneinfo import ZoneInfo

from .accounts import Account

KINDS = {"credit_reception": "reception", "reward_reception": "reward", "digital_reward_reception": "reward"}


@functools.lru_cache(1)
def database(account: Account) -> sqlite3.Connection:
    """Every row of an account, its `wall` time on the clock of its shop, or of the account."""

    def wall(text: str | None, shop: str = "") -> str | None:
        zone = ZoneInfo(account.zones.get(shop, account.zone))
        return None if text is None else dt.datetime.fromisoformat(text).astimezone(zone).isoformat()[:19]

    def shop_of(row: dict[str, Any]) -> str:
        return row["shop"]["uuid"] if row["shop"] else ""

    db = sqlite3.connect(":memory:")
    weakref.finalize(account, db.close)
    db.execute("CREATE TABLE loyalty (shop, wall, kind, credits INT, who, unit, value REAL)")
    db.execute("CREATE TABLE money (list, shop, wall, sign, cents INT)")
    db.execute("CREATE TABLE single (list, wall)")
    for row in account.transactions:
        shop, who = shop_of(row), row["contact"]["uuid"] if row["contact"] else None
        unit = row["unit"]["name"] if row.get("unit") else None
        kind = KINDS.get(row["type"], "other")
        cells = (shop, wall(row["created_at"], shop), kind, row["credits"], who, unit, row.get("unit_value"))
        db.execute("INSERT INTO loyalty VALUES (?, ?, ?, ?, ?, ?, ?)", cells)
    signs = dict(account.cards)
    for name, rows in (("cards", account.card_rows), ("prepaid", account.prepaid_rows)):
        for row in rows:
            shop = shop_of(row)
            sign = signs[row["card"]["uuid"]] if name == "cards" else row["prepaid_balance"]["balance"][0]
            cells = (name, shop, wall(row["created_at"], shop), sign, row["amount_in_cents"])
            db.execute("INSERT INTO money VALUES (?, ?, ?, ?, ?)", cells)
    singles = [("registered", moment.isoformat()) for moment in account.registered]
    singles += [("visits", row["starts_at"] or row["created_at"]) for row in account.visits]
    singles += [(name, row[name]) for row in account.vouchers for name in ("activation_date", "redeemed_at")]
    db.executemany("INSERT INTO single VALUES (?, ?)", [(name, wall(text)) for name, text in singles])
    return db


def figures(account: Account, since: dt.datetime, until: dt.datetime, shop: str | None = None) -> dict[str, Any]:
    """The figures of a stretch of time, of the account or of one shop."""
    db = database(account)
    named = {"since": since.isoformat(), "until": until.isoformat(), "shop": shop}
    inside = "wall >= :since AND wall < :until AND (:shop IS NULL OR shop = :shop)"

    def one(query: str) -> int:
        return int(db.execute(query, named).fetchone()[0] or 0)

    def single(name: str) -> int | None:
        return one(f"SELECT count(*) FROM single WHERE list = '{name}' AND wall >= :since AND wall < :until") \
            if shop is None else None  # fmt: skip

    def moved(which: str) -> int:
        return one(f"SELECT sum(credits) FROM loyalty WHERE {which} AND {inside}")

    def money(name: str) -> dict[str, Any]:
        found = db.execute(
            f"SELECT sign, sum(iif({inside} AND cents > 0, cents, 0)), sum(iif({inside} AND cents < 0, -cents, 0)),"
            f" sum(cents), sum(iif({inside}, 1, 0)) FROM money WHERE list = '{name}' AND cents <> 0 AND wall < :until"
            " AND (:shop IS NULL OR shop = :shop) GROUP BY sign ORDER BY sign",
            named,
        )
        keys = ("paid_in", "spent", "outstanding", "transactions")
        return {sign: dict(zip(keys, sums, strict=True)) for sign, *sums in found}

    before = "SELECT 1 FROM loyalty AS old WHERE old.who = loyalty.who AND old.wall < :since"
    known = f"EXISTS ({before} AND (:shop IS NULL OR old.shop = :shop))"
    units = db.execute(
        "SELECT unit, round(sum(iif(credits < 0, -value, value)), 6), count(*) FROM loyalty WHERE kind = 'reception'"
        f" AND unit IS NOT NULL AND value IS NOT NULL AND {inside} GROUP BY unit ORDER BY unit",
        named,
    )
    return {
        "registrations": single("registered"),
        "active_customers": one(f"SELECT count(DISTINCT who) FROM loyalty WHERE {inside}"),
        "new_customers": one(f"SELECT count(DISTINCT who) FROM loyalty WHERE NOT {known} AND {inside}"),
        "returning_customers": one(f"SELECT count(DISTINCT who) FROM loyalty WHERE {known} AND {inside}"),
        "visits": single("visits"),
        "transactions": one(f"SELECT count(*) FROM loyalty WHERE {inside}"),
        "credits_given": moved("kind = 'reception' AND credits > 0"),
        "credits_reversed": -moved("kind = 'reception' AND credits < 0"),
        "credits_spent": -moved("kind = 'reward'"),
        "credits_other": moved("kind = 'other'"),
        "credits_outstanding": one(
            "SELECT sum(credits) FROM loyalty WHERE wall < :until AND (:shop IS NULL OR shop = :shop)"
        ),
        "rewards_redeemed": one(f"SELECT count(*) FROM loyalty WHERE kind = 'reward' AND {inside}"),
        "vouchers_activated": single("activation_date"),
        "vouchers_redeemed": single("redeemed_at"),
        "units": {name: {"value": value, "transactions": rows} for name, value, rows in units},
        "gift_cards": money("cards"),
        "prepaid": money("prepaid"),
    }


def rhythm(account: Account, since: dt.datetime, until: dt.datetime) -> tuple[list[list[int]], dict[str, list[int]]]:
    """Transactions by weekday and hour; and, by day, transactions and credits given."""
    hours = [[0] * 24 for _ in range(7)]
    days: dict[str, list[int]] = {}
    rows = database(account).execute(
        "SELECT wall, iif(kind = 'reception' AND credits > 0, credits, 0) FROM loyalty WHERE wall >= ? AND wall < ?",
        (since.isoformat(), until.isoformat()),
    )
    for wall, given in rows:
        hours[dt.date.fromisoformat(wall[:10]).isoweekday() - 1][int(wall[11:13])] += 1
        found = days.setdefault(wall[:10], [0, 0])
        found[0] += 1
        found[1] += given
    return hours, days


def best(account: Account, since: dt.datetime, until: dt.datetime) -> list[tuple[int, int]]:
    """Credits and receptions of the ten best customers."""
    return database(account).execute(
        "SELECT sum(credits) AS most, count(*) AS rows FROM loyalty WHERE kind = 'reception' AND who IS NOT NULL"
        " AND wall >= ? AND wall < ? GROUP BY who HAVING most > 0 ORDER BY most DESC, rows DESC LIMIT 10",
        (since.isoformat(), until.isoformat()),
    ).fetchall()  # fmt: skip
