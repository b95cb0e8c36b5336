"""Flat rows (texts, whole numbers, moments), as most are, checked and written by msgspec in one go.

What comes of it is the same as of the operation's own checks, at half the price.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from .._core.codec import encode
from .._core.kept_text import kept
from .._core.operation import Operation
from .._core.params import Instant, Integer, Param, Text, is_object
from .identity import in_utc, is_usual

# As numbers: to look for bytes in bytes, Python first raises and catches that they are no number.
_SPACE, _BACKSLASH = b" \\"


def flat_check(operation: Operation[Any], api: str) -> Callable[[Any], tuple[dict[str, Any], bytes, bytes] | None]:
    """A function that checks a row: the body that is sent for it, that as text, and its content as `canonical` has it.

    It returns None for a row that is anything but a dict of texts as the API keeps them, whole numbers and moments, and
    for one that is wrong: the operation's own checks take those, and say what is wrong.
    """
    assert not operation.rules
    assert not operation.open_body
    assert not any(type(param) is Text and param.empty for param in operation.body.values())
    fields: list[Any] = []
    for name, param in sorted(operation.body.items()):
        kind = _kind(param)
        if param.required and not (param.implied_by_register and api == "register"):
            assert kind is not None
            fields.append((name, kind))
        elif kind is not None:
            fields.append((name, kind | msgspec.UnsetType, msgspec.UNSET))
    model = msgspec.defstruct("Flat", fields, kw_only=True, forbid_unknown_fields=True, gc=False)
    moments = [(name, param.wire) for name, param in operation.body.items() if type(param) is Instant]
    convert, moment_of = msgspec.convert, dt.datetime.fromisoformat

    def check(row: Any) -> tuple[dict[str, Any], bytes, bytes] | None:
        if not is_object(row):
            return None
        body = {**row}
        in_content: dict[str, str] = {}
        try:
            for name, wire in moments:
                value = body.get(name)
                if value is None:
                    continue
                if type(value) is str and is_usual(value):
                    moment_of(value)
                else:
                    body[name] = wire(name, value)
                    in_content[name] = in_utc(body[name])
            made = convert(body, model)
            text = encode(made)
            # All that the API trims or makes null shows as one of these, none of which is usual.
            if (
                _BACKSLASH in text
                or (_SPACE in text and (text.find(b' "') >= 0 or text.find(b'" ') >= 0))
                or not text.isascii()
            ) and kept(body) != body:
                return None
            if not in_content:
                return body, text, text
            for name, moment in in_content.items():
                setattr(made, name, moment)
            return body, text, encode(made)
        except (ValueError, TypeError):  # not flat, no such moment, or text that UTF-8 can't carry
            return None

    return check


def _kind(param: Param) -> Any:
    """The type of a parameter's flat values, None if there is none."""
    if type(param) is Text:
        return Annotated[str, msgspec.Meta(min_length=1)]
    if type(param) is Instant:
        return str
    if type(param) is Integer:
        least = -(2**63) if param.min is None else param.min
        most = 2**63 - 1 if param.max is None else param.max
        return Annotated[int, msgspec.Meta(ge=least, le=most)]
    return None
