"""Write examples/visits.csv: two thousand visits out of four systems, some of them not fit to be sent.

`python examples/make_visits.py` writes the file anew, always the same. Guests and shops are those of the sandbox's demo
account, so `leat import visits examples/visits.csv --sandbox` finds them. `expected()` tells what an import must give.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from leat_async.sandbox import Sandbox

PATH = Path(__file__).with_name("visits.csv")
ROWS = 2000
COLUMNS = ("external_id", "guest_name", "email", "shop_uuid", "starts_at", "ends_at", "source")
# How many rows are spoilt in which way; every one of them must be refused.
SPOILT = {
    "unknown contact": 14,
    "no contact": 7,
    "malformed address": 5,
    "no shop": 6,
    "unknown shop": 5,
    "impossible date": 8,
    "time without offset": 5,
}
SOURCES = (
    ("Kiosk", "Europe/Amsterdam"),
    ("Café-terminal", "Europe/Amsterdam"),
    ("Rezervační portál", "Europe/Prague"),
    ("Κρατήσεις", "Europe/Athens"),
    ("Concierge 東京", "Asia/Tokyo"),
    ("Widget", "UTC"),
    ("Phone desk", "America/New_York"),
)
FIRST = ("Noor", "Sem", "Zoë", "Daan", "Inés", "Jörg", "Aylin", "Tomáš", "Chloé", "Łukasz", "Ευγενία", "さくら", "Siân")
LAST = ("de Vries", "Jansen", "Yıldız", "Müller", "van 't Hoff", "Kowalska", "Peeters", "García", "Ødegård", "Nguyễn")


def expected() -> dict[str, int]:
    """What importing the file gives: rows in all, visits created, rows rejected."""
    rejected = sum(SPOILT.values())
    return {"rows": ROWS, "created": ROWS - rejected, "rejected": rejected}


def rows() -> Iterator[dict[str, str]]:
    """The rows of the file."""
    draw = random.Random(20260301)
    account = Sandbox(seed="demo")
    guests = [contact["email"] for contact in account.contacts]
    shops = [shop["uuid"] for shop in account.shops]
    faults = [fault for fault, count in SPOILT.items() for _ in range(count)]
    spoilt = dict(zip(draw.sample(range(ROWS), len(faults)), faults, strict=True))
    names = {guest: f"{draw.choice(FIRST)} {draw.choice(LAST)}" for guest in guests}
    opening = dt.datetime(2026, 1, 2, 11, tzinfo=dt.UTC)
    for number in range(ROWS):
        # A few guests come often, most of them seldom.
        guest = guests[min(int(draw.expovariate(4 / len(guests))), len(guests) - 1)]
        source, zone = draw.choice(SOURCES)
        starts = opening + dt.timedelta(days=number // 22, minutes=5 * draw.randrange(120))
        ends = starts + dt.timedelta(minutes=15 * draw.randrange(3, 14))
        row = {
            "external_id": f"R-{2026_00000 + number}",
            "guest_name": names[guest],
            "email": guest if draw.random() < 0.9 else f" {guest.upper()} ",
            "shop_uuid": draw.choices(shops, (6, 3, 1))[0],
            "starts_at": starts.astimezone(ZoneInfo(zone)).isoformat(),
            "ends_at": ends.astimezone(ZoneInfo(zone)).isoformat(),
            "source": source,
        }
        if number in spoilt:
            _spoil(row, spoilt[number], number)
        yield row


def _spoil(row: dict[str, str], fault: str, number: int) -> None:
    if fault == "unknown contact":
        row["email"] = f"nobody{number}@example.org"
    elif fault == "no contact":
        row["email"] = ""
    elif fault == "malformed address":
        row["email"] = row["email"].replace("@", " at ")
    elif fault == "no shop":
        row["shop_uuid"] = ""
    elif fault == "unknown shop":
        row["shop_uuid"] = f"00000000-0000-4000-a000-{number:012d}"
    elif fault == "impossible date":
        row["starts_at"] = "2026-02-30T19:30:00+01:00"
    elif fault == "time without offset":
        row["starts_at"] = row["starts_at"][:19]


def main() -> int:
    """Write the file."""
    with PATH.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter[str](file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows())
    counts = expected()
    print(f"{PATH}: {counts['rows']} rows, of which {counts['rejected']} can't be sent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
