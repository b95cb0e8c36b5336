"""What a sandbox is asked for, checked when it is made."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, cast


def check_arguments(given: dict[str, Any]) -> None:
    """Refuse what a `Sandbox` can't be made with; the error names the value and what was expected."""
    for name, (fits, wanted) in _WANTED.items():
        if not fits(given[name]):
            # Tokens are not shown: they may be those of an account.
            got = type(given[name]).__name__ if name == "tokens" else f"{given[name]!r:.100}"
            raise ValueError(f"{name} must be {wanted}, got {got}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(each, str) and each for each in cast("tuple[object, ...]", value)
    )


def _is_limit(value: object) -> bool:
    if not isinstance(value, (tuple, list)) or len(given := cast("Sequence[Any]", value)) != 2:
        return False
    requests, seconds = given
    return _is_whole(requests) and requests > 0 and _is_number(seconds) and seconds > 0


def texts(given: object) -> Any:
    """A list of texts, which may come but once; a text alone stays what it is, and would be taken for its letters."""
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        return tuple(cast("Iterable[object]", given))
    return given


_FLAG = (_is_flag, "True or False")
_WANTED: dict[str, tuple[Callable[[Any], object], str]] = {
    "port": (lambda value: _is_whole(value) and 0 <= value < 2**16, "a whole number from 0 to 65535"),
    "seed": (lambda value: value is None or value == "demo" or _is_whole(value), "a whole number, 'demo' or None"),
    "state": (lambda value: value is None or isinstance(value, (str, os.PathLike)), "the path of a file, or None"),
    "host": (lambda value: isinstance(value, str) and value, "a name or an address, such as '127.0.0.1'"),
    "allow_remote": _FLAG,
    "allowed_hosts": (_are_texts, "a list of names"),
    "tokens": (lambda value: value == "any" or _are_texts(value), "a list of texts, or 'any'"),
    "token_lifetime": (lambda value: _is_number(value) and value > 0, "seconds above 0"),
    "rate_limit": (_is_limit, "(requests, seconds), a whole number and a number above 0"),
    "unauthenticated": (lambda value: value in ("plain", "coded"), "'plain' or 'coded'"),
    "unique_external_ids": _FLAG,
    "journal_size": (lambda value: _is_whole(value) and value >= 0, "a whole number, 0 or more"),
    "start": (
        lambda value: value is None or (isinstance(value, datetime) and value.tzinfo is not None),
        "a datetime with its time zone, or None",
    ),
    "order_rule": (lambda value: value is None or callable(value), "a function, or None"),
}
