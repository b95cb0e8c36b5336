"""What a parameter may be, and how it is written on the wire.

Each class checks one kind of value: `wire(name, value)` returns what is sent, or raises `ValueError` or `TypeError`
that names the value, what was expected and what to do.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeGuard
from uuid import UUID

import attrs

from .kept_text import kept_text

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)", re.ASCII)
_SHOWN = 60


def show(value: object) -> str:
    """A value in an error text: short, and nothing that looks like a link or a token."""
    if isinstance(value, str) and ("://" in value or len(value) > _SHOWN):
        return f"text of {len(value)} characters"
    if isinstance(value, (str, int, float, bool, dt.date, Decimal)) or value is None:
        return repr(value)
    return f"{type(value).__name__}"


def _within(name: str, key: str) -> str:
    """The name of a value inside a mapping; a long key is described, as any long text is."""
    return f"{name}.{key if len(key) <= _SHOWN else show(key)}"


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether a value is a mapping, of whatever keys."""
    return isinstance(value, Mapping)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a value is what JSON calls an object."""
    return type(value) is dict


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is what JSON calls an array."""
    return type(value) is list


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list or the like, and no text."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


@attrs.frozen(kw_only=True)
class Param:
    """Base of all kinds. `required`: must be given, save where `implied_by_register` and the API is Register."""

    required: bool = False
    implied_by_register: bool = False

    def wire(self, name: str, value: Any) -> Any:
        """Check a value and return what is sent for it."""
        raise TypeError(f"{type(self).__name__} checks no values")  # pragma: no cover - each kind has its own


@attrs.frozen(kw_only=True)
class Text(Param):
    """Text, or a `uuid.UUID`; not empty unless `empty`. `values` are the documented ones: the API may know more."""

    empty: bool = False
    values: tuple[str, ...] = ()

    def wire(self, name: str, value: Any) -> str:
        if isinstance(value, UUID):
            return str(value)
        if not isinstance(value, str):
            raise TypeError(f"{name} must be text, got {show(value)}")
        if not self.empty and kept_text(value) is None:
            # Of this the API keeps nothing, and a filter would be none.
            what = f"blank, got {show(value)}" if value else "empty"
            way_out = ", it is required" if self.required else "; leave it out instead"
            raise ValueError(f"{name} must not be {what}{way_out}")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError(f"{name} has a lone surrogate, which UTF-8 can't carry: {value!r}") from None
        return value


@attrs.frozen(kw_only=True)
class TextOrInteger(Param):
    """Text or a whole number, where sources disagree on which it is."""

    def wire(self, name: str, value: Any) -> str | int:
        if isinstance(value, int) and not isinstance(value, bool):
            return Integer().wire(name, value)
        if not isinstance(value, (str, UUID)):
            raise TypeError(f"{name} must be text or a whole number, got {show(value)}")
        return Text(required=self.required).wire(name, value)


@attrs.frozen(kw_only=True)
class Integer(Param):
    """A whole number within the documented bounds."""

    min: int | None = None
    max: int | None = None

    def wire(self, name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} must be a whole number, got {show(value)}")
        if (self.min is not None and value < self.min) or (self.max is not None and value > self.max):
            raise ValueError(f"{name} must be {_bounds(self.min, self.max)}, got {value}")
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"{name} must fit in 64 bits, got a number of {len(str(abs(value)))} digits")
        return value


def _bounds(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"between {least:g} and {most:g}"
    return f"at least {least:g}" if least is not None else f"at most {most:g}"


@attrs.frozen(kw_only=True)
class Number(Param):
    """A number: int, float or Decimal; finite."""

    min: float | None = None
    max: float | None = None

    def wire(self, name: str, value: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            raise TypeError(f"{name} must be a number, got {show(value)}")
        if not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}")
        if isinstance(value, int):
            return Integer().wire(name, value) if not self._outside(value) else self._refuse(name, value)
        number = float(value)
        return self._refuse(name, value) if self._outside(number) else number

    def _outside(self, value: float) -> bool:
        return (self.min is not None and value < self.min) or (self.max is not None and value > self.max)

    def _refuse(self, name: str, value: object) -> Any:
        raise ValueError(f"{name} must be {_bounds(self.min, self.max)}, got {value}")


@attrs.frozen(kw_only=True)
class Boolean(Param):
    """True or False, nothing that merely looks like it."""

    def wire(self, name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False, got {show(value)}")
        return value


@attrs.frozen(kw_only=True)
class Instant(Param):
    """A moment: an aware datetime, or ISO 8601 text with an offset."""

    def wire(self, name: str, value: Any) -> str:
        if isinstance(value, dt.datetime):
            return instant_text(name, value)
        if not isinstance(value, str):
            raise TypeError(f"{name} must be an aware datetime or ISO 8601 text with an offset, got {show(value)}")
        usual = len(value) == 25 and value[4::3] in ("--T::+:", "--T::-:")
        if not usual and not _INSTANT.fullmatch(value):
            raise ValueError(
                f"{name} must be ISO 8601 with an offset, such as '2024-05-01T20:00:00+02:00', got {show(value)}"
            )
        try:
            dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{name}: {show(value)} is no moment: {error}") from None
        return value


def instant_text(name: str, value: dt.datetime) -> str:
    """ISO 8601 with offset; a naive datetime is refused."""
    try:
        offset = value.utcoffset()
    except ValueError as error:  # pandas' moment that is none
        raise ValueError(f"{name}: {error}") from None
    if offset is None:
        raise ValueError(
            f"{name} must know its time zone: {value!r} is naive; give it one, such as "
            "value.replace(tzinfo=ZoneInfo('Europe/Amsterdam'))"
        )
    if offset.seconds % 60 or offset.microseconds:
        # Historic offsets have seconds, which ISO 8601 can't write.
        try:
            value = value.astimezone(dt.UTC)
        except OverflowError:
            raise ValueError(f"{name} is out of range: {value!r}") from None
    return value.isoformat()


@attrs.frozen(kw_only=True)
class Window(Param):
    """Bounds on a moment, `{"gte": …, "lt": …}`; keys gt, gte, lt, lte. Sent bracketed: `created_at[gte]`."""

    def wire(self, name: str, value: Any) -> dict[str, str]:
        if not is_mapping(value):
            raise TypeError(f"{name} must be a mapping such as {{'gte': moment, 'lt': moment}}, got {show(value)}")
        if not value:
            raise ValueError(f"{name} must have at least one of gt, gte, lt, lte; leave it out for no bound")
        for key in value:
            if key not in ("gt", "gte", "lt", "lte"):
                raise ValueError(f"{name} knows the bounds gt, gte, lt and lte, not {show(key)}")
        return {key: Instant().wire(f"{name}[{key}]", bound) for key, bound in value.items()}


@attrs.frozen(kw_only=True)
class Json(Param):
    """Any JSON value; datetimes inside must be aware, numbers finite."""

    def wire(self, name: str, value: Any) -> Any:
        return _json(name, value, 0)


def _json(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return Text(empty=True).wire(name, value)
    if isinstance(value, (int, float, Decimal)):
        return Number().wire(name, value)
    if isinstance(value, dt.datetime):
        return instant_text(name, value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if depth > 50:
        raise ValueError(f"{name} is nested more than 50 deep")
    if is_mapping(value):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{name} has a key that is no text: {show(key)}")
        return {Text(empty=True).wire(name, k): _json(_within(name, k), v, depth + 1) for k, v in value.items()}
    if is_list(value):
        return [_json(f"{name}[{i}]", v, depth + 1) for i, v in enumerate(value)]
    raise TypeError(f"{name} can't be written as JSON: {show(value)}")


@attrs.frozen(kw_only=True)
class Items(Param):
    """A sequence of values of one kind."""

    of: Param
    min: int = 0

    def wire(self, name: str, value: Any) -> list[Any]:
        if not is_list(value):
            raise TypeError(f"{name} must be a list, got {show(value)}")
        if len(value) < self.min:
            raise ValueError(f"{name} must have at least {self.min} item(s), got {len(value)}")
        return [self.of.wire(f"{name}[{i}]", item) for i, item in enumerate(value)]


@attrs.frozen(kw_only=True)
class Object(Param):
    """A mapping with known fields. Keys the facts don't name pass, checked as JSON: they may be custom attributes.

    `one_of`: at least one of these keys must have a value.
    """

    fields: Mapping[str, Param] = attrs.field(factory=dict[str, Param])
    one_of: tuple[str, ...] = ()

    def wire(self, name: str, value: Any) -> dict[str, Any]:
        if not is_mapping(value):
            raise TypeError(f"{name} must be a mapping, got {show(value)}")
        for key, param in self.fields.items():
            if param.required and key not in value:
                raise ValueError(f"{name}.{key} is required")
        if self.one_of and all(value.get(key) is None for key in self.one_of):
            raise ValueError(f"{name} must have one of {' or '.join(self.one_of)}")
        sent: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{name} has a key that is no text: {show(key)}")
            known = self.fields.get(key)
            if known is None:
                sent[key] = _json(_within(name, key), item, 0)
            elif item is None and not known.required:
                sent[key] = None
            else:
                sent[key] = known.wire(f"{name}.{key}", item)
        return sent
