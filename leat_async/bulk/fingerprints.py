"""What a ledger keeps of a row's content: enough to tell whether another one is the same, and which fields differ.

The formula is a promise: change it, and every row that was imported before looks changed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import msgspec

from .._core.digests import raw_digest_after

# Bytes of the digest of all of a content; behind it, four for each field: two of its name's sum, two of its value's.
_WHOLE = 16
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_sum = zlib.crc32


class _Names(dict[str, int]):
    def __missing__(self, name: str) -> int:
        made = (_sum(name.encode()) & 0xFFFF) << 16
        if len(self) < 10_000:
            self[name] = made
        return made


_names = _Names()
_packers: dict[int, struct.Struct] = {}


def fingerprint(kind: bytes, content: bytes) -> bytes:
    """The fingerprint of a content, which is a JSON object without space, of this kind."""
    fields = _members(content)
    count = len(fields)
    packer = _packers.get(count)
    if packer is None:
        packer = _packers[count] = struct.Struct(f"<{count}I")
    names = _names
    return raw_digest_after(kind, content) + packer.pack(
        *[names[name] | _sum(value) & 0xFFFF for name, value in fields.items()]
    )


def is_same(known: bytes, other: bytes) -> bool:
    """Whether two fingerprints are of the same content."""
    return known[:_WHOLE] == other[:_WHOLE]


def differing(known: bytes, content: bytes, names: Iterable[str]) -> list[str]:
    """The names of the fields that are not as they were, those that are gone only if they are among `names`.

    A field whose value has the same short sum by chance is missing here, which `is_same` does not mind.
    """
    was = {pair & 0xFFFF0000: pair & 0xFFFF for (pair,) in struct.iter_unpack("<I", known[_WHOLE:])}
    fields = _members(content)
    now: dict[str, int | None] = {name: _sum(value) & 0xFFFF for name, value in fields.items()}
    there = {**dict.fromkeys(names), **now}
    return [name for name, value in there.items() if was.get(_names[name]) != value]


def absent(content: bytes, names: Iterable[str]) -> list[str]:
    """Those of the fields that a content does not have."""
    fields = _members(content)
    return [name for name in names if name not in fields]


def carried_on(known: bytes, made: bytes, emptied: Iterable[str]) -> bytes:
    """A fingerprint, and what `known` has besides: fields that are as they were, since nothing empties them."""
    gone = {_names[name] for name in emptied}
    gone |= {pair & 0xFFFF0000 for (pair,) in struct.iter_unpack("<I", made[_WHOLE:])}
    left = [pair for (pair,) in struct.iter_unpack("<I", known[_WHOLE:]) if pair & 0xFFFF0000 not in gone]
    return made + struct.pack(f"<{len(left)}I", *left)


def has_field(known: bytes, name: str) -> bool:
    """Whether a content of this fingerprint has such a field."""
    return any(pair & 0xFFFF0000 == _names[name] for (pair,) in struct.iter_unpack("<I", known[_WHOLE:]))
