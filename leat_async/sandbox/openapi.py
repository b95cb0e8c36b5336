"""The table of routes as an OpenAPI 3.1 document, to make clients of any language from and to test against."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from .._version import __version__
from .params import RouteParam
from .routing import ROOTS, Root, Route

Schema = dict[str, Any]

_DESCRIPTION = """\
The API of Leat (formerly Piggy) as this sandbox serves it. `x-leat-certainty` tells how certain an operation is:
documented, observed in an answer, observed in a client, or assumed. Answers may have further keys, such as the custom
attributes of an account, and any value may be null."""
_KINDS: Mapping[str, Schema] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "email": {"type": "string", "format": "email"},
    "map": {"type": "object"},
    "list": {"type": "array", "items": {}},
    "bounds": {
        "type": "object",
        "properties": {name: {"type": "string", "format": "date-time"} for name in ("gt", "gte", "lt", "lte")},
    },
    "any": {},
}
_ERRORS: Mapping[str, str] = {
    "401": "There is no token, or one that is void.",
    "403": "The request comes from a web page of another site.",
    "404": "There is no such route.",
    "405": "The route has other methods.",
    "408": "The body did not arrive in time.",
    "413": "The body is too large.",
    "421": "The sandbox does not answer to this name.",
    "503": "Maintenance.",
    "507": "The sandbox keeps no more state.",
}
_MESSAGE: Schema = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
_REFUSAL: Schema = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "message": {"type": "string"},
        "error": {"type": "string"},  # of the token endpoint, instead of a code
        "code": {"type": "integer"},
        "status_code": {"type": "integer"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}


def document(routes: Sequence[Route], origin: str) -> Schema:
    """The whole document, with `origin` as its only server."""
    facts = _facts()
    paths: dict[str, Schema] = {}
    taken: set[str] = set()
    templates: dict[str, str] = {}  # paths that differ only in the names of their parameters are one
    for route in routes:
        for root in route.roots:
            path = ROOTS[root] + (route.path if root == "host" else route.path.rstrip("/"))
            template = templates.setdefault(re.sub(r"\{\w+\}", "{}", path), path)
            name = _operation_id(route, root, taken)
            paths.setdefault(template, {})[route.method.lower()] = _operation(route, root, template, name)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Leat sandbox", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": origin}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in sorted({_resource(route) for route in routes})],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**facts["schemas"], "Message": _MESSAGE, "Refusal": _REFUSAL},
            "responses": _responses(),
        },
    }


@cache
def _facts() -> Schema:
    found: Schema = json.loads(files("leat_async.sandbox").joinpath("answers.json").read_text("utf-8"))
    return found


def _resource(route: Route) -> str:
    return route.operation.removeprefix("register.").partition(".")[0]


def _client_id(route: Route) -> str:
    """The operation's id as clients have it."""
    name = route.operation if route.operation == "register.get" else route.operation.removeprefix("register.")
    return {"visits.batch": "visits.create_batch", "contacts.batch": "contacts.create_batch"}.get(name, name)


def _operation_id(route: Route, root: Root, taken: set[str]) -> str:
    name = _client_id(route)
    if root not in ("oauth", "host") and name != "register.get":
        name = f"{root}.{name}"
    if name in taken:  # another spelling of the same operation
        name += "_2"
    taken.add(name)
    return name


def _operation(route: Route, root: Root, path: str, name: str) -> Schema:
    parameters = route.at_register if root == "register" else route.parameters
    told: Schema = {
        "operationId": name,
        "summary": (route.handler.__doc__ or "").strip().partition("\n")[0],
        "tags": [_resource(route)],
        "x-leat-certainty": route.certainty,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in re.findall(r"\{(\w+)\}", path)
        ],
        "responses": {
            str(route.status): {
                "description": "Done.",
                "content": {"application/json": {"schema": _facts()["answers"].get(_client_id(route), {})}},
            },
            "400": {"$ref": "#/components/responses/Refused"},
            "429": {"$ref": "#/components/responses/TooMany"},
            **{status: {"$ref": f"#/components/responses/Status{status}"} for status in _ERRORS},
        },
    }
    if root == "host":
        told["security"] = []
    if route.method in ("GET", "DELETE"):
        told["parameters"] += [_in_query(param) for param in parameters]
    elif parameters or route.extra_keys:
        schema = _object(parameters, more=route.extra_keys)
        kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
        told["requestBody"] = {
            "required": any(param.required for param in parameters),
            "content": {kind: {"schema": schema} for kind in kinds},
        }
    return told


def _in_query(param: RouteParam) -> Schema:
    found: Schema = {"name": param.name, "in": "query", "required": param.required, "schema": _schema(param)}
    if param.kind in ("bounds", "map"):
        found |= {"style": "deepObject", "explode": True}
    return found


def _object(params: Sequence[RouteParam], *, more: bool = False) -> Schema:
    found: Schema = {"type": "object", "properties": {param.name: _or_null(param) for param in params}}
    required = [param.name for param in params if param.required]
    if required:
        found["required"] = required
    return {**found, "additionalProperties": True} if more else found


def _schema(param: RouteParam) -> Schema:
    found = dict(_KINDS[param.kind])
    if param.fields and param.kind == "map":
        found = _object(param.fields)
    elif param.fields:
        found["items"] = _object(param.fields)
    if param.choices:
        found["enum"] = list(param.choices)
    if param.min is not None:
        found["minimum"] = param.min
    if param.max is not None:
        found["maximum"] = param.max
    if param.default is not None:
        found["default"] = param.default
    return found


def _or_null(param: RouteParam) -> Schema:
    """The schema of a value in a body, where null stands for what is left out."""
    found = _schema(param)
    if param.required or not found:
        return found
    return {"anyOf": [found, {"type": "null"}]}


def _responses() -> Schema:
    def told(description: str, schema: str) -> Schema:
        return {
            "description": description,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
        }

    text = {"text/html": {"schema": {"type": "string"}}}
    return {
        "Refused": told("The API refuses, with one of its codes.", "Refusal"),
        "TooMany": {"description": "More requests than the rate limit allows; it is no JSON.", "content": text},
        **{f"Status{status}": told(description, "Message") for status, description in _ERRORS.items()},
    }
