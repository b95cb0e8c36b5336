"""The parameters of an operation, and the one validator for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeGuard, cast

import attrs

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}\Z")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)*\Z")
_BOOLEANS: Mapping[Any, bool] = {
    "1": True, "0": False, "true": True, "false": False, "yes": True, "no": False,
}  # fmt: skip
_MISSING: Any = object()
MAX_ERRORS = 1000  # in one answer; what is wrong beyond is not told
MAX_NAMES = 10_000  # in one map


@attrs.frozen
class RouteParam:
    """One parameter: its wire name, its kind and its documented bounds."""

    name: str
    kind: str = "string"
    required: bool = False
    min: float | None = None
    max: float | None = None
    default: Any = None
    choices: tuple[str, ...] = ()
    fields: tuple[RouteParam, ...] = ()


class Unfit(ValueError):
    """A value is not of the kind its parameter wants; the text says what was expected."""


def epoch(text: Any) -> float:
    """Seconds since 1970 of an ISO 8601 text; without an offset it is read as UTC."""
    if not isinstance(text, str) or len(text) < 10:
        raise Unfit("a date and time in ISO 8601")
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Unfit("a date and time in ISO 8601") from None


@lru_cache(4096)
def iso(seconds: int) -> str:
    """The API's form of a moment: `+00:00`, no fraction."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _datetime(value: Any) -> str:
    try:
        return iso(int(epoch(value) // 1))
    except (ValueError, OverflowError, OSError):
        raise Unfit("a date and time in ISO 8601") from None


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("a string")
    return value


def _integer(value: Any) -> int:
    if (isinstance(value, str) and _INTEGER.match(value)) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise Unfit("an integer")
    return value


def _number(value: Any) -> int | float:
    try:
        return _integer(value)
    except Unfit:
        pass
    if isinstance(value, str) and _NUMBER.match(value):
        value = float(value)
    if not isinstance(value, float) or abs(value) >= 2**63:
        raise Unfit("a number")
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = _BOOLEANS.get(str(value).lower()) if isinstance(value, (str, int)) else None
    if found is None:
        raise Unfit("a boolean: true, false, 1 or 0")
    return found


def is_email(value: Any) -> TypeGuard[str]:
    """Does it look like an e-mail address?"""
    return isinstance(value, str) and len(value) <= 254 and _EMAIL.match(value) is not None


def _email(value: Any) -> str:
    if not is_email(value):
        raise Unfit("an e-mail address")
    return value


def _map(value: Any) -> dict[str, Any]:
    if value == []:
        return {}  # how PHP writes an empty map
    if not isinstance(value, dict):
        raise Unfit("a map of names to values")
    if len(cast(dict[str, Any], value)) > MAX_NAMES:
        raise Unfit(f"a map of at most {MAX_NAMES} names")
    return cast(dict[str, Any], value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unfit("a list")
    return value  # pyright: ignore[reportUnknownVariableType] - JSON has no other


def _bounds(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise Unfit("bounds in brackets, such as created_at[gte]")
    bounds: dict[str, float] = {}
    for key, bound in cast(dict[str, Any], value).items():
        if key not in ("gt", "gte", "lt", "lte"):
            raise Unfit("bounds named gt, gte, lt or lte")
        bounds[key] = epoch(bound)
    return bounds


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "string": _string, "integer": _integer, "number": _number, "boolean": _boolean, "datetime": _datetime,
    "email": _email, "map": _map, "list": _list, "bounds": _bounds, "any": lambda value: value,
}  # fmt: skip


def convert(kind: str, value: Any) -> Any:
    """The value as one of a kind; raises `Unfit`."""
    return _KINDS[kind](value)


def _convert(param: RouteParam, value: Any) -> Any:
    converted = _KINDS[param.kind](value)
    if param.min is not None and converted < param.min:
        raise Unfit(f"at least {param.min:g}")
    if param.max is not None and converted > param.max:
        raise Unfit(f"at most {param.max:g}")
    if param.choices and converted not in param.choices:
        raise Unfit("one of: " + ", ".join(param.choices))
    return converted


def validate(
    parameters: tuple[RouteParam, ...], raw: Mapping[str, Any], prefix: str = ""
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Converted values and, per field, what is wrong; null and empty text are null, as in Laravel."""
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for param in parameters:
        name = param.name
        value = raw.get(name, _MISSING)
        if value is _MISSING or value is None or value == "":
            if param.required:
                errors[prefix + name] = [f"The {prefix}{name} field is required."]
            elif param.default is not None:
                values[name] = param.default
            elif value is not _MISSING:
                values[name] = None
            continue
        if param.kind == "string" and type(value) is str and not param.choices:  # by far the most
            values[name] = value
            continue
        try:
            converted = _convert(param, value)
            if param.fields and param.kind == "map":
                converted, wrong = validate(param.fields, converted, f"{prefix}{name}.")
                errors.update(wrong)
            elif param.fields:
                converted = _items(param, converted, prefix, errors)
        except Unfit as unfit:
            errors[prefix + name] = [f"The {prefix}{name} must be {unfit}."]
            continue
        if param.required and converted in ({}, []):
            errors[prefix + name] = [f"The {prefix}{name} field is required."]
        values[name] = converted
    return values, errors


def _items(param: RouteParam, items: list[Any], prefix: str, errors: dict[str, list[str]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        if len(errors) >= MAX_ERRORS:
            break
        place = f"{prefix}{param.name}.{index}"
        if not isinstance(item, dict):
            errors[place] = [f"The {place} must be an object."]
            continue
        row, wrong = validate(param.fields, cast(dict[str, Any], item), f"{place}.")
        rows.append(row)
        errors.update(wrong)
    return rows
