"""Reading what clients send: JSON, PHP-style forms, multipart, bracketed queries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import unquote_plus

import msgspec

MAX_VARIABLES = 1000  # PHP's max_input_vars: what comes after is dropped without a word
MAX_DEPTH = 64  # PHP's max_input_nesting_level

_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"]*)"', re.IGNORECASE)


class MalformedBody(ValueError):
    """The body is not what its content type says."""


def parse_query(text: str) -> dict[str, Any]:
    """`a[b]=1&c[]=2` as nested dicts and lists."""
    if not text:
        return {}
    pairs: list[tuple[str, str]] = []
    for part in text.split("&", MAX_VARIABLES)[:MAX_VARIABLES]:
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name), unquote_plus(value)))
    return nest(pairs)


def parse_body(content_type: str, body: bytes) -> dict[str, Any]:
    """The parameters in a body; an empty body has none, whatever its content type."""
    if not body:
        return {}
    if content_type == "application/json":
        return _json(body)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return _json(body)
    if kind == "application/x-www-form-urlencoded":
        return parse_query(body.decode("utf-8", "replace"))
    if kind == "multipart/form-data":
        return _multipart(content_type, body)
    return {}


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """PHP's reading of bracketed names: `a[0][b]` is a list of maps, `a[]` appends."""
    root: dict[str, Any] = {}
    nested = False
    for name, value in pairs:
        base, bracket, _ = name.partition("[")
        if not bracket or not base:
            root[name] = value
            continue
        keys = [base, *_BRACKET.findall(name, len(base))]
        if len(keys) == 1 or len(keys) > MAX_DEPTH:
            continue
        nested = True
        node = root
        for key in keys[:-1]:
            key = key or str(len(node))
            child = node.get(key)
            if not isinstance(child, dict):
                child = node[key] = {}
            node = cast(dict[str, Any], child)
        node[keys[-1] or str(len(node))] = value
    return {key: _listify(value) for key, value in root.items()} if nested else root


def _listify(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    node = {key: _listify(child) for key, child in cast(dict[str, Any], value).items()}
    if all(key == str(index) for index, key in enumerate(node)):
        return list(node.values())
    return node


def _json(body: bytes) -> dict[str, Any]:
    # What is deeper than this could be read but not always written back.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise MalformedBody(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedBody("The body is not valid JSON.") from None
    if isinstance(value, list) and not value:
        return {}  # how PHP writes an empty map
    if not isinstance(value, dict):
        raise MalformedBody("The JSON body is not an object.")
    return cast(dict[str, Any], value)


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for character in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body):
        if character in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in b"]}":
            depth -= 1
    return deepest


def _multipart(content_type: str, body: bytes) -> dict[str, Any]:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise MalformedBody("The multipart content type names no boundary.")
    delimiter = b"--" + found[1].strip().encode("utf-8", "replace")
    pairs: list[tuple[str, str]] = []
    for part in body.split(delimiter, MAX_VARIABLES + 1)[1 : MAX_VARIABLES + 1]:
        if part.startswith(b"--"):
            break
        head, separator, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not separator or name is None or b"filename=" in head.lower():
            continue  # files are kept apart by PHP, and no operation takes one
        pairs.append((name[1].decode("utf-8", "replace"), content[:-2].decode("utf-8", "replace")))
    return nest(pairs)
