"""Page parameters and the styles of page information."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Reversible
from itertools import islice
from typing import Any, Protocol

from .engine import Bare, Call, SandboxAnswer
from .params import RouteParam
from .routing import ROOTS
from .store import Row

BOUNDS = RouteParam("created_at", "bounds")
SORT = RouteParam("sort", choices=("created_at", "-created_at"))


def page_params(default: int, maximum: int) -> tuple[RouteParam, RouteParam]:
    """`limit` and `page`; what is out of bounds is invalid input (assumed)."""
    return (
        RouteParam("limit", "integer", min=0, max=maximum, default=default),
        RouteParam("page", "integer", min=1, default=1),
    )


class Rows(Collection[Row], Reversible[Row], Protocol):
    """Rows in their order: a list, or the values of a table without a copy."""


def within(rows: Rows, bounds: Mapping[str, float] | None) -> Rows:
    """The rows made within `created_at[...]` bounds."""
    if not bounds:
        return rows
    after = max(bounds.get("gte", float("-inf")), bounds.get("gt", float("-inf")))
    before = min(bounds.get("lte", float("inf")), bounds.get("lt", float("inf")))
    return [
        row
        for row in rows
        if after <= row["created_at"] <= before
        and row["created_at"] != bounds.get("gt")
        and row["created_at"] != bounds.get("lt")
    ]


def _page(call: Call, rows: Rows, view: Callable[[Call, Row], Any]) -> tuple[list[Any], dict[str, Any]]:
    limit, page = call.params["limit"], call.params["page"]
    start = (page - 1) * limit
    ordered = reversed(rows) if call.get("sort") == "-created_at" else rows
    shown = [view(call, row) for row in islice(ordered, start, start + limit)] if start < len(rows) else []
    sent = call.raw.get("limit")
    facts = {
        "page": page,
        "size": sent if isinstance(sent, str) and sent else limit,  # echoed as text when it came as text
        "last_page": max(1, -(-len(rows) // limit)) if limit else 1,
        "total": len(rows),
        "from": start + 1 if shown else 0,
        "to": start + len(shown) if shown else 0,
    }
    return shown, facts


def laravel_page(call: Call, rows: Rows, view: Callable[[Call, Row], Any]) -> SandboxAnswer:
    """A page with Laravel's short page information."""
    shown, facts = _page(call, rows, view)
    meta = {
        "current_page": facts["page"],
        "last_page": facts["last_page"],
        "per_page": facts["size"],
        "total": facts["total"],
    }
    return SandboxAnswer(shown, meta)


def viewing_page(call: Call, rows: Rows, view: Callable[[Call, Row], Any]) -> SandboxAnswer:
    """A page with `page`, `limit` and the range viewed."""
    shown, facts = _page(call, rows, view)
    meta = {
        "page": facts["page"],
        "limit": facts["size"],
        "viewing_from": facts["from"],
        "viewing_to": facts["to"],
        "last_page": facts["last_page"],
        "total": facts["total"],
    }
    return SandboxAnswer(shown, meta)


def counted_page(call: Call, rows: Rows, view: Callable[[Call, Row], Any]) -> SandboxAnswer:
    """A page with `page`, `per_page` and no range."""
    shown, facts = _page(call, rows, view)
    meta = {
        "page": facts["page"],
        "per_page": facts["size"],
        "last_page": facts["last_page"],
        "total": facts["total"],
    }
    return SandboxAnswer(shown, meta)


def linked_page(call: Call, rows: Rows, view: Callable[[Call, Row], Any], path: str) -> Bare:
    """A page with everything that Laravel knows, links included; they lead to the sandbox."""
    shown, facts = _page(call, rows, view)
    page, last = facts["page"], facts["last_page"]
    base = call.engine.origin + ROOTS[call.root] + path

    def url(number: int) -> str | None:
        return f"{base}?page={number}" if 1 <= number <= last else None

    def link(label: str, number: int, *, active: bool = False) -> dict[str, Any]:
        return {"url": url(number), "label": label, "active": active}

    numbers = sorted({1, 2, last - 1, last, *range(page - 3, page + 4)} & set(range(1, last + 1)))
    links = [link("pagination.previous", page - 1)]
    for number, before in zip(numbers, [0, *numbers], strict=False):
        if number > before + 1:
            links.append(link("...", 0))
        links.append(link(str(number), number, active=number == page))
    links.append(link("pagination.next", page + 1))
    return Bare(
        {
            "data": shown,
            "links": {"first": url(1), "last": url(last), "prev": url(page - 1), "next": url(page + 1)},
            "meta": {
                "current_page": page,
                "from": facts["from"] or None,
                "last_page": last,
                "links": links,
                "path": base,
                "per_page": facts["size"],
                "to": facts["to"] or None,
                "total": facts["total"],
            },
        }
    )
