"""Fields that an account adds to its loyalty transactions."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..params import RouteParam
from ..routing import Route
from ..store import Row
from .custom_attributes import DATA_TYPES, OPTIONS, define, options

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


def list_(call: Call) -> SandboxAnswer:
    """All attributes of loyalty transactions."""
    return SandboxAnswer([_view(row) for row in call.store["attributes"].find("entity", _ENTITY)], {})


def create(call: Call) -> SandboxAnswer:
    """Define an attribute of loyalty transactions."""
    return SandboxAnswer(_view(define(call, _ENTITY, call.params["data_type"], options=options(call))), {})


_CREATE = (
    RouteParam("name", required=True),
    RouteParam("data_type", required=True, choices=DATA_TYPES),
    RouteParam("label"),
    RouteParam("description"),
    OPTIONS,
)
_ROOT = "/loyalty-transaction-attributes"

ROUTES = (
    Route("loyalty_transaction_attributes.list", "GET", _ROOT, list_),
    Route("loyalty_transaction_attributes.create", "POST", _ROOT, create, _CREATE),
)
