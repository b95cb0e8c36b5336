"""Giftcard programs: the kinds of giftcards."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..routing import OAUTH, Route
from ..store import Row, Store

TABLES: dict[str, tuple[str, ...]] = {"giftcard_programs": ()}


def seed(store: Store, now: int) -> None:
    """One program whose cards are loaded again and again, and one whose cards are loaded once."""
    for name, days, maximum, upgradeable in (("Gift Card", 394, 51_000, True), ("Gift Voucher", None, None, False)):
        store.insert(
            "giftcard_programs",
            name=name,
            active=True,
            settles=not upgradeable,
            expiration_days=days,
            max_amount_in_cents=maximum,
            min_amount_in_cents=None,
            calculator_flow="DEFAULT",
            upgradeable=upgradeable,
            created_at=now,
        )


def _view(call: Call, row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "card_count": len(call.store["giftcards"].find("program_uuid", row["uuid"])),
        "settles": int(row["settles"]),
        "uuid": row["uuid"],
        "name": row["name"],
        "active": row["active"],
        "expiration_days": row["expiration_days"],
        "max_amount_in_cents": row["max_amount_in_cents"],
        "min_amount_in_cents": row["min_amount_in_cents"],
        "calculator_flow": row["calculator_flow"],
    }


def list_(call: Call) -> list[dict[str, Any]]:
    """All programs."""
    return [_view(call, row) for row in call.store["giftcard_programs"].rows.values()]


ROUTES = (Route("giftcard_programs.list", "GET", "/giftcard-programs", list_, roots=OAUTH),)
