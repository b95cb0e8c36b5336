"""What a ledger keeps of a row's content: enough to tell whether another one is the same, and which fields differ.

The formula is a promise: change it, and every row that was imported before looks changed.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from collections.abc import Callable, Iterable
from itertools import repeat

import msgspec

from .._core.digests import raw_digest_after

# Bytes of the digest of all of a content. Behind it, two bytes each: sums of its fields' names, then of their values.
_WHOLE = 16
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
# Of contents with these fields: the sums of their names, and what makes bytes of those of their values.
_Shape = tuple[bytes, Callable[..., bytes]]
_shapes: dict[tuple[str, ...], _Shape] = {}


def fingerprint(kind: bytes, content: bytes) -> bytes:
    """The fingerprint of a content, which is a JSON object without space, of this kind."""
    fields = _members(content)
    names, values = _shapes.get(tuple(fields)) or _shape(tuple(fields))
    return raw_digest_after(kind, content) + names + values(*map(crc_hqx, fields.values(), repeat(0)))


def _shape(names: tuple[str, ...]) -> _Shape:
    pack = struct.Struct(f"<{len(names)}H").pack
    made = pack(*map(_sum_of, names)), pack
    if len(_shapes) < 10_000:
        _shapes[names] = made
    return made


def _sum_of(name: str) -> int:
    return crc_hqx(name.encode(), 0)


def _sums(known: bytes) -> dict[int, int]:
    """The sums of the values by those of their names."""
    packed = known[_WHOLE:]
    sums, half = struct.unpack(f"<{len(packed) // 2}H", packed), len(packed) // 4
    return dict(zip(sums[:half], sums[half:], strict=True))


def is_same(known: bytes, other: bytes) -> bool:
    """Whether two fingerprints are of the same content."""
    return known[:_WHOLE] == other[:_WHOLE]


def differing(known: bytes, content: bytes, names: Iterable[str]) -> list[str]:
    """The names of the fields that are not as they were, those that are gone only if they are among `names`.

    A field whose value has the same short sum by chance is missing here, which `is_same` does not mind.
    """
    was = _sums(known)
    now: dict[str, int | None] = {name: crc_hqx(value, 0) for name, value in _members(content).items()}
    there = {**dict.fromkeys(names), **now}
    return [name for name, value in there.items() if was.get(_sum_of(name)) != value]


def absent(content: bytes, names: Iterable[str]) -> list[str]:
    """Those of the fields that a content does not have."""
    fields = _members(content)
    return [name for name in names if name not in fields]


def carried_on(known: bytes, made: bytes, emptied: Iterable[str]) -> bytes:
    """A fingerprint, and what `known` has besides: fields that are as they were, since nothing empties them."""
    gone = set(map(_sum_of, emptied))
    sums = {**{name: value for name, value in _sums(known).items() if name not in gone}, **_sums(made)}
    return made[:_WHOLE] + struct.pack(f"<{2 * len(sums)}H", *sums, *sums.values())


def has_field(known: bytes, name: str) -> bool:
    """Whether a content of this fingerprint has such a field."""
    return _sum_of(name) in _sums(known)
