"""Teams that shifts belong to."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..paging import counted_page, page_params
from ..params import RouteParam, iso
from ..routing import OAUTH, Route
from ..store import Row

TABLES = {"shift_teams": ("name",)}


def view(call: Call, row: Row) -> dict[str, Any]:
    """A team as the API shows it."""
    return {
        "uuid": row["uuid"],
        "name": row["name"],
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def _free(call: Call, own: Row | None = None) -> str:
    # A find by name has one answer, so names are taken to be unique.
    name: str = call.params["name"]
    taken = call.store["shift_teams"].first("name", name)
    if taken is not None and taken is not own:
        raise invalid("name", "The name has already been taken.")
    return name


def list_(call: Call) -> SandboxAnswer:
    """Page through teams, oldest first."""
    return counted_page(call, call.store["shift_teams"].rows.values(), view)


def create(call: Call) -> SandboxAnswer:
    """Create a team."""
    now = call.now()
    return SandboxAnswer(
        view(call, call.store.insert("shift_teams", name=_free(call), created_at=now, updated_at=now)), {}
    )


def find(call: Call) -> SandboxAnswer:
    """Find a team by its name."""
    row = call.store["shift_teams"].first("name", call.params["name"])
    if row is None:
        raise Refusal(80540)
    return SandboxAnswer(view(call, row), {})


def get(call: Call) -> SandboxAnswer:
    """Fetch one team."""
    return SandboxAnswer(view(call, call.row("shift_teams", call.path["shift_team_uuid"], 80540)), {})


def update(call: Call) -> SandboxAnswer:
    """Rename a team."""
    row = call.row("shift_teams", call.path["shift_team_uuid"], 80540)
    changed = call.store["shift_teams"].update(row, name=_free(call, row), updated_at=call.now())
    return SandboxAnswer(view(call, changed), {})


_NAME = (RouteParam("name", required=True),)
_ROOT = "/shift-teams"
_ONE = _ROOT + "/{shift_team_uuid}"

ROUTES = (
    Route("shift_teams.list", "GET", _ROOT, list_, page_params(30, 100), roots=OAUTH),
    Route("shift_teams.create", "POST", _ROOT, create, _NAME, roots=OAUTH),
    Route("shift_teams.find", "GET", _ROOT + "/find", find, _NAME, roots=OAUTH),
    Route("shift_teams.get", "GET", _ONE, get, roots=OAUTH),
    Route("shift_teams.update", "PUT", _ONE, update, _NAME, roots=OAUTH),
)
