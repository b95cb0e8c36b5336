"""What arguments may be that are no parameters of the API: functions, flags, lists of texts, paths.

Each check raises an error that names the value and what was expected; `is_function` and `is_flag` are validators of
attrs' fields.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable
from typing import Any, TypeGuard, cast

import attrs

from ..errors import ConfigError
from .params import Boolean, show


def check_function(name: str, given: object) -> None:
    """Refuse what can't be called, and what would have to be awaited."""
    if given is None:
        return
    if not callable(given):
        raise ConfigError(f"{name} must be a plain function, or None, got {given!r}")
    # An object's `__call__` may be one as well; that it is callable is known, so this is no test for that (B004).
    if inspect.iscoroutinefunction(given) or inspect.iscoroutinefunction(getattr(given, "__call__", None)):  # noqa: B004
        raise ConfigError(
            f"{name} must be a plain function, since nobody awaits it, and {given!r} is a coroutine function; have a "
            "plain one put what it is told into a queue, or start a task with asyncio.create_task"
        )


def is_function(owner: object, attribute: attrs.Attribute[Any], given: object) -> None:
    """As `check_function`."""
    check_function(attribute.name, given)


def is_flag(owner: object, attribute: attrs.Attribute[Any], given: object) -> None:
    """Refuse what is neither True nor False: Python would take "no" for true."""
    Boolean().wire(attribute.name, given)


def texts_of(name: str, given: object) -> tuple[str, ...]:
    """A list of texts; a text alone would be taken for its letters."""
    if is_iterable(given) and not isinstance(given, (str, bytes)):
        found = tuple(given)
        if all(isinstance(each, str) for each in found):
            return found
    raise TypeError(f"{name} must be a list of texts, got {given!r}")


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether a value can be iterated, over whatever."""
    return isinstance(value, Iterable)


def check_path(name: str, given: object) -> None:
    """Refuse what names no file."""
    if not isinstance(given, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path, got {show(given)}")
    if not os.fspath(cast("str | os.PathLike[str]", given)):
        raise ValueError(f"{name} must be a path, got an empty text")
