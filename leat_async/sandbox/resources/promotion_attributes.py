"""Attributes of promotions by their older name: those of the entity promotion, by number."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..errors import Refusal
from ..params import RouteParam
from ..routing import Route
from ..store import Row
from .custom_attributes import DATA_TYPES, OPTIONS, define, options

_ENTITY = "promotion"


def _view(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "label": row["label"],
        "description": row["description"],
        "placeholder": row.get("placeholder"),
        "type": row["type"],
        "options": [
            {
                "id": number,
                "label": option["label"],
                "media": None,
                "value": option["value"],
                "disabled": False,
                "group_name": None,
                "description": None,
            }
            for number, option in enumerate(row["options"], 1)
        ],
    }


def list_(call: Call) -> list[dict[str, Any]]:
    """All attributes of promotions."""
    return [_view(row) for row in call.store["attributes"].find("entity", _ENTITY)]


def create(call: Call) -> dict[str, Any]:
    """Define an attribute of promotions."""
    fields = {"options": options(call), "placeholder": call.get("placeholder")}
    return _view(define(call, _ENTITY, call.params["type"], **fields))


def _row(call: Call) -> Row:
    number = call.path["promotion_attribute_id"]
    for row in call.store["attributes"].find("entity", _ENTITY):
        if str(row["id"]) == number:
            return row
    raise Refusal(60013)


def get(call: Call) -> dict[str, Any]:
    """Fetch one definition."""
    return _view(_row(call))


def update(call: Call) -> dict[str, Any]:
    """Change what was sent."""
    row, table = _row(call), call.store["attributes"]
    given = {name: call.get(name) for name in ("name", "label", "description", "placeholder", "type")}
    changes = {name: value for name, value in {**given, "options": options(call)}.items() if value is not None}
    if "name" in changes:
        changes["key"] = f"{_ENTITY}:{changes['name']}"
        if table.first("key", changes["key"]) not in (None, row):
            raise Refusal(60009)
    return _view(table.update(row, **changes))


_REST = (RouteParam("description"), RouteParam("placeholder"), OPTIONS)
_CREATE = (
    RouteParam("name", required=True),
    RouteParam("label", required=True),
    RouteParam("type", required=True, choices=DATA_TYPES),
    *_REST,
)  # fmt: skip
_UPDATE = (
    RouteParam("name"),
    RouteParam("label"),
    RouteParam("type", choices=DATA_TYPES),
    *_REST,
    RouteParam("id", "integer"),
)
_ROOT = "/promotion-attributes"
_ONE = _ROOT + "/{promotion_attribute_id}"

ROUTES = (
    Route("promotion_attributes.list", "GET", _ROOT, list_, certainty="observed in an answer"),
    Route("promotion_attributes.create", "POST", _ROOT, create, _CREATE, certainty="observed in an answer"),
    Route("promotion_attributes.get", "GET", _ONE, get, certainty="observed in a client"),
    Route("promotion_attributes.update", "PUT", _ONE, update, _UPDATE, certainty="observed in a client"),
)
