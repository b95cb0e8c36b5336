"""What an annotation says of a parameter: the kind of value that it takes, and what it is called on the wire.

Text is not empty unless `msgspec.Meta(min_length=0)` says so; numbers and lists have the bounds of their `Meta`. A
`Literal` beside the plain type documents values. A `TypedDict` declares an object with known fields.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import UUID

import attrs
import msgspec

from .params import Boolean, Instant, Integer, Items, Json, Number, Object, Param, Text, TextOrInteger
from .unset import Unset


class Mark(enum.Enum):
    """What the type of a parameter can't say; goes into its `Annotated`."""

    # Must be given, save under the Register API, whose token implies it.
    IMPLIED_BY_REGISTER = enum.auto()
    # Of this object, one key or another must have a value.
    ONE_OF_ITS_KEYS = enum.auto()
    # A mapping of which every key is sent as a further parameter of the body.
    FURTHER_KEYS = enum.auto()


@attrs.frozen
class Named:
    """The API's name of a parameter, where it is not ours."""

    name: str


@attrs.frozen
class Echoed:
    """Where the answer repeats a parameter: another value there means that it answers another request."""

    place: str


@attrs.frozen
class KeyNamedBy:
    """Sent as a further parameter of the body, under the name that another parameter gives."""

    parameter: str


def extras_of(annotation: Any) -> list[Any]:
    """Everything that stands in the `Annotated`s of a type and of the members of a union."""
    if get_origin(annotation) is Annotated:
        return [*extras_of(get_args(annotation)[0]), *annotation.__metadata__]
    if get_origin(annotation) in (Union, UnionType):
        return [extra for member in get_args(annotation) for extra in extras_of(member)]
    return []


def param_of(annotation: Any, *, required: bool) -> Param:
    """The kind of value that an annotation stands for; raises `TypeError` for one that has none."""
    members = _members(annotation)
    [member, *others] = [kind for kind in members if kind is not UUID]
    if not others and get_origin(member) is Annotated:
        plain = param_of(get_args(member)[0], required=required)
        for extra in member.__metadata__:
            plain = _with(plain, extra)
        return plain
    values = tuple(value for kind in members if get_origin(kind) is Literal for value in get_args(kind))
    kinds = frozenset((*map(type, values), *(kind for kind in members if get_origin(kind) is not Literal)))
    # A UUID is its text, here as everywhere.
    kinds -= {UUID}
    if kinds == frozenset({str}):
        return Text(required=required, values=values)
    if kinds in _SIMPLE:
        return _SIMPLE[kinds](required=required)
    if not others:
        return _composed(member, required)
    raise TypeError(f"no kind of parameter is {annotation}")


def _members(annotation: Any) -> list[Any]:
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return [member for member in members if member not in (Unset, NoneType)]


_SIMPLE: Mapping[frozenset[Any], type[Param]] = {
    frozenset({bool}): Boolean,
    frozenset({int}): Integer,
    frozenset({float, Decimal}): Number,
    frozenset({int, float, Decimal}): Number,
    frozenset({dt.datetime, str}): Instant,
    frozenset({str, int}): TextOrInteger,
    frozenset({Any}): Json,
}


def _composed(kind: Any, required: bool) -> Param:
    if is_typeddict(kind):
        return Object(required=required, fields=_fields(kind))
    if get_origin(kind) is Mapping:
        return Object(required=required)
    if get_origin(kind) is Sequence:
        return Items(required=required, of=param_of(get_args(kind)[0], required=False))
    raise TypeError(f"no kind of parameter is {kind}")


def _fields(kind: Any) -> dict[str, Param]:
    hints = get_type_hints(kind, include_extras=True)
    return {
        # Of annotations that are text, Python does not know which are NotRequired.
        name: param_of(get_args(hint)[0], required=False)
        if get_origin(hint) is NotRequired
        else param_of(hint, required=name in kind.__required_keys__)
        for name, hint in hints.items()
    }


def _with(param: Param, extra: Any) -> Param:
    """A parameter as one entry of its `Annotated` has it."""
    if isinstance(extra, Param):
        return attrs.evolve(extra, required=param.required)
    if extra is Mark.IMPLIED_BY_REGISTER:
        return attrs.evolve(param, required=True, implied_by_register=True)
    if extra is Mark.ONE_OF_ITS_KEYS and isinstance(param, Object):
        return attrs.evolve(param, one_of=tuple(param.fields))
    if isinstance(extra, msgspec.Meta):
        if isinstance(param, Text) and extra.min_length == 0:
            return attrs.evolve(param, empty=True)
        if isinstance(param, Items) and extra.min_length is not None:
            return attrs.evolve(param, min=extra.min_length)
        if isinstance(param, Integer):
            return attrs.evolve(param, min=_whole(extra.ge), max=_whole(extra.le))
    return param


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)
