"""The compiled lane: JSON straight into models, by functions made once for each class.

msgspec decodes into structs that mirror a model's fields, and a generated function moves their values over. Both
are strict: what does not fit exactly raises, and the caller takes the tolerant way, which alone knows every habit
of the API and words the errors. What fits gives the same model on both ways.

A model made here keeps the bytes it came from; a nested one keeps its way into the bytes of its parent.
"""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec

from ..models._base import Model, keys_of

_SCALARS = (str, int, float, bool)
# A moment without an offset is for the tolerant way, which reads it as UTC.
_AWARE = Annotated[dt.datetime, msgspec.Meta(tz=True)]


def is_model(kind: Any) -> bool:
    """Whether something is a class of models."""
    return isinstance(kind, type) and issubclass(kind, Model)


class NotCompilable(Exception):
    """A field has a type that the strict way can't tell apart as the tolerant one does."""


def decoder_of(cls: Any) -> tuple[Callable[[msgspec.Raw], Any], Callable[[Any, Any], Any]]:
    """Two functions: from a raw JSON item to a struct (a `ValueError` if it does not fit), and from that to a model."""
    return msgspec.json.Decoder(_plan(cls).struct).decode, _maker(cls)


@cache
def envelope_decoder_of(cls: Any) -> Callable[[bytes], Any] | None:
    """A function from a whole answer to the model in `data`; None for what is no model or can't be compiled."""
    try:
        struct = _plan(cls).struct
    except NotCompilable:
        return None
    envelope: Any = msgspec.defstruct("Envelope", [("data", struct)], gc=False)
    names: dict[str, Any] = {"decode": msgspec.json.Decoder(envelope).decode}
    return _function("read(body)", ['s0 = decode(body).data; r0 = (body, "data")'], names, cls)


@attrs.frozen
class _Column:
    """One field of a model: the struct's names for it, and the model inside, of which there may be `many`."""

    name: str
    sources: tuple[str, ...]
    keys: tuple[str, ...]
    default: Any
    inner: Any
    many: bool


@attrs.frozen
class _Plan:
    """A class's struct and columns. `draft`: a subclass that may be written to until the model is complete."""

    struct: Any
    draft: Any
    columns: list[_Column]


@cache
def _plan(cls: Any) -> _Plan:
    if not is_model(cls):
        raise NotCompilable(str(cls))
    hints = get_type_hints(cls)
    columns: list[_Column] = []
    kinds: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    for place, field in enumerate(attrs.fields(cls)):
        if field.name == "_raw":
            continue
        kind, inner, many = _wire(hints[field.name])
        keys = keys_of(field)
        several = len(keys) > 1
        if isinstance(field.default, attrs.Factory) or (inner is not None and several):  # type: ignore[arg-type]
            raise NotCompilable(f"{cls.__name__}.{field.name}")
        sources = tuple(f"f{place}_{number}" for number in range(len(keys)))
        rename.update(zip(sources, keys, strict=True))
        kinds += [(source, Union[kind, None], None) for source in sources]  # noqa: UP007 - made at run time
        columns.append(_Column(field.name, sources, keys, field.default, inner, many))
    thawed: dict[str, Any] = {
        "__slots__": (),
        "__init__": object.__init__,
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    bases: tuple[Any, ...] = (cls,)
    draft: Any = type(cls.__name__, bases, thawed)
    return _Plan(msgspec.defstruct(cls.__name__, kinds, rename=rename, gc=False), draft, columns)


def _wire(hint: Any) -> tuple[Any, Any, bool]:
    """What msgspec is to read for a field, the model inside, and whether there are many of it."""
    origin: Any = get_origin(hint)
    members: tuple[Any, ...] = get_args(hint)
    if origin in (Union, types.UnionType):
        present = [member for member in members if member is not types.NoneType]
        several = [member for member in present if get_origin(member) is tuple]
        if len(present) == 1 or several:
            # Beside a tuple an object may be PHP's list with gaps, so only a list is taken here.
            chosen, *_ = several or present
            return _wire(chosen)
        if all(member in _SCALARS or get_origin(member) is Mapping for member in present):
            return Union[tuple(present)], None, False  # noqa: UP007 - made at run time
    elif hint in (*_SCALARS, Any, object):
        return hint, None, False
    elif hint is dt.datetime:
        return _AWARE, None, False
    elif origin is Mapping:
        return dict[str, Any], None, False
    elif origin is None:
        return _plan(hint).struct, hint, False
    elif origin is tuple:
        item, inner, nested = _wire(members[0])
        if not nested:
            whole: Any = list if inner is not None else tuple
            return whole[item] if inner is not None else whole[item, ...], inner, inner is not None
    raise NotCompilable(str(hint))


@cache
def _maker(cls: Any) -> Callable[[Any, Any], Any]:
    """A function from a struct and what it was read from to a model, with single models inside written out in line."""
    return _function("make(s0, r0)", [], {}, cls)


class Items(msgspec.Struct):
    """A list answer, its items not looked at."""

    data: list[msgspec.Raw]
    meta: Any = None


split: Callable[[bytes], Items] = msgspec.json.Decoder(Items).decode


@cache
def items_decoder_of(cls: Any) -> Callable[[bytes], tuple[list[Any], Any]] | None:
    """A function from a whole list answer to its models and its `meta`; None for what is no model or not compilable."""
    try:
        struct = _plan(cls).struct
    except NotCompilable:
        return None
    many: Any = list
    envelope: Any = msgspec.defstruct("Envelope", [("data", many[struct])], gc=False)
    decode, make = msgspec.json.Decoder(envelope).decode, _maker(cls)

    def read(body: bytes) -> tuple[list[Any], Any]:
        # Twice over the text, which is cheaper than once over each item.
        whole = split(body)
        return [make(item, bytes(raw)) for item, raw in zip(decode(body).data, whole.data, strict=True)], whole.meta

    return read


def _function(head: str, begin: list[str], names: dict[str, Any], cls: Any) -> Callable[..., Any]:
    lines = [f"def {head}:", *(f" {line}" for line in begin)]
    _write(lines, names, cls, 0)
    exec("\n".join([*lines, " return m0"]), names)  # noqa: S102 - made of field names only, as attrs makes its methods
    made: Callable[..., Any] = names[head.partition("(")[0]]
    return made


def _write(lines: list[str], names: dict[str, Any], cls: Any, depth: int) -> None:
    plan = _plan(cls)
    pad, model, struct, raw, value, below = (f"{' ' * (depth + 1)}", *(f"{v}{depth}" for v in "msrv"), depth + 1)

    def named(kind: str, thing: Any) -> str:
        name = f"{kind}{len(names)}"
        names[name] = thing
        return name

    lines.append(f"{pad}{model} = {named('draft', plan.draft)}(); {model}._raw = {raw}")
    for column in plan.columns:
        source = f"{struct}.{column.sources[0]}"
        for other in column.sources[1:]:
            source = f"({source} if {source} is not None else {struct}.{other})"
        target = f"{model}.{column.name}"
        if column.inner is None and column.default is None:
            lines.append(f"{pad}{target} = {source}")
            continue
        absent = named("default", column.default)
        lines += [f"{pad}{value} = {source}", f"{pad}if {value} is None: {target} = {absent}"]
        if column.inner is None:
            lines.append(f"{pad}else: {target} = {value}")
            continue
        lines += [f"{pad}else:", f"{pad} r{below} = ({raw}, {column.keys[0]!r})"]
        if column.many:
            make = named("make", _maker(column.inner))
            lines.append(f"{pad} {target} = tuple([{make}(item, (r{below}, at)) for at, item in enumerate({value})])")
        else:
            lines.append(f"{pad} s{below} = {value}")
            _write(lines, names, column.inner, below)
            lines.append(f"{pad} {target} = m{below}")
    lines.append(f"{pad}{model}.__class__ = {named('cls', cls)}")
