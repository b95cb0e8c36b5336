"""Models on their own way: to plain data and back, and as pydantic and FastAPI take them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypeVar, cast, get_args, get_type_hints

import attrs

from ..errors import DecodeError
from ..models._base import Model, fields_of, key_of, keys_of
from .codec import encode, structure, unstructure
from .lane import models_in
from .params import Object, is_array, is_list, is_object

M = TypeVar("M", bound=Model)


def to_dict(model: Model, known: bool, flat: bool) -> dict[str, Any]:
    """JSON values by the API's keys; see `Model.to_dict`."""
    came = _object_of(model)
    if known:
        came = _known(model, came)
    return _flat(type(model), came) if flat else came


def to_json(model: Model, known: bool) -> str:
    """The same as text."""
    return encode(to_dict(model, known, False)).decode()


def from_dict(cls: type[M], data: Mapping[str, Any]) -> M:
    """The model of plain data; see `Model.from_dict`."""
    return structure(Object().wire("data", data), cls)


def _object_of(model: Model) -> dict[str, Any]:
    if not isinstance(cast("object", model), Model):
        # `json.dumps(…, default=Model.to_dict)` brings whatever else is there.
        raise TypeError(f"{type(model).__name__} is no model, and can't be written as JSON")
    came = unstructure(model)
    if is_object(came):
        return came
    # A bare value that stood for one field, or PHP's empty list.
    bare = type(model).bare_field
    return {} if bare is None or is_array(came) else {bare: came}


def _known(model: Model, came: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields_of(type(model)):
        value = getattr(model, field.name)
        for key in keys_of(field):
            if key in came:
                found[key] = _known_in(value, came[key])
    return found


def _known_in(value: Any, came: Any) -> Any:
    if isinstance(value, Model) and is_object(came):
        return _known(value, came)
    if is_list(value) and is_array(came):
        return [_known_in(item, one) for item, one in zip(value, came, strict=True)]
    if is_list(value) and is_object(came):
        # PHP's list with gaps.
        return {key: _known_in(item, came[key]) for item, key in zip(value, came, strict=True)}
    return came


def _flat(cls: type[Model], came: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kind: Any = cls
    objects = _object_keys(kind)
    for key, value in came.items():
        inner = objects.get(key)
        if is_object(value):
            below = _flat(inner or Model, value)
            found.update({f"{key}.{name}": one for name, one in below.items()})
        elif value is not None or inner is None:
            found[key] = value
    return found


@functools.cache
def _object_keys(cls: Any) -> Mapping[str, type[Model]]:
    """The keys whose value is a model; null is no cell of its own there, since the others are `key.field`."""
    hints = get_type_hints(cls)
    return {key: inner for field in fields_of(cls) for key in keys_of(field) for inner in models_in(hints[field.name])}


def pydantic_schema(cls: type[Model], handler: Any) -> Any:
    """For pydantic: instances pass, JSON objects are read as answers are, and both are written as `to_dict` does.

    The shape beside it only describes the model, for JSON Schema and OpenAPI.
    """
    from pydantic_core import core_schema

    def read(value: Any, _: Any) -> Model:
        if isinstance(value, cls):
            return value
        try:
            return from_dict(cls, value)
        except TypeError as error:
            raise ValueError(str(error)) from None
        except DecodeError as error:
            raise ValueError(str(error)) from None

    hints = get_type_hints(cls)
    shape = core_schema.typed_dict_schema(
        {
            key_of(field): core_schema.typed_dict_field(handler.generate_schema(hints[field.name]), required=False)
            for field in fields_of(cls)
        },
        extra_behavior="allow",
        cls=cls,
    )
    written = core_schema.plain_serializer_function_ser_schema(Model.to_dict)
    return core_schema.no_info_wrap_validator_function(
        read, shape, ref=f"{cls.__module__}.{cls.__name__}", serialization=written
    )


def pydantic_page_schema(cls: type[Any], source: Any, handler: Any) -> Any:
    """For pydantic: a page passes, an object of its fields becomes one; its items are written as they are."""
    from pydantic_core import core_schema

    (item,) = get_args(source) or (Model,)
    several: Any = list
    hints = get_type_hints(cls)
    shape = core_schema.typed_dict_schema(
        {
            field.name: core_schema.typed_dict_field(
                handler.generate_schema(several[item] if field.name == "items" else hints[field.name]),
                required=field.default is attrs.NOTHING,
            )
            for field in attrs.fields(cls)
        },
    )

    def read(value: Any, fields: Any) -> Any:
        return value if isinstance(value, cls) else cls(**fields(value))

    def written(page: Any) -> dict[str, Any]:
        return {field.name: getattr(page, field.name) for field in attrs.fields(cls)}

    return core_schema.no_info_wrap_validator_function(
        read, shape, serialization=core_schema.plain_serializer_function_ser_schema(written, return_schema=shape)
    )
