"""JSON Lines, and JSON arrays of objects: one row an object, its keys the columns."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, cast

import attrs
import msgspec

from .encoding import find_encoding
from .number_formats import MAX_DIGITS
from .table import REASON, Record, SheetNumber, SourceError, TableSource, cell_text, snippet

RAW = "leat_line"
"""In a rejects file, the key that holds a line which was no JSON."""
NESTED = "attributes"
"""The key under which an object's values are columns of their own, `attributes.NAME`."""
_MAX_KEYS = 1000
_LONGEST = 16 << 20
_MOST_IN_ARRAY = 64 << 20
_LEAST = 1e-15


@attrs.define(kw_only=True)
class JsonSource(TableSource):
    """A file of JSON objects. `array`: they stand in one JSON array."""

    encoding: str = "utf-8"
    array: bool = False
    escapes: ClassVar[bool] = False

    def rows(self) -> Iterator[Record]:
        """Every row that is not empty, as it stands in the file."""
        for line, text in _objects(self):
            record = _record(line, text)
            if record.problem is not None or record.values:
                yield record


def open_json(name: str, path: Path, *, encoding: str | None) -> JsonSource:
    """Look at a file of JSON objects: its encoding and every key that occurs. Raises `SourceError`."""
    array, fingerprint = False, ""
    with path.open("rb") as file:
        head = file.read(4096)
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head[:4]
    if encoding is not None or marked:
        found = find_encoding(name, path, encoding)
        encoding, fingerprint = found.name, found.fingerprint
        start = head.decode(found.name, errors="ignore")
    else:
        encoding, fingerprint = "utf-8", digest_of(path)
        start = head.decode("utf-8", errors="ignore")
    array = start.lstrip("\ufeff \t\r\n").startswith("[")
    source = JsonSource(
        path=path, name=name, format="jsonl", columns=(), fingerprint=fingerprint, encoding=encoding, array=array
    )
    keys: dict[str, None] = {}
    good, problem = False, None
    for record in source.rows():
        good = good or record.problem is None or RAW in record.values
        problem = problem or record.problem
        keys.update(dict.fromkeys(record.values))
        if len(keys) > _MAX_KEYS:
            raise SourceError(f"{name}: more than {_MAX_KEYS} different keys; is it a list of rows?")
    if not good:
        why = f" ({problem})" if problem else ""
        raise SourceError(f"{name}: no JSON object that can be read, or one over several lines{why}; write one a line")
    source.rejects = REASON in keys
    source.columns = tuple(key for key in keys if not source.rejects or key not in (REASON, RAW))
    return source


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _objects(source: JsonSource) -> Iterator[tuple[int, bytes]]:
    """The text of every object with its line; of an array, with its place in it."""
    if source.array:
        yield from _elements(source)
        return
    if source.encoding in ("utf-8", "utf-8-sig"):
        with source.path.open("rb") as file:
            line = 0
            while text := file.readline(_LONGEST + 1):
                line += 1
                if len(text) > _LONGEST:
                    raise SourceError(f"{source.name}: line {line} is longer than {_LONGEST >> 20} MB")
                text = text.removeprefix(codecs.BOM_UTF8).strip() if line == 1 else text.strip()
                if text:
                    yield line, text
        return
    with source.path.open(encoding=source.encoding, errors="surrogatepass", newline="\n") as lines:
        line = 0
        while written := lines.readline(_LONGEST + 1):
            line += 1
            if len(written) > _LONGEST:
                raise SourceError(f"{source.name}: line {line} is longer than {_LONGEST >> 20} MB")
            written = written.strip().removeprefix("\ufeff")
            if written:
                yield line, written.encode("utf-8", errors="surrogatepass")


def _elements(source: JsonSource) -> Iterator[tuple[int, bytes]]:
    if source.path.stat().st_size > _MOST_IN_ARRAY:
        raise SourceError(
            f"{source.name}: a JSON array of more than {_MOST_IN_ARRAY >> 20} MB; "
            "write one object a line, for instance with: jq -c '.[]'"
        )
    data = source.path.read_bytes()
    if source.encoding not in ("utf-8", "utf-8-sig"):
        data = data.decode(source.encoding, errors="surrogatepass").encode("utf-8", errors="surrogatepass")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        elements = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"{source.name}: a JSON array that can't be read ({error})") from None
    for place, element in enumerate(elements, 1):
        yield place, bytes(element)


def _fraction(written: str) -> float | SheetNumber:
    """A number that is no whole one; what is written with an exponent may have lost digits, so its notation is kept."""
    stored = float(written)
    if "E" not in written.upper():
        return stored
    return SheetNumber(written.upper(), Decimal(written) if _LEAST <= abs(stored) < MAX_DIGITS else None, stored)


_DECODER = msgspec.json.Decoder(float_hook=_fraction)


def _record(line: int, text: bytes) -> Record:
    try:
        row = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = error if _is_utf8(text) else "a byte that is not UTF-8"
        return Record(line, {}, f"not JSON ({why}): {_shown(text)}", text)
    if not isinstance(row, dict):
        return Record(line, {}, f"not a JSON object: {_shown(text)}", text)
    values = cast(dict[str, Any], row)
    if RAW in values and REASON in values:
        return Record(line, values, f"not JSON: {snippet(cell_text(values[RAW]))}", text)
    problem = None
    if text.count(b'":') + text.count(b'" :') > len(values):
        problem = _repeated(text)
    nested = values.get(NESTED)
    if isinstance(nested, dict):
        del values[NESTED]
        values |= {f"{NESTED}.{key}": value for key, value in cast(dict[str, Any], nested).items()}
    return Record(line, values, problem, text)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _repeated(text: bytes) -> str | None:
    """A key that stands twice in one object: only one of its values would be seen."""
    again: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in found]
        again.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)

    try:
        json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return None
    return f"the key {snippet(again[0])} stands in it twice" if again else None


def _shown(text: bytes) -> str:
    return snippet(text[:400].decode(errors="replace"))
