"""Reading what clients send: JSON, and forms, multipart and bracketed queries as PHP reads them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Any, cast

import msgspec

from .params import MAX_NAMES

MAX_VARIABLES = 1000  # PHP's max_input_vars: what comes after is dropped without a word
MAX_DEPTH = 64  # PHP's max_input_nesting_level
MAX_PARTS = MAX_VARIABLES + 20  # PHP's max_multipart_body_parts: variables and files
MAX_PART_HEAD = 5120
MAX_STRAYS = 100_000  # of percent signs that encode nothing
MAX_BRACKETS = 250_000  # of JSON: each can stand for a list, and millions of them take seconds to make
_LARGEST_INDEX = 2**63 - 1

_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INDEX = re.compile(r"-?[1-9][0-9]{0,18}\Z|0\Z")
_BOUNDARY = re.compile(r'boundary[^=]*=(?:"([^"]+)"|([^",;][^,;]*))', re.IGNORECASE)
_END_OF_HEAD = re.compile(rb"\n\r?\n")
# Quotes of both kinds hold semicolons, and an escaped quote does not end them.
_WORD = re.compile(r"""(?:"(?:\\"|[^"])*+"?|'(?:\\'|[^'])*+'?|[^;"'])++""")
_QUOTED = {quote: re.compile(rf"(?:\\[\\{quote}]|[^{quote}])*+") for quote in "\"'"}
_LAST_LINE_BREAK = re.compile(rb"\r?\n\Z")


class MalformedBody(ValueError):
    """The body is not what its content type says."""


class _Array(dict[str, Any]):
    """An array of PHP, with its keys as text."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next: int | None = None  # None: no whole number is a key yet

    def at(self, key: str | None) -> str | None:
        """The key meant, None standing for the next free index; None when there is none left."""
        if key is None:
            index = self._next or 0
            if index > _LARGEST_INDEX:
                return None
            key = str(index)
        elif not _INDEX.match(key) or not -_LARGEST_INDEX <= (index := int(key)) <= _LARGEST_INDEX:
            return key
        if self._next is None or index >= self._next:
            self._next = index + 1
        return key


def parse_query(text: str) -> dict[str, Any]:
    """`a[b]=1&c[]=2` as nested dicts and lists."""
    if not text:
        return {}
    parts = _escaped(text.encode("utf-8", "surrogateescape")).split(b"&")
    return _nest(_variables([part for part in parts if part][:MAX_VARIABLES]))


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
        # Of a form PHP keeps one more than it says; empty parts count.
        return _nest(_variables(_escaped(body).split(b"&", MAX_VARIABLES + 1)[: MAX_VARIABLES + 1]))
    if kind == "multipart/form-data":
        return _nest(_parts(content_type, body))
    return {}


def _variables(parts: list[bytes]) -> Iterator[tuple[str, str]]:
    for part in parts:
        name, _, value = part.partition(b"=")
        yield _unquoted(name), _unquoted(value)


def _escaped(text: bytes) -> bytes:
    """Text in which every `%` begins an escape."""
    if b"%" in text:
        text, strays = _STRAY_PERCENT.subn(b"%25", text, MAX_STRAYS)
        if strays == MAX_STRAYS:
            raise MalformedBody(f"{MAX_STRAYS} percent signs or more encode nothing.")
    return text


def _unquoted(text: bytes) -> str:
    """Escaped text without its percent-encoding."""
    if b"+" in text:
        text = text.replace(b"+", b" ")
    if b"%" in text:
        # Quoted-printable is the same with another sign, and is decoded without a step per escape: 8 MiB of escapes
        # must not hold up other requests.
        text = binascii.a2b_qp(text.replace(b"=", b"%3D").replace(b"%", b"="))
    return text.decode("utf-8", "replace")


def _nest(variables: Iterator[tuple[str, str]]) -> dict[str, Any]:
    """PHP's reading of bracketed names: `a[0][b]` is a list of maps, `a[]` appends."""
    root = _Array()
    nested = False
    for name, value in variables:
        if "[" not in name:
            name = _plain(name)
            if name:
                root[name] = value
            continue
        keys = _keys(name)
        if not keys:
            continue
        nested = nested or len(keys) > 1
        node: _Array = root
        for key in keys[:-1]:
            key = node.at(key)
            if key is None:
                break
            child = node.get(key)
            if not isinstance(child, _Array):
                child = node[key] = _Array()
            node = child
        else:
            last = node.at(keys[-1])
            if last is not None:
                node[last] = value
    return {key: _listify(value) for key, value in root.items()} if nested else {**root}


def _plain(name: str) -> str:
    """A name as PHP makes one of it."""
    name = name.partition("\0")[0].lstrip(" ")
    return name.replace(" ", "_").replace(".", "_")


def _keys(name: str) -> list[str | None]:
    """The keys that a bracketed name leads through, None for the next free index; empty when it leads nowhere."""
    name = name.partition("\0")[0].lstrip(" ")
    at = name.find("[")
    if at < 0:
        return [_plain(name)] if name else []
    if at == 0:
        return []
    keys: list[str | None] = [_plain(name[:at])]
    while name[at : at + 1] == "[":
        if len(keys) > MAX_DEPTH:
            return []
        start = at + 1
        inside = start + 1 if name[start : start + 1] in (" ", "\t", "\n", "\r", "\v", "\f") else start
        if name[inside : inside + 1] == "]":
            keys.append(None)
            at = inside + 1
            continue
        end = name.find("]", inside)
        if end < 0:  # not an index after all
            return [_plain(name).replace("[", "_")] if len(keys) == 1 else keys
        keys.append(name[start:end])
        at = end + 1
    return keys


def _listify(value: Any) -> Any:
    if not isinstance(value, _Array):
        return value
    node = {key: _listify(child) for key, child in value.items()}
    if all(key == str(index) for index, key in enumerate(node)):
        return list(node.values())
    return node


def _json(body: bytes) -> dict[str, Any]:
    brackets = body.count(b"[") + body.count(b"{")
    if brackets > MAX_BRACKETS:
        raise MalformedBody(f"The JSON has more than {MAX_BRACKETS} opening brackets.")
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedBody("The body is not valid JSON.") from None
    # What is deeper than this could be read but not always written back.
    if brackets > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
        raise MalformedBody(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, list) and not value:
        return {}  # how PHP writes an empty map
    if not isinstance(value, dict):
        raise MalformedBody("The JSON body is not an object.")
    if len(cast(dict[str, Any], value)) > MAX_NAMES:
        raise MalformedBody(f"The JSON object has more than {MAX_NAMES} names.")
    return cast(dict[str, Any], value)


def _is_deeper(value: Any, levels: int) -> bool:
    level: list[Any] = [value]
    for _ in range(levels):
        inside: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                inside.extend(cast(dict[str, Any], node).values())
            elif isinstance(node, list):
                inside.extend(node)  # pyright: ignore[reportUnknownArgumentType] - JSON has no other
        level = inside
    return any(isinstance(node, (dict, list)) for node in level)


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """The fields of a multipart body; files are kept apart by PHP, and no operation takes one."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise MalformedBody("The multipart content type names no boundary.")
    delimiter = b"--" + (found[1] or found[2]).encode("utf-8", "surrogateescape")
    line = re.compile(rb"(?:\A|\n)" + re.escape(delimiter) + rb"\r?(?:\n|\Z)")
    kept = at = 0
    for _ in range(MAX_PARTS):
        begun = line.search(body, at)
        head_end = _END_OF_HEAD.search(body, begun.end() - 1) if begun else None
        if begun is None or head_end is None:
            return
        told = _disposition(body[begun.end() : min(head_end.start(), begun.end() + MAX_PART_HEAD)])
        if told is None:
            at = head_end.end() - 1
            continue
        if not told:
            return  # where PHP gives up
        name = told.get("name") if "filename" not in told else None
        end = body.find(b"\n" + delimiter, head_end.end())
        if name is not None and kept < MAX_VARIABLES:
            kept += 1
            value = body[head_end.end() : end].removesuffix(b"\r") if end >= 0 else body[head_end.end() :]
            if end < 0:
                value = _LAST_LINE_BREAK.sub(b"", value)
            yield name, value.decode("utf-8", "replace")
        if end < 0:
            return
        at = end


def _disposition(head: bytes) -> dict[str, str] | None:
    """What the head of a part says of its name and its file name; None when it says nothing of how to read it."""
    headers: list[list[str]] = []
    for line in head.decode("utf-8", "replace").split("\n"):
        line = line.removesuffix("\r")
        name, colon, value = line.partition(":")
        if colon and not line[:1].isspace():
            headers.append([name.lower(), value])
        elif headers:  # a line that goes on
            headers[-1][1] += line
    for header, value in headers:
        if header == "content-disposition":
            words = (word.lstrip().partition("=") for word in _WORD.findall(value))
            told = {key.lower(): text for key, sign, text in words if sign}
            return {key: _word_value(told[key]) for key in ("name", "filename") if key in told}
    return None


def _word_value(text: str) -> str:
    text = text.lstrip("=").lstrip()
    quoted = _QUOTED.get(text[:1])
    if quoted is None:  # PHP reads a name without quotes as well
        return text.split(maxsplit=1)[0].replace("\\\\", "\\") if text else ""
    found = quoted.match(text, 1)
    return re.sub(rf"\\([\\{text[0]}])", r"\1", found[0]) if found else ""
