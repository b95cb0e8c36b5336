"""Automations of the account; runs are noted in the table `automation_runs`, and do nothing."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import invalid
from ..params import RouteParam, iso
from ..routing import OAUTH, Route
from ..store import Store

TABLES = {"automations": ("event",), "automation_runs": ("contact_uuid",)}


def seed(store: Store, now: int) -> None:
    """One that can be started, and one that cannot."""
    for event, name, status in (
        ("contact_updated", "Birthday mail", "active"),
        ("credit_reception_created", "Mail on first credits", "inactive"),
    ):
        store.insert("automations", event=event, name=name, status=status, created_at=now, updated_at=now)


def list_(call: Call) -> list[dict[str, Any]]:
    """All automations; their uuids are in recordings, not in the documentation."""
    return [
        {
            **{key: row[key] for key in ("uuid", "event", "name", "status")},
            "created_at": iso(row["created_at"]),
            "updated_at": iso(row["updated_at"]),
        }
        for row in call.store["automations"].rows.values()
    ]


def create_run(call: Call) -> list[Any]:
    """Start an automation for a contact."""
    contact = call.contact(call.params["contact_uuid"])
    automation = call.row("automations", call.params["automation_uuid"], 60013)
    if automation["event"] != "contact_updated":
        raise invalid("automation_uuid", "Only automations with the event contact_updated can be started.")
    call.store.insert(
        "automation_runs",
        contact_uuid=contact["uuid"],
        automation_uuid=automation["uuid"],
        data=call.get("data") or {},
        created_at=call.now(),
    )
    return []


_RUN = (
    RouteParam("contact_uuid", required=True),
    RouteParam("automation_uuid", required=True),
    RouteParam("data", "map"),
)

ROUTES = (
    Route("automations.list", "GET", "/automations", list_, roots=OAUTH),
    Route("automations.create_run", "POST", "/automations/runs", create_run, _RUN, roots=OAUTH),
)
