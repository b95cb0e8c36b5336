"""Rows with values that no column can hold: a number beyond all bounds, or text where a number belongs.

One such value must not keep a whole list out of a file. Its cell stays empty, and `extra` holds it, under the
column's name.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .._core.codec import encode
from ..errors import DecodeError
from ..models._base import Model
from .kinds import ExportKind, models_of

_PLACE = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
# Enough for every field of a row to be odd.
_MOST = 200


def read_oddly(kind: ExportKind, source: bytes) -> tuple[Model, dict[str, Any]]:
    """The model of a row given as JSON, and the values that it can't hold, by the names of their columns."""
    row = json.loads(source, parse_float=_number)
    misfits: dict[str, Any] = {}
    for _ in range(_MOST):
        try:
            return models_of(kind, [encode(row)])[0], misfits
        except DecodeError as error:
            name, value = _take_out(row, error)
            misfits[name] = value
    raise DecodeError("nothing in this row can be read", path="$")


def _take_out(row: Any, error: DecodeError) -> tuple[str, Any]:
    """Take the value that an error is about out of a row; of a list, the whole list."""
    places = [name for name, _ in _PLACE.findall((error.path or "$").removeprefix("$[0]"))]
    names = places[: places.index("")] if "" in places else places
    if not names:
        raise error
    for name in names[:-1]:
        row = row[name]
    value, row[names[-1]] = row[names[-1]], None
    return ".".join(names), value


def _number(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text
