"""Rows as columns: nested objects flattened to dotted names, in an order that stays."""

from __future__ import annotations

import datetime as dt
import difflib
import types
from array import array
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from .._core.codec import encode, unstructure
from ..errors import DecodeError
from ..models._base import Model, fields_of
from .kinds import ExportKind, models_of
from .odd_rows import read_oddly

Type = Literal["text", "integer", "number", "boolean", "moment", "json"]

SCALARS: dict[Any, Type] = {str: "text", int: "integer", float: "number", bool: "boolean", dt.datetime: "moment"}
# Models that live longer are what the garbage collector walks over.
_AT_ONCE = 100
Get = Callable[[Any], Any]


@attrs.frozen
class Column:
    """A column: its name, and the type that all its values have. "json": text that holds a list or an object."""

    name: str
    type: Type


@attrs.frozen
class Field:
    """A value of an object: how it is taken, and how it is made the column's type (None: it is already)."""

    column: Column
    take: Get
    make: Get | None


@attrs.frozen
class Branch:
    """An object within an object."""

    take: Get
    inner: tuple[Field | Branch, ...]


class Layout:
    """The columns of a kind: every field of its model, then `extra`, then the custom attributes asked for.

    With names `chosen`, only those, in that order.
    """

    def __init__(self, kind: ExportKind, attributes: Sequence[str] = (), chosen: Sequence[str] = ()) -> None:
        self.kind = kind
        self._tree = (
            *_fields(kind.model, ""),
            Field(Column("extra", "json"), attrgetter("extra"), as_json),
            *(_attribute(kind, name) for name in dict.fromkeys(attributes)),
        )
        self._every = tuple(_columns(self._tree))
        self._chosen = _places_of(chosen, self._every)
        self.columns: tuple[Column, ...] = tuple(self._every[place] for place in self._chosen)
        self._integers = [place for place, column in enumerate(self._every) if column.type == "integer"]
        self._extra = [column.name for column in self._every].index("extra")
        # Custom attributes that were asked for, and of which no row has had one so far.
        self._unseen = {place for place in range(len(self._every)) if place > self._extra}
        self.odd_rows: int = 0
        """Rows with values that fit no column."""
        self.first_odd: str = ""
        """Where the first of them was."""

    def table(self, sources: Sequence[bytes]) -> list[list[Any]]:
        """The values of rows given as JSON, a list for each column."""
        whole: list[list[Any]] = [[] for _ in self._every]
        for begin in range(0, len(sources), _AT_ONCE):
            some = sources[begin : begin + _AT_ONCE]
            try:
                tables = [self._values(models_of(self.kind, some))]
            except (DecodeError, ValueError, OverflowError):
                tables = [self._row(source) for source in some]
            for found in tables:
                for column, values in zip(whole, found, strict=True):
                    column += values
        self._unseen -= {place for place in self._unseen if any(value is not None for value in whole[place])}
        return [whole[place] for place in self._chosen]

    @property
    def absent(self) -> list[str]:
        """The custom attributes that were asked for, and that no row had."""
        return [self._every[place].name.removeprefix("attributes.") for place in sorted(self._unseen)]

    def _values(self, models: Sequence[Model]) -> list[list[Any]]:
        found: list[list[Any]] = []
        _collect(self._tree, models, found)
        for place in self._integers:
            # Raises OverflowError for what has more than 64 bits.
            array("q", [value for value in found[place] if value is not None])
        return found

    def _row(self, source: bytes) -> list[list[Any]]:
        """The values of a single row, whatever they are."""
        model, misfits = read_oddly(self.kind, source)
        found: list[list[Any]] = []
        _collect(self._tree, [model], found)
        for place in self._integers:
            value = found[place][0]
            if value is not None and not -(2**63) <= value < 2**63:
                misfits[self._every[place].name] = value
                found[place] = [None]
        if misfits:
            found[self._extra] = [as_json({**model.extra, **misfits})]
            self.odd_rows += 1
            self.first_odd = self.first_odd or f"{next(iter(misfits))} of {getattr(model, 'uuid', '') or 'a row'}"
        return found


def _places_of(chosen: Sequence[str], columns: Sequence[Column]) -> list[int]:
    """Where the chosen columns are among all; without a choice, all of them."""
    if not chosen:
        return list(range(len(columns)))
    places = {column.name: place for place, column in enumerate(columns)}
    for name in chosen:
        if name not in places:
            close = difflib.get_close_matches(name, places, n=1)
            meant = f"; did you mean {close[0]!r}?" if close else f", which are {', '.join(places)}"
            raise ValueError(f"columns: {name!r} is none of the columns{meant}")
    return [places[name] for name in dict.fromkeys(chosen)]


def _columns(tree: Sequence[Field | Branch]) -> list[Column]:
    found: list[Column] = []
    for node in tree:
        found += [node.column] if isinstance(node, Field) else _columns(node.inner)
    return found


def _collect(tree: Sequence[Field | Branch], parents: Sequence[Any], found: list[list[Any]]) -> None:
    # A column at a time: one pass in C over each field costs a third of a pass over each row.
    whole = None not in parents
    for node in tree:
        take = node.take
        values = list(map(take, parents)) if whole else [None if p is None else take(p) for p in parents]
        if isinstance(node, Branch):
            _collect(node.inner, values, found)
        elif (make := node.make) is None:
            found.append(values)
        else:
            found.append([None if value is None else make(value) for value in values])


def _fields(model: type[Model], prefix: str) -> list[Field | Branch]:
    hints = get_type_hints(model)
    found: list[Field | Branch] = []
    for field in fields_of(model):
        members = members_of(hints[field.name])
        name = f"{prefix}{field.name}"
        take = attrgetter(field.name)
        inner = inner_model(members)
        if inner is not None:
            found.append(Branch(take, tuple(_fields(inner, f"{name}."))))
        elif len(members) == 1 and members[0] in SCALARS:
            # An identifying uuid that the answer leaves out is empty text in the model.
            make = _or_none if hints[field.name] is str else None
            found.append(Field(Column(name, SCALARS[members[0]]), take, make))
        elif all(member in SCALARS for member in members):
            # Sources disagree on the type, so it is text in every row.
            found.append(Field(Column(name, "text"), take, as_text))
        else:
            found.append(Field(Column(name, "json"), take, as_json))
    return found


def inner_model(members: Sequence[Any]) -> type[Model] | None:
    """The model that a field holds, if it is one."""
    if len(members) == 1 and isinstance(members[0], type) and issubclass(members[0], Model):
        return members[0]
    return None


def members_of(hint: Any) -> list[Any]:
    """The types that a field may have, None aside."""
    if get_origin(hint) in (Union, types.UnionType):
        return [member for member in get_args(hint) if member is not types.NoneType]
    return [hint]


def _attribute(kind: ExportKind, name: str) -> Field:
    holder = attrgetter(kind.attributes or "extra")

    def take(row: Any) -> Any:
        return holder(row).get(name)

    # What an attribute holds is up to the account, so all of them are text.
    return Field(Column(f"attributes.{name}", "text"), take, as_text)


def _or_none(value: str) -> str | None:
    return value or None


def as_text(value: Any) -> str:
    """A value of any type in a column of text."""
    return value if isinstance(value, str) else encode(value).decode()


def as_json(value: Mapping[str, Any] | tuple[Any, ...]) -> str | None:
    """A list or an object as JSON; an empty one is no value."""
    if isinstance(value, Mapping):
        return encode({**value}).decode() if value else None
    if not value:
        return None
    return encode([unstructure(item) if isinstance(item, Model) else item for item in value]).decode()
