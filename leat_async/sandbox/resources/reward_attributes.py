"""Attributes of rewards by their older name: those of the entity reward, in camel case."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..paging import page_params
from ..params import RouteParam
from ..routing import Route
from ..store import Row
from .custom_attributes import DATA_TYPES, OPTIONS, define, options

_ENTITY = "reward"


def _view(row: Row) -> dict[str, Any]:
    return {
        "name": row["name"],
        "label": row["label"],
        "placeholder": row.get("placeholder"),
        "description": row["description"],
        "type": row["type"],
        "fieldType": row["type"],
        "options": row["options"],
        "isPiggyDefined": False,
        "isSoftReadOnly": False,
        "isHardReadOnly": False,
    }


def list_(call: Call) -> SandboxAnswer:
    """Definitions, by pages that nothing tells about; the recorded list has numbers for booleans."""
    limit, page = call.params["limit"], call.params["page"]
    rows = call.store["attributes"].find("entity", _ENTITY)[(page - 1) * limit : page * limit]
    numbers = {"isPiggyDefined": 0, "isSoftReadOnly": 0, "isHardReadOnly": 0}
    return SandboxAnswer([{**_view(row), **numbers} for row in rows], {})


def create(call: Call) -> dict[str, Any]:
    """Define an attribute of rewards."""
    fields = {"options": options(call), "placeholder": call.get("placeholder")}
    return _view(define(call, _ENTITY, call.params["type"], **fields))


_CREATE = (
    RouteParam("name", required=True),
    RouteParam("label", required=True),
    RouteParam("type", required=True, choices=DATA_TYPES),
    RouteParam("description"),
    RouteParam("placeholder"),
    OPTIONS,
)

ROUTES = (
    Route(
        "reward_attributes.list",
        "GET",
        "/reward-attributes",
        list_,
        page_params(30, 100),
        certainty="observed in an answer",
    ),
    Route("reward_attributes.create", "POST", "/reward-attributes", create, _CREATE, certainty="observed in an answer"),
)
