"""What the inspector looks up: pages of rows, and what happened to a contact."""

from __future__ import annotations

from typing import Any

import msgspec

from .controls import SandboxControls
from .store import Row

MAX_ROWS = 100
MAX_EVENTS = 500


def page_of(sandbox: SandboxControls, table: str, search: str, page: int) -> dict[str, Any]:
    """The rows of a table that hold a text, newest first, a hundred at a time."""
    rows = sandbox.rows(table)
    rows.reverse()
    wanted = search.strip().lower()
    if wanted:
        rows = [row for row in rows if wanted in msgspec.json.encode(row).decode().lower()]
    start = max(0, page - 1) * MAX_ROWS
    return {"total": len(rows), "size": MAX_ROWS, "rows": rows[start : start + MAX_ROWS]}


def timeline(sandbox: SandboxControls, contact_uuid: str) -> list[dict[str, Any]]:
    """All that a contact has a part in, newest first."""
    found: list[tuple[str, Row]] = [
        (table, row)
        for table in sandbox.tables
        for row in sandbox.rows_of(table, contact_uuid)
        if row.get("created_at") is not None
    ]
    found.sort(key=lambda one: (one[1]["created_at"], one[1]["id"]), reverse=True)
    return [{"table": table, "row": row} for table, row in found[:MAX_EVENTS]]
