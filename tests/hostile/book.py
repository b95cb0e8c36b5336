"""What the API keeps, and its honest answers: contacts, visits and bookings in lists of their own.

Knows nothing of the package under test, nor of the sandbox, so that no mistake is shared. `server.py` puts it on a
socket and spoils what comes out.
"""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs
import msgspec

ROOT = "/api/v3/oauth/clients"
SHOP = "shop-1"
ACCOUNT = "0d9c1f4e-0000-4000-8000-000000000001"

# Strangers turn up until there are so many, or lists would grow faster than they can be read.
MOST_VISITS = 60

Row = dict[str, Any]


@attrs.frozen(kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes = b""

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Asked:
        """From the parts of a request line, with the API's root cut off."""
        parts = urlsplit(target)
        path = unquote(parts.path).removeprefix(ROOT).rstrip("/") or "/"
        return cls(method=method, path=path, query=dict(parse_qsl(parts.query)), headers=headers, raw=body)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return msgspec.json.decode(self.raw) if self.raw else {}

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET" or "find-or-create" in self.path


@attrs.frozen(kw_only=True)
class Said:
    """An honest answer."""

    status: int
    content: Any

    @property
    def body(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(self.content)


def refused(code: int, message: str, errors: Mapping[str, list[str]] | None = None) -> Said:
    """A refusal of the API's own, which has a code."""
    content: dict[str, Any] = {"message": message, "code": code, "status_code": 400}
    return Said(status=400, content={**content, "errors": errors} if errors else content)


def told(data: Any, meta: Any = None) -> Said:
    """An answer with data."""
    return Said(status=200, content={"data": data, "meta": meta if meta is not None else []})


@attrs.define(kw_only=True)
class Book:
    """The state, and what the API does with a request.

    unique: a taken `external_id` is refused. trims: texts are trimmed and empty ones become null, as Laravel does by
    default. folds: identifiers that differ in case alone are the same, as databases have it. largest: rows of a page at
    most. newest_first: how visits are listed. strangers: visits of others that turn up whenever a page is read.
    ahead: seconds by which the server's clock is.
    """

    draw: random.Random
    unique: bool = True
    trims: bool = True
    folds: bool = False
    largest: int = 500
    newest_first: bool = False
    strangers: float = 0.0
    ahead: float = 0.0
    contacts: list[Row] = attrs.field(factory=list[Row])
    visits: list[Row] = attrs.field(factory=list[Row])
    bookings: list[Row] = attrs.field(factory=list[Row])

    def handle(self, asked: Asked, *, stale: float = 0.0) -> Said:
        """Do what is asked and answer; a read sees what was there `stale` seconds ago."""
        kind, _, rest = asked.path.strip("/").partition("/")
        if asked.path == "/":
            return told({"id": 7, "uuid": ACCOUNT, "company": "Krusty Krab"})
        if kind in ("visits", "bookings") and asked.method == "POST" and not rest:
            return self._stay(kind, asked.body)
        if kind == "visits" and asked.method == "GET":
            return self._one(kind, rest, stale) if rest else self._list_visits(asked, stale)
        if kind in ("visits", "bookings") and asked.method == "PUT":
            return self._change(kind, rest, asked.body)
        if kind == "contacts":
            return self._contacts(rest, asked, stale)
        return Said(status=404, content={"message": "Not found."})

    def add_contact(self, email: str) -> Row:
        """A contact that is there from the start, or new."""
        return self._add("contacts", {"email": email, "attributes": {}})

    def moment(self) -> str:
        """The time as the server has it."""
        return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.ahead)).isoformat(timespec="seconds")

    def _add(self, kind: str, row: Row) -> Row:
        row |= {"uuid": str(uuid.UUID(int=self.draw.getrandbits(128), version=4)), "at": _now()}
        row["created_at"] = self.moment()
        getattr(self, kind).append(row)
        return row

    def _kept(self, value: Any) -> Any:
        """A text as it is stored."""
        if self.trims and isinstance(value, str):
            return value.strip() or None
        return value

    def _same(self, one: Any, other: Any) -> bool:
        if self.folds and isinstance(one, str) and isinstance(other, str):
            return one.casefold() == other.casefold()
        return bool(one == other)

    def _stay(self, kind: str, sent: Row) -> Said:
        row = {name: self._kept(value) for name, value in sent.items()}
        named = row.pop("contact_uuid", None)
        contact = next((c for c in self.contacts if c["uuid"] == named), None)
        if contact is None:
            return refused(55031, "Contact not found.")
        if row.pop("shop_uuid", None) != SHOP:
            return refused(1008, "Shop not found.")
        own = row.get("external_id")
        if own is not None and self.unique and any(self._same(r["external_id"], own) for r in getattr(self, kind)):
            return refused(1003, "Invalid input.", {"external_id": ["The external id has already been taken."]})
        fields = dict.fromkeys(("external_id", "source", "starts_at", "ends_at"))
        return told(shown(self._add(kind, {"contact": contact, **fields, **row})))

    def _one(self, kind: str, which: str, stale: float) -> Said:
        found = [row for row in self._as_of(kind, stale) if row["uuid"] == which]
        return told(shown(found[0])) if found else Said(status=404, content={"message": "Not found.", "code": 60013})

    def _change(self, kind: str, which: str, sent: Row) -> Said:
        for row in getattr(self, kind):
            if row["uuid"] == which:
                row |= {name: self._kept(value) for name, value in sent.items()}
                return told(shown(row))
        return Said(status=404, content={"message": "Not found.", "code": 60013})

    def _as_of(self, kind: str, stale: float) -> list[Row]:
        return [row for row in getattr(self, kind) if row["at"] <= _now() - stale]

    def _list_visits(self, asked: Asked, stale: float) -> Said:
        if self.contacts and len(self.visits) < MOST_VISITS and self.draw.random() < self.strangers:
            other = asked.query.get("contact_uuid")
            contact = next((c for c in self.contacts if c["uuid"] == other), self.contacts[0])
            stranger = {"contact": contact, "external_id": f"till {self.draw.random()}", "stranger": True}
            self._add("visits", stranger)
        rows = self._as_of("visits", stale)
        if "contact_uuid" in asked.query:
            rows = [row for row in rows if row["contact"]["uuid"] == asked.query["contact_uuid"]]
        if self.newest_first:
            rows.reverse()
        size = max(1, min(int(asked.query.get("limit", 30)), self.largest))
        page = int(asked.query.get("page", 1))
        meta = {"page": page, "last_page": max(1, -(-len(rows) // size)), "limit": size, "total": len(rows)}
        return told([shown(row) for row in rows[(page - 1) * size : page * size]], meta)

    def _contacts(self, rest: str, asked: Asked, stale: float) -> Said:
        address = (asked.query.get("email") if asked.method == "GET" else asked.body.get("email")) or ""
        address = address.strip().lower()
        if asked.method == "POST" and not rest:
            if any(row["email"] == address for row in self.contacts):
                return refused(60005, "Contact already exists.")
            return told({"uuid": self.add_contact(address)["uuid"]})
        if rest in ("find-one-by", "find-or-create"):
            known = self.contacts if rest == "find-or-create" else self._as_of("contacts", stale)
            found = [row for row in known if row["email"] == address]
            if not found and rest == "find-one-by":
                return refused(55031, "Contact not found.")
            return told(shown(found[0] if found else self.add_contact(address)))
        found = [row for row in self.contacts if rest in (row["uuid"], row["email"])]
        if not found:
            return refused(55031, "Contact not found.")
        if asked.method == "PUT":
            attributes = asked.body.get("attributes", {})
            if "refused" in attributes:
                return refused(1003, "Invalid input.", {"attributes.refused": ["The attribute is unknown."]})
            found[0]["attributes"] |= {name: self._kept(value) for name, value in attributes.items()}
        return told(shown(found[0]))


def shown(row: Row) -> Row:
    """A row as answers have it."""
    hidden = ("at", "stranger", "attributes")
    row = {name: value for name, value in row.items() if name not in hidden}
    if "contact" in row:
        row["contact"] = {name: row["contact"][name] for name in ("uuid", "email")}
    return row


def _now() -> float:
    return time.monotonic()
