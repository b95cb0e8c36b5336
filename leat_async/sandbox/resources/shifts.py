"""Working shifts of contacts."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..paging import counted_page, page_params
from ..params import RouteParam, epoch, iso
from ..routing import OAUTH, Route
from ..store import Row
from .shapes import contact_of

TABLES = {"shifts": ("shop_uuid", "contact_uuid", "external_id")}

STATUSES = ("approved", "pending")  # the only ones that any example has


def view(call: Call, row: Row) -> dict[str, Any]:
    """A shift as the API shows it."""
    worked = int(epoch(row["ended_at"]) - epoch(row["started_at"])) // 60
    return {
        "uuid": row["uuid"],
        "contact": contact_of(call, row),
        "external_id": row["external_id"],
        "team_uuid": row["team_uuid"],
        "shift_type_uuid": row["shift_type_uuid"],
        "status": row["status"],
        "break_in_minutes": row["break_in_minutes"],
        "net_duration_in_minutes": worked - (row["break_in_minutes"] or 0),
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
        "created_at": iso(row["created_at"]),
    }


def _shift(call: Call) -> Row:
    return call.row("shifts", call.path["shift_uuid"], 80530)


def _status(call: Call) -> str:
    status: str = call.params["status"]
    if status not in STATUSES:
        raise Refusal(80531)
    return status


def _team(call: Call) -> str | None:
    uuid: str | None = call.get("team_uuid")
    if uuid is not None:
        call.row("shift_teams", uuid, 80540)
    return uuid


def _times(call: Call, rest: int | None) -> dict[str, Any]:
    started, ended = call.params["started_at"], call.params["ended_at"]
    minutes = int(epoch(ended) - epoch(started)) // 60
    if minutes < 0:
        raise invalid("ended_at", "The ended_at must be a date after started_at.")
    if rest is not None and rest > minutes:
        raise invalid("break_in_minutes", "The break_in_minutes may not be longer than the shift.")
    return {"started_at": started, "ended_at": ended, "break_in_minutes": rest}


def list_(call: Call) -> SandboxAnswer:
    """Page through the shifts of a shop, oldest first."""
    shop, status, team = call.shop(call.params["shop_uuid"]), _status(call), _team(call)
    rows = [
        row
        for row in call.store["shifts"].find("shop_uuid", shop["uuid"])
        if row["status"] == status and team in (None, row["team_uuid"])
    ]
    return counted_page(call, rows, view)


def create(call: Call) -> SandboxAnswer:
    """Create a shift."""
    contact = call.contact(call.params["contact_uuid"])
    shop = call.shop(call.params["shop_uuid"])
    status, team, kind = _status(call), _team(call), call.get("shift_type_uuid")
    if kind is not None:
        call.row("shift_types", kind, 80550)
    external = call.get("external_id")
    if external is not None and call.store["shifts"].first("external_id", external):
        raise Refusal(80531, message="Shift with external id already exists for this account.")
    row = call.store.insert(
        "shifts",
        contact_uuid=contact["uuid"],
        shop_uuid=shop["uuid"],
        external_id=external,
        team_uuid=team,
        shift_type_uuid=kind,
        status=status,
        created_at=call.now(),
        **_times(call, call.get("break_in_minutes")),
    )
    return SandboxAnswer(view(call, row), {})


def find(call: Call) -> SandboxAnswer:
    """Find a shift by your own identifier."""
    row = call.store["shifts"].first("external_id", call.params["external_id"])
    if row is None:
        raise Refusal(80530)
    return SandboxAnswer(view(call, row), {})


def get(call: Call) -> SandboxAnswer:
    """Fetch one shift."""
    return SandboxAnswer(view(call, _shift(call)), {})


def update(call: Call) -> SandboxAnswer:
    """Change a shift; its contact may be named, but not changed."""
    row = _shift(call)
    if call.get("contact_uuid") not in (None, row["contact_uuid"]):
        raise invalid("contact_uuid", "The contact_uuid cannot be changed.")
    changes = _times(call, call.params.get("break_in_minutes", row["break_in_minutes"]))
    if "team_uuid" in call.params:
        changes["team_uuid"] = _team(call)
    return SandboxAnswer(view(call, call.store["shifts"].update(row, status=_status(call), **changes)), {})


def delete(call: Call) -> None:
    """Delete a shift."""
    call.store["shifts"].delete(_shift(call))


_SHOP = RouteParam("shop_uuid", required=True)
_STATUS = RouteParam("status", required=True)
_TEAM = RouteParam("team_uuid")
_EXTERNAL = RouteParam("external_id", required=True)
_VALUES = (
    _STATUS,
    _TEAM,
    RouteParam("started_at", "datetime", required=True),
    RouteParam("ended_at", "datetime", required=True),
    RouteParam("break_in_minutes", "integer", min=0, max=100_000),
)
_CREATE = (
    RouteParam("contact_uuid", required=True),
    _SHOP,
    RouteParam("external_id"),
    RouteParam("shift_type_uuid"),
    *_VALUES,
)  # fmt: skip
_ROOT = "/shifts"
_ONE = _ROOT + "/{shift_uuid}"

ROUTES = (
    Route("shifts.list", "GET", _ROOT, list_, (*page_params(30, 100), _SHOP, _STATUS, _TEAM), roots=OAUTH),
    Route("shifts.create", "POST", _ROOT, create, _CREATE, roots=OAUTH),
    Route("shifts.find", "GET", _ROOT + "/find", find, (_EXTERNAL,), roots=OAUTH),
    Route("shifts.get", "GET", _ONE, get, roots=OAUTH),
    Route("shifts.update", "PUT", _ONE, update, (RouteParam("contact_uuid"), *_VALUES), roots=OAUTH),
    Route("shifts.delete", "DELETE", _ONE, delete, roots=OAUTH),
)
