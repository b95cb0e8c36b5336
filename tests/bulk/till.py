"""A business that grows and changes, its exports, and a server that keeps what is sent; for histories of imports."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import attrs
from aiohttp import web

from ..conftest import Recorded
from .helpers import Shop, refusal, told

FIELDS = ("external_id", "source", "starts_at", "ends_at", "number_of_people", "status")
CONTACTS = ("c-1", "c-2")


class Till(Shop):
    """Keeps visits and bookings by their uuid, takes changes, and loses answers now and then while it is `hostile`."""

    def __init__(self, draw: random.Random, *, unique: bool) -> None:
        super().__init__(unique=unique)
        self.hostile = False
        self._draw = draw

    async def __call__(self, recorded: Recorded, request: web.BaseRequest) -> web.StreamResponse:
        writes = recorded.method in ("POST", "PUT")
        fate = self._draw.random() if self.hostile and writes else 1.0
        if fate < 0.08:
            return web.Response(status=503, text="busy")
        if fate < 0.16 and request.transport is not None:
            request.transport.abort()
            return web.Response()
        answer = self.reply(recorded)
        if fate < 0.24 and request.transport is not None:
            request.transport.abort()
        return answer

    def reply(self, recorded: Recorded) -> web.Response:
        """An honest answer, also to a change."""
        if recorded.method != "PUT":
            return super().reply(recorded)
        uuid = recorded.path.rpartition("/")[2]
        found = [row for row in self.made if row["uuid"] == uuid]
        if not found:
            return refusal(60013, "Not found.", status=404)
        found[0].update(recorded.json)
        return told(self.shown(found[0]))

    def make(self, sent: dict[str, Any]) -> web.Response:
        """Take one in, for a contact that there is."""
        if sent["contact_uuid"] not in CONTACTS:
            return refusal(55031, "Contact not found.")
        if self.unique and any(row.get("external_id") == sent.get("external_id") for row in self.made):
            return refusal(1003, "Invalid input.", {"external_id": ["The external id has already been taken."]})
        self.made.append({**sent, "uuid": f"v-{len(self.made)}"})
        return told(self.shown(self.made[-1]))

    def shown(self, visit: dict[str, Any]) -> dict[str, Any]:
        """A visit as an answer has it, with its own uuid and contact."""
        return {**super().shown(visit), "uuid": visit["uuid"], "contact": {"uuid": visit["contact_uuid"]}}


def content(row: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What a row says, whatever offset its moments are written with; of one without identifier of its own, without."""
    told: list[tuple[str, Any]] = []
    for name in ("contact_uuid", *FIELDS):
        value = row.get(name)
        if value is not None and name.endswith("_at"):
            value = dt.datetime.fromisoformat(value).astimezone(dt.UTC)
        if value is not None:
            told.append((name, value))
    return tuple(told)


@attrs.define
class Business:
    """Visits or bookings as a reservation system has them; each row of it once, equal ones as often as they are."""

    draw: random.Random
    kind: str
    rows: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    _made: int = 0

    def grow(self) -> None:
        """More rows: with an identifier or without, equal ones, and some with a mistake in them."""
        for _ in range(self.draw.randint(1, 5)):
            self._made += 1
            row = self._row(self._made)
            self.rows.append(row)
            if "external_id" not in row and self.draw.random() < 0.4:
                self.rows.append(dict(row))

    def _row(self, number: int) -> dict[str, Any]:
        draw = self.draw
        row: dict[str, Any] = {"contact_uuid": draw.choice(CONTACTS), "shop_uuid": "s", "source": f"row {number}"}
        row["starts_at"] = f"2026-05-{1 + number % 28:02d}T20:00:00+00:00"
        if draw.random() < 0.6:
            row["external_id"] = f"A{number}"
            if draw.random() < 0.2:
                row["contact_uuid"] = "nobody"
        return row

    def change(self) -> None:
        """Some rows with an identifier are other ones now, or their numbers have begun anew."""
        for row in self.rows:
            if "external_id" in row and self.draw.random() < 0.3:
                self._change(row)

    def _change(self, row: dict[str, Any]) -> None:
        draw = self.draw
        what = draw.choice(
            ["source", "ends_at", "starts_at", "number_of_people" if self.kind == "bookings" else "source"]
        )
        if what == "number_of_people":
            row[what] = draw.randint(1, 9)
        elif what == "source":
            row[what] = f"{row['source']}'"
        else:
            row[what] = f"2026-06-{draw.randint(1, 28):02d}T{draw.randint(10, 22)}:00:00+00:00"

    def correct(self) -> None:
        """Mistakes are put right in the original."""
        for row in self.rows:
            if row["contact_uuid"] == "nobody":
                row["contact_uuid"] = CONTACTS[0]

    def export(self) -> list[dict[str, Any]]:
        """A window of it, in any order, written in any zone; equal rows are of one moment, so in it or not together."""
        draw = self.draw
        first = draw.choice([0, 0, draw.randrange(len(self.rows))])
        chosen = [dict(row) for row in self.rows if row in self.rows[first:]]
        draw.shuffle(chosen)
        zone = dt.timezone(dt.timedelta(hours=draw.randint(-11, 12)))
        for row in chosen:
            for name in ("starts_at", "ends_at"):
                if name in row:
                    row[name] = dt.datetime.fromisoformat(row[name]).astimezone(zone).isoformat()
        return chosen
