"""The compiled lane: JSON straight into models, by functions made once for each class.

msgspec decodes into structs that mirror a model's fields, and a generated function moves their values over. Both
are strict: what does not fit exactly raises, and the caller takes the tolerant way, which alone knows every habit
of the API and words the errors. What fits gives the same model on both ways.

Of models whose rows only pass by (`Model.passing`) the structs themselves are handed on, with the fields' own names.

A model made here keeps the bytes it came from; a nested one keeps its way into the bytes of its parent. What the rows
of a list have in common (`Model.shared`) is made once for each page, and keeps bytes of its own.
"""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec

from ..models._base import Model, fields_of, keys_of

_SCALARS = (str, int, float, bool)
_uuid = attrgetter("uuid")
# Rows by which a page is judged.
_SAMPLE = 8
# A moment without an offset is for the tolerant way, which reads it as UTC.
_AWARE = Annotated[dt.datetime, msgspec.Meta(tz=True)]


def is_model(kind: Any) -> bool:
    """Whether something is a class of models."""
    return isinstance(kind, type) and issubclass(kind, Model)


def models_in(hint: Any) -> list[type[Model]]:
    """The model that a field's type allows beside None."""
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return [member for member in members if is_model(member)]


class NotCompilable(Exception):
    """A field has a type that the strict way can't tell apart as the tolerant one does."""


@cache
def decoder_of(cls: Any) -> Callable[[bytes], Any]:
    """A function from the JSON of an object to its model; it raises `ValueError` for what does not fit."""
    return _function(_OBJECT, cls, decode=msgspec.json.Decoder(_plan(cls, False).struct).decode)


@cache
def envelope_decoder_of(cls: Any) -> Callable[[bytes], Any] | None:
    """A function from a whole answer to the model in `data`; None for what is no model or can't be compiled."""
    try:
        struct = _plan(cls, False).struct
    except NotCompilable:
        return None
    envelope: Any = msgspec.defstruct("Envelope", [("data", struct)], gc=False)
    return _function(_ENVELOPE, cls, decode=msgspec.json.Decoder(envelope).decode)


class RawList(msgspec.Struct):
    """A list answer, its items not looked at."""

    data: list[msgspec.Raw]
    meta: Any = None


split: Callable[[bytes], RawList] = msgspec.json.Decoder(RawList).decode


@cache
def items_decoder_of(cls: Any) -> Callable[[bytes], tuple[list[Any], Any]] | None:
    """A function from a whole list answer to its models and its `meta`; None for what is no model or not compilable."""
    try:
        return _passing_rows_of(cls) if is_model(cls) and cls.passing else _Rows(cls)
    except NotCompilable:
        return None


def _passing_rows_of(cls: Any) -> Callable[[bytes], tuple[list[Any], Any]]:
    many: Any = list
    envelope: Any = msgspec.defstruct("Envelope", [("data", many[_passing(cls)]), ("meta", Any, None)])
    decode = msgspec.json.Decoder(envelope).decode

    def read(body: bytes) -> tuple[list[Any], Any]:
        whole = decode(body)
        if not all(map(_uuid, whole.data)):
            # Such a row is told apart by all that it says, which a model knows.
            raise ValueError("a row without a uuid")
        return whole.data, whole.meta

    return read


@cache
def _passing(cls: Any) -> Any:
    """A struct with the fields of a model."""
    hints = get_type_hints(cls)
    kinds: list[tuple[str, Any, Any]] = []
    for field in fields_of(cls):
        kind, inner, many = _wire(hints[field.name], False)
        if many or len(keys_of(field)) > 1:
            raise NotCompilable(f"{cls.__name__}.{field.name}")
        wanted: Any = Union[kind if inner is None else _passing(inner), None]  # noqa: UP007 - made at run time
        kinds.append((field.name, wanted, field.default))
    rename = {field.name: keys_of(field)[0] for field in fields_of(cls)}
    return msgspec.defstruct(cls.__name__, kinds, rename=rename, gc=False)


class _Rows:
    """Reads lists. Where rows turn out to have little in common, to look for it would cost more than it saves."""

    def __init__(self, cls: Any) -> None:
        plan = _plan(cls, True)
        self._names = [column.sources[0] for column in plan.columns if column.shared]
        self._decode = msgspec.json.Decoder(plan.struct).decode
        self._sharing, self._apart = _items_of(cls, True), _items_of(cls, False)
        # How it was last time; if it did not pay, the first rows of a page are looked at to see whether it would.
        self._pays = True

    def __call__(self, body: bytes) -> tuple[list[Any], Any]:
        whole = split(body)
        if not self._pays and not self._repeat(whole.data[:_SAMPLE]):
            return self._apart(body, whole.data)[0], whole.meta
        found, known = self._sharing(body, whole.data)
        self._pays = _few(len(known), len(found))
        return found, whole.meta

    def _repeat(self, rows: list[msgspec.Raw]) -> bool:
        found = [getattr(row, name) for row in map(self._decode, rows) for name in self._names]
        return _few(len({bytes(text) for text in found if text is not None}), len(rows))


def _few(different: int, rows: int) -> bool:
    return 4 * different <= 3 * rows


def _items_of(cls: Any, sharing: bool) -> Callable[[bytes, list[msgspec.Raw]], tuple[list[Any], Any]]:
    many: Any = list
    envelope: Any = msgspec.defstruct("Envelope", [("data", many[_plan(cls, sharing).struct])], gc=False)
    return _function(_ITEMS, cls, sharing=sharing, decode=msgspec.json.Decoder(envelope).decode)


@attrs.frozen
class _Column:
    """One field of a model: the struct's names for it, and the model inside.

    Of that there may be `many`, or it is left raw, `shared` with other rows.
    """

    name: str
    sources: tuple[str, ...]
    keys: tuple[str, ...]
    default: Any
    inner: Any
    many: bool
    shared: bool


@attrs.frozen
class _Plan:
    """A class's struct and columns. `draft`: a subclass that may be written to until the model is complete."""

    struct: Any
    draft: Any
    columns: list[_Column]


@cache
def _plan(cls: Any, sharing: bool) -> _Plan:
    if not is_model(cls):
        raise NotCompilable(str(cls))
    hints = get_type_hints(cls)
    columns: list[_Column] = []
    kinds: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    for place, field in enumerate(fields_of(cls)):
        kind, inner, many = _wire(hints[field.name], sharing)
        keys = keys_of(field)
        several = len(keys) > 1
        # attrs declares Factory as a function, which it is not.
        if isinstance(field.default, attrs.Factory) or (inner is not None and several):  # type: ignore[arg-type]
            raise NotCompilable(f"{cls.__name__}.{field.name}")
        sources = tuple(f"f{place}_{number}" for number in range(len(keys)))
        rename.update(zip(sources, keys, strict=True))
        shared = sharing and inner is not None and inner.shared and not many
        wanted: Any = msgspec.Raw if shared else Union[kind, None]  # noqa: UP007 - made at run time
        kinds += [(source, wanted, None) for source in sources]
        columns.append(_Column(field.name, sources, keys, field.default, inner, many, shared))
    thawed: dict[str, Any] = {
        "__slots__": (),
        "__init__": object.__init__,
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    bases: tuple[Any, ...] = (cls,)
    draft: Any = type(cls.__name__, bases, thawed)
    return _Plan(msgspec.defstruct(cls.__name__, kinds, rename=rename, gc=False), draft, columns)


def _wire(hint: Any, sharing: bool) -> tuple[Any, Any, bool]:
    """What msgspec is to read for a field, the model inside, and whether there are many of it."""
    origin: Any = get_origin(hint)
    members: tuple[Any, ...] = get_args(hint)
    if origin in (Union, types.UnionType):
        present = [member for member in members if member is not types.NoneType]
        several = [member for member in present if get_origin(member) is tuple]
        if len(present) == 1 or several:
            # Beside a tuple an object may be PHP's list with gaps, so only a list is taken here.
            chosen, *_ = several or present
            return _wire(chosen, sharing)
        if all(member in _SCALARS or get_origin(member) is Mapping for member in present):
            return Union[tuple(present)], None, False  # noqa: UP007 - made at run time
    elif hint in (*_SCALARS, Any, object):
        return hint, None, False
    elif hint is dt.datetime:
        return _AWARE, None, False
    elif origin is Mapping:
        return dict[str, Any], None, False
    elif origin is None:
        return _plan(hint, sharing).struct, hint, False
    elif origin is tuple:
        item, inner, nested = _wire(members[0], sharing)
        if not nested:
            whole: Any = list if inner is not None else tuple
            return whole[item] if inner is not None else whole[item, ...], inner, inner is not None
    raise NotCompilable(str(hint))


_OBJECT = """
def read(r0):
    s0 = decode(r0)
    MODEL
    return m0
"""
_ENVELOPE = """
def read(body):
    s0 = decode(body).data
    r0 = (body, "data")
    MODEL
    return m0
"""
# Twice over the text, which is cheaper than once over each item.
_ITEMS = """
def read(body, items):
    found = []
    known = {}
    for s0, raw in zip(decode(body).data, items, strict=True):
        r0 = bytes(raw)
        MODEL
        found.append(m0)
    return found, known
"""
# One of many models inside another.
_INNER = """
def read(s0, r0, known):
    MODEL
    return m0
"""
_NULL = b"null"


def _function(text: str, cls: Any, *, sharing: bool = False, **names: Any) -> Callable[..., Any]:
    """A function of this text, in which MODEL stands for the making of a model `m0` of a struct `s0` read from `r0`."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() == "MODEL":
            _write(lines, names, line[: line.index("M")], cls, sharing, 0)
        else:
            lines.append(line)
    exec("\n".join(lines), names)  # noqa: S102 - made of field names only, as attrs makes its methods
    made: Callable[..., Any] = names["read"]
    return made


@cache
def _inner_of(cls: Any, sharing: bool) -> Callable[[Any, Any, Any], Any]:
    return _function(_INNER, cls, sharing=sharing)


@cache
def _shared_of(cls: Any) -> Callable[[bytes], Any]:
    read = decoder_of(cls)
    return lambda raw: None if raw == _NULL else read(raw)


def _write(lines: list[str], names: dict[str, Any], pad: str, cls: Any, sharing: bool, depth: int) -> None:
    """Write the making of a model, with single models inside it in line; `lines` begin with an empty one and `def`."""
    plan = _plan(cls, sharing)
    model, struct, raw, value, below = (*(f"{v}{depth}" for v in "msrv"), depth + 1)

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
        lines.append(f"{pad}else:")
        if column.shared:
            # The text of the row before is the likeliest. Two classes may read the same text, hence the look at the
            # class.
            last, made = named("last", None), named("made", None)
            lines[2:2] = [f"    {last} = {made} = None"]
            lines += [
                f"{pad} if {value} != {last}:",
                f"{pad}  r{below} = bytes({value})",
                f"{pad}  {made} = known.get(r{below})",
                f"{pad}  if {made}.__class__ is not {named('cls', column.inner)}:",
                f"{pad}   {made} = known[r{below}] = {named('read', _shared_of(column.inner))}(r{below})",
                f"{pad}  {last} = {value}",
                f"{pad} {target} = {made}",
            ]
            continue
        lines.append(f"{pad} r{below} = ({raw}, {column.keys[0]!r})")
        if column.many:
            read = named("read", _inner_of(column.inner, sharing))
            known = "known" if sharing else None
            each = f"{read}(item, (r{below}, at), {known}) for at, item in enumerate({value})"
            lines.append(f"{pad} {target} = tuple([{each}])")
        else:
            lines.append(f"{pad} s{below} = {value}")
            _write(lines, names, f"{pad} ", column.inner, sharing, below)
            lines.append(f"{pad} {target} = m{below}")
    lines.append(f"{pad}{model}.__class__ = {named('cls', cls)}")
