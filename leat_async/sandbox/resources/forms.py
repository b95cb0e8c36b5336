"""Forms of the account; the API only lists them."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..params import RouteParam
from ..routing import OAUTH, Route
from ..store import Store

TABLES: dict[str, tuple[str, ...]] = {"forms": ()}


def seed(store: Store, now: int) -> None:
    """One form that is out, one that is being written."""
    store.insert("forms", name="Join the club", status="PUBLISHED", type="PUBLIC", created_at=now)
    store.insert("forms", name="Guest survey", status="DRAFT", type="PRIVATE", created_at=now)


def list_(call: Call) -> list[dict[str, Any]]:
    """All forms, in one state or of one kind when asked."""
    status, kind = call.get("status"), call.get("type")
    return [
        {
            **{key: row[key] for key in ("uuid", "name", "status", "type")},
            "url": f"http://piggy.eu/forms/{row['uuid']}",
        }
        for row in call.store["forms"].rows.values()
        if status in (None, row["status"]) and kind in (None, row["type"])
    ]


_LIST = (RouteParam("status", choices=("PUBLISHED", "DRAFT", "BIN")), RouteParam("type", choices=("PUBLIC", "PRIVATE")))

ROUTES = (Route("forms.list", "GET", "/forms", list_, _LIST, roots=OAUTH),)
