"""The demo's business: its menu, cards, tables, web orders and staff."""

from __future__ import annotations

import random
from typing import Any

from .params import iso
from .resources import products
from .resources.contacts import new_contact
from .resources.order_parts import keep_line
from .store import Row, Store

DAY = 86_400
_MENU = (
    ("Starters", (("Soup of the Day", 750), ("Beetroot Carpaccio", 1150), ("Bread and Butter", 450))),
    ("Mains", (("Catch of the Day", 2450), ("Mushroom Risotto", 1950), ("Flat Iron Steak", 2650))),
    ("Drinks", (("House Wine", 550), ("Ginger Lemonade", 425), ("Coffee", 325))),
)
_STAFF = ("Kees", "Samira", "Olga", "Ruben")
_TEAMS = ("Kitchen", "Service")
_TYPES = (("Lunch", 10, 6), ("Dinner", 16, 7))  # name, hour of the start, hours
_ROSTER = (60, 14)  # days behind, and ahead, of today


class Business:
    """What goes on besides money; it draws for itself, so that the rest of the demo stays as it is."""

    def __init__(self, store: Store, seed: int, now: int) -> None:
        self._store = store
        self._draw = random.Random(f"business {seed}")
        self._lines: list[Row] = []
        self._guests: set[str] = set()
        for category, dishes in _MENU:
            group = store.insert("product_categories", external_identifier=category.upper(), name=category)
            for name, cents in dishes:
                identifier = name.upper().replace(" ", "-")
                products.add(store, identifier, name, f"{name}, {cents / 100:.2f}", (group["uuid"],))
                self._lines.append({"name": name, "price": cents, "product": {"external_identifier": identifier}})
        options = [{"label": label, "value": value, "default": value == "no"}
                   for label, value in (("No table kept", "no"), ("A table kept", "yes"))]  # fmt: skip
        store.insert("perks", label="Window Table", name="window_table", data_type="single_select", options=options)
        store.insert(
            "webhook_subscriptions", name="Newsletter", event_type="contact_created", secret=None, attributes=[],
            url="https://sandbox.invalid/webhooks", status="INACTIVE", created_at=now,
        )  # fmt: skip

    def after_reception(self, row: Row) -> None:
        """Where credits were given, a guest sat at a table or had ordered something."""
        shop = self._store["shops"].rows[row["shop_uuid"]]
        guest = row["contact_uuid"]
        if guest not in self._guests and self._draw.random() < 0.3:
            value = f"4021-{len(self._guests):04d}"
            self._store.insert("contact_identifiers", value=value, name="Club card", active=True, contact_uuid=guest)
        self._guests.add(guest)
        if shop["type"] == "web":
            self._order(row)
        elif self._draw.random() < 0.3:
            self._sit(row)

    def _sit(self, row: Row) -> None:
        moment = row["created_at"]
        seated: dict[str, Any] = {
            "contact_uuid": row["contact_uuid"],
            "shop_uuid": row["shop_uuid"],
            "external_id": f"demo-{row['id']}",
            "source": self._draw.choice(("Website", "Phone", "Walk-in")),
            "starts_at": iso(moment - 5400),
            "ends_at": iso(moment),
        }
        self._store.insert("visits", **seated, created_at=moment)
        if seated["source"] != "Walk-in":
            self._store.insert(
                "bookings", **seated, checked_in_at=iso(moment - 5300), company_name=None, status="completed",
                number_of_people=self._draw.randrange(1, 7), prepaid_amount=None, created_at=moment - DAY,
            )  # fmt: skip

    def _order(self, row: Row) -> None:
        """An order whose lines are worth what the credits were given for."""
        cents = round(row["unit_value"] * 100)
        lines: list[Row] = []
        while cents:
            dish = self._draw.choice(self._lines)
            price = min(dish["price"], cents)
            cents -= price
            number = str(len(lines) + 1)
            line = {**dish, "external_identifier": number, "price": price, "quantity": 1, "total_amount": price}
            lines.append(keep_line(self._store, line))
        total = sum(line["total_amount"] for line in lines)
        moment = row["created_at"]
        self._store.insert(
            "orders",
            contact_uuid=row["contact_uuid"],
            shop_uuid=row["shop_uuid"],
            external_identifier=f"WEB-{row['id']}",
            reference=None,
            status="COMPLETED",
            payment_status="PAID",
            currency="EUR",
            total_order_amount=total,
            order_amount=total,
            total_discount_amount=0,
            paid_at=iso(moment),
            completed_at=iso(moment),
            line_items=lines,
            applied_discounts=[],
            charges=[],
            points=row["credits"],
            created_at=moment,
            updated_at=moment,
        )

    def roster(self, today: int, shops: list[Row]) -> None:
        """Who works when: settled for the past, still to be approved for the days to come."""
        made = today - _ROSTER[0] * DAY
        staff = [new_contact(self._store, f"{name.lower()}@sandbox.invalid", made) for name in _STAFF]
        teams = [self._store.insert("shift_teams", name=name, created_at=made, updated_at=made) for name in _TEAMS]
        for name, hour, hours in _TYPES:
            kind = self._store.insert(
                "shift_types", name=name, description=f"From {hour}:00", created_at=made, updated_at=made
            )
            for day in range(-_ROSTER[0], _ROSTER[1]):
                starts = today + day * DAY + hour * 3600
                self._store.insert(
                    "shifts",
                    contact_uuid=self._draw.choice(staff)["uuid"],
                    shop_uuid=self._draw.choice(shops)["uuid"],
                    external_id=f"{name.lower()}-{iso(starts)[:10]}",
                    team_uuid=self._draw.choice(teams)["uuid"],
                    shift_type_uuid=kind["uuid"],
                    status="approved" if day < 0 else "pending",
                    break_in_minutes=30,
                    started_at=iso(starts),
                    ended_at=iso(starts + hours * 3600),
                    created_at=min(starts - 7 * DAY, today),
                )
