"""The seed data: what an account holds when the sandbox starts, bare or as the demo."""

from __future__ import annotations

import random
from typing import Any

from .demo_business import Business
from .demo_money import Money
from .resources import SEEDERS
from .resources.contacts import new_contact
from .store import Row, Store

DAY = 86_400
_SHOPS = (
    ("Harbour Kitchen", "physical", "Kade", 12, "3011AA", "Rotterdam"),
    ("Garden Bistro", "physical", "Lindenlaan", 4, "1054ZZ", "Amsterdam"),
    ("Webshop", "web", "Kade", 12, "3011AA", "Rotterdam"),
)
_CONTACTS = ("anna@example.com", "bram@example.com", "chiara@example.com")
_FIRST = ("Noor", "Sem", "Julia", "Levi", "Zoë", "Daan", "Fenna", "Milan", "Inés", "Jörg", "Aylin", "Tomasz")
_LAST = ("de Vries", "Jansen", "Yıldız", "Müller", "van Dijk", "Kowalski", "Peeters", "García", "Ødegård")
# Guests per weekday, Monday first: closed on Monday, full on Friday and Saturday.
_WEEK = (0, 4, 5, 6, 12, 14, 8)


def seed_account(store: Store, now: int) -> None:
    """The bare account: three shops, a loyalty program, two units, two subscriptions, three contacts."""
    store.insert("accounts", company="Sandbox Hospitality")
    for name, kind, street, number, postalcode, city in _SHOPS:
        address = {
            "street": street, "housenumber": number, "postalcode": postalcode, "city": city,
            "state": None, "country": "NL",
        }  # fmt: skip
        store.insert("shops", name=name, type=kind, reference=None, address=address)
    store.insert("loyalty_programs", name="Sandbox Club", max_amount=50_000, custom_credit_name="Credits")
    for name, label, default in (("purchase_amount", "Purchase Amount", True), ("visits", "Visits", False)):
        store.insert("units", name=name, label=label, prefix="", is_default=default, credits_per_unit=1, created_at=now)
    for name, strategy in (("Marketing", "DOUBLE_OPT_IN"), ("News", "OPT_IN")):
        store.insert("subscription_types", name=name, description=f"{name} by e-mail", active=True, strategy=strategy)
    for email in _CONTACTS:
        new_contact(store, email, now)
    for add in SEEDERS:
        add(store, now)


def seed_demo(store: Store, now: int, seed: int, contacts: int = 300, days: int = 730) -> None:
    """A believable account: two years of guests with a weekly rhythm, newcomers all along."""
    draw = random.Random(f"demo {seed}")
    today = now - now % DAY
    first = today - days * DAY
    shops = list(store["shops"].rows.values())
    unit = store["units"].rows[next(iter(store["units"].rows))]
    known: list[Row] = list(store["contacts"].rows.values())
    arrivals = sorted(draw.randrange(days) for _ in range(contacts))
    balances: dict[str, list[Row]] = {}
    money, business = Money(store, draw), Business(store, seed, first)
    for day in range(days):
        opens = first + day * DAY
        guests = _WEEK[(opens // DAY + 3) % 7]  # the first of January 1970 was a Thursday
        while arrivals and arrivals[0] <= day:
            arrivals.pop(0)
            name, family = draw.choice(_FIRST), draw.choice(_LAST)
            row = new_contact(store, f"guest{len(known)}@example.com", opens + 10 * 3600, channel="WIDGET")
            money.refer(row, known, row["created_at"])
            known.append(store["contacts"].update(row, attributes={"firstname": name, "lastname": family}))
        season = 1.2 if (day // 30) % 12 in (5, 6, 7, 11) else 0.9
        count = int(draw.gauss(guests * season, 1.5)) if guests else 0
        times = sorted(draw.gauss(19, 1.5) if draw.random() < 0.75 else draw.gauss(13, 1) for _ in range(count))
        for hour in times:
            guest = known[min(int(draw.expovariate(6 / len(known))), len(known) - 1)]
            spent = round(max(8.0, draw.gauss(42, 18)), 2)
            row = store.insert(
                "loyalty_transactions",
                type="credit_reception",
                contact_uuid=guest["uuid"],
                shop_uuid=draw.choices(shops, (6, 3, 1))[0]["uuid"],
                channel="OAUTH_API",
                credits=int(spent),
                unit_value=spent,
                unit_uuid=unit["uuid"],
                identifier_uuid=None,
                reversed_by=None,
                extra={},
                created_at=opens + int(min(23.0, max(9.0, hour)) * 3600),
            )
            balances.setdefault(guest["uuid"], []).append(row)
            money.after_reception(row, balances[guest["uuid"]])
            business.after_reception(row)
        if guests:
            money.day(opens, shops, known)
    business.roster(today, shops[:2])
    for uuid, rows in balances.items():
        store["contacts"].update(store["contacts"].rows[uuid], **_history(rows))


def _history(rows: list[Row]) -> dict[str, Any]:
    total = sum(row["credits"] for row in rows)
    received = sum(row["credits"] for row in rows if row["type"] == "credit_reception")
    return {
        "credits": total,
        "previous_credits": total - rows[-1]["credits"],
        "credits_received": received,
        "earned": received,
        "transactions": len(rows),
        "first_transaction": rows[0]["created_at"],
        "last_transaction": rows[-1]["created_at"],
        "shops": list(dict.fromkeys(row["shop_uuid"] for row in rows)),
        "updated_at": rows[-1]["created_at"],
    }
