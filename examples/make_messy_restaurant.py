"""Write examples/messy_restaurant.csv: what a Dutch reservation system hands out when asked for its bookings.

Semicolons, cp1252, days first, decimal commas, one guest under several spellings of an address, blank lines, a day
total at the end, and the night on which the clock jumped. `python examples/make_messy_restaurant.py` writes the file
anew, always the same; `expected()` tells what an import must give.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import sys
import unicodedata
from pathlib import Path

PATH = Path(__file__).with_name("messy_restaurant.csv")
BOOKINGS = 240
COLUMNS = ("Reserveringsnummer", "Naam gast", "E-mail", "Datum", "Tijd", "Aantal personen", "Aanbetaling", "Opmerking")
GUESTS = (
    "Zoë de Vries", "Jörg Müller", "Inés García", "Françoise Dubois", "Søren Ødegård", "Daan van 't Hoff",
    "Noor Jansen", "Sem Bakker", "Fenna Visser", "Milan Smit", "Siân Evans", "Björn Åkesson",
)  # fmt: skip
REMARKS = (
    "",
    "",
    "",
    "Raamtafel; graag rustig",
    "Notenallergie",
    'Zegt: "net als vorig jaar"',
    "€ 25 cadeaubon",
    "=1+1",
)
# The rows that can't be sent, by what is wrong with them.
REFUSED = {"the clock jumped over it": 1, "no address": 2, "a year of two digits": 1, "the day's total": 1}


def expected() -> dict[str, int]:
    """What importing the file gives: rows in all, bookings created, rows rejected, distinct addresses."""
    rejected = sum(REFUSED.values())
    return {"rows": BOOKINGS + rejected, "created": BOOKINGS, "rejected": rejected, "contacts": len(GUESTS)}


def content() -> bytes:
    """The file."""
    draw = random.Random(20260329)
    rows: list[list[str]] = []
    for number in range(BOOKINGS):
        guest = GUESTS[number % len(GUESTS)]
        when = dt.datetime(2026, 2, 14) + dt.timedelta(days=number // 4)  # noqa: DTZ001 - a wall clock, as exports have
        time = f"{draw.choice((12, 13, 17, 18, 19, 20))}:{draw.choice(('00', '15', '30', '45'))}"
        deposit = draw.choice(("", "", "12,50", "25,00", "€ 7,5", "1.012,50"))
        people, remark = str(draw.randrange(1, 9)), draw.choice(REMARKS)
        row = [f"2026-{number:05}", guest, _address(guest, draw), f"{when:%d-%m-%Y}", time, people, deposit, remark]
        rows.append(row)
    refused = [
        ["2026-90001", "Noor Jansen", "noor.jansen@example.nl", "29-03-2026", "02:30", "2", "", "nachtdiner"],
        ["2026-90002", "Loopgast", "", "01-03-2026", "19:00", "2", "", ""],
        ["2026-90003", "Loopgast", "geen", "02-03-2026", "19:15", "3", "", ""],
        ["2026-90004", "Sem Bakker", "sem.bakker@example.nl", "03-03-26", "18:00", "4", "", ""],
    ]
    for row in refused:
        rows.insert(draw.randrange(len(rows)), row)
    rows.append(["Totaal", "", "", "", "", "1043", "2.310,00", ""])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows):
        writer.writerow(row)
        if number % 40 == 39:
            text.write(draw.choice(("\r\n", ";;;;;;;\r\n", "   \r\n")))
    return text.getvalue().encode("cp1252")


def _address(guest: str, draw: random.Random) -> str:
    spelt = guest.translate(str.maketrans("øØ", "oO", "'"))
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode().lower().replace(" ", ".")
    address = f"{plain}@example.nl"
    return draw.choice((address, address, address.upper(), address.title(), f" {address} "))


def main() -> int:
    """Write the file."""
    PATH.write_bytes(content())
    counts = expected()
    print(f"{PATH}: {counts['rows']} rows, of which {counts['rejected']} can't be sent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
