"""Products that are used in the lines of orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine import Call, SandboxAnswer
from ..errors import Refusal
from ..paging import page_params, viewing_page
from ..params import RouteParam
from ..routing import Route
from ..store import Row, Store
from . import product_categories
from .product_categories import by_identifier, free

TABLES = {"products": ("external_identifier",)}

_TABLE = "products"


def view(call: Call, row: Row) -> dict[str, Any]:
    """A product as the API shows it."""
    known = call.store["product_categories"].rows
    categories = [product_categories.view(call, known[uuid]) for uuid in row["category_uuids"]]
    return {**_brief(row), "categories": categories}


def _brief(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in ("uuid", "external_identifier", "name", "description")}


def _categories(call: Call, named: list[Mapping[str, Any]] | None) -> list[str]:
    """The uuids of categories, each named by its uuid or its external identifier."""
    table = call.store["product_categories"]
    uuids: list[str] = []
    for name in named or ():
        row = table.get(name.get("uuid")) or table.first("external_identifier", name.get("external_identifier"))
        if row is None:
            raise Refusal(60013)
        uuids.append(row["uuid"])
    return list(dict.fromkeys(uuids))


def add(store: Store, identifier: str, name: str, description: str | None = None, categories: Any = ()) -> Row:
    """Store a product; the caller has made sure that the identifier is free."""
    return store.insert(
        _TABLE, external_identifier=identifier, name=name, description=description, category_uuids=[*categories]
    )


def _insert(call: Call, values: Mapping[str, Any]) -> Row:
    """A product that was sent; without a name it is called as its identifier."""
    identifier, categories = values["external_identifier"], _categories(call, values.get("categories"))
    return add(call.store, identifier, values.get("name") or identifier, values.get("description"), categories)


def _product(call: Call) -> Row:
    return call.row(_TABLE, call.path["product_uuid"], 60013)


def list_(call: Call) -> SandboxAnswer:
    """Page through products, oldest first."""
    return viewing_page(call, call.store[_TABLE].rows.values(), view)


def create(call: Call) -> dict[str, Any]:
    """Create a product."""
    free(call, _TABLE, call.params["external_identifier"])
    return view(call, _insert(call, call.params))


def create_batch(call: Call) -> list[dict[str, Any]]:
    """Create many products, or none when one of them is refused; the answer leaves the categories out."""
    made: list[Row] = []
    for index, item in enumerate(call.params["products"]):
        free(call, _TABLE, item["external_identifier"], place=f"products.{index}.")
        made.append(_insert(call, item))
    return [_brief(row) for row in made]


def get(call: Call) -> dict[str, Any]:
    """Fetch one product."""
    return view(call, _product(call))


def find(call: Call) -> dict[str, Any]:
    """Find a product by your own identifier."""
    return view(call, by_identifier(call, _TABLE))


def find_or_create(call: Call) -> dict[str, Any]:
    """Find a product, creating it when missing; one that is there stays as it is."""
    row = call.store[_TABLE].first("external_identifier", call.params["external_identifier"])
    return view(call, row or _insert(call, call.params))


def update(call: Call) -> dict[str, Any]:
    """Change what was sent."""
    row = _product(call)
    sent = call.params.items()
    changes: dict[str, Any] = {name: value for name, value in sent if value is not None or name == "description"}
    if "external_identifier" in changes:
        free(call, _TABLE, changes["external_identifier"], own=row)
    if "categories" in changes:
        changes["category_uuids"] = _categories(call, changes.pop("categories"))
    return view(call, call.store[_TABLE].update(row, **changes))


def delete(call: Call) -> None:
    """Delete a product; the lines of orders keep its name."""
    call.store[_TABLE].delete(_product(call))


_IDENTIFIER = RouteParam("external_identifier", required=True)
_REST = (
    RouteParam("description"),
    RouteParam("categories", "list", fields=(RouteParam("uuid"), RouteParam("external_identifier"))),
)
_CREATE = (_IDENTIFIER, RouteParam("name", required=True), *_REST)
_BATCH = (RouteParam("products", "list", required=True, fields=_CREATE),)
_ANY = (_IDENTIFIER, RouteParam("name"), *_REST)
_CHANGE = (RouteParam("external_identifier"), RouteParam("name"), *_REST)
_ROOT = "/products"
_ONE = _ROOT + "/{product_uuid}"

ROUTES = (
    Route("products.list", "GET", _ROOT, list_, page_params(10, 100)),
    Route("products.create", "POST", _ROOT, create, _CREATE),
    Route("products.create_batch", "POST", _ROOT + "/batch", create_batch, _BATCH),
    Route("products.find", "GET", _ROOT + "/find", find, (_IDENTIFIER,)),
    Route("products.find_or_create", "POST", _ROOT + "/find-or-create", find_or_create, _ANY),
    Route("products.get", "GET", _ONE, get),
    Route("products.update", "PUT", _ONE, update, _CHANGE),
    Route("products.delete", "DELETE", _ONE, delete),
)
