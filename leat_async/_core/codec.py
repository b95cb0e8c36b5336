"""JSON to models and back. The only file that knows cattrs.

`converter.structure` is the entry for everything that comes in. Its hooks accept what the API is known to do
(numbers as text, `[]` for an empty object, missing and null fields) and refuse every other coercion, naming the
JSON path. Answers go through the compiled lane first, and take this way where they do not fit there.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import types
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import cattrs
import msgspec

from ..errors import DecodeError
from ..models._base import EMPTY, Model, fields_of, json_of, keys_of
from .lane import NotCompilable, decoder_of, envelope_decoder_of, is_model, split
from .params import is_array, is_list, is_mapping, is_object, show

T = TypeVar("T")
encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode
_MISSING: Any = object()
# For tests, which run both ways, and to rule the lane out when hunting a fault.
_COMPILED = os.environ.get("LEAT_COMPILED_LANE") != "0"


class _Mismatch(Exception):
    """A value that its field can't hold; the path grows while it travels outwards."""

    def __init__(self, expected: str, got: object) -> None:
        kind = "an object" if isinstance(got, dict) else "a list" if isinstance(got, list) else show(got)
        super().__init__(f"expected {expected}, got {'null' if got is None else kind}")
        self.path = ""


def parse(body: bytes) -> Any:
    """JSON text to Python values; raises `DecodeError` without a status."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise DecodeError("the answer is nested too deep", body=body) from None
    except ValueError as error:
        what = "an empty body" if not body.strip() else str(error)
        raise DecodeError(f"the answer is no JSON: {what}", body=body) from None


def parse_list(kind: Any, body: bytes) -> Any:
    """As `parse`; where `data` is a list of what are to be models, its items are left raw for `structure`."""
    if _COMPILED and is_model(kind) and (body.isascii() or _is_utf8(body)):
        try:
            found = split(body)
        except (ValueError, RecursionError):
            pass
        else:
            return {"data": found.data, "meta": found.meta}
    return parse(body)


def compiled(
    kind: Any, body: bytes, decoder_of: Callable[[Any], Callable[[bytes], Any] | None] = envelope_decoder_of
) -> Any:
    """The model in an answer's `data`, or what another decoder makes; None where it takes `parse` and `structure`."""
    read = decoder_of(kind) if _COMPILED else None
    if read is None or not (body.isascii() or _is_utf8(body)):
        return None
    try:
        return read(body)
    except (ValueError, RecursionError):
        return None


def _is_utf8(body: bytes) -> bool:
    # The lane skips over what it does not need, which checks everything but this.
    try:
        str(body, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def structure(value: Any, kind: type[T], *, path: str = "$") -> T:
    """Turn decoded JSON into a model, or a list of them.

    Parameters:
        value: what a JSON decoder made of the text: dicts, lists, texts, numbers.
        kind: a model, or `list[model]`.
        path: where the value stands, for errors.

    Returns:
        The model; keys that it does not know are in its `.extra`.

    Raises:
        DecodeError: with the JSON path of what does not fit.
    """
    try:
        result: T = converter.structure(value, kind)
    except _Mismatch as mismatch:
        where = f"{path}{mismatch.path}"
        raise DecodeError(f"{where}: {mismatch}", path=where) from None
    except RecursionError:
        raise DecodeError(f"{path}: nested too deep", path=path) from None
    return result


def unstructure(model: Model) -> Any:
    """A model back to JSON values: every key that came, as it came unless changed, and what was set since.

    Raises `TypeError` for what is none, so that it can be the `default` of `json.dumps`.
    """
    found: Any = converter.unstructure(model)
    if isinstance(found, (dict, list, str, int, float, type(None))):
        return cast("Any", found)
    raise TypeError(f"{type(model).__name__} can't be written as JSON; models can")


def _integer(value: Any, _: Any = None) -> int:
    if type(value) is int:
        return value
    if type(value) is str:
        try:
            return int(value)
        except ValueError:
            pass
    if type(value) in (float, str):
        try:
            number = float(value)
        except ValueError:
            raise _Mismatch("a whole number", value) from None
        if number.is_integer():
            return int(number)
    raise _Mismatch("a whole number", value)


def _number(value: Any, _: Any = None) -> float:
    if type(value) in (float, int, str):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise _Mismatch("a number", value) from None
        if math.isfinite(number):
            return number
    raise _Mismatch("a number", value)


_BOOLEANS: Mapping[Any, bool] = {"1": True, "true": True, "0": False, "false": False}


def _boolean(value: Any, _: Any = None) -> bool:
    if type(value) is bool:
        return value
    if type(value) is int and value in (0, 1):
        return bool(value)
    if type(value) is str and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise _Mismatch("true or false", value)


def _text(value: Any, _: Any = None) -> str:
    if type(value) is str:
        return value
    raise _Mismatch("text", value)


def _moment(value: Any, _: Any = None) -> dt.datetime:
    if type(value) is str and len(value) > 10:
        try:
            # As the compiled lane reads it; fromisoformat knows more notations, and rounds fractions otherwise.
            moment = msgspec.convert(value, dt.datetime)
        except msgspec.ValidationError:
            try:
                moment = dt.datetime.fromisoformat(value)
            except ValueError:
                raise _Mismatch("date-time", value) from None
        # Every documented moment carries +00:00; one without an offset is read the same way.
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    raise _Mismatch("date-time", value)


def _day(value: Any, _: Any = None) -> dt.date:
    if type(value) is str and len(value) == 10:
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise _Mismatch("a date", value)


def _mapping(value: Any, _: Any = None) -> Mapping[str, Any]:
    if is_object(value):
        return value
    if value == []:
        return EMPTY
    raise _Mismatch("an object", value)


def _anything(value: Any, _: Any = None) -> Any:
    return value


def _model_hook(cls: type[Model]) -> Callable[[Any, Any], Model]:
    hints = get_type_hints(cls)
    plan = [
        (field.name, *_first(keys_of(field)), converter.get_structure_hook(hints[field.name]), hints[field.name])
        for field in fields_of(cls)
    ]
    kind: Any = cls
    try:
        lane: Callable[[bytes], Any] | None = decoder_of(kind)
    except NotCompilable:
        lane = None

    def hook(value: Any, _: Any) -> Model:
        if type(value) is msgspec.Raw:
            try:
                if lane is not None:
                    model: Model = lane(bytes(value))
                    return model
            except msgspec.ValidationError:
                pass
            value = parse(bytes(value))
        raw = value
        if not is_object(value):
            if cls.bare_field is not None and value is not None and not is_array(value):
                value = {cls.bare_field: value}
            elif value == []:
                value = {}
            else:
                raise _Mismatch("an object", value)
        found: dict[str, Any] = {}
        for name, key, others, field_hook, kind in plan:
            item = value.get(key)
            for other in others:
                if item is None and other in value:
                    key, item = other, value[other]
            if item is not None:
                try:
                    found[name] = field_hook(item, kind)
                except _Mismatch as mismatch:
                    mismatch.path = f".{key}{mismatch.path}"
                    raise
        return cls(raw=raw, **found)  # pyright: ignore[reportCallIssue] - attrs takes the underscore away

    return hook


def _first(keys: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return keys[0], keys[1:]


def _tuple_hook(kind: Any) -> Callable[[Any, Any], Any]:
    of = get_args(kind)[0]
    item_hook = converter.get_structure_hook(of)
    listed = get_origin(kind) is list

    def hook(value: Any, _: Any) -> Any:
        if is_object(value) and all(key.isdecimal() for key in value):
            # PHP writes a list with gaps as an object.
            value = list(value.values())
        if not is_array(value):
            raise _Mismatch("a list", value)
        found: list[Any] = []
        for index, item in enumerate(value):
            try:
                found.append(item_hook(item, of))
            except _Mismatch as mismatch:
                mismatch.path = f"[{index}]{mismatch.path}"
                raise
        return found if listed else tuple(found)

    return hook


def _union_hook(kind: Any) -> Callable[[Any, Any], Any]:
    members = [member for member in get_args(kind) if member is not types.NoneType]
    optional = len(members) < len(get_args(kind))
    hooks = [(member, converter.get_structure_hook(member)) for member in members]
    exact = tuple(member for member in members if member in (str, int, float, bool))

    def hook(value: Any, _: Any) -> Any:
        if value is None and optional:
            return None
        if len(hooks) == 1:
            return hooks[0][1](value, members[0])
        if type(value) in exact:
            return value
        inside: _Mismatch | None = None
        for member, member_hook in hooks:
            try:
                return member_hook(value, member)
            except _Mismatch as mismatch:
                # One that came to be refused further in says more than that no member fits.
                inside = inside or (mismatch if mismatch.path else None)
        raise inside or _Mismatch(" or ".join(member.__name__ for member in members), value)

    return hook


def _unstructure_hook(cls: type[Model]) -> Callable[[Any], Any]:
    hints = get_type_hints(cls)
    plan = [
        (keys_of(field), field, converter.get_structure_hook(hints[field.name]), hints[field.name])
        for field in fields_of(cls)
    ]

    def hook(model: Model) -> Any:
        came_whole = json_of(model._raw)  # pyright: ignore[reportPrivateUsage] - its own to write and read
        if not (is_mapping(came_whole) or is_array(came_whole)):
            # A bare value: the field it stood for is all there was.
            return getattr(model, cls.bare_field or "")
        raw: Mapping[str, Any] = came_whole if is_mapping(came_whole) else {}
        out: dict[str, Any] = dict(raw)
        for keys, field, field_hook, kind in plan:
            value = getattr(model, field.name)
            key = next((name for name in keys if raw.get(name) is not None), keys[0])
            came = raw.get(key, _MISSING)
            if value == field.default and (came is _MISSING or came is None):
                continue
            plain = _plain(value)
            if is_array(plain) and is_object(came) and len(plain) == len(came):
                # PHP's list with gaps.
                plain = dict(zip(came, plain, strict=True))
            if plain != came and not _reads_as(value, came, field_hook, kind):
                out[key] = plain
        return out if out or is_mapping(came_whole) else []

    return hook


def _reads_as(value: Any, came: Any, field_hook: Callable[[Any, Any], Any], kind: Any) -> bool:
    """Whether the answer's own text for a value still says it: "12" for 12, a moment in another notation."""
    if came is _MISSING or came is None or isinstance(value, (Model, tuple)):
        return False
    return bool(field_hook(came, kind) == value)


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return converter.unstructure(value)
    if is_list(value):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return dict(value) if is_mapping(value) else value


def _origin(kind: Any) -> Any:
    return get_origin(kind)


def _make_converter() -> cattrs.Converter:
    made = cattrs.Converter(detailed_validation=False)
    for kind, hook in (
        (int, _integer),
        (float, _number),
        (bool, _boolean),
        (str, _text),
        (dt.datetime, _moment),
        (dt.date, _day),
    ):
        made.register_structure_hook(kind, hook)
    made.register_structure_hook_func(lambda kind: kind in (Any, object), _anything)
    made.register_structure_hook_func(lambda kind: _origin(kind) in (Mapping, types.MappingProxyType), _mapping)
    made.register_structure_hook_factory(lambda kind: _origin(kind) in (tuple, list), _tuple_hook)
    made.register_structure_hook_factory(lambda kind: _origin(kind) in (Union, types.UnionType), _union_hook)
    made.register_structure_hook_factory(is_model, _model_hook)
    made.register_unstructure_hook_factory(is_model, _unstructure_hook)
    return made


converter = _make_converter()
