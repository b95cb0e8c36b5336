"""Groups of products."""

from __future__ import annotations

from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal, invalid
from ..paging import page_params, viewing_page
from ..params import RouteParam
from ..routing import Route
from ..store import Row

TABLES = {"product_categories": ("external_identifier",)}

_TABLE = "product_categories"


def view(call: Call, row: Row) -> dict[str, Any]:
    """A category as the API shows it."""
    return {"uuid": row["uuid"], "external_identifier": row["external_identifier"], "name": row["name"]}


def free(call: Call, table: str, identifier: str, *, own: Row | None = None, place: str = "") -> None:
    """Refuse an external identifier that another row of this table has."""
    taken = call.store[table].first("external_identifier", identifier)
    if taken is not None and taken is not own:
        raise invalid(f"{place}external_identifier", "The external_identifier has already been taken.")


def by_identifier(call: Call, table: str) -> Row:
    """The row with the external identifier of the call."""
    row = call.store[table].first("external_identifier", call.params["external_identifier"])
    if row is None:
        raise Refusal(60013)
    return row


def _category(call: Call) -> Row:
    return call.row(_TABLE, call.path["product_category_uuid"], 60013)


def list_(call: Call) -> SandboxAnswer:
    """Page through categories, oldest first."""
    return viewing_page(call, call.store[_TABLE].rows.values(), view)


def create(call: Call) -> dict[str, Any]:
    """Create a category."""
    free(call, _TABLE, call.params["external_identifier"])
    return view(call, call.store.insert(_TABLE, **call.params))


def create_batch(call: Call) -> list[dict[str, Any]]:
    """Create many categories, or none when one of them is refused."""
    made: list[Row] = []
    for index, item in enumerate(call.params["categories"]):
        free(call, _TABLE, item["external_identifier"], place=f"categories.{index}.")
        made.append(call.store.insert(_TABLE, **item))
    return [view(call, row) for row in made]


def get(call: Call) -> dict[str, Any]:
    """Fetch one category."""
    return view(call, _category(call))


def find(call: Call) -> dict[str, Any]:
    """Find a category by your own identifier."""
    return view(call, by_identifier(call, _TABLE))


def find_or_create(call: Call) -> dict[str, Any]:
    """Find a category, creating it when missing; one that is there stays as it is."""
    identifier = call.params["external_identifier"]
    row = call.store[_TABLE].first("external_identifier", identifier)
    if row is None:
        row = call.store.insert(_TABLE, external_identifier=identifier, name=call.get("name") or identifier)
    return view(call, row)


def update(call: Call) -> dict[str, Any]:
    """Change what was sent."""
    row = _category(call)
    changes = {name: value for name, value in call.params.items() if value is not None}
    if "external_identifier" in changes:
        free(call, _TABLE, changes["external_identifier"], own=row)
    return view(call, call.store[_TABLE].update(row, **changes))


def delete(call: Call) -> None:
    """Delete a category; its products stay, without it."""
    row = _category(call)
    products = call.store["products"]
    for product in tuple(products.rows.values()):
        if row["uuid"] in product["category_uuids"]:
            left = [uuid for uuid in product["category_uuids"] if uuid != row["uuid"]]
            products.update(product, category_uuids=left)
    call.store[_TABLE].delete(row)


_IDENTIFIER = RouteParam("external_identifier", required=True)
_CREATE = (_IDENTIFIER, RouteParam("name", required=True))
_BATCH = (RouteParam("categories", "list", required=True, fields=_CREATE),)
_CHANGE = (RouteParam("external_identifier"), RouteParam("name"))
_ROOT = "/product-categories"
_ONE = _ROOT + "/{product_category_uuid}"

ROUTES = (
    Route("product_categories.list", "GET", _ROOT, list_, page_params(10, 100)),
    Route("product_categories.create", "POST", _ROOT, create, _CREATE),
    Route("product_categories.create_batch", "POST", _ROOT + "/batch", create_batch, _BATCH),
    Route("product_categories.find", "GET", _ROOT + "/find", find, (_IDENTIFIER,)),
    Route(
        "product_categories.find_or_create",
        "POST",
        _ROOT + "/find-or-create",
        find_or_create,
        (_IDENTIFIER, RouteParam("name")),
    ),
    Route("product_categories.get", "GET", _ONE, get),
    Route("product_categories.update", "PUT", _ONE, update, _CHANGE),
    Route("product_categories.delete", "DELETE", _ONE, delete),
)
