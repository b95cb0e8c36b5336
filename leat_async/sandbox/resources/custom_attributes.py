"""Fields that an account adds to its entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..engine import Bare, Call
from ..errors import Refusal, invalid
from ..params import RouteParam, Unfit, convert, iso
from ..routing import Route
from ..store import Row, Store

# A name is unique within its entity: `key` is both.
TABLES = {"attributes": ("key", "entity")}

ENTITIES = (
    "business_profiles", "contact", "reward", "promotion", "voucher", "giftcard", "giftcard_transaction", "prepaid",
    "booking", "visit", "shift",
)  # fmt: skip
DATA_TYPES = (
    "url", "text", "date", "phone", "float", "color", "email", "number", "select", "boolean", "rich_text",
    "date_time", "long_text", "date_range", "time_range", "identifier", "birth_date", "file_upload", "media_upload",
    "multi_select", "license_plate",
)  # fmt: skip


_JSON_KINDS = {"boolean": "boolean", "number": "number", "float": "number", "multi_select": "list"}


def add(store: Store, now: int, entity: str, name: str, data_type: str, **fields: Any) -> Row:
    """Store a definition; the caller has made sure that the name is free."""
    row: dict[str, Any] = {
        "entity": entity, "key": f"{entity}:{name}", "name": name, "label": name.capitalize(), "type": data_type,
        "description": "", "options": [], "group_uuid": None, "is_piggy_defined": False, "created_at": now,
    }  # fmt: skip
    return store.insert("attributes", **{**row, **{key: value for key, value in fields.items() if value is not None}})


def define(call: Call, entity: str, data_type: str, **fields: Any) -> Row:
    """Define an attribute from the parameters of a call, once."""
    name = call.params["name"]
    if call.store["attributes"].first("key", f"{entity}:{name}"):
        raise Refusal(60009)
    given = {key: call.get(key) for key in ("label", "description")}
    return add(call.store, call.now(), entity, name, data_type, **{**given, **fields})


def options(call: Call) -> list[dict[str, str]] | None:
    """The choices that were sent, their values as text: objects with a value and a label or name, or value to label."""
    sent: Any = call.get("options")
    if sent is None:
        return None
    if isinstance(sent, dict):
        return [{"value": str(value), "label": str(label)} for value, label in cast(dict[str, Any], sent).items()]
    choices: list[dict[str, str]] = []
    items: list[Any] = [*sent] if isinstance(sent, list) else [None]
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise invalid(f"options.{index}", "An option must be an object with a value and a label.")
        choice = cast(dict[str, Any], item)
        value, label = choice.get("value"), choice.get("label") or choice.get("name")
        if value is None or label is None:
            missing = "value" if value is None else "label"
            raise invalid(f"options.{index}.{missing}", f"The options.{index}.{missing} field is required.")
        choices.append({"value": str(value), "label": str(label)})
    return choices


def typed(call: Call, entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of attributes as JSON would give them: a form has texts only, and PHP's clients send forms."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        row = call.store["attributes"].first("key", f"{entity}:{name}")
        kind = _JSON_KINDS.get(row["type"]) if row is not None else None
        if value == "" and row is not None:
            value = None
        elif kind is not None and value is not None:
            try:
                value = convert(kind, value)
            except Unfit as unfit:
                call.note(f"attribute {name[:100]}: {str(value)[:100]!r} is kept as sent; expected was {unfit}")
        found[name] = value
    return found


def view(call: Call, row: Row) -> dict[str, Any]:
    """A definition as the API shows it."""
    group = call.store["attribute_groups"].get(row["group_uuid"])
    general = call.store["attribute_groups"].first("key", f"{row['entity']}:general")
    shown = group or general
    return {
        "id": row["id"],
        "name": row["name"],
        "label": row["label"],
        "type": row["type"],
        "group_name": group["name"] if group else None,
        "group": {
            "id": shown["id"] if shown else 0,
            "name": shown["label"] if shown else "General",
            "label": shown["label"] if shown else "General",
            "created_by_user": None,
            "position": 1,
        },
        "is_piggy_defined": row["is_piggy_defined"],
        "is_soft_read_only": False,
        "is_hard_read_only": row["is_piggy_defined"],
        "field_type": "default" if row["is_piggy_defined"] else None,
        "has_unique_value": False,
        "description": row["description"],
        "options": [{**option, "description": None, "media": None} for option in row["options"]],
        "position": 1,
        "created_at": iso(row["created_at"]),
        "meta": [],
        "can_be_deleted": not row["is_piggy_defined"],
        "last_used_date": None,
        "created_by_user": None,
    }


def _view(call: Call, row: Row) -> dict[str, Any]:
    return {"entity": row["entity"], **view(call, row)}


def group_of(call: Call, entity: str) -> str | None:
    """The uuid of the group that was named."""
    name = call.get("group_name")
    if name is None:
        return None
    group = call.store["attribute_groups"].first("key", f"{entity}:{name}")
    if group is None:
        raise invalid("group_name", "There is no such group.")
    return str(group["uuid"])


def list_(call: Call) -> Bare:
    """The attributes of one entity; this answer has no `meta`."""
    return Bare({"data": [_view(call, row) for row in call.store["attributes"].find("entity", call.params["entity"])]})


def create(call: Call) -> dict[str, Any]:
    """Define an attribute."""
    entity = call.params["entity"]
    group = group_of(call, entity)
    return _view(call, define(call, entity, call.params["type"], options=options(call), group_uuid=group))


def update(call: Call) -> dict[str, Any]:
    """Change label, description, choices or group of an attribute that the account made."""
    entity = call.params["entity"]
    row = call.store["attributes"].first("key", f"{entity}:{call.path['custom_attribute_name']}")
    if row is None:
        raise Refusal(60013)
    if row["is_piggy_defined"]:
        raise invalid("name", "An attribute of the system cannot be changed.")
    given = {"label": call.get("label"), "description": call.get("description"), "options": options(call)}
    changes = {name: value for name, value in given.items() if value is not None}
    if call.get("group_name") is not None:
        changes["group_uuid"] = group_of(call, entity)
    return _view(call, call.store["attributes"].update(row, **changes))


ENTITY = RouteParam("entity", required=True, choices=ENTITIES)
OPTIONS = RouteParam("options", "any")
_CHANGE = (ENTITY, RouteParam("label"), OPTIONS, RouteParam("description"), RouteParam("group_name"))
_CREATE = (
    ENTITY,
    RouteParam("name", required=True),
    RouteParam("label", required=True),
    RouteParam("type", required=True, choices=DATA_TYPES),
    OPTIONS,
    RouteParam("description"),
    RouteParam("group_name"),
)
_ROOT = "/custom-attributes"

ROUTES = (
    Route("custom_attributes.list", "GET", _ROOT, list_, (ENTITY,)),
    Route("custom_attributes.create", "POST", _ROOT, create, _CREATE, status=201),
    Route("custom_attributes.update", "PUT", _ROOT + "/{custom_attribute_name}", update, _CHANGE),
)
