"""A mapping kept in a TOML file: which column is what, and how the file is read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from .plan import ColumnPlan
from .planning import MappingError
from .table import ImportKind
from .targets import ATTRIBUTE, ROW_KINDS, targets
from .values import did_you_mean

_TEXTS = ("kind", "shop", "timezone", "format", "encoding", "delimiter", "sheet", "placeholder_dates", "clock_change")
_FLAGS = ("day_first", "month_first", "short_years")
_NUMBERS = ("header_row",)
_LISTS = ("id",)
_TABLES = ("columns", "values")
# What a run is told, where one file holds several imports.
_RUN: Mapping[str, type] = {
    "batch": str, "on_change": str, "create_contacts": bool, "ensure_identity": bool, "identity_attribute": str,
    "batch_calls": bool, "only_with": list, "one_each": str,
}  # fmt: skip
_KNOWN = {**dict.fromkeys(_TEXTS, str), **dict.fromkeys(_FLAGS, bool), **dict.fromkeys(_NUMBERS, int)}


def load_mapping(path: Path, kind: str) -> dict[str, Any]:
    """The options that a mapping file holds, `map` and `set` as the command line takes them. Raises `MappingError`."""
    return _options(path, kind, _told(path))


def _options(path: Path, kind: str, told: dict[str, Any]) -> dict[str, Any]:
    if told.pop("kind", kind) != kind:
        raise MappingError(f"{path}: this is a mapping for other rows than {kind}")
    columns: Mapping[str, str] = told.pop("columns", {})
    values: Mapping[str, str] = told.pop("values", {})
    told["map"] = [f"{column}={target}" for column, target in columns.items()]
    told["set"] = [f"{target}={value}" for target, value in values.items()]
    return told


def load_programme(path: Path) -> dict[str, dict[str, Any]]:
    """The options of several imports in one file, a table for each kind; `file` and what a run is told included.

    Raises `MappingError`.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, told in _read(path).items():
        kind = name.replace("-", "_")
        if kind not in ROW_KINDS:
            raise MappingError(f"{path}: there is no kind {name!r}{did_you_mean(kind, ROW_KINDS)}")
        if not isinstance(told, dict) or not isinstance(cast(dict[str, Any], told).get("file"), str):
            raise MappingError(f"{path}: [{name}] must be a table that names its file")
        own = dict(cast(dict[str, Any], told))
        run = {key: own.pop(key) for key in ("file", *_RUN) if key in own}
        for key, value in run.items():
            if type(value) is not _RUN.get(key, str) or (key == "only_with" and not _texts(cast(list[object], value))):
                raise MappingError(f"{path}: {key} of [{name}] has a value of another kind than this setting takes")
        known = targets(cast(ImportKind, kind))
        for target in run.get("only_with", ()):
            # Rows that are to be left out would be sent.
            if target not in known and not (target.startswith(ATTRIBUTE) and f"{ATTRIBUTE}NAME" in known):
                raise MappingError(
                    f"{path}: only_with of [{name}] names {target!r}, which is no parameter of it"
                    f"{did_you_mean(target, known)}; there are {', '.join(known)}"
                )
        if "one_each" in run and "identity" not in known:
            raise MappingError(f"{path}: one_each is for credit-receptions; [{name}] takes none, leave it out")
        found[kind] = {**_options(path, kind, _checked(path, own)), **run}
    if not found:
        raise MappingError(f"{path}: no import is in it; a table such as [contacts] with a file makes one")
    return found


def is_mapping(path: Path) -> bool:
    """Whether a file holds a mapping, for whatever rows."""
    try:
        return bool(_told(path))
    except MappingError:
        return False


def _told(path: Path) -> dict[str, Any]:
    """What a mapping file says, each setting of its kind."""
    return _checked(path, _read(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise MappingError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise MappingError(f"{path}: a directory; name a file in it") from None
    except (OSError, ValueError, RecursionError) as error:
        raise MappingError(f"{path}: can't be read ({error})") from None


def _checked(path: Path, told: dict[str, Any]) -> dict[str, Any]:
    for name, value in told.items():
        if name in _TABLES:
            fits = isinstance(value, dict) and _texts(cast(dict[str, object], value).values())
        elif name in _LISTS:
            fits = isinstance(value, list) and _texts(cast(list[object], value))
        elif name in _KNOWN:
            fits = type(value) is _KNOWN[name]
        else:
            known = (*_KNOWN, *_LISTS, *_TABLES)
            raise MappingError(f"{path}: there is no setting {name!r}{did_you_mean(name, known)}")
        if not fits:
            raise MappingError(f"{path}: {name} has a value of another kind than this setting takes")
    return told


def _texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def save_mapping(path: Path, plan: ColumnPlan, reading: Mapping[str, Any]) -> None:
    """Write a plan, what was guessed included, and how the file is read.

    Parameters:
        reading: settings of the file and of values; those that are None or False are left out.
    """
    lines = [f"kind = {_toml(plan.kind)}"]
    lines += [f"{name} = {_toml(value)}" for name, value in reading.items() if value is not None and value is not False]
    composed = next((use.columns for use in plan.uses if use.composed), ())
    if composed:
        lines.append(f"id = [{', '.join(map(_toml, composed))}]")
    lines += ["", "[columns]"]
    lines += [
        f"{_toml(' + '.join(use.columns))} = {_toml(use.target)}"
        for use in plan.uses
        if use.columns and not use.composed
    ]
    constants = [use for use in plan.uses if use.constant is not None]
    if constants:
        lines += ["", "[values]"]
        lines += [f"{_toml(use.target)} = {_toml(use.constant)}" for use in constants]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: Any) -> str:
    """A value in TOML, which writes texts, numbers and truth as JSON does."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
