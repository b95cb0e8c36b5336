"""Groups that bundle custom attributes."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import Refusal
from ..params import RouteParam, iso
from ..routing import Route
from ..store import Row, Store
from .custom_attributes import ENTITIES, ENTITY

TABLES = {"attribute_groups": ("key", "entity")}


def add(store: Store, now: int, entity: str, name: str, label: str) -> Row:
    """Store a group."""
    key = f"{entity}:{name}"
    return store.insert("attribute_groups", entity=entity, key=key, name=name, label=label, created_at=now)


def seed(store: Store, now: int) -> None:
    """Every entity has a general group."""
    for entity in ENTITIES:
        add(store, now, entity, "general", "General")


def _view(row: Row) -> dict[str, Any]:
    return {
        "entity": row["entity"],
        "name": row["name"],
        "label": row["label"],
        "created_at": iso(row["created_at"]),
    }


def list_(call: Call) -> list[dict[str, Any]]:
    """The groups of one entity."""
    return [_view(row) for row in call.store["attribute_groups"].find("entity", call.params["entity"])]


def create(call: Call) -> dict[str, Any]:
    """Create a group."""
    entity, name = call.params["entity"], call.params["name"]
    if call.store["attribute_groups"].first("key", f"{entity}:{name}"):
        raise Refusal(60009)
    return _view(add(call.store, call.now(), entity, name, call.get("label") or name))


_CREATE = (RouteParam("name", required=True), RouteParam("label"), ENTITY)
_ROOT = "/custom-attribute-groups"

ROUTES = (
    Route("custom_attribute_groups.list", "GET", _ROOT, list_, (ENTITY,)),
    Route("custom_attribute_groups.create", "POST", _ROOT, create, _CREATE, status=201),
)
