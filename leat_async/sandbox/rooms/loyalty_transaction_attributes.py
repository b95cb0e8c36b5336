"""Fields that an account adds to its loyalty transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..engine import Answer, Call
from ..errors import invalid
from ..params import Param
from ..routing import Route
from ..store import Row
from .custom_attributes import DATA_TYPES, define

_ENTITY = "loyalty_transaction"


def _view(row: Row) -> dict[str, Any]:
    choices = {option["value"]: option["label"] for option in row["options"]}
    return {
        "name": row["name"],
        "label": row["label"],
        "placeholder": None,
        "type": row["type"],
        "field_type": row["type"],
        "options": choices or [],
        "is_piggy_defined": False,
        "is_soft_read_only": False,
        "is_hard_read_only": False,
    }


def _options(call: Call) -> list[dict[str, str]]:
    """The choices: a map of value to label, or a list of objects with a value and a name or label."""
    sent: Any = call.get("options") or {}
    if isinstance(sent, dict):
        return [{"value": str(value), "label": str(label)} for value, label in cast(dict[str, Any], sent).items()]
    items: list[Any] = [*sent] if isinstance(sent, list) else [None]
    choices: list[dict[str, str]] = []
    for item in items:
        if not isinstance(item, dict) or "value" not in item:
            raise invalid("options", "The options must be a map of values to labels.")
        choice = cast(Mapping[str, Any], item)
        label = choice.get("label") or choice.get("name") or choice["value"]
        choices.append({"value": str(choice["value"]), "label": str(label)})
    return choices


def list_(call: Call) -> Answer:
    """All attributes of loyalty transactions."""
    return Answer([_view(row) for row in call.store["attributes"].find("entity", _ENTITY)], {})


def create(call: Call) -> Answer:
    """Define an attribute of loyalty transactions."""
    return Answer(_view(define(call, _ENTITY, call.params["data_type"], options=_options(call))), {})


_CREATE = (
    Param("name", required=True),
    Param("data_type", required=True, choices=DATA_TYPES),
    Param("label"),
    Param("description"),
    Param("options", "any"),
)
_ROOT = "/loyalty-transaction-attributes"

ROUTES = (
    Route("loyalty_transaction_attributes.list", "GET", _ROOT, list_, (), "captured"),
    Route("loyalty_transaction_attributes.create", "POST", _ROOT, create, _CREATE, "captured"),
)
