"""Giftcards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..engine import Bare, Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..paging import counted_page, page_params
from ..params import RouteParam, iso
from ..routing import OAUTH, Route
from ..store import Row, Store

TABLES = {"giftcards": ("hash", "program_uuid")}
DAY = 86_400
_DIGITAL = 1


def _brief(row: Row) -> dict[str, Any]:
    ends = row["expires_at"]
    return {
        "uuid": row["uuid"],
        "type": row["type"],
        "hash": row["hash"],
        "expiration_date": iso(ends) if ends is not None else None,
        "active": row["active"],
        "upgradeable": row["upgradeable"],
        "amount_in_cents": row["amount_in_cents"],
    }


def _program(call: Call, row: Row) -> Row:
    return call.store["giftcard_programs"].rows[row["program_uuid"]]


def _named(call: Call, row: Row) -> dict[str, Any]:
    program = _program(call, row)
    return {"uuid": program["uuid"], "name": program["name"]}


def _listed(call: Call, row: Row) -> dict[str, Any]:
    return {**_brief(row), "giftcard_program": _named(call, row)}


def _view(call: Call, row: Row) -> Bare:
    # One card comes without meta, and with the amount as the Dutch write it.
    euros, cents = divmod(row["amount_in_cents"], 100)
    shown = {**_brief(row), "display_amount": f"€ {euros},{cents:02d}", "giftcard_program": _named(call, row)}
    return Bare({"data": shown})


def list_(call: Call) -> SandboxAnswer:
    """Page through giftcards, oldest first."""
    cards, program = call.store["giftcards"], call.get("giftcard_program_uuid")
    if program is None:
        return counted_page(call, cards.rows.values(), _listed)
    call.row("giftcard_programs", program, 1100)
    return counted_page(call, cards.find("program_uuid", program), _listed)


def get(call: Call) -> Bare:
    """Fetch one card."""
    return _view(call, call.row("giftcards", call.path["giftcard_uuid"], 5001))


def find_one_by(call: Call) -> Bare:
    """Find a card by its hash."""
    row = call.store["giftcards"].first("hash", call.params["hash"])
    if row is None:
        raise Refusal(5001)
    return _view(call, row)


def new_giftcard(store: Store, program: Row, now: int) -> Row:
    """Add an empty card."""
    days = program["expiration_days"]
    return store.insert(
        "giftcards",
        hash=f"GC{store.new_uuid()[:8].upper()}",
        type="DIGITAL",
        program_uuid=program["uuid"],
        expires_at=now + days * DAY if days is not None else None,
        active=True,
        upgradeable=program["upgradeable"],
        amount_in_cents=0,
        created_at=now,
    )


def create(call: Call) -> dict[str, Any]:
    """Create a digital card."""
    kind = call.params["type"]
    if kind not in (0, _DIGITAL):
        raise invalid("type", "The type must be 0 or 1.")
    if kind != _DIGITAL:
        raise Refusal(55021)
    program = call.row("giftcard_programs", call.params["giftcard_program_uuid"], 1100)
    if not program["active"]:
        raise Refusal(1100)
    row = new_giftcard(call.store, program, call.now())
    ends = row["expires_at"]
    kept = ("id", "name", "uuid", "max_amount_in_cents", "calculator_flow", "expiration_days")
    return {
        "id": row["id"],
        **_brief(row),
        "amount": 0,
        "url": f"https://leat.com/giftcard-balance?hash={row['hash']}",
        "display_amount": "€0.00",
        "formatted_expiration_date": f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d}" if ends is not None else None,
        "giftcard_program": {name: program[name] for name in kept},
        "giftcard_recipients": [],
    }


def send_by_email(call: Call) -> SandboxAnswer:
    """Pretend to mail a card: the journal is where it goes."""
    call.row("giftcards", call.path["giftcard_uuid"], 5001)
    call.contact(call.params["contact_uuid"])
    return SandboxAnswer({"message": "success", "data": "Email successfully sent"}, {})


_CREATE = (RouteParam("type", "integer", required=True), RouteParam("giftcard_program_uuid", required=True))
_SEND = (RouteParam("contact_uuid", required=True), RouteParam("email_uuid"), RouteParam("merge_tags", "map"))
_ROOT = "/giftcards"
_ONE = _ROOT + "/{giftcard_uuid}"

ROUTES = (
    Route("giftcards.list", "GET", _ROOT, list_, (*page_params(30, 100), RouteParam("giftcard_program_uuid"))),
    Route("giftcards.get", "GET", _ONE, get, roots=OAUTH),
    Route("giftcards.find_one_by", "GET", _ROOT + "/find-one-by", find_one_by, (RouteParam("hash", required=True),)),
    Route("giftcards.create", "POST", _ROOT, create, _CREATE),
    Route("giftcards.send_by_email", "POST", _ONE + "/send-by-email", send_by_email, _SEND),
)
