"""The JSON schema of what each operation answers, from the types of the client's models.

The sandbox publishes them in its OpenAPI document and takes nothing else from them, so that the two stay apart: what
it answers is checked against them.
"""

from __future__ import annotations

import collections.abc
import datetime as dt
import json
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from leat_async._core.operation import Operation
from leat_async.models._base import Model, fields_of, key_of

from .generate_operations import declared

Schema = dict[str, Any]


class Schemas:
    """The schemas of models, collected by name as they are met."""

    def __init__(self) -> None:
        self.models: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type. Any value may be null, and unknown keys are part of the API."""
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            return self._any_of([one for one in arguments if one is not NoneType])
        if origin is Literal:
            return {"type": ["string", "null"]}
        if origin in (tuple, list, collections.abc.Sequence):
            return {"type": ["array", "null"], "items": self.of(arguments[0])}
        if origin in (dict, collections.abc.Mapping):
            return {"type": ["object", "array", "null"]}  # an empty one is written [] by PHP
        if isinstance(kind, type) and issubclass(kind, Model):
            self._add(kind)
            found: list[Schema] = [{"$ref": f"#/components/schemas/{kind.__name__}"}, {"type": "null"}]
            if kind.bare_field is not None:
                found.append({"type": "string"})
            return {"anyOf": [*found, {"type": "array", "maxItems": 0}]}
        simple = {str: "string", int: "integer", float: "number", bool: "boolean"}
        if kind in simple:
            return {"type": [simple[kind], "null"]}
        if kind is dt.datetime:
            return {"type": ["string", "null"]}
        return {}

    def _any_of(self, kinds: list[Any]) -> Schema:
        if len(kinds) == 1:
            return self.of(kinds[0])
        found = [self.of(kind) for kind in kinds]
        return {} if {} in found else {"anyOf": found}

    def _add(self, kind: type[Model]) -> None:
        if kind.__name__ in self.models:
            return
        schema = self.models[kind.__name__] = Schema()
        hints = get_type_hints(kind)
        fields = fields_of(kind)
        schema.update(
            type="object",
            description=(kind.__doc__ or "").strip().partition("\n")[0],
            properties={key_of(field): self.of(hints[field.name]) for field in fields},
        )


def answer(operation: Operation[Any], schemas: Schemas) -> Schema:
    """The schema of a whole answer."""
    result: Any = operation.result
    data = {} if result in (NoneType, object) else schemas.of(result)
    if operation.unwrapped:
        return data
    if operation.many:
        # Rows of which nothing is known may come as anything.
        data = {"type": "array", "items": data} if data else {}
    return {"type": "object", "required": ["data"], "properties": {"data": data, "meta": {}}}


def written() -> str:
    """The file, one line for each operation and model."""
    schemas = Schemas()
    answers = {name: answer(operations[0], schemas) for name, operations in declared().items()}
    parts = {"answers": answers, "schemas": schemas.models}
    sections = [
        json.dumps(name) + ": {\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(found[key])}" for key in sorted(found))
        for name, found in parts.items()
    ]
    return "{" + "\n},\n".join(sections) + "\n}}\n"
